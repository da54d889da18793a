/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/lex.h"

/* Tokens as one string: W word, S string, . bad, signs as themselves. */
static void shape(const char *text, size_t len, struct buf *out,
    struct policy_report *r)
{
	static const char letters[] = "$.WS{}()=!lLgG~:,";
	char *copy = malloc(len == 0 ? 1 : len);
	struct source s = { .name = "test", .text = { copy, len } };
	struct lexer l;

	assert_non_null(copy);
	memcpy(copy, text, len);
	if (lex_start(&l, &s, r))
		for (;;) {
			struct token t = lex_next(&l);

			buf_addc(out, letters[t.kind]);
			assert_true(t.offset <= t.end && t.end <= len);
			if (t.kind == TOKEN_END)
				break;
			assert_true(t.end > t.offset);
		}
	free(copy);
}

static const struct {
	const char *label, *text, *tokens;
	size_t errors;
} cases[] = {
	{ "nothing", "", "$", 0 },
	{ "blanks and comments", " \t\r\n# a \"comment\n#", "$", 0 },
	{ "words", "rule at-most 25% 5.7.1 10M a_b", "WWWWWW$", 0 },
	{ "signs", "{}()==!=<<=>>=~=,", "{}()=!LlGg~:,$", 0 },
	{ "glued", "a==b{c}", "W=W{W}$", 0 },
	{ "strings", "\"\" \"a b\" \"\\\"\" \"\\\\\"", "SSSS$", 0 },
	{ "comment sign in a string", "\"a # b\" c", "SW$", 0 },
	{ "string without end", "\"abc\nd", ".W$", 1 },
	{ "string without end of file", "\"abc", ".$", 1 },
	{ "quote eaten by a backslash", "\"abc\\\"", ".$", 1 },
	{ "lonely backslash at the end", "\"abc\\", ".$", 1 },
	{ "CRLF does not join a string", "\"abc\r\n\"", "..$", 2 },
	{ "control in a string", "\"a\x07" "b\" c", ".W$", 1 },
	{ "two controls, one complaint", "\"a\x07\x08" "b\" c", ".W$", 1 },
	{ "stranger", "a & b", "W.W$", 1 },
	{ "strangers of one kind", "a &&& b", "W.W$", 1 },
	{ "C comment", "/* x == y */ \n a", ".W$", 1 },
	{ "unicode stranger", "a \xe2\x89\xa0 b", "W.W$", 1 },
	{ "byte order mark", "\xef\xbb\xbfrule", "W$", 0 },
};

static void tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_report r = { 0 };
		struct buf got = { 0 };

		shape(cases[i].text, strlen(cases[i].text), &got, &r);
		if (strcmp(buf_text(&got), cases[i].tokens) != 0 ||
		    r.errors != cases[i].errors)
			fail_msg("%s: %s, %zu errors", cases[i].label,
			    buf_text(&got), r.errors);
		buf_free(&got);
		policy_report_free(&r);
	}
}

static void every_octet(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char text[] = { 'a', ' ', (char)c, ' ', 'b' };
		struct policy_report r = { 0 };
		struct buf got = { 0 };

		shape(text, sizeof(text), &got, &r);
		if (c == 0 || c >= 0x80)
			assert_int_equal(r.errors, 1);
		policy_report_free(&r);
		buf_free(&got);
	}
}

static void whole_file(void **state)
{
	static const struct {
		const char *label, *text;
		size_t len;
		const char *says;
	} bad[] = {
		{ "NUL", "a\0b", 3, "test:1:2: a NUL octet" },
		{ "Latin-1", "\n ab\xe4", 5, "test:2:4: not UTF-8: octet 0xe4" },
		{ "overlong", "\xc0\xaf", 2, "test:1:1: not UTF-8" },
		{ "surrogate", "\xed\xa0\x80", 3, "test:1:1: not UTF-8" },
		{ "cut short", "a\xc3", 2, "test:1:2: not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct policy_report r = { 0 };
		struct buf got = { 0 };

		shape(bad[i].text, bad[i].len, &got, &r);
		if (strncmp(buf_text(&r.text), bad[i].says,
		    strlen(bad[i].says)) != 0 || r.errors != 1 || got.len != 0)
			fail_msg("%s: %s", bad[i].label, buf_text(&r.text));
		policy_report_free(&r);
		buf_free(&got);
	}
}

static void places(void **state)
{
	static const char text[] = "one # 1\n  two\n\"three\" four";
	struct source s = { .name = "test", .text = slice_of(text) };
	struct policy_report r = { 0 };
	struct token t;
	struct lexer l;

	(void)state;
	assert_true(lex_start(&l, &s, &r));
	t = lex_next(&l);
	assert_int_equal(t.line, 1);
	assert_true(t.first);
	t = lex_next(&l);
	assert_int_equal(t.line, 2);
	assert_int_equal(t.offset, 10);
	assert_true(t.first);
	t = lex_next(&l);
	assert_true(slice_is(t.text, "three"));
	assert_int_equal(t.line, 3);
	t = lex_next(&l);
	assert_false(t.first);
	assert_int_equal(lex_next(&l).kind, TOKEN_END);
	assert_int_equal(lex_next(&l).kind, TOKEN_END);
	policy_report_free(&r);
}

static void meanings(void **state)
{
	struct arena *mem = arena_new(256);
	struct source s = { .name = "test", .text = slice_of("a\\\"b\\\\c") };
	struct source bad = { .name = "test", .text = slice_of("ab\\n") };
	struct policy_report r = { 0 };

	(void)state;
	assert_string_equal(lex_text(&s, &r, mem, s.text), "a\"b\\c");
	assert_int_equal(r.errors, 0);
	assert_null(lex_text(&bad, &r, mem, bad.text));
	assert_int_equal(r.errors, 1);
	assert_string_equal(lex_pattern(mem, slice_of("\\d\\\"x\\\\")),
	    "\\d\"x\\\\");
	assert_int_equal(lex_pattern_offset(slice_of("\\d\\\"x"), 2), 2);
	assert_int_equal(lex_pattern_offset(slice_of("\\d\\\"x"), 3), 4);
	assert_int_equal(lex_pattern_offset(slice_of("ab"), 9), 2);
	policy_report_free(&r);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens),
		cmocka_unit_test(every_octet),
		cmocka_unit_test(whole_file),
		cmocka_unit_test(places),
		cmocka_unit_test(meanings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
