/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * authres_render: the writing half of authres.h, where hostile bytes meet a
 * header of ours.
 */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/authres.h"
#include "mail/rfc5322.h"

enum { LINE_MAX_GOOD = 78 };

/* A unit is what is folded nowhere, "smtp.mailfrom=example.com", but for a
 * reason. */
struct writer {
	struct buf *out;
	struct buf unit;
	size_t column;
	bool utf8;
};

static bool is_keyword(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < n; i++)
		if (!ascii_alnum(word[i]) && word[i] != '-')
			return false;
	return n > 0 && n <= AUTHRES_KEYWORD_MAX && word[n - 1] != '-';
}

static void add_keyword(struct writer *w, const char *word)
{
	assert(is_keyword(word));
	buf_adds(&w->unit, word);
}

/*
 * What may stay of a foreign text: no controls (C1 neither), no octets that
 * the message cannot carry, and no more than fits any line. What was cut says
 * so, or "x@bank.example" could be the front of another name.
 */
static void clean(struct buf *to, const char *text, bool utf8)
{
	struct slice rest = slice_of(text);
	size_t written = 0;

	while (rest.len > 0) {
		struct slice whole = rest;
		uint32_t c = utf8_take(&rest);
		size_t octets = whole.len - rest.len;

		if (c < 0x20 || c == 0x7f || (utf8 && c >= 0x80 && c < 0xa0))
			continue;
		written += c == '"' || c == '\\' ? 2 : octets;
		if (written > AUTHRES_VALUE_MAX) {
			buf_adds(to, "...");
			break;
		}
		if (c == UTF8_BAD || (c > 0x7f && !utf8))
			buf_add(to, "????", octets);
		else
			buf_add(to, whole.data, octets);
	}
}

/* Nearly every text: short, printable ASCII, nothing to be quoted. */
static bool is_clean(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < 0x20 || s.data[i] > 0x7e ||
		    s.data[i] == '"' || s.data[i] == '\\')
			return false;
	return s.len <= AUTHRES_VALUE_MAX;
}

static bool is_token(struct slice s)
{
	struct scan scan = scan_of(s);

	return s.len > 0 && scan_run(&scan, is_token_char).len == s.len;
}

/* domain-name = sub-domain 1*("." sub-domain) (RFC 6376 3.5, RFC 6531) */
static bool is_domain_name(struct slice s)
{
	size_t labels = 0;

	while (s.data != NULL) {
		struct slice label = slice_cut(&s, '.');

		if (label.len == 0 || label.data[0] == '-' ||
		    label.data[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!is_domain_char((unsigned char)label.data[i]) ||
			    label.data[i] == '_')
				return false;
		labels++;
	}
	return labels > 1;
}

static bool is_dot_atom(struct slice s)
{
	while (s.data != NULL) {
		struct slice atom = slice_cut(&s, '.');
		struct scan scan = scan_of(atom);

		if (atom.len == 0 ||
		    scan_run(&scan, is_atext).len != atom.len)
			return false;
	}
	return true;
}

static bool is_not_at(unsigned char c)
{
	return c != '@';
}

/* [ [ local-part ] "@" ] domain-name */
static bool is_identity(struct slice s)
{
	struct scan scan = scan_of(s);
	struct slice inner;

	if (scan_peek(&scan) == '"') {
		if (!scan_quoted(&scan, &inner) || !scan_char(&scan, '@'))
			return false;
	} else if (memchr(s.data, '@', s.len) != NULL) {
		struct slice local = scan_run(&scan, is_not_at);

		if (local.len > 0 && !is_dot_atom(local))
			return false;
		scan_char(&scan, '@');
	}
	return is_domain_name((struct slice){ scan.at,
	    (size_t)(scan.end - scan.at) });
}

static void add_quoted(struct buf *to, struct slice s)
{
	buf_addc(to, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '"' || s.data[i] == '\\')
			buf_addc(to, '\\');
		buf_addc(to, s.data[i]);
	}
	buf_addc(to, '"');
}

