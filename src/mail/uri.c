/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/uri.h"

#include <string.h>

static bool is_hex(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) || (c >= 'a' && c <= 'f');
}

/* Only octets of `also`, letters, digits, and "%" with two hex digits. */
static bool made_of(struct slice s, const char *also)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (c == '%') {
			if (s.len - i < 3 || !is_hex(s.data[i + 1]) ||
			    !is_hex(s.data[i + 2]))
				return false;
			i += 2;
		} else if (!ascii_alnum(c) &&
		    (c == '\0' || strchr(also, c) == NULL)) {
			return false;
		}
	}
	return true;
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) */
static bool is_scheme(struct slice s)
{
	return s.len > 0 && ascii_alpha(s.data[0]) &&
	    memchr(s.data, '%', s.len) == NULL && made_of(s, "+-.");
}

/* pchar without letters, digits and "%" */
#define PCHAR "-._~!$&'()*+,;=:@"

static bool is_hier_part(struct slice s)
{
	struct slice authority;

	if (!slice_starts_nocase(s, "//"))
		return made_of(s, PCHAR "/");
	s = slice_sub(s, 2, s.len);
	authority = slice_cut(&s, '/');
	/* [] only for an IP-literal, which is the business of who connects */
	return made_of(authority, PCHAR "[]") && made_of(s, PCHAR "/");
}

bool uri_valid(struct slice text)
{
	struct slice fragment = text;
	struct slice query = slice_cut(&fragment, '#');
	struct slice hier = slice_cut(&query, '?');
	struct slice scheme = slice_cut(&hier, ':');

	return is_scheme(scheme) && hier.data != NULL && is_hier_part(hier) &&
	    made_of(query, PCHAR "/?") && made_of(fragment, PCHAR "/?");
}
