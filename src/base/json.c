/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

/* A document grows at most once or twice. */
#define USUAL_OCTETS 4000

/*
 * Every message leaves a record of some hundred members, so there is no tree:
 * what is written is text at once, without blanks.
 */
struct json {
	struct buf text;
	struct buf open;                /* "{" or "[", the document's first */
};

static char innermost(const struct json *j)
{
	assert(j->open.len > 0);
	return j->open.data[j->open.len - 1];
}

/* Are eight octets printable ASCII (or DEL), without the two that are
 * escaped? */
static inline bool is_plain8(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x80 * ones;
	uint64_t quote = x ^ '"' * ones, slash = x ^ '\\' * ones;

	return ((x | (x - ' ' * ones) | (quote - ones) | (slash - ones)) &
	    tops) == 0;
}

static inline uint64_t load8(const char *at)
{
	uint64_t x;

	memcpy(&x, at, sizeof(x));
	return x;
}

static inline bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static bool put_few(char *at, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_plain(s.data[i]))
			return false;
		at[i] = s.data[i];
	}
	return true;
}

/* Copies what can stay as it is. False: not all can, and what was written is
 * to be thrown away. The last eight octets may come twice. */
static bool put_plain(char *at, struct slice s)
{
	uint64_t x;

	if (s.len < 8)
		return put_few(at, s);
	for (size_t i = 0; i + 8 < s.len; i += 8) {
		x = load8(s.data + i);
		if (!is_plain8(x))
			return false;
		memcpy(at + i, &x, sizeof(x));
	}
	x = load8(s.data + s.len - 8);
	memcpy(at + s.len - 8, &x, sizeof(x));
	return is_plain8(x);
}

/* How many octets from the start need no second look. */
static size_t plain_run(struct slice s)
{
	size_t n = 0;

	while (s.len - n >= 8 && is_plain8(load8(s.data + n)))
		n += 8;
	while (n < s.len && is_plain(s.data[n]))
		n++;
	return n;
}

/* RFC 8259 7; the short forms where there are some. */
static void add_escaped(struct buf *out, uint32_t c)
{
	static const char shorts[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
		['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
	};

	if (c < sizeof(shorts) && shorts[c] != '\0') {
		buf_addc(out, '\\');
		buf_addc(out, shorts[c]);
	} else {
		buf_addf(out, "\\u%04X", (unsigned)c);
	}
}

/* The same text in UTF-8, each octet that fits nowhere replaced. */
static void add_hard_string(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	while (s.len > 0) {
		size_t n = plain_run(s);
		struct slice before;
		uint32_t c;

		buf_add(out, s.data, n);
		s = (struct slice){ s.data + n, s.len - n };
		if (s.len == 0)
			break;
		before = s;
		c = utf8_take(&s);
		if (c == UTF8_BAD)
			buf_adds(out, UTF8_REPLACEMENT);
		else if (c < ' ' || c == '"' || c == '\\')
			add_escaped(out, c);
		else
			buf_add(out, before.data, before.len - s.len);
	}
	buf_addc(out, '"');
}

static bool put_quoted(char *at, struct slice s)
{
	at[0] = at[s.len + 1] = '"';
	return put_plain(at + 1, s);
}

static void add_string(struct buf *out, struct slice s)
{
	size_t was = out->len;

	if (put_quoted(buf_extend(out, s.len + 2), s))
		return;
	out->len = was;
	add_hard_string(out, s);
}

/* Everything up to the value. */
static struct buf *begin(struct json *j, const char *key)
{
	struct buf *t = &j->text;
	char last = t->data[t->len - 1], *at;
	struct slice k = slice_of(key);
	size_t was;

	assert((innermost(j) == '{') == (key != NULL));
	/* A value never ends like this, a container begins so. */
	if (last != '{' && last != '[')
		buf_addc(t, ',');
	if (key == NULL)
		return t;
	was = t->len;
	at = buf_extend(t, k.len + 3);
	at[k.len + 2] = ':';
	if (put_quoted(at, k))
		return t;
	t->len = was;
	add_hard_string(t, k);
	buf_addc(t, ':');
	return t;
}

static void open_container(struct json *j, char c)
{
	buf_addc(&j->text, c);
	buf_addc(&j->open, c);
}

struct json *json_new(void)
{
	struct json *j = xcalloc(1, sizeof(*j));

	buf_reserve(&j->text, USUAL_OCTETS);
	open_container(j, '{');
	return j;
}

void json_drop(struct json *j)
{
	if (j == NULL)
		return;
	buf_free(&j->text);
	buf_free(&j->open);
	free(j);
}

void json_open_object(struct json *j, const char *key)
{
	begin(j, key);
	open_container(j, '{');
}

void json_open_array(struct json *j, const char *key)
{
	begin(j, key);
	open_container(j, '[');
}

void json_close(struct json *j)
{
	assert(j->open.len > 1);
	buf_addc(&j->text, innermost(j) == '{' ? '}' : ']');
	j->open.len--;
}

void json_text(struct json *j, const char *key, const char *value)
{
	json_slice(j, key, slice_of(value));
}

void json_slice(struct json *j, const char *key, struct slice value)
{
	if (value.data != NULL)
		add_string(begin(j, key), value);
}

void json_number(struct json *j, const char *key, int64_t value)
{
	buf_add_number(begin(j, key), value);
}

void json_yes_no(struct json *j, const char *key, bool value)
{
	buf_adds(begin(j, key), value ? "true" : "false");
}

void json_nothing(struct json *j, const char *key)
{
	buf_adds(begin(j, key), "null");
}

void json_part(struct json *j, const char *key, const struct json_node *n)
{
	char *text;

	if (n == NULL)
		return;
	/* A node is a json_t of jansson: see json_reader.c. */
	text = json_dumps((const json_t *)(const void *)n, JSON_COMPACT |
	    JSON_ENCODE_ANY);
	if (text == NULL)
		abort();                /* want of memory: all else is clean */
	buf_adds(begin(j, key), text);
	free(text);
}

static void new_line(struct buf *out, size_t depth)
{
	buf_addc(out, '\n');
	for (size_t i = 0; i < depth; i++)
		buf_adds(out, "  ");
}

/* The string that begins at t[i], as it is; where it ends. */
static size_t copy_string(struct buf *out, const char *t, size_t i)
{
	size_t from = i++;

	for (; t[i] != '"'; i++)
		i += t[i] == '\\';
	buf_add(out, t + from, i + 1 - from);
	return i;
}

/* Line by line, for people; t is what this file has written. */
static void indent(struct buf *out, const char *t)
{
	size_t depth = 0;

	for (size_t i = 0; t[i] != '\0'; i++) {
		switch (t[i]) {
		case '"':
			i = copy_string(out, t, i);
			break;
		case '{':
		case '[':
			buf_addc(out, t[i]);
			if (t[i + 1] == '}' || t[i + 1] == ']')
				buf_addc(out, t[++i]);
			else
				new_line(out, ++depth);
			break;
		case '}':
		case ']':
			new_line(out, --depth);
			buf_addc(out, t[i]);
			break;
		case ',':
			buf_addc(out, ',');
			new_line(out, depth);
			break;
		case ':':
			buf_adds(out, ": ");
			break;
		default:                /* of numbers and words */
			buf_addc(out, t[i]);
		}
	}
}

char *json_finish(struct json *j, bool indented)
{
	struct buf lines = { 0 };
	char *text;

	assert(j->open.len == 1);
	buf_addc(&j->text, '}');
	if (indented)
		indent(&lines, buf_text(&j->text));
	text = buf_detach(indented ? &lines : &j->text);
	json_drop(j);
	return text;
}
