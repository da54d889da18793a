/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/canon.h"
#include "mail/canonical.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static void collect(void *arg, const void *bytes, size_t n)
{
	assert_true(n > 0);
	buf_add(arg, bytes, n);
}

/* --- a naive reference: whole strings, one rule of the RFC after another */

/* Every WSP in front of CRLF goes, other runs become one SP. */
static void reference_blanks(struct buf *b)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < b->len; i++) {
		char c = b->data[i];

		if (c == '\t')
			c = ' ';
		if (c == ' ' && out.len > 0 && out.data[out.len - 1] == ' ')
			continue;
		if (c == '\r')
			while (out.len > 0 && out.data[out.len - 1] == ' ')
				out.len--;
		buf_addc(&out, c);
	}
	while (out.len > 0 && out.data[out.len - 1] == ' ')
		out.len--;
	buf_free(b);
	*b = out;
}

static bool ends_in_crlf(const struct buf *b)
{
	return b->len >= 2 && b->data[b->len - 2] == '\r' &&
	    b->data[b->len - 1] == '\n';
}

static void reference_body(struct slice body, enum canonical_form form,
    struct buf *out)
{
	buf_add(out, body.data, body.len);
	if (form == CANONICAL_RELAXED)
		reference_blanks(out);
	while (ends_in_crlf(out))
		out->len -= 2;
	if (out->len > 0 || form == CANONICAL_SIMPLE)
		buf_adds(out, "\r\n");
}

/* --- bodies --- */

static void body_in_cuts(struct slice body, enum canonical_form form, size_t a,
    size_t c, struct buf *out)
{
	struct canonical_body b = { .form = form, .out = { collect, out } };

	buf_clear(out);
	canonical_body_feed(&b, body.data, a);
	canonical_body_feed(&b, body.data + a, c - a);
	canonical_body_feed(&b, body.data + c, body.len - c);
	canonical_body_end(&b);
}

static void body_agrees(struct slice body)
{
	for (int form = CANONICAL_SIMPLE; form <= CANONICAL_RELAXED; form++) {
		struct buf wanted = { 0 }, got = { 0 };

		reference_body(body, (enum canonical_form)form, &wanted);
		for (size_t a = 0; a <= body.len; a++)
			for (size_t c = a; c <= body.len; c++) {
				body_in_cuts(body, (enum canonical_form)form, a,
				    c, &got);
				if (!slice_equal(buf_slice(&got),
				    buf_slice(&wanted)))
					fail_msg("form %d cuts %zu %zu of "
					    "[%.*s]", form, a, c,
					    (int)body.len, body.data);
			}
		buf_free(&wanted);
		buf_free(&got);
	}
}

/* Every string of up to six of these, in every three pieces. */
static void test_body_exhaustive(void **state)
{
	static const char *const letters[] = { "a", " ", "\t", "\r\n" };
	char text[16];

	(void)state;
	for (unsigned len = 0; len <= 6; len++)
		for (unsigned code = 0; code < 1u << (2 * len); code++) {
			size_t n = 0;

			for (unsigned i = 0; i < len; i++) {
				const char *l = letters[code >> (2 * i) & 3];

				memcpy(text + n, l, strlen(l));
				n += strlen(l);
			}
			body_agrees((struct slice){ text, n });
		}
}

