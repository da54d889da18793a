/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/canonical.h"

#include <string.h>

static void put(const struct canonical_sink *out, const char *from,
    const char *end)
{
	if (from < end)
		out->put(out->arg, from, (size_t)(end - from));
}

static bool is_end(char c)
{
	return c == '\r' || c == '\n';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* --- fields --- */

/* Folds as CRLF. */
static void field_simple(const struct canonical_sink *out, struct slice value)
{
	const char *from = value.data, *end = value.data + value.len;
	const char *at = from;

	while (at < end) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL)
			break;
		if (at > value.data && at[-1] == '\r') {
			at++;
			continue;
		}
		put(out, from, at);
		out->put(out->arg, "\r", 1);
		from = at++;
	}
	put(out, from, end);
}

struct relaxed_value {
	bool blank;             /* white space that matters if text follows */
	bool text;              /* something has gone out */
};

/* 3.4.2: unfolded, runs of WSP are one SP, none at either end. */
static void field_relaxed(const struct canonical_sink *out,
    struct relaxed_value *v, struct slice value)
{
	const char *at = value.data, *end = value.data + value.len;

	while (at < end) {
		const char *from = at;

		while (at < end && (is_blank(*at) || is_end(*at)))
			v->blank |= is_blank(*at++);
		if (at == end)
			return;
		if (v->blank && v->text)
			out->put(out->arg, " ", 1);
		v->blank = false;
		v->text = true;
		/* A single SP between two words goes out with them. */
		for (from = at; at < end; at++)
			if (is_blank(*at) || is_end(*at))
				if (*at != ' ' || at + 1 == end ||
				    is_blank(at[1]) || is_end(at[1]))
					break;
		put(out, from, at);
	}
}

static void name_relaxed(const struct canonical_sink *out, struct slice name)
{
	char lower[64];
	size_t n = 0;

	while (name.len > 0 && is_blank(name.data[name.len - 1]))
		name.len--;
	for (size_t i = 0; i < name.len; i++) {
		lower[n++] = ascii_lower(name.data[i]);
		if (n == sizeof(lower) || i + 1 == name.len) {
			out->put(out->arg, lower, n);
			n = 0;
		}
	}
}

void canonical_field(const struct canonical_sink *out, enum canonical_form form,
    struct slice name, struct slice before, struct slice after)
{
	struct relaxed_value v = { false, false };

	/* No arithmetic on an absent slice. */
	if (after.len == 0)
		after = SLICE("");
	if (before.len == 0)
		before = SLICE("");
	switch (form) {
	case CANONICAL_SIMPLE:
		put(out, name.data, name.data + name.len);
		out->put(out->arg, ":", 1);
		field_simple(out, before);
		field_simple(out, after);
		break;
	case CANONICAL_RELAXED:
		name_relaxed(out, name);
		out->put(out->arg, ":", 1);
		field_relaxed(out, &v, before);
		field_relaxed(out, &v, after);
		break;
	}
}

/* --- bodies --- */

/* Text follows, so the line ends in front of it count. */
static void release(struct canonical_body *b)
{
	static const char ends[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
	    "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
	const uint64_t most = (sizeof(ends) - 1) / 2;

	while (b->ends > 0) {
		uint64_t n = b->ends < most ? b->ends : most;

		put(&b->out, ends, ends + 2 * n);
		b->ends -= n;
	}
	if (b->blank)
		b->out.put(b->out.arg, " ", 1);
	b->blank = false;
	b->text = true;
}

/* A CR is always half of a CRLF here: counting LF is counting line ends, even
 * when a piece ends between the two. */
static const char *hold_ends(struct canonical_body *b, const char *at,
    const char *end)
{
	for (; at < end && is_end(*at); at++)
		b->ends += *at == '\n';
	return at;
}

/* 3.4.3: nothing changes but the empty lines at the end of the body, so a
 * piece goes out whole from its first text to its last. */
static void feed_simple(struct canonical_body *b, const char *at,
    const char *end)
{
	const char *last = end;

	at = hold_ends(b, at, end);
	if (at == end)
		return;
	while (is_end(last[-1]))
		last--;
	release(b);
	put(&b->out, at, last);
	hold_ends(b, last, end);
}

/* Sixteen octets, and what became of comparing them: all bits or none each. */
typedef unsigned char octets16 __attribute__((vector_size(16)));
typedef __typeof__((octets16){ 0 } == (octets16){ 0 }) answers16;

static octets16 load16(const char *at)
{
	octets16 x;

	memcpy(&x, at, sizeof(x));
	return x;
}

static bool any16(answers16 x)
{
	uint64_t halves[2];

	memcpy(halves, &x, sizeof(halves));
	return (halves[0] | halves[1]) != 0;
}

/*
 * 3.4.4 changes a blank that is a TAB or has white space or a line end behind
 * it, and nothing else but the end of the body. The first such blank, or the
 * first whose neighbour is in another piece; else the end.
 */
static const char *first_changed(const char *at, const char *end)
{
	for (; end - at > (ptrdiff_t)sizeof(octets16);
	    at += sizeof(octets16)) {
		octets16 x = load16(at), next = load16(at + 1);

		if (any16((x == '\t') | ((x == ' ') & ((next == ' ') |
		    (next == '\t') | (next == '\r') | (next == '\n')))))
			break;
	}
	for (; at < end; at++) {
		if (*at == '\t')
			break;
		if (*at == ' ' && (at + 1 == end || is_blank(at[1]) ||
		    is_end(at[1])))
			break;
	}
	return at;
}

/* From text to the first blank that changes, it all goes out as it is; but the
 * line ends in front of that may be the body's last. */
static const char *run_relaxed(struct canonical_body *b, const char *from,
    const char *end)
{
	const char *stop = first_changed(from, end), *last = stop;

	while (is_end(last[-1]))
		last--;
	release(b);
	put(&b->out, from, last);
	return hold_ends(b, last, stop);
}

static void feed_relaxed(struct canonical_body *b, const char *at,
    const char *end)
{
	while (at < end) {
		if (is_blank(*at)) {
			b->blank = true;
			at++;
		} else if (is_end(*at)) {
			b->blank = false;       /* WSP at the end of a line */
			at = hold_ends(b, at, end);
		} else {
			at = run_relaxed(b, at, end);
		}
	}
}

void canonical_body_feed(struct canonical_body *b, const void *bytes, size_t n)
{
	const char *at = bytes;

	if (n == 0)
		return;
	switch (b->form) {
	case CANONICAL_SIMPLE:
		feed_simple(b, at, at + n);
		break;
	case CANONICAL_RELAXED:
		feed_relaxed(b, at, at + n);
		break;
	}
}

void canonical_body_end(struct canonical_body *b)
{
	if (b->text || b->form == CANONICAL_SIMPLE)
		b->out.put(b->out.arg, "\r\n", 2);
}
