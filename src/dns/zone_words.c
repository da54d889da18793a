/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/zone_words.h"

#include <string.h>

static void step(struct zone_words *r)
{
	if (r->rest.data[0] == '\n')
		r->line++;
	r->rest = (struct slice){ r->rest.data + 1, r->rest.len - 1 };
}

/* The length of a word at s; an escape never ends it. */
static size_t word_length(struct slice s, bool quoted)
{
	size_t n = 0;

	while (n < s.len && s.data[n] != '\n') {
		if (s.data[n] == '\\' && n + 1 < s.len &&
		    s.data[n + 1] != '\n')
			n++;
		else if (quoted ? s.data[n] == '"' :
		    memchr(" \t\r;()\"", s.data[n], 7) != NULL)
			break;
		n++;
	}
	return n;
}

static bool take_word(struct zone_words *r, struct error *err)
{
	bool quoted = r->rest.data[0] == '"';

	if (r->count == ZONE_WORDS_MAX)
		return error_set(err, "too many words");
	if (quoted)
		step(r);
	size_t n = word_length(r->rest, quoted);

	if (quoted && (n == r->rest.len || r->rest.data[n] != '"'))
		return error_set(err, "a quoted string does not end");
	r->words[r->count++] = (struct zone_word){
		.text = slice_sub(r->rest, 0, n), .quoted = quoted,
	};
	n += quoted;
	r->rest = (struct slice){ r->rest.data + n, r->rest.len - n };
	return true;
}

static void skip_comment(struct zone_words *r)
{
	while (r->rest.len > 0 && r->rest.data[0] != '\n')
		step(r);
}

bool zone_words_next(struct zone_words *r, struct error *err)
{
	unsigned depth = 0;

	r->count = 0;
	r->entry_line = r->line;
	r->indented = r->rest.data[0] == ' ' || r->rest.data[0] == '\t';
	while (r->rest.len > 0) {
		char c = r->rest.data[0];

		if (c == '\n' && depth == 0)
			break;
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			step(r);
		} else if (c == ';' || c == '#') {
			skip_comment(r);
		} else if (c == '(') {
			depth++;
			step(r);
		} else if (c == ')') {
			if (depth-- == 0)
				return error_set(err, "\")\" without \"(\"");
			step(r);
		} else if (!take_word(r, err)) {
			return false;
		}
	}
	if (depth > 0)
		return error_set(err, "\"(\" without \")\"");
	if (r->rest.len > 0)
		step(r);
	return true;
}
