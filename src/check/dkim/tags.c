/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/tags.h"

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
	unsigned char all = 0;

	for (size_t i = 0; i < s.len; i++)
		all |= (unsigned char)s.data[i];
	return all < 0x80;
}

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The digit, one more than its value; 0: none. */
static const unsigned char digits64[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static int sextet(char c)
{
	return digits64[(unsigned char)c] - 1;
}

/* Four digits that stand together; false: look at them one by one. */
static bool four_digits(const char *at, unsigned char out[3])
{
	int a = sextet(at[0]), b = sextet(at[1]);
	int c = sextet(at[2]), d = sextet(at[3]);

	if ((a | b | c | d) < 0)
		return false;
	out[0] = (unsigned char)(a << 2 | b >> 4);
	out[1] = (unsigned char)(b << 4 | c >> 2);
	out[2] = (unsigned char)(c << 6 | d);
	return true;
}

bool dkim_base64(struct arena *mem, struct slice value, struct octets *out)
{
	unsigned char *data = arena_alloc(mem, value.len / 4 * 3 + 3);
	size_t digits = 0, pads = 0, len = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < value.len; i++) {
		while (digits % 4 == 0 && pads == 0 && value.len - i >= 4 &&
		    four_digits(value.data + i, data + len)) {
			i += 4;
			digits += 4;
			len += 3;
		}
		if (i == value.len)
			break;
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

/* Which octets a label may have, and that U-labels are UTF-8, is said by
 * domain_normalise(). */
static bool label_ok(struct slice label)
{
	return label.len > 0 && label.data[0] != '-' &&
	    label.data[label.len - 1] != '-';
}

const char *dkim_name(struct arena *mem, struct slice value, size_t min_labels)
{
	struct slice more = value;
	size_t labels = 0;

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