/* value = token / quoted-string; a pvalue also an address or a domain. */
static void add_value(struct writer *w, const char *value, bool pvalue)
{
	struct buf text = { 0 };
	struct slice s = slice_of(value);

	if (!is_clean(s)) {
		clean(&text, value, w->utf8);
		s = buf_slice(&text);
	}
	if (is_token(s) || (pvalue && is_identity(s)))
		buf_add(&w->unit, s.data, s.len);
	else
		add_quoted(&w->unit, s);
	buf_free(&text);
}

/* Put the unit behind a blank, or on a line of its own; the ";" that may
 * follow has its place, too. */
static void place_unit(struct writer *w)
{
	if (w->column > 0 &&
	    w->column + 1 + w->unit.len + 1 > LINE_MAX_GOOD) {
		buf_adds(w->out, "\r\n ");
		w->column = 1;
	}
	buf_addc(w->out, ' ');
	buf_add(w->out, buf_text(&w->unit), w->unit.len);
	w->column += 1 + w->unit.len;
	buf_clear(&w->unit);
}

/* Before this blank of a reason? Only when a plain word follows, which nobody
 * who reads line by line could take for a result of ours. */
static bool may_fold(const char *at)
{
	size_t n = 1;

	while (ascii_alnum(at[n]) || at[n] == ',' || at[n] == '.' ||
	    at[n] == ':' || at[n] == '_' || at[n] == '-')
		n++;
	return at[0] == ' ' && n > 1 && (at[n] == ' ' || at[n] == '"') &&
	    at[-1] != ' ';
}

/* Where the text is to be folded to end within `room`, or as soon behind it as
 * can be; 0: nowhere. */
static size_t fold_place(const char *text, size_t room)
{
	size_t best = 0;

	for (size_t i = 1; text[i] != '\0' && (best == 0 || i <= room); i++)
		if (may_fold(text + i))
			best = i;
	return best;
}

/* A reason is the one value that is often longer than a line. RFC 5322 3.2.4:
 * a fold in a quoted-string is no part of it, the blank behind it is. */
static void place_reason(struct writer *w)
{
	const char *text = buf_text(&w->unit);
	size_t n;

	if (2 + w->unit.len + 1 <= LINE_MAX_GOOD) {
		place_unit(w);
		return;
	}
	buf_addc(w->out, ' ');
	w->column++;
	while (w->column + strlen(text) + 1 > LINE_MAX_GOOD &&
	    (n = fold_place(text, w->column < LINE_MAX_GOOD ?
	    LINE_MAX_GOOD - w->column : 0)) > 0) {
		buf_add(w->out, text, n);
		buf_adds(w->out, "\r\n");
		w->column = 0;
		text += n;
	}
	buf_adds(w->out, text);
	w->column += strlen(text);
	buf_clear(&w->unit);
}

static void place_result(struct writer *w, const struct authres_result *r)
{
	add_keyword(w, r->method);
	if (r->version > 1)
		buf_addf(&w->unit, "/%u", r->version);
	buf_addc(&w->unit, '=');
	add_keyword(w, r->result);
	buf_adds(w->out, ";\r\n");
	w->column = 0;
	place_unit(w);
	if (r->reason != NULL) {
		buf_adds(&w->unit, "reason=");
		add_value(w, r->reason, false);
		place_reason(w);
	}
	for (size_t i = 0; i < r->property_count; i++) {
		add_keyword(w, r->properties[i].type);
		buf_addc(&w->unit, '.');
		add_keyword(w, r->properties[i].name);
		buf_addc(&w->unit, '=');
		add_value(w, r->properties[i].value, true);
		place_unit(w);
	}
}

void authres_render(const struct authres *a, bool utf8, struct buf *out)
{
	struct writer w = { .out = out, .utf8 = utf8 };

	/* The id stays beside the field's name, however long it is. */
	add_value(&w, a->id, false);
	if (a->version > 1)
		buf_addf(&w.unit, " %u", a->version);
	place_unit(&w);
	w.column += strlen("Authentication-Results:");
	if (a->count == 0) {
		buf_addc(out, ';');
		buf_adds(&w.unit, "none");
		place_unit(&w);
	}
	for (size_t i = 0; i < a->count; i++)
		place_result(&w, &a->results[i]);
	buf_free(&w.unit);
}
