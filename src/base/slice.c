/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/slice.h"

#include <limits.h>
#include <string.h>

char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ascii_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ascii_alnum(char c)
{
	return ascii_alpha(c) || ascii_digit(c);
}

struct slice slice_of(const char *s)
{
	return (struct slice){ s, s == NULL ? 0 : strlen(s) };
}

struct slice slice_sub(struct slice s, size_t from, size_t n)
{
	if (s.data == NULL)
		return s;
	if (from > s.len)
		from = s.len;
	if (n > s.len - from)
		n = s.len - from;
	return (struct slice){ s.data + from, n };
}

bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len &&
	    (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool slice_is(struct slice a, const char *word)
{
	return slice_equal(a, slice_of(word));
}

bool slice_is_nocase(struct slice a, const char *word)
{
	return a.len == strlen(word) && slice_starts_nocase(a, word);
}

bool slice_starts_nocase(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	if (a.len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (ascii_lower(a.data[i]) != ascii_lower(prefix[i]))
			return false;
	}
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && blank(s.data[s.len - 1]))
		s.len--;
	while (s.len > 0 && blank(s.data[0])) {
		s.data++;
		s.len--;
	}
	return s;
}

struct slice slice_cut(struct slice *rest, char at)
{
	struct slice all = *rest;
	const char *cut = all.len == 0 ? NULL : memchr(all.data, at, all.len);

	if (cut == NULL) {
		*rest = (struct slice){ NULL, 0 };
		return all;
	}
	size_t n = (size_t)(cut - all.data);

	*rest = (struct slice){ cut + 1, all.len - n - 1 };
	return (struct slice){ all.data, n };
}

bool slice_number(struct slice s, unsigned long long *out)
{
	unsigned long long n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_digit(s.data[i]))
			return false;
		unsigned digit = (unsigned)(s.data[i] - '0');

		if (n > (ULLONG_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}
