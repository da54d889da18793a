/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * authres: what is true of every Authentication-Results value we write.
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "mail/authres.h"

/* Twice as long, by backslashes, a value may be cut. */
static inline bool authres_fits(const char *value)
{
	return value == NULL || 2 * strlen(value) <= AUTHRES_VALUE_MAX;
}

/* What is left of a value that was written: no controls, no broken UTF-8, and
 * without SMTPUTF8 no octet above 127. */
static inline const char *authres_kept(struct arena *mem, const char *value,
    bool utf8)
{
	struct slice rest = slice_of(value);
	char *kept = arena_alloc(mem, rest.len + 1);
	size_t len = 0;

	while (rest.len > 0) {
		struct slice whole = rest;
		uint32_t c = utf8_take(&rest);
		size_t n = whole.len - rest.len;

		if (c < 0x20 || c == 0x7f || (utf8 && c >= 0x80 && c < 0xa0))
			continue;
		if (c == UTF8_BAD || (c > 0x7f && !utf8))
			memset(kept + len, '?', n);
		else
			memcpy(kept + len, whole.data, n);
		len += n;
	}
	return kept;
}

static inline void authres_need_same(struct arena *mem, const char *written,
    const char *read, bool utf8)
{
	need((written == NULL) == (read == NULL), "nothing comes or goes");
	if (written == NULL || !authres_fits(written))
		return;
	need(fuzz_same(authres_kept(mem, written, utf8), read),
	    "a value reads as it was written");
}

/* The form: lines begin with a blank, and nothing odd is in them. */
static inline void authres_need_form(struct slice text, bool utf8)
{
	size_t line = 0;

	need(text.len > 0 && text.data[0] == ' ', "it begins with a blank");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		need(c >= ' ' || c == '\r' || c == '\n', "no control");
		need(c != 0x7f && (utf8 || c < 0x80), "what may be sent");
		if (c == '\r')
			need(i + 2 < text.len && text.data[i + 1] == '\n' &&
			    text.data[i + 2] == ' ', "a line end folds");
		if (c == '\n')
			need(i > 0 && text.data[i - 1] == '\r', "no bare LF");
		line = c == '\n' ? 0 : line + 1;
		need(line <= 998, "no line is too long");
	}
}

static inline void authres_need_result(struct arena *mem,
    const struct authres_result *a, const struct authres_result *b, bool utf8)
{
	need(fuzz_same(a->method, b->method) &&
	    fuzz_same(a->result, b->result), "the words are the same");
	need(b->version == (a->version > 1 ? a->version : 1),
	    "the version is the same");
	authres_need_same(mem, a->reason, b->reason, utf8);
	need(a->property_count == b->property_count, "as many properties");
	for (size_t i = 0; i < a->property_count; i++) {
		need(fuzz_same(a->properties[i].type, b->properties[i].type) &&
		    fuzz_same(a->properties[i].name, b->properties[i].name),
		    "the properties are the same");
		authres_need_same(mem, a->properties[i].value,
		    b->properties[i].value, utf8);
	}
}

/* Write it, look at it, read it. */
static inline void authres_need_round(struct arena *mem,
    const struct authres *a, bool utf8)
{
	struct buf text = { 0 };
	struct authres b;

	authres_render(a, utf8, &text);
	authres_need_form(buf_slice(&text), utf8);
	need(authres_parse(mem, fuzz_copy(mem, buf_slice(&text)), &b),
	    "what was written can be read");
	authres_need_same(mem, a->id, b.id, utf8);
	need(a->count == b.count, "as many results");
	for (size_t i = 0; i < a->count; i++)
		authres_need_result(mem, &a->results[i], &b.results[i], utf8);
	if (fuzz_is_house_form(a->id))
		need(authres_claims(buf_slice(&text), a->id), "it is ours");
	buf_free(&text);
}
