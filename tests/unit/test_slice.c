/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "base/utf8.h"

static void cutting(void **state)
{
	struct slice rest = SLICE("a;;b\0c");

	(void)state;
	assert_true(slice_is(slice_cut(&rest, ';'), "a"));
	assert_true(slice_is(slice_cut(&rest, ';'), ""));
	assert_non_null(rest.data);
	assert_true(slice_equal(slice_cut(&rest, ';'), SLICE("b\0c")));
	assert_null(rest.data);
	assert_null(slice_cut(&rest, ';').data);

	rest = SLICE("a;");
	slice_cut(&rest, ';');
	assert_non_null(rest.data);
	assert_int_equal(rest.len, 0);
	struct slice last = slice_cut(&rest, ';');

	assert_non_null(last.data);
	assert_null(rest.data);
}

static void parts(void **state)
{
	struct slice s = SLICE("abcdef");

	(void)state;
	assert_true(slice_is(slice_sub(s, 2, 2), "cd"));
	assert_true(slice_is(slice_sub(s, 4, SIZE_MAX), "ef"));
	assert_int_equal(slice_sub(s, 99, 1).len, 0);
	assert_null(slice_sub(slice_of(NULL), 1, 1).data);
	assert_true(slice_is(slice_trim(SLICE(" \t\r\n x y \n")), "x y"));
	assert_int_equal(slice_trim(SLICE(" \r\n")).len, 0);
	assert_int_equal(slice_trim(SLICE("\0 ")).len, 1);
	assert_null(slice_trim(slice_of(NULL)).data);
}

static void comparing(void **state)
{
	(void)state;
	assert_true(slice_is_nocase(SLICE("FrOm"), "from"));
	assert_false(slice_is_nocase(SLICE("from\0"), "from"));
	assert_false(slice_is(SLICE("From"), "from"));
	assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
	assert_true(slice_starts_nocase(SLICE("IPV6:x"), "ipv6:"));
	assert_false(slice_starts_nocase(SLICE("ip"), "ipv6:"));
	/* ASCII only: these two octets are a capital letter in Latin-1. */
	assert_false(slice_is_nocase(SLICE("\xc4"), "\xe4"));
	assert_int_equal(ascii_lower('@'), '@');
	assert_int_equal(ascii_lower('Z'), 'z');
	assert_false(ascii_alnum('['));
	assert_false(ascii_alpha((char)0xe4));
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		unsigned long long n;
	} cases[] = {
		{ "0", true, 0 }, { "007", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999999", false, 0 },
		{ "", false, 0 }, { "-1", false, 0 }, { "+1", false, 0 },
		{ " 1", false, 0 }, { "1x", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned long long n = 0;

		if (slice_number(slice_of(cases[i].text), &n) != cases[i].ok ||
		    n != cases[i].n)
			fail_msg("%s: %llu", cases[i].text, n);
	}
}

static void utf8(void **state)
{
	static const struct {
		const char *label;
		struct slice bytes;
		uint32_t first;
		size_t taken;
	} cases[] = {
		{ "NUL",        { "\0", 1 },               0,        1 },
		{ "two",        { "\xc3\xa4", 2 },         0xe4,     2 },
		{ "three",      { "\xe2\x82\xac", 3 },     0x20ac,   3 },
		{ "four",       { "\xf0\x9f\x98\x80", 4 }, 0x1f600,  4 },
		{ "last",       { "\xf4\x8f\xbf\xbf", 4 }, 0x10ffff, 4 },
		{ "beyond",     { "\xf4\x90\x80\x80", 4 }, UTF8_BAD, 1 },
		{ "overlong 2", { "\xc0\x80", 2 },         UTF8_BAD, 1 },
		{ "overlong 3", { "\xe0\x9f\xbf", 3 },     UTF8_BAD, 1 },
		{ "overlong 4", { "\xf0\x8f\xbf\xbf", 4 }, UTF8_BAD, 1 },
		{ "surrogate",  { "\xed\xa0\x80", 3 },     UTF8_BAD, 1 },
		{ "cut short",  { "\xe2\x82", 2 },         UTF8_BAD, 1 },
		{ "no tail",    { "\xe2\x82x", 3 },        UTF8_BAD, 1 },
		{ "tail first", { "\x80", 1 },             UTF8_BAD, 1 },
		{ "0xff",       { "\xff", 1 },             UTF8_BAD, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slice rest = cases[i].bytes;
		uint32_t c = utf8_take(&rest);

		if (c != cases[i].first ||
		    rest.len + cases[i].taken != cases[i].bytes.len)
			fail_msg("%s: %x", cases[i].label, c);
		assert_int_equal(utf8_valid(cases[i].bytes), c != UTF8_BAD);
	}
	assert_true(utf8_valid(slice_of(NULL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cutting), cmocka_unit_test(parts),
		cmocka_unit_test(comparing), cmocka_unit_test(numbers),
		cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
