/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dmarc/complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void dmarc_complain(struct dmarc_complainer *c, const char *fmt, ...)
{
	struct dmarc_complaints *to = c->to;
	char line[256];
	va_list args;

	if (to == NULL || to->count == DMARC_COMPLAINTS)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	to->lines[to->count++] = arena_strdup(c->mem, line);
}

struct dmarc_shown dmarc_shown(struct slice s)
{
	struct dmarc_shown out = { "" };
	size_t n = s.len < sizeof(out.text) - 4 ? s.len : sizeof(out.text) - 4;

	for (size_t i = 0; i < n; i++)
		out.text[i] = s.data[i] >= ' ' && s.data[i] <= '~' ?
		    s.data[i] : '?';
	if (n < s.len)
		memcpy(out.text + n, "...", 4);
	return out;
}

/* Tags that are not in the grammar and what to say about them (C.5.2). */
static const struct {
	const char *name;
	const char *what;
} strangers[] = {
	{ "v", "v= is there twice" },
	{ "pct", "pct= was removed by RFC 9989 and is ignored; for a test "
	    "there is t=y" },
	{ "rf", "rf= was removed by RFC 9989 and is ignored" },
	{ "ri", "ri= was removed by RFC 9989 and is ignored" },
};

static bool in_grammar(const struct tag *grammar, struct slice name)
{
	for (; grammar->name != NULL; grammar++)
		if (slice_is_nocase(name, grammar->name))
			return true;
	return false;
}

static void complain_stranger(struct dmarc_complainer *c, struct slice name)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		if (slice_is_nocase(name, strangers[i].name)) {
			dmarc_complain(c, "%s", strangers[i].what);
			return;
		}
	}
	dmarc_complain(c, "unknown tag \"%s\" is ignored",
	    dmarc_shown(name).text);
}

void dmarc_complain_dropped(struct dmarc_complainer *c, struct slice rest,
    const struct tag *grammar)
{
	while (rest.data != NULL) {
		struct slice value = slice_trim(slice_cut(&rest, ';'));
		struct slice name = slice_trim(slice_cut(&value, '='));

		if (value.data == NULL && name.len > 0)
			dmarc_complain(c, "\"%s\" is not a tag",
			    dmarc_shown(name).text);
		else if (value.data != NULL && !in_grammar(grammar, name))
			complain_stranger(c, name);
	}
}
