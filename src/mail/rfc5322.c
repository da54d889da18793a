/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/rfc5322.h"

#include <string.h>

struct scan scan_of(struct slice s)
{
	if (s.data == NULL)
		s = SLICE("");
	return (struct scan){ s.data, s.data + s.len };
}

int scan_peek(const struct scan *s)
{
	return s->at < s->end ? (unsigned char)*s->at : -1;
}

bool scan_char(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

bool is_atext(unsigned char c)
{
	return c >= 0x80 || ascii_alnum((char)c) ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

bool is_token_char(unsigned char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

bool is_domain_char(unsigned char c)
{
	return c >= 0x80 || ascii_alnum((char)c) || c == '-' || c == '_' ||
	    c == '.';
}

/* One blank, or the line end of a fold; what it was is gone. */
static bool step_blank(struct scan *s)
{
	const char *p = s->at;

	if (p < s->end && (*p == ' ' || *p == '\t')) {
		s->at++;
		return true;
	}
	if (p < s->end && *p == '\r')
		p++;
	if (s->end - p < 2 || p[0] != '\n' || (p[1] != ' ' && p[1] != '\t'))
		return false;
	s->at = p + 1;
	return true;
}

/* One octet of text, one quoted-pair, or one blank of a quoted run. */
static bool step_text(struct scan *s)
{
	if (step_blank(s))
		return true;
	if (s->at < s->end && *s->at == '\\') {
		/* quoted-pair = "\" (VCHAR / WSP) */
		if (s->end - s->at < 2 || (is_control((unsigned char)s->at[1]) &&
		    s->at[1] != '\t'))
			return false;
		s->at += 2;
		return true;
	}
	if (s->at == s->end || is_control((unsigned char)*s->at))
		return false;
	s->at++;
	return true;
}

static bool scan_comment(struct scan *s, struct slice *comment)
{
	const char *begin = s->at + 1;
	size_t depth = 0;

	do {
		if (scan_char(s, '('))
			depth++;
		else if (scan_char(s, ')'))
			depth--;
		else if (!step_text(s))
			return false;
	} while (depth > 0);
	if (comment != NULL) {
		struct slice inner = { begin, (size_t)(s->at - 1 - begin) };

		inner = slice_trim(inner);
		if (inner.len > 0)
			*comment = inner;
	}
	return true;
}

bool scan_cfws(struct scan *s, struct slice *comment)
{
	for (;;) {
		if (step_blank(s))
			continue;
		if (scan_peek(s) != '(')
			return true;
		if (!scan_comment(s, comment))
			return false;
	}
}

bool scan_quoted(struct scan *s, struct slice *inner)
{
	const char *begin;

	if (!scan_char(s, '"'))
		return false;
	begin = s->at;
	while (scan_peek(s) != '"')
		if (!step_text(s))
			return false;
	*inner = (struct slice){ begin, (size_t)(s->at - begin) };
	s->at++;
	return true;
}

struct slice scan_run(struct scan *s, bool (*is)(unsigned char c))
{
	const char *begin = s->at;

	while (s->at < s->end && is((unsigned char)*s->at))
		s->at++;
	return (struct slice){ begin, (size_t)(s->at - begin) };
}

char *scan_unquote(struct arena *mem, struct slice inner)
{
	char *text = arena_alloc(mem, inner.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < inner.len; i++) {
		char c = inner.data[i];

		if (c == '\r' || c == '\n')
			continue;
		if (c == '\\' && i + 1 < inner.len)
			c = inner.data[++i];
		text[len++] = c;
	}
	return text;
}
