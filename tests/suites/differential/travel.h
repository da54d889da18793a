/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What happens to a letter on its way. */
#include "letters.h"

/* A letter as it arrives: values may hold anything. */
struct arrival {
	struct {
		const char *name;
		struct slice value;
	} fields[LETTER_ROOM + 4];
	size_t count;
	struct slice body;
};

/* One octet is changed, put in or taken out. */
static inline struct slice spoil(struct arena *mem, struct dice *d,
    struct slice s)
{
	static const char octets[] = "aZ \t\r\n;=:\0\xff" "0/+<,";
	size_t at = roll(d, s.len + 1), how = roll(d, 3);
	bool put = how < 2;
	bool drop = how > 0 && at < s.len;
	char *copy = arena_alloc(mem, s.len + 2);

	memcpy(copy, s.data, at);
	if (put)
		copy[at] = one_in(d, 4) && at < s.len ?
		    (char)(s.data[at] ^ 1 << roll(d, 8)) :
		    octets[roll(d, sizeof(octets) - 1)];
	memcpy(copy + at + put, s.data + at + drop, s.len - at - drop);
	return (struct slice){ copy, s.len + put - drop };
}

/* A blank becomes another kind of white space. */
static inline struct slice refold(struct arena *mem, struct dice *d,
    struct slice s)
{
	static const char *const blanks[] = { "\t", "  ", "\r\n ", "\n\t",
		" \r\n\t", "" };
	size_t at = roll(d, s.len + 1);
	const char *blank;
	struct buf b = { 0 };
	struct slice out;

	while (at < s.len && s.data[at] != ' ')
		at++;
	if (at == s.len)
		return s;
	blank = PICK(d, blanks);
	buf_add(&b, s.data, at);
	buf_adds(&b, blank);
	buf_add(&b, s.data + at + 1, s.len - at - 1);
	out = (struct slice){ arena_memdup(mem, buf_text(&b), b.len), b.len };
	buf_free(&b);
	return out;
}

/* A tag is put in after some ";". */
static inline struct slice graft(struct arena *mem, struct dice *d,
    struct slice s)
{
	static const char *const tags[] = { " l=5;", " l=0;", " v=1;",
		" x=1;", " x=1600000000;", " t=1900000000;", " h=to;",
		" c=relaxed/relaxed;", " i=@example.net;", " q=dns;", " ;",
		" y1=;", " bh=;", " B=x;", "\r\n\t", " n=\v;" };
	size_t at = roll(d, s.len + 1);
	const char *tag = PICK(d, tags);
	struct buf b = { 0 };
	struct slice out;

	while (at < s.len && s.data[at] != ';')
		at++;
	at += at < s.len;
	buf_add(&b, s.data, at);
	buf_adds(&b, tag);
	buf_add(&b, s.data + at, s.len - at);
	out = (struct slice){ arena_memdup(mem, buf_text(&b), b.len), b.len };
	buf_free(&b);
	return out;
}

/* Line ends of a body: all or one of them otherwise, fewer, more. */
static inline struct slice reline(struct arena *mem, struct dice *d,
    struct slice s)
{
	static const char *const ends[] = { "\n", "\r", "\r\n", "\r\r\n",
		"\n\r" };
	static const char *const tails[] = { "", "\r\n", "\r\n\r\n", "x",
		" \r\n", "\n", "\r", "text\r\n" };
	const char *end = PICK(d, ends), *tail = PICK(d, tails);
	bool all = one_in(d, 2);
	struct buf b = { 0 };
	struct slice out;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '\r' && i + 1 < s.len && (all ||
		    one_in(d, 8))) {
			buf_adds(&b, end);
			i++;
		} else {
			buf_addc(&b, s.data[i]);
		}
	}
	if (one_in(d, 3) && b.len > 0)
		b.len -= 1 + roll(d, b.len < 3 ? b.len : 3);
	buf_adds(&b, tail);
	out = (struct slice){ arena_memdup(mem, buf_text(&b), b.len), b.len };
	buf_free(&b);
	return out;
}

static inline void insert_field(struct arrival *a, size_t at, const char *name,
    struct slice value)
{
	if (a->count == sizeof(a->fields) / sizeof(a->fields[0]))
		return;
	memmove(&a->fields[at + 1], &a->fields[at],
	    (a->count - at) * sizeof(a->fields[0]));
	a->fields[at].name = name;
	a->fields[at].value = value;
	a->count++;
}

static inline void damage_fields(struct arrival *a, struct arena *mem,
    struct dice *d)
{
	static const char *const renames[] = { "from", "X-A", "Subject ",
		"X;A", "RECEIVED", "X-A\t", "x-ab", "To" };
	size_t i = roll(d, a->count);

	if (a->count == 0)
		return;
	switch (roll(d, 5)) {
	case 0:
		a->count--;
		memmove(&a->fields[i], &a->fields[i + 1],
		    (a->count - i) * sizeof(a->fields[0]));
		break;
	case 1:
		insert_field(a, roll(d, a->count + 1), a->fields[i].name,
		    a->fields[i].value);
		break;
	case 2:
		insert_field(a, roll(d, a->count + 1), one_in(d, 2) ? "From" :
		    PICK(d, letter_names), slice_of(letter_value(mem, d)));
		break;
	case 3:
		a->fields[i].name = PICK(d, renames);
		break;
	default:
		insert_field(a, roll(d, a->count + 1), "X-Odd",
		    SLICE(" \0\r\v x"));
		break;
	}
}

static inline void damage(struct arrival *a, struct arena *mem, struct dice *d)
{
	size_t i = roll(d, a->count);
	struct slice *value = &a->fields[i].value;

	switch (roll(d, 12)) {
	case 0: case 1:
		*value = spoil(mem, d, *value);
		break;
	case 2: case 3:
		*value = refold(mem, d, *value);
		break;
	case 4:                         /* signatures stand on top */
		i = roll(d, 2);
		if (i < a->count)
			a->fields[i].value = graft(mem, d,
			    a->fields[i].value);
		break;
	case 5:
		if (a->count > 0)
			a->fields[0].value = spoil(mem, d,
			    a->fields[0].value);
		break;
	case 6: case 7:
		damage_fields(a, mem, d);
		break;
	case 8:
		a->body = spoil(mem, d, a->body);
		break;
	case 9:
		a->body = refold(mem, d, a->body);
		break;
	default:
		a->body = reline(mem, d, a->body);
		break;
	}
}

static inline void letter_travel(const struct letter *l, struct arena *mem,
    struct dice *d, struct arrival *a)
{
	a->count = 0;
	a->body = l->body;
	for (size_t i = l->first; i < LETTER_ROOM; i++)
		insert_field(a, a->count, l->all[i].name,
		    slice_of(l->all[i].value));
	for (size_t n = roll(d, 4); n > 0; n--)
		damage(a, mem, d);
}

/* For people: octets that are no text as \xHH. */
static inline void print_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c >= ' ' && c <= '~' && c != '\\')
			putchar(c);
		else
			printf(c == '\n' ? "\\n\n" : "\\x%02x", c);
	}
	putchar('\n');
}

static inline void print_arrival(const struct arrival *a)
{
	for (size_t i = 0; i < a->count; i++) {
		printf("%s:", a->fields[i].name);
		print_text(a->fields[i].value);
	}
	printf("---\n");
	print_text(a->body);
}
