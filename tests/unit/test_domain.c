/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/domain.h"

/* SLICE() as an initialiser of static data. */
#define TEXT(literal) { (literal), sizeof(literal) - 1 }
#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
	const char *label;
	struct slice text;
	const char *house;              /* NULL: no domain */
} cases[] = {
	{ "plain",         TEXT("Example.COM"), "example.com" },
	{ "one label",     TEXT("localhost"), "localhost" },
	{ "trailing dot",  TEXT("example.com."), "example.com" },
	{ "two dots",      TEXT("example.com.."), NULL },
	{ "only a dot",    TEXT("."), NULL },
	{ "empty",         TEXT(""), NULL },
	{ "absent",        { NULL, 0 }, NULL },
	{ "leading dot",   TEXT(".example"), NULL },
	{ "empty label",   TEXT("a..b"), NULL },
	{ "underscore",    TEXT("_dmarc.Example"), "_dmarc.example" },
	{ "hyphens",       TEXT("-a-.b--.c"), "-a-.b--.c" },
	{ "blank",         TEXT("a b.example"), NULL },
	{ "NUL",           TEXT("a.example\0.b"), NULL },
	{ "NUL, U-label",  TEXT("\xc3\xa4\0.b"), NULL },
	{ "literal",       TEXT("[192.0.2.1]"), NULL },
	{ "at",            TEXT("a@b"), NULL },
	{ "new line",      TEXT("a.example\n"), NULL },
	{ "A-label",       TEXT("XN--BCHER-kva.example"),
	  "xn--bcher-kva.example" },
	{ "bad A-label",   TEXT("xn--zzzzzz---.example"),
	  "xn--zzzzzz---.example" },
	{ "U-label",       TEXT("b\xc3\xbc" "cher.example"),
	  "xn--bcher-kva.example" },
	{ "U-label, dot",  TEXT("b\xc3\xbc" "cher."), "xn--bcher-kva" },
	{ "upper case",    TEXT("B\xc3\x9c" "CHER.Example"),
	  "xn--bcher-kva.example" },
	{ "decomposed",    TEXT("bu\xcc\x88" "cher.example"),
	  "xn--bcher-kva.example" },
	{ "sharp s stays", TEXT("stra\xc3\x9f" "e.example"),
	  "xn--strae-oqa.example" },
	{ "underscore beside U-label", TEXT("_dmarc.b\xc3\xbc" "cher.example"),
	  "_dmarc.xn--bcher-kva.example" },
	{ "bad A-label beside U-label", TEXT("xn--zzzzzz---.b\xc3\xbc" "cher"),
	  "xn--zzzzzz---.xn--bcher-kva" },
	{ "ideographic stop", TEXT("b\xc3\xbc" "cher\xe3\x80\x82" "example"),
	  "xn--bcher-kva.example" },
	{ "ideographic stop, ASCII", TEXT("a\xe3\x80\x82" "b"), "a.b" },
	{ "fullwidth stop", TEXT("a\xef\xbc\x8e" "b"), "a.b" },
	{ "halfwidth stop", TEXT("a\xef\xbd\xa1" "b"), "a.b" },
	{ "stop at the end", TEXT("a\xe3\x80\x82"), "a" },
	{ "two stops",     TEXT("a\xe3\x80\x82\xe3\x80\x82" "b"), NULL },
	{ "only a stop",   TEXT("\xe3\x80\x82"), NULL },
	{ "fullwidth",     TEXT("\xef\xbd\x81.example"), "a.example" },
	{ "fullwidth at",  TEXT("a\xef\xbc\xa0" "b"), NULL },
	{ "not UTF-8",     TEXT("b\xfc" "cher.example"), NULL },
	{ "cut short",     TEXT("a\xc3"), NULL },
	{ "surrogate",     TEXT("a\xed\xa0\x80"), NULL },
	{ "emoji",         TEXT("\xf0\x9f\x98\x80.example"), NULL },
	{ "bidi override", TEXT("\xe2\x80\xae" "a.example"), NULL },
	{ "joiner",        TEXT("a\xe2\x80\x8d" "b.example"), NULL },
	{ "63",            TEXT(L63 ".example"), L63 ".example" },
	{ "64",            TEXT(L63 "x.example"), NULL },
	{ "253",           TEXT(L63 "." L63 "." L63 "."
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg"),
	  L63 "." L63 "." L63 "."
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg" },
	{ "253, dot",      TEXT(L63 "." L63 "." L63 "."
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg."),
	  L63 "." L63 "." L63 "."
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg" },
	{ "254",           TEXT(L63 "." L63 "." L63 "."
	  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgg"),
	  NULL },
};

static void house_form(void **state)
{
	struct arena *mem = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = domain_normalise(mem, cases[i].text);
		const char *want = cases[i].house;

		if ((got == NULL) != (want == NULL) ||
		    (got != NULL && strcmp(got, want) != 0))
			fail_msg("%s: %s", cases[i].label,
			    got == NULL ? "(refused)" : got);
		/* What is in house form stays as it is. */
		if (got != NULL)
			assert_string_equal(domain_normalise(mem,
			    slice_of(got)), got);
	}
	arena_free(mem);
}

static void huge(void **state)
{
	struct arena *mem = arena_new(0);
	size_t n = 1000000;
	char *text = malloc(n);

	(void)state;
	memset(text, 'a', n);
	assert_null(domain_normalise(mem, (struct slice){ text, n }));
	for (size_t i = 0; i + 1 < n; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	assert_null(domain_normalise(mem, (struct slice){ text, n }));
	assert_null(domain_normalise(mem, (struct slice){ text, 1000 }));
	memset(text, '.', n);
	assert_null(domain_normalise(mem, (struct slice){ text, n }));
	free(text);
	arena_free(mem);
}

static void relations(void **state)
{
	(void)state;
	assert_true(domain_is_below("a.example.com", "example.com"));
	assert_false(domain_is_below("example.com", "example.com"));
	assert_false(domain_is_below("aexample.com", "example.com"));
	assert_false(domain_is_below(".example.com", "example.com"));
	assert_false(domain_is_below("com", "example.com"));
	assert_false(domain_is_below("a.example.com", ""));
	assert_true(domain_is_same_or_below("example.com", "example.com"));
	assert_true(domain_equal("a", "a") && !domain_equal("a", "b"));
	assert_int_equal(domain_labels("a.b.c"), 3);
	assert_int_equal(domain_labels("a"), 1);
	assert_int_equal(domain_labels(""), 0);
	assert_string_equal(domain_last_labels("a.b.c", 2), "b.c");
	assert_string_equal(domain_last_labels("a.b.c", 3), "a.b.c");
	assert_string_equal(domain_last_labels("a.b.c", 9), "a.b.c");
	assert_string_equal(domain_last_labels("a.b.c", 0), "");
	assert_string_equal(domain_parent("a.b.c"), "b.c");
	assert_null(domain_parent("c"));
	assert_true(domain_fits_dns("\xff b.c"));
	assert_false(domain_fits_dns(""));
	assert_false(domain_fits_dns("a."));
	assert_false(domain_fits_dns("a..b"));
	assert_true(domain_fits_dns(L63));
	assert_false(domain_fits_dns(L63 "x"));
	assert_false(domain_fits_dns(L63 "." L63 "." L63 "." L63));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(house_form), cmocka_unit_test(huge),
		cmocka_unit_test(relations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
