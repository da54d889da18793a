/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/macro.h"

#include <assert.h>
#include <string.h>

#include "mail/domain.h"

/* More parts than a name can have labels: "all of them" (7.3). */
#define ALL_PARTS 1000u

struct macro {
	char letter;            /* lower case; 0: literal text */
	bool escape;            /* was upper case: URL-escape the value */
	bool reverse;
	unsigned keep;          /* right-hand parts, ALL_PARTS: all */
	struct slice delimiters;
	struct slice literal;   /* what stands for itself; of "%_": " " */
	bool expand;            /* a macro-expand, "%%" included */
};

static const char letters[] = "slodiphcrtv";
static const char delimiter_set[] = ".-+,/_=";

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* "%{" macro-letter transformers *delimiter "}", behind the brace. */
static bool read_braced(struct slice *rest, struct macro *m, struct error *err)
{
	const char *p = rest->data, *end = rest->data + rest->len;
	bool digits = false;

	if (p == end || !is_one_of(ascii_lower(*p), letters))
		return error_set(err, "unknown macro letter");
	m->letter = ascii_lower(*p);
	m->escape = m->letter != *p++;
	m->keep = 0;
	for (; p < end && ascii_digit(*p); p++, digits = true)
		if (m->keep < ALL_PARTS)
			m->keep = m->keep * 10 + (unsigned)(*p - '0');
	if (digits && m->keep == 0)
		return error_set(err, "a macro keeps zero parts");
	if (!digits || m->keep > ALL_PARTS)
		m->keep = ALL_PARTS;
	if (p < end && ascii_lower(*p) == 'r') {
		m->reverse = true;
		p++;
	}
	m->delimiters.data = p;
	while (p < end && is_one_of(*p, delimiter_set))
		p++;
	m->delimiters.len = (size_t)(p - m->delimiters.data);
	if (p == end || *p != '}')
		return error_set(err, "a macro is not closed as it should be");
	p++;
	*rest = (struct slice){ p, (size_t)(end - p) };
	return true;
}

/* The next piece of *rest, which is not empty; false: bad syntax (7.3). */
static bool macro_next(struct slice *rest, struct macro *m, struct error *err)
{
	const char *percent;
	size_t n = rest->len;

	*m = (struct macro){ 0 };
	if (rest->data[0] != '%') {
		percent = memchr(rest->data, '%', rest->len);
		if (percent != NULL)
			n = (size_t)(percent - rest->data);
		m->literal = (struct slice){ rest->data, n };
		*rest = (struct slice){ rest->data + n, rest->len - n };
		return true;
	}
	m->expand = true;
	switch (rest->len > 1 ? rest->data[1] : '\0') {
	case '%':
		m->literal = SLICE("%");
		break;
	case '_':
		m->literal = SLICE(" ");
		break;
	case '-':
		m->literal = SLICE("%20");
		break;
	case '{':
		*rest = (struct slice){ rest->data + 2, rest->len - 2 };
		return read_braced(rest, m, err);
	default:
		return error_set(err, "a \"%%\" that begins no macro");
	}
	*rest = (struct slice){ rest->data + 2, rest->len - 2 };
	return true;
}

/* toplabel: letters, digits, inner hyphens; not digits alone. */
static bool is_toplabel(struct slice s)
{
	bool alpha = false, hyphen = false;

	if (s.len == 0 || !ascii_alnum(s.data[0]) ||
	    !ascii_alnum(s.data[s.len - 1]))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (ascii_alpha(s.data[i]))
			alpha = true;
		else if (s.data[i] == '-')
			hyphen = true;
		else if (!ascii_digit(s.data[i]))
			return false;
	}
	return alpha || hyphen;
}

/* domain-end, as far as it is literal: what follows the last macro. */
static bool tail_check(struct slice tail, struct error *err)
{
	size_t dot;

	if (tail.len > 0 && tail.data[tail.len - 1] == '.')
		tail.len--;
	for (dot = tail.len; dot > 0 && tail.data[dot - 1] != '.'; dot--)
		;
	if (dot == 0)
		return error_set(err,
		    "a domain name of less than two labels");
	if (!is_toplabel(slice_sub(tail, dot, tail.len - dot)))
		return error_set(err, "a domain name does not end in a "
		    "top-level domain (is it an address?)");
	return true;
}

/*
 * macro-literal is %x21-24 / %x26-7E; SP belongs to explain-string only. The
 * letters c, r and t are allowed only where `text` says so (7.2).
 */
static bool string_check(struct slice s, bool text, bool space,
    struct slice *tail, struct error *err)
{
	char lowest = space ? ' ' : '!';
	struct macro m;

	*tail = s;
	while (s.len > 0) {
		if (!macro_next(&s, &m, err))
			return false;
		for (size_t i = 0; m.expand == false && i < m.literal.len; i++)
			if (m.literal.data[i] < lowest ||
			    m.literal.data[i] > '~')
				return error_set(err,
				    "a character that is not printable ASCII");
		if (!text && is_one_of(m.letter, "crt"))
			return error_set(err, "macro \"%c\" is only for "
			    "explanations", m.letter);
		if (m.expand)
			*tail = s;
	}
	return true;
}

bool spf_domain_spec_check(struct slice text, struct error *err)
{
	struct slice tail;

	if (text.len == 0)
		return error_set(err, "a domain name is missing");
	if (!string_check(text, false, false, &tail, err))
		return false;
	return tail.len == 0 || tail_check(tail, err);
}

bool spf_macro_string_check(struct slice text, struct error *err)
{
	struct slice tail;

	return string_check(text, true, false, &tail, err);
}

bool spf_explain_string_check(struct slice text, struct error *err)
{
	struct slice tail;

	return string_check(text, true, true, &tail, err);
}