static const struct {
	const char *label;
	struct slice in, simple, relaxed;
} bodies[] = {
	{ "empty", TEXT(""), TEXT("\r\n"), TEXT("") },
	{ "RFC 6376 3.4.5", TEXT(" C \r\nD \t E\r\n\r\n\r\n"),
	  TEXT(" C \r\nD \t E\r\n"), TEXT(" C\r\nD E\r\n") },
	{ "open end", TEXT("a"), TEXT("a\r\n"), TEXT("a\r\n") },
	{ "blank lines inside", TEXT("a\r\n\r\n\r\n\r\nb\r\n"),
	  TEXT("a\r\n\r\n\r\n\r\nb\r\n"), TEXT("a\r\n\r\n\r\n\r\nb\r\n") },
	{ "lines of blanks", TEXT("\r\n \t\r\n\t\r\n"),
	  TEXT("\r\n \t\r\n\t\r\n"), TEXT("") },
	{ "NUL and 8-bit", TEXT("\0 \0\t\t\xff\r\n"),
	  TEXT("\0 \0\t\t\xff\r\n"), TEXT("\0 \0 \xff\r\n") },
	{ "VT and FF are text", TEXT("a\v \f\r\n\v\r\n"),
	  TEXT("a\v \f\r\n\v\r\n"), TEXT("a\v \f\r\n\v\r\n") },
};

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct slice wanted[2] = { bodies[i].simple,
		    bodies[i].relaxed };

		for (int form = 0; form < 2; form++) {
			struct buf got = { 0 };

			body_in_cuts(bodies[i].in, (enum canonical_form)form,
			    0, 0, &got);
			if (!slice_equal(buf_slice(&got), wanted[form]))
				fail_msg("%s, form %d: [%s]", bodies[i].label,
				    form, buf_text(&got));
			buf_free(&got);
		}
		body_agrees(bodies[i].in);
	}
}

/* Random octets through the line end maker, in random pieces. */
static void test_body_random(void **state)
{
	/* Much white space, and words long enough for great strides. */
	static const struct slice alphabets[] = {
		TEXT("ab  \t\r\n\r\n\n\r\0\xff"),
		TEXT("abcdefghijklmnopqrstuvwxyz!\x80\xff\xa0\x1f\v \t\r\n"),
		TEXT("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
		    "abcdefghijklmnopqrstuvwxyzabcdefgh  \t\r\n"),
	};
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct slice octets = alphabets[round % 3];
		char raw[240];
		size_t n = (size_t)(rand_r(&seed) % (int)sizeof(raw));
		struct buf whole = { 0 };
		struct crlf_stream s = { .sink = collect, .arg = &whole };

		for (size_t i = 0; i < n; i++)
			raw[i] = octets.data[(size_t)rand_r(&seed) %
			    octets.len];
		crlf_feed(&s, raw, n);
		crlf_end(&s);
		for (int form = 0; form < 2; form++) {
			struct buf wanted = { 0 }, got = { 0 };
			struct canonical_body b = { .form =
			    (enum canonical_form)form,
			    .out = { collect, &got } };
			struct slice body = buf_slice(&whole);

			reference_body(body, b.form, &wanted);
			for (size_t at = 0; at < body.len; ) {
				size_t k = 1 + (size_t)(rand_r(&seed) % 60);

				k = k < body.len - at ? k : body.len - at;
				canonical_body_feed(&b, body.data + at, k);
				at += k;
			}
			canonical_body_end(&b);
			if (!slice_equal(buf_slice(&got), buf_slice(&wanted)))
				fail_msg("round %d form %d", round, form);
			buf_free(&wanted);
			buf_free(&got);
		}
		buf_free(&whole);
	}
}

/* A million line ends are a number until text comes. */
static void test_body_of_line_ends(void **state)
{
	enum { LINES = 1000000 };

	(void)state;
	for (int form = 0; form < 2; form++) {
		struct buf got = { 0 };
		struct canonical_body b = { .form = (enum canonical_form)form,
		    .out = { collect, &got } };

		for (int i = 0; i < LINES; i++)
			canonical_body_feed(&b, "\r\n", 2);
		assert_int_equal(got.len, 0);
		assert_int_equal(b.ends, LINES);
		canonical_body_feed(&b, "x", 1);
		assert_int_equal(got.len, 2 * LINES + 1);
		canonical_body_end(&b);
		assert_int_equal(got.len, 2 * LINES + 3);
		assert_string_equal(got.data + 2 * LINES - 2, "\r\nx\r\n");
		buf_free(&got);
	}
}

