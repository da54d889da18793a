/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Tag lists, read both ways.
 */
#include "fuzz.h"
#include "mail/taglist.h"

struct seen {
	struct slice all;
	struct slice v, p;
	unsigned times_v, times_p;
};

static void check_value(const struct seen *s, struct slice value)
{
	need(value.data >= s->all.data &&
	    value.data + value.len <= s->all.data + s->all.len,
	    "a value lies in the text");
	need(slice_trim(value).len == value.len, "it is trimmed");
	need(value.len == 0 || memchr(value.data, ';', value.len) == NULL,
	    "it holds no semicolon");
}

static bool set_v(void *out, struct slice value, struct error *err)
{
	struct seen *s = out;

	check_value(s, value);
	s->v = value;
	s->times_v++;
	return value.len > 0 || error_set(err, "v= is empty");
}

static bool set_p(void *out, struct slice value, struct error *err)
{
	struct seen *s = out;

	check_value(s, value);
	s->p = value;
	s->times_p++;
	return !slice_starts_nocase(value, "x") ||
	    error_set(err, "p= begins with x: %.*s", (int)value.len,
	    value.data);
}

static const struct tag grammar[] = {
	{ "v", true, set_v },
	{ "p", false, set_p },
	{ NULL, false, NULL },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice text = fuzz_copy(mem, fuzz_slice(data, size));
	struct seen strict = { .all = text }, lenient = { .all = text };
	struct error err = { "" };
	bool sound = taglist_parse_strict(text, grammar, &strict, &err);
	bool usable;

	need(sound == (err.text[0] == '\0'), "no without a reason, or yes");
	need(strict.times_v <= 1 && strict.times_p <= 1,
	    "a strict list has each tag once");
	need(!sound || strict.times_v == 1, "v= is required");
	usable = taglist_parse_lenient(text, grammar, &lenient, NULL);
	need(!usable || lenient.times_v > 0, "v= is required");
	if (!sound)
		return 0;
	need(usable, "what is strictly right is right");
	if (lenient.times_v == strict.times_v)
		need(slice_equal(strict.v, lenient.v), "v= has one reading");
	if (lenient.times_p == strict.times_p)
		need(slice_equal(strict.p, lenient.p), "p= has one reading");
	return 0;
}