bool spf_macro_names(struct slice text, char letter)
{
	struct macro m;

	while (text.len > 0 && macro_next(&text, &m, NULL))
		if (m.letter == letter)
			return true;
	return false;
}

/* 7.3: dots between all parts, nibbles for IPv6. */
static void dotted_client(const struct ip *a, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	char text[IP_TEXT_MAX];

	if (a->family != IP_V6) {
		buf_adds(out, ip_text(a, text));
		return;
	}
	for (size_t i = 0; i < 32; i++) {
		unsigned octet = a->octets[i / 2];

		if (i > 0)
			buf_addc(out, '.');
		buf_addc(out, hex[i % 2 == 0 ? octet >> 4 : octet & 15]);
	}
}

static void value_of(char letter, const struct spf_values *v, struct buf *out)
{
	char text[IP_TEXT_MAX];

	switch (letter) {
	case 's':
		buf_addf(out, "%.*s@%s", SPF_VALUE_MAX, v->local,
		    v->sender_domain);
		break;
	case 'l':
		buf_addf(out, "%.*s", SPF_VALUE_MAX, v->local);
		break;
	case 'o':
		buf_adds(out, v->sender_domain);
		break;
	case 'd':
		buf_adds(out, v->domain);
		break;
	case 'i':
		dotted_client(&v->client, out);
		break;
	case 'p':
		buf_adds(out, v->validated(v->arg, v->domain));
		break;
	case 'h':
		buf_addf(out, "%.*s", SPF_VALUE_MAX, v->helo);
		break;
	case 'c':
		buf_adds(out, ip_text(&v->client, text));
		break;
	case 'r':
		buf_addf(out, "%.*s", SPF_VALUE_MAX, v->receiver);
		break;
	case 't':
		buf_addf(out, "%lld", (long long)v->now);
		break;
	case 'v':
		buf_adds(out, v->client.family == IP_V6 ? "ip6" : "in-addr");
		break;
	default:
		assert(!"a letter the grammar does not know");
	}
}

static bool is_delimiter(const struct macro *m, char c)
{
	if (m->delimiters.len == 0)
		return c == '.';
	return memchr(m->delimiters.data, c, m->delimiters.len) != NULL;
}

/* 7.3: reversed first, then the right-hand parts of what that gives. */
static void add_parts(const struct macro *m, struct slice value,
    struct buf *out)
{
	size_t count = 1, first, start = 0, end = value.len;

	for (size_t i = 0; i < value.len; i++)
		count += is_delimiter(m, value.data[i]);
	first = count > m->keep ? count - m->keep : 0;
	for (size_t n = 0; n < count; n++) {
		size_t from = start, to = end;

		if (m->reverse) {
			while (end > 0 && !is_delimiter(m, value.data[end - 1]))
				end--;
			from = end;
			end = end > 0 ? end - 1 : 0;
		} else {
			for (to = start; to < value.len &&
			    !is_delimiter(m, value.data[to]); to++)
				;
			start = to + 1;
		}
		if (n < first)
			continue;
		if (n > first)
			buf_addc(out, '.');
		buf_add(out, value.data + from, to - from);
	}
}

/* RFC 3986 2.3: letters, digits, "-", ".", "_" and "~" stand for themselves. */
static void add_escaped(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++)
		if (ascii_alnum(s.data[i]) || is_one_of(s.data[i], "-._~"))
			buf_addc(out, s.data[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)s.data[i]);
}

static void add_piece(const struct macro *m, const struct spf_values *v,
    struct buf *out)
{
	struct buf value = { 0 }, parts = { 0 };

	if (m->letter == 0) {
		buf_add(out, m->literal.data, m->literal.len);
		return;
	}
	value_of(m->letter, v, &value);
	/* Without transformers the value stays as it is (7.3). */
	if (m->keep == ALL_PARTS && !m->reverse && m->delimiters.len == 0)
		buf_add(&parts, buf_text(&value), value.len);
	else
		add_parts(m, (struct slice){ buf_text(&value), value.len },
		    &parts);
	if (m->escape)
		add_escaped((struct slice){ buf_text(&parts), parts.len }, out);
	else
		buf_add(out, buf_text(&parts), parts.len);
	buf_free(&value);
	buf_free(&parts);
}

static void drop_front(struct buf *b, size_t n)
{
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

void spf_expand_name(struct slice text, const struct spf_values *v,
    struct buf *out)
{
	struct macro m;

	buf_clear(out);
	while (text.len > 0 && macro_next(&text, &m, NULL)) {
		add_piece(&m, v, out);
		/* Only the end can stay, see below; memory is not a toy. */
		if (out->len > 2 * SPF_NAME_KEEP)
			drop_front(out, out->len - SPF_NAME_KEEP);
	}
	if (out->len > 0 && out->data[out->len - 1] == '.')
		out->data[--out->len] = '\0';
	while (out->len > DOMAIN_MAX) {
		const char *dot = memchr(out->data, '.', out->len);

		drop_front(out, dot == NULL ? out->len :
		    (size_t)(dot - out->data) + 1);
	}
	for (size_t i = 0; i < out->len; i++)
		out->data[i] = ascii_lower(out->data[i]);
}

void spf_expand_text(struct slice text, const struct spf_values *v,
    struct buf *out)
{
	struct macro m;

	buf_clear(out);
	while (text.len > 0 && out->len < SPF_TEXT_MAX &&
	    macro_next(&text, &m, NULL))
		add_piece(&m, v, out);
	if (out->len > SPF_TEXT_MAX) {
		out->len = SPF_TEXT_MAX;
		out->data[out->len] = '\0';
	}
	for (size_t i = 0; i < out->len; i++)
		if (out->data[i] < ' ' || out->data[i] > '~')
			out->data[i] = '?';
}
