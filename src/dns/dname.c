/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/dname.h"

#include <stdio.h>
#include <string.h>

#define LABEL_OCTETS_MAX 63

/* One octet of text, escaped or not. False: the escape is broken. */
static bool next_octet(struct slice *text, unsigned char *out, bool *escaped)
{
	const unsigned char *s = (const unsigned char *)text->data;
	size_t used = 1;

	*escaped = s[0] == '\\';
	*out = s[0];
	if (*escaped) {
		if (text->len < 2)
			return false;
		*out = s[1];
		used = 2;
		if (ascii_digit((char)s[1])) {
			if (text->len < 4 || !ascii_digit((char)s[2]) ||
			    !ascii_digit((char)s[3]))
				return false;
			int v = (s[1] - '0') * 100 + (s[2] - '0') * 10 +
			    (s[3] - '0');

			if (v > 255)
				return false;
			*out = (unsigned char)v;
			used = 4;
		}
	}
	*text = (struct slice){ text->data + used, text->len - used };
	return true;
}

bool dname_parse(struct slice text, struct dname *out)
{
	size_t label = 0;       /* where the length octet of this label is */

	out->wire[0] = 0;
	out->len = 1;
	while (text.len > 0) {
		unsigned char c;
		bool escaped;

		if (!next_octet(&text, &c, &escaped))
			return false;
		/* Room for this octet and the root label. */
		if (out->len + 1 > DNAME_WIRE_MAX)
			return false;
		if (c == '.' && !escaped) {
			if (out->wire[label] == 0)
				return false;
			if (text.len == 0)
				break;
			label = out->len;
			out->wire[out->len++] = 0;
			continue;
		}
		if (out->wire[label] == LABEL_OCTETS_MAX)
			return false;
		out->wire[label]++;
		out->wire[out->len++] = (unsigned char)ascii_lower((char)c);
	}
	if (out->wire[label] == 0 || out->len + 1 > DNAME_WIRE_MAX)
		return false;
	out->wire[out->len++] = 0;
	return true;
}

size_t dname_read(const unsigned char *data, size_t len, struct dname *out)
{
	size_t at = 0;

	for (;;) {
		if (at >= len)
			return 0;
		size_t n = data[at];

		if (n > LABEL_OCTETS_MAX || n + 1 > len - at ||
		    at + n + 1 > DNAME_WIRE_MAX)
			return 0;
		out->wire[at] = (unsigned char)n;
		for (size_t i = at + 1; i <= at + n; i++)
			out->wire[i] =
			    (unsigned char)ascii_lower((char)data[i]);
		at += n + 1;
		if (n == 0)
			break;
	}
	out->len = at;
	return at;
}

static size_t put_octet(char *text, unsigned char c)
{
	if (c <= ' ' || c >= 0x7f)
		return (size_t)sprintf(text, "\\%03u", (unsigned)c);
	if (c == '.' || c == '\\') {
		text[0] = '\\';
		text[1] = (char)c;
		return 2;
	}
	text[0] = (char)c;
	return 1;
}

size_t dname_text(const struct dname *d, char text[DNAME_TEXT_MAX])
{
	size_t n = 0;

	for (size_t at = 0; d->wire[at] != 0; at += d->wire[at] + 1u) {
		if (at > 0)
			text[n++] = '.';
		for (size_t i = 1; i <= d->wire[at]; i++)
			n += put_octet(text + n, d->wire[at + i]);
	}
	if (n == 0)
		text[n++] = '.';
	text[n] = '\0';
	return n;
}

bool dname_parent(const struct dname *d, struct dname *out)
{
	size_t skip = d->wire[0] + 1u;
	struct dname up = { .len = d->len - skip };

	if (d->wire[0] == 0 || d->wire[skip] == 0)
		return false;
	memcpy(up.wire, d->wire + skip, up.len);
	*out = up;
	return true;
}

bool dname_wildcard(const struct dname *d, struct dname *out)
{
	struct dname star = { .wire = { 1, '*' }, .len = d->len + 2 };

	if (star.len > DNAME_WIRE_MAX)
		return false;
	memcpy(star.wire + 2, d->wire, d->len);
	*out = star;
	return true;
}

int dname_compare(const struct dname *a, const struct dname *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->wire, b->wire, a->len);
}
