/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/encword.h"

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = strchr(digits, ascii_lower(c));

	return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static char visible(int octet)
{
	return octet == 0 ? ' ' : (char)octet;
}

/* Both write at most as many octets as they read. */
static size_t decode_q(struct slice s, char *to)
{
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		int high = -1, low = -1;

		if (s.data[i] == '=' && i + 2 < s.len) {
			high = hex_digit(s.data[i + 1]);
			low = hex_digit(s.data[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			to[len++] = visible(high << 4 | low);
			i += 2;
		} else {
			to[len++] = s.data[i] == '_' ? ' ' : s.data[i];
		}
	}
	return len;
}

static size_t decode_b(struct slice s, char *to)
{
	unsigned bits = 0;
	unsigned count = 0;
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		int digit = base64_digit(s.data[i]);

		if (digit < 0)
			continue;               /* padding, or junk to skip */
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		count += 6;
		if (count >= 8) {
			count -= 8;
			to[len++] = visible((int)(bits >> count & 0xff));
		}
	}
	return len;
}

/* "charset?B?text?=" behind "=?"; false: no encoded-word. */
static bool cut_word(struct slice *rest, char *encoding, struct slice *text)
{
	struct slice s = *rest;
	struct slice charset = slice_cut(&s, '?');
	struct slice kind = slice_cut(&s, '?');

	*text = slice_cut(&s, '?');
	if (charset.len == 0 || kind.len != 1 || s.data == NULL || s.len == 0 ||
	    s.data[0] != '=')
		return false;
	*encoding = ascii_lower(kind.data[0]);
	if (*encoding != 'b' && *encoding != 'q')
		return false;
	*rest = slice_sub(s, 1, s.len - 1);
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *encword_decode(struct arena *mem, const char *text)
{
	struct slice rest = slice_of(text);
	char *out = arena_alloc(mem, rest.len + 1);
	size_t len = 0;
	size_t word_end = 0;    /* of the last word, if only blanks follow it */
	bool after_word = false;

	while (rest.len > 0) {
		struct slice word, behind;
		char encoding;

		behind = slice_sub(rest, 2, rest.len);
		if (rest.len > 2 && memcmp(rest.data, "=?", 2) == 0 &&
		    cut_word(&behind, &encoding, &word)) {
			if (after_word)
				len = word_end;
			len += encoding == 'q' ? decode_q(word, out + len) :
			    decode_b(word, out + len);
			word_end = len;
			after_word = true;
			rest = behind;
			continue;
		}
		after_word = after_word && is_blank(rest.data[0]);
		out[len++] = rest.data[0];
		rest = slice_sub(rest, 1, rest.len - 1);
	}
	out[len] = '\0';
	return out;
}
