/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "mail/authres.h"

#define TEXT(s) { (s), sizeof(s) - 1 }
#define ROWS(a) (sizeof(a) / sizeof(*(a)))

#define ID "mx.example.com"

static const struct {
	bool claims;
	struct slice value;
} claimed[] = {
	{ true, TEXT(" mx.example.com; spf=pass") },
	{ true, TEXT("mx.example.com;spf=pass") },
	{ true, TEXT(" MX.Example.COM; spf=pass") },
	{ true, TEXT(" mx.example.com; none") },
	{ true, TEXT(" mx.example.com 1; spf=pass") },
	{ true, TEXT(" mx.example.com 99; spf=pass") },
	{ true, TEXT(" mx.example.com 99999999999999999999; spf=pass") },
	{ true, TEXT(" mx.example.com 1.0; spf=pass") },
	{ true, TEXT(" mx.example.com v1; spf=pass") },
	{ true, TEXT(" mx.example.com/1; spf=pass") },
	{ true, TEXT("\tmx.example.com\t;\tspf=pass") },
	{ true, TEXT("\r\n mx.example.com;\r\n spf=pass") },
	{ true, TEXT("\n\tmx.example.com\n ; spf=pass") },
	{ true, TEXT(" (ours) mx.example.com; spf=pass") },
	{ true, TEXT(" (a (nested (one))) mx.example.com (x) 1 (y); spf=pass") },
	{ true, TEXT(" (a \\) b) mx.example.com; spf=pass") },
	{ true, TEXT(" (evil.example;) mx.example.com; spf=pass") },
	{ true, TEXT(" ()()mx.example.com(); spf=pass") },
	{ true, TEXT(" \"mx.example.com\"; spf=pass") },
	{ true, TEXT(" \"MX.example.com\" 1; spf=pass") },
	{ true, TEXT(" \"mx\\.example.co\\m\"; spf=pass") },
	{ true, TEXT(" \" mx.example.com \"; spf=pass") },
	{ true, TEXT(" \"mx.example.com 1\"; spf=pass") },
	{ true, TEXT(" \"mx.example.\"com; spf=pass") },
	{ true, TEXT(" mx.example.\"com\"; spf=pass") },
	{ true, TEXT(" \"mx.exam\r\n ple.com\"; spf=pass") },
	{ true, TEXT(" mx.example.com.; spf=pass") },
	{ true, TEXT(" mx.example.com..; spf=pass") },
	{ true, TEXT(" mx.example.com. 1; spf=pass") },
	{ true, TEXT(" a.mx.example.com; spf=pass") },
	{ true, TEXT(" a.b.MX.example.com.; spf=pass") },
	{ true, TEXT(" .mx.example.com; spf=pass") },
	{ true, TEXT(" mx.example.com") },
	{ true, TEXT(" mx.example.com spf=pass") },
	{ true, TEXT(" mx.example.com, spf=pass") },
	{ true, TEXT(" mx.example.com: spf=pass") },
	{ true, TEXT(" mx.example.com=pass; spf=pass") },
	{ true, TEXT(" mx.example.com evil.example; spf=pass") },
	{ true, TEXT(" mx.example.com (no end; spf=pass") },
	{ true, TEXT(" (no end mx.example.com; spf=pass") },
	{ true, TEXT(" (no end; mx.example.com; spf=pass") },
	{ true, TEXT(" \"mx.example.com; spf=pass") },
	{ true, TEXT(" \\mx.example.com; spf=pass") },
	{ true, TEXT(" mx .example.com; spf=pass") },
	{ true, TEXT(" mx . example . com; spf=pass") },
	{ true, TEXT(" mx.(x)example.com; spf=pass") },
	{ true, TEXT(" mx (x) . (y) example.com 1 (no end; spf=pass") },
	{ true, TEXT(" \"mx.exam\\ple.com\" 1 (no end; spf=pass") },
	{ true, TEXT(" mx.example.com\0; spf=pass") },
	{ true, TEXT("\0mx.example.com; spf=pass") },
	{ true, TEXT(" mx.exam\0ple.com; spf=pass") },
	{ true, TEXT(" \"mx.example.com\0\"; spf=pass") },
	{ true, TEXT(" mx.example.com\r; spf=pass") },
	{ true, TEXT("\vmx.example.com\f; spf=pass") },
	{ true, TEXT(" mx.example.com\x7f; spf=pass") },
	{ true, TEXT(" mx.example.com\xa0; spf=pass") },
	{ true, TEXT(" \xff" "mx.example.com; spf=pass") },
	{ true, TEXT(" mx.example\xe3\x80\x82" "com; spf=pass") },
	{ true, TEXT(" =?us-ascii?q?mx.example.com?=; spf=pass") },
	{ true, TEXT(" <mx.example.com>; spf=pass") },
	{ true, TEXT(" x@mx.example.com; spf=pass") },
	{ true, TEXT(" [mx.example.com]; spf=pass") },

	{ false, { NULL, 0 } },
	{ false, TEXT("") },
	{ false, TEXT(" ; spf=pass") },
	{ false, TEXT(" example.com; spf=pass") },
	{ false, TEXT(" com; spf=pass") },
	{ false, TEXT(" notmx.example.com; spf=pass") },
	{ false, TEXT(" not-mx.example.com; spf=pass") },
	{ false, TEXT(" \"notmx.example.com\" 1; spf=pass") },
	{ false, TEXT(" mx.example.com.evil.example; spf=pass") },
	{ false, TEXT(" mx.example.com.evil.example junk; spf=pass") },
	{ false, TEXT(" mx.example.community; spf=pass") },
	{ false, TEXT(" mx.example.community (x; spf=pass") },
	{ false, TEXT(" mx.example.com-x; spf=pass") },
	{ false, TEXT(" mx2.example.com; spf=pass") },
	{ false, TEXT(" mxaexample.com; spf=pass") },
	{ false, TEXT(" evil.example; spf=pass smtp.helo=mx.example.com") },
	{ false, TEXT(" evil.example 1; spf=pass (mx.example.com)") },
	{ false, TEXT(" evil.example junk; spf=pass smtp.helo=mx.example.com") },
	{ false, TEXT(" (mx.example.com) evil.example; spf=pass") },
	{ false, TEXT(" \"evil; x\"; spf=pass smtp.helo=mx.example.com") },
	{ false, TEXT(" evil.example; mx.example.com; spf=pass") },
	{ false, TEXT(" mx.example.com.b\xc3\xbc" "cher.example; spf=pass") },
	{ false, TEXT(" (no end evil.example; spf=pass") },
};