/* --- fields --- */

static const struct {
	const char *label;
	struct slice name, value, simple, relaxed;
} fields[] = {
	{ "RFC 6376 3.4.5 A", TEXT("A"), TEXT(" X"), TEXT("A: X"),
	  TEXT("a:X") },
	{ "RFC 6376 3.4.5 B", TEXT("B "), TEXT(" Y\t\r\n\tZ  "),
	  TEXT("B : Y\t\r\n\tZ  "), TEXT("b:Y Z") },
	{ "empty", TEXT("X"), TEXT(""), TEXT("X:"), TEXT("x:") },
	{ "only blanks", TEXT("X"), TEXT(" \t\r\n "), TEXT("X: \t\r\n "),
	  TEXT("x:") },
	{ "fold by LF", TEXT("X"), TEXT(" a\n b\n\tc"),
	  TEXT("X: a\r\n b\r\n\tc"), TEXT("x:a b c") },
	{ "LF first", TEXT("X"), TEXT("\n a"), TEXT("X:\r\n a"), TEXT("x:a") },
	{ "no blank after the colon", TEXT("X"), TEXT("a b"), TEXT("X:a b"),
	  TEXT("x:a b") },
	{ "8-bit", TEXT("X-\xc3\x84"), TEXT(" \xc3\x84  \xff"),
	  TEXT("X-\xc3\x84: \xc3\x84  \xff"),
	  TEXT("x-\xc3\x84:\xc3\x84 \xff") },
	{ "blanks inside", TEXT("x"), TEXT("a  b \tc\t"),
	  TEXT("x:a  b \tc\t"), TEXT("x:a b c") },
	{ "long name", TEXT("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaB"), TEXT("x"),
	  TEXT("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaB:x"),
	  TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaab:x") },
};

/* In one piece and cut in two everywhere but inside a CRLF. */
static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		for (size_t cut = 0; cut <= fields[i].value.len; cut++) {
			struct slice v = fields[i].value;
			struct slice before = { v.data, cut };
			struct slice after = { v.data + cut, v.len - cut };
			struct slice wanted[2] = { fields[i].simple,
			    fields[i].relaxed };

			if (cut > 0 && v.data[cut - 1] == '\r')
				continue;
			for (int form = 0; form < 2; form++) {
				struct buf got = { 0 };
				struct canonical_sink out = { collect, &got };

				canonical_field(&out, (enum canonical_form)form,
				    fields[i].name, before, after);
				if (!slice_equal(buf_slice(&got),
				    wanted[form]))
					fail_msg("%s, cut %zu, form %d: [%s]",
					    fields[i].label, cut, form,
					    buf_text(&got));
				buf_free(&got);
			}
		}
}

/* What stands in b= is left out (RFC 6376 3.7), white space around it too. */
static void test_field_with_gap(void **state)
{
	struct buf got = { 0 };
	struct canonical_sink out = { collect, &got };

	(void)state;
	canonical_field(&out, CANONICAL_RELAXED, slice_of("DKIM-Signature"),
	    slice_of(" v=1;  b="), slice_of("; d=x "));
	assert_string_equal(buf_text(&got), "dkim-signature:v=1; b=; d=x");
	buf_clear(&got);
	canonical_field(&out, CANONICAL_RELAXED, slice_of("X"),
	    slice_of("a "), slice_of(" b"));
	assert_string_equal(buf_text(&got), "x:a b");
	buf_clear(&got);
	canonical_field(&out, CANONICAL_SIMPLE, slice_of("X"),
	    slice_of(" a\r\n b="), (struct slice){ NULL, 0 });
	assert_string_equal(buf_text(&got), "X: a\r\n b=");
	buf_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_exhaustive),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_body_random),
		cmocka_unit_test(test_body_of_line_ends),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_field_with_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
