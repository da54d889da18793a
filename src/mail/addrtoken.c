/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/addrtoken.h"

#include <string.h>

#include "mail/rfc5322.h"

enum { TOKENS_MAX = 4096 };

static bool is_literal_char(unsigned char c)
{
	return c >= ' ' && c != 0x7f && c != '[' && c != ']' && c != '\\';
}

/* Never moves on an octet that starts no token. */
static bool read_token(struct scan *s, struct addrtoken *t)
{
	const char *begin = s->at;
	int c = scan_peek(s);
	struct slice inner;

	if (c == '"') {
		t->kind = 'q';
		if (!scan_quoted(s, &inner))
			return false;
	} else if (c == '[') {
		t->kind = 'l';
		s->at++;
		scan_run(s, is_literal_char);
		if (!scan_char(s, ']'))
			return false;
	} else if (c > 0 && strchr("<>@,;:.", c) != NULL) {
		t->kind = (char)c;
		s->at++;
	} else {
		t->kind = 'a';
		if (scan_run(s, is_atext).len == 0)
			return false;
	}
	t->raw = (struct slice){ begin, (size_t)(s->at - begin) };
	return true;
}

/* The token at the front with what stands before it. NULL: read, or there is
 * none, and kind is 0; else why not. */
static const char *read_next(struct scan *s, struct addrtoken *t)
{
	const char *before = s->at;

	*t = (struct addrtoken){ .kind = '\0' };
	if (!scan_cfws(s, &t->comment))
		return "a comment that cannot be read";
	t->spaced = s->at > before;
	if (scan_peek(s) < 0)
		return NULL;
	if (!read_token(s, t)) {
		t->kind = '\0';
		return "characters that no address can hold";
	}
	return NULL;
}

const char *addrtoken_cut(struct arena *mem, struct slice body,
    const struct addrtoken **tokens, size_t *count)
{
	size_t room = body.len < TOKENS_MAX ? body.len : TOKENS_MAX;
	struct addrtoken *list = arena_array(mem, room + 1, sizeof(*list));
	struct scan s = scan_of(body);
	const char *why = read_next(&s, &list[0]);

	*tokens = list;
	*count = 0;
	while (list[*count].kind != '\0') {
		if (*count == TOKENS_MAX) {
			list[*count].kind = '\0';
			return "too long";
		}
		++*count;
		why = read_next(&s, &list[*count]);
	}
	return why;
}
