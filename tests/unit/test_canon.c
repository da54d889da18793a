/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/canon.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static const struct {
	const char *label;
	struct slice in;
	struct slice out;
} cases[] = {
	{ "empty",        TEXT(""), TEXT("") },
	{ "whole",        TEXT("a\r\nb\r\n"), TEXT("a\r\nb\r\n") },
	{ "open end",     TEXT("a\r\nb"), TEXT("a\r\nb\r\n") },
	{ "bare LF",      TEXT("a\nb\n"), TEXT("a\r\nb\r\n") },
	{ "bare CR",      TEXT("a\rb\r"), TEXT("a\r\nb\r\n") },
	{ "only CR",      TEXT("\r"), TEXT("\r\n") },
	{ "only LF",      TEXT("\n"), TEXT("\r\n") },
	{ "LF CR",        TEXT("\n\r"), TEXT("\r\n\r\n") },
	{ "CR CR LF",     TEXT("\r\r\n"), TEXT("\r\n\r\n") },
	{ "CR LF LF",     TEXT("\r\n\n"), TEXT("\r\n\r\n") },
	{ "blank lines",  TEXT("a\r\n\r\n\r\n"), TEXT("a\r\n\r\n\r\n") },
	{ "NUL, 8-bit",   TEXT("\0\xff\r\0"), TEXT("\0\xff\r\n\0\r\n") },
	{ "all at once",  TEXT("a\r\r\nb\n\rc\r\n\n\r\rd"),
	  TEXT("a\r\n\r\nb\r\n\r\nc\r\n\r\n\r\n\r\nd\r\n") },
};

static void collect(void *arg, const void *bytes, size_t n)
{
	assert_true(n > 0);
	buf_add(arg, bytes, n);
}

static bool fed_in_two_cuts(size_t row, size_t a, size_t b)
{
	struct buf out = { 0 };
	struct crlf_stream s = { .sink = collect, .arg = &out };
	struct slice in = cases[row].in;

	crlf_feed(&s, in.data, a);
	crlf_feed(&s, in.data + a, b - a);
	crlf_feed(&s, in.data + b, in.len - b);
	crlf_end(&s);
	crlf_end(&s);
	bool same = slice_equal(buf_slice(&out), cases[row].out);

	buf_free(&out);
	return same;
}

static void every_way_to_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t b = 0; b <= cases[i].in.len; b++) {
			for (size_t a = 0; a <= b; a++) {
				if (!fed_in_two_cuts(i, a, b))
					fail_msg("%s: cut at %zu, %zu",
					    cases[i].label, a, b);
			}
		}
	}
}

static void octet_by_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = { 0 };
		struct crlf_stream s = { .sink = collect, .arg = &out };

		for (size_t k = 0; k < cases[i].in.len; k++)
			crlf_feed(&s, cases[i].in.data + k, 1);
		crlf_end(&s);
		if (!slice_equal(buf_slice(&out), cases[i].out))
			fail_msg("%s", cases[i].label);
		buf_free(&out);
	}
}

/* What the rule says, octet by octet. */
static void mend(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool end = p[i] == '\r' || p[i] == '\n';

		if (!end) {
			buf_addc(out, p[i]);
			continue;
		}
		buf_adds(out, "\r\n");
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
			i++;
	}
	if (n > 0 && p[n - 1] != '\r' && p[n - 1] != '\n')
		buf_adds(out, "\r\n");
}

/* Long enough for every way of reading more than one octet at a time. */
static void random_long(void **state)
{
	static const char *const pieces[] = { "\r\n", "a line of text ",
		"0123456789abcdef", "\n", "\r", "x", "\r\n\r\n", "\n\r",
		"fifteen octets.", "\r\r\n" };
	unsigned chance = 1;

	(void)state;
	for (int turn = 0; turn < 20000; turn++) {
		struct buf in = { 0 }, want = { 0 }, got = { 0 };
		struct crlf_stream s = { .sink = collect, .arg = &got };
		/* mostly whole line ends in every second one */
		unsigned kinds = turn % 2 == 0 ? 3 : 10;

		for (int k = 0; k < 12; k++) {
			chance = chance * 1103515245u + 12345u;
			buf_adds(&in, pieces[(chance >> 16) % (turn % 7 == 0 &&
			    k == 6 ? 10 : kinds)]);
		}
		chance = chance * 1103515245u + 12345u;
		size_t cut = (chance >> 16) % (in.len + 1);

		mend(&want, in.data, in.len);
		crlf_feed(&s, in.data, cut);
		crlf_feed(&s, in.data + cut, in.len - cut);
		crlf_end(&s);
		if (!slice_equal(buf_slice(&got), buf_slice(&want)))
			fail_msg("turn %d, cut at %zu", turn, cut);
		buf_free(&in);
		buf_free(&want);
		buf_free(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_cut),
		cmocka_unit_test(octet_by_octet),
		cmocka_unit_test(random_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
