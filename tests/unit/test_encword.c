/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "mail/encword.h"

static const struct {
	const char *label;
	const char *text;
	const char *decoded;
} rows[] = {
	{ "nothing", "", "" },
	{ "plain", "Jo = ? =? Doe", "Jo = ? =? Doe" },
	{ "q", "=?utf-8?q?a=40b_c=3D?=", "a@b c=" },
	{ "Q and case of hex", "=?x?Q?=4a=4A?=", "JJ" },
	{ "b", "=?utf-8?b?YUBi?=", "a@b" },
	{ "B without padding", "=?utf-8?B?YUBiYw?=", "a@bc" },
	{ "B with padding", "=?utf-8?B?YUBiYw==?=", "a@bc" },
	{ "language", "=?utf-8*en?q?a?=", "a" },
	{ "text around", "x =?u?q?a?= y", "x a y" },
	{ "blanks between words go", "=?u?q?a?= \t =?u?b?Yg==?=", "ab" },
	{ "other text between stays", "=?u?q?a?= x =?u?q?b?=", "a x b" },
	{ "touching words", "=?u?q?a?==?u?q?b?=", "ab" },
	{ "blank in a word", "=?u?q?a b?=", "a b" },
	{ "empty word", "=?u?q?" "?=x", "x" },
	{ "NUL", "=?u?q?a=00b?==?u?b?AGI=?=", "a b b" },
	{ "broken hex", "=?u?q?a=4=zz=?=", "a=4=zz=" },
	{ "unknown encoding", "=?u?x?a?=", "=?u?x?a?=" },
	{ "long encoding", "=?u?qq?a?=", "=?u?qq?a?=" },
	{ "no charset", "=??q?a?=", "=??q?a?=" },
	{ "no end", "=?u?q?a", "=?u?q?a" },
	{ "no end, ?", "=?u?q?a?", "=?u?q?a?" },
	{ "cut early", "=?", "=?" },
	{ "word behind a broken one", "=?u?q?a =?u?q?b?=", "=?u?q?a b" },
	{ "8-bit", "=?u?q?\xff?= \xfe", "\xff \xfe" },
};

static void test_rows(void **state)
{
	struct arena *mem = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *got = encword_decode(mem, rows[i].text);

		if (strcmp(got, rows[i].decoded) != 0)
			fail_msg("%s: %s", rows[i].label, got);
	}
	arena_free(mem);
}

/* Many beginnings and no end cost no more than their length. */
static void test_long(void **state)
{
	enum { COUNT = 100000 };
	struct arena *mem = arena_new(1024);
	char *text = arena_alloc(mem, 2 * COUNT + 1);

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		memcpy(text + 2 * i, "=?", 2);
	assert_string_equal(encword_decode(mem, text), text);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