static void test_claims(void **state)
{
	size_t ours = 0;

	(void)state;
	for (size_t i = 0; i < ROWS(claimed); i++) {
		ours += claimed[i].claims;
		if (authres_claims(claimed[i].value, ID) != claimed[i].claims)
			fail_msg("row %zu: %.*s", i, (int)claimed[i].value.len,
			    claimed[i].value.data);
	}
	assert_true(ours >= 40);
}

/* RFC 8601 section 5: the test is done after A-labels become U-labels. */
static void test_claims_eai(void **state)
{
	const char *const u = "mx.b\xc3\xbc" "cher.example";
	const char *const a = "mx.xn--bcher-kva.example";

	(void)state;
	assert_true(authres_claims(slice_of(u), a));
	assert_true(authres_claims(slice_of(a), u));
	assert_true(authres_claims(slice_of(u), u));
	assert_true(authres_claims(SLICE("x.MX.B\xc3\x9c" "cher.example 1; none"),
	    a));
	assert_false(authres_claims(SLICE("mx.bucher.example; none"), a));
	/* an id that is no domain name */
	assert_true(authres_claims(SLICE("\"mail hub\"; none"), "Mail Hub"));
	assert_false(authres_claims(SLICE("\"mail\"; none"), "Mail Hub"));
	assert_false(authres_claims(SLICE("; none"), ""));
}

/* Whatever is cut off or put in: no harm; and what we write is ours. */
static void test_claims_hostile(void **state)
{
	static const char rich[] = " (a (b) \\) c) \"mx.exam\\ple.com\" 1 (x); "
	    "dkim (c) / 1 = pass reason=\"x \\\" y\" header.i=\"u v\"@a.example";
	uint32_t seed = 8601;

	(void)state;
	for (size_t n = 0; n < sizeof(rich); n++) {
		struct arena *mem = arena_new(1024);
		char *copy = malloc(n + 1);
		struct authres a;

		memcpy(copy, rich, n);
		(void)authres_parse(mem, (struct slice){ copy, n }, &a);
		if (authres_claims((struct slice){ copy, n }, ID) != (n >= 30))
			fail_msg("cut at %zu", n);
		free(copy);
		arena_free(mem);
	}
	for (int i = 0; i < 2000; i++) {
		struct buf noise = { 0 };
		struct arena *mem = arena_new(1024);
		struct authres a = { .id = ID };
		struct buf field = { 0 };

		for (int k = 0; k < 40; k++) {
			seed = seed * 1664525u + 1013904223u;
			buf_addc(&noise, "\r\n\t ();\"\\=.@a\xc3\xbc\xff"
			    [seed >> 16 & 15]);
		}
		authres_add(&a, mem, "spf", "pass", buf_text(&noise));
		authres_render(&a, false, &field);
		assert_true(authres_claims(buf_slice(&field), ID));
		assert_false(authres_claims(buf_slice(&field), "x.example"));
		assert_false(authres_claims(buf_slice(&noise), ID));
		buf_adds(&noise, "\"(" ID);
		(void)authres_claims(buf_slice(&noise), ID);
		buf_free(&noise);
		buf_free(&field);
		arena_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_claims_eai),
		cmocka_unit_test(test_claims_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
