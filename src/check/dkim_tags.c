/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim_tags.h"

#include "base/utf8.h"
#include "mail/domain.h"

bool dkim_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

bool dkim_is_fws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool dkim_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] > 0x7f)
			return false;
	return true;
}

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool dkim_base64(struct arena *mem, struct slice value, struct octets *out)
{
	unsigned char *data = arena_alloc(mem, value.len / 4 * 3 + 3);
	size_t digits = 0, pads = 0, len = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];
		int six = sextet(c);

		if (dkim_is_fws(c))
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		if (six < 0 || pads > 0)
			return false;
		bits = bits << 6 | (unsigned)six;
		if (++digits % 4 != 1)
			data[len++] = (unsigned char)(bits >>
			    (6 - 2 * ((digits - 1) % 4)));
	}
	*out = (struct octets){ data, len };
	return digits > 0 && digits % 4 != 1 && pads == (4 - digits % 4) % 4;
}

char *dkim_base64_text(struct arena *mem, const unsigned char *data,
    size_t len)
{
	char *text = arena_alloc(mem, (len + 2) / 3 * 4 + 1);
	char *t = text;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i;
		unsigned v = (unsigned)data[i] << 16;

		if (n > 1)
			v |= (unsigned)data[i + 1] << 8;
		if (n > 2)
			v |= data[i + 2];
		*t++ = alphabet[v >> 18];
		*t++ = alphabet[v >> 12 & 63];
		*t++ = n > 1 ? alphabet[v >> 6 & 63] : '=';
		*t++ = n > 2 ? alphabet[v & 63] : '=';
	}
	return text;
}

bool dkim_number(struct slice value, size_t max_digits, uint64_t *out)
{
	uint64_t n = 0;
	bool over = false;

	if (value.len == 0 || value.len > max_digits)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned)(value.data[i] - '0');

		if (!ascii_digit(value.data[i]))
			return false;
		over |= __builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n);
	}
	*out = over ? UINT64_MAX : n;
	return true;
}

bool dkim_list_next(struct slice *more, struct slice *element)
{
	if (more->data == NULL)
		return false;
	*element = slice_trim(slice_cut(more, ':'));
	return true;
}

bool dkim_word(struct slice s)
{
	if (s.len == 0 || !ascii_alpha(s.data[0]) || s.data[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_alnum(s.data[i]) && s.data[i] != '-')
			return false;
	return true;
}

bool dkim_field_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] < 33 || s.data[i] > 126 || s.data[i] == ':')
			return false;
	return s.len > 0;
}

static bool label_ok(struct slice label)
{
	for (size_t i = 0; i < label.len; i++) {
		char c = label.data[i];

		if (!ascii_alnum(c) && c != '-' && c != '_' &&
		    (unsigned char)c < 0x80)
			return false;
	}
	return label.len > 0 && label.data[0] != '-' &&
	    label.data[label.len - 1] != '-';
}

const char *dkim_name(struct arena *mem, struct slice value, size_t min_labels)
{
	struct slice more = value;
	size_t labels = 0;

	if (value.len == 0 || !utf8_valid(value))
		return NULL;
	for (; more.data != NULL; labels++)
		if (!label_ok(slice_cut(&more, '.')))
			return NULL;
	return labels < min_labels ? NULL : domain_normalise(mem, value);
}

/* "No lowercase characters permitted" (RFC 6376 2.11). */
static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool dkim_quoted(struct arena *mem, struct slice value, struct slice *out)
{
	char *text = arena_alloc(mem, value.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (dkim_is_fws(c))
			continue;
		if (c == '=') {
			if (value.len - i < 3 || hex(value.data[i + 1]) < 0 ||
			    hex(value.data[i + 2]) < 0)
				return false;
			c = (char)(hex(value.data[i + 1]) << 4 |
			    hex(value.data[i + 2]));
			i += 2;
		}
		text[len++] = c;
	}
	*out = (struct slice){ text, len };
	return true;
}
