/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/name.h"

static const struct name words[] = {
	{ 3, "pass" }, { 0, "none" }, { 7, "temperror" }, { 0, NULL },
};

static void finding(void **state)
{
	(void)state;
	assert_int_equal(name_find(words, "PASS")->code, 3);
	assert_int_equal(name_find(words, "none")->code, 0);
	assert_null(name_find(words, ""));
	assert_null(name_find(words, "pas"));
	assert_null(name_find(words, "passs"));
	assert_null(name_find(words, NULL));
	assert_null(name_find_slice(words, SLICE("pass\0")));
	assert_int_equal(name_find_slice(words,
	    slice_sub(SLICE("temperrors"), 0, 9))->code, 7);
	assert_string_equal(name_word(words, 0), "none");
	assert_string_equal(name_word(words, 7), "temperror");
}

static void did_you_mean(void **state)
{
	static const char *const known[] = { "spf.result", "spf.domain",
		"dkim.result", "dkim.domains", "arc.result", "from.domain" };
	static const struct {
		const char *wanted;
		const char *best;
	} cases[] = {
		{ "spf.reslut",   "spf.result" },
		{ "SPF.Result",   "spf.result" },
		{ "dkim.domain",  "dkim.domains" },
		{ "fromdomain",   "from.domain" },
		{ "weather",      NULL },
		{ "s",            NULL },
		{ "",             NULL },
		{ "spf.result.spf.result.spf.result.spf.result.spf.result."
		  "spf.result.spf.result",                      NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct closest c;

		closest_start(&c, cases[i].wanted);
		for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
			closest_offer(&c, known[k]);
		if ((c.best == NULL) != (cases[i].best == NULL) ||
		    (c.best != NULL && strcmp(c.best, cases[i].best) != 0))
			fail_msg("%s: %s", cases[i].wanted,
			    c.best == NULL ? "(none)" : c.best);
	}
}

static void nearest_wins(void **state)
{
	struct closest c;

	(void)state;
	closest_start(&c, "reject");
	closest_offer(&c, "rejcet1");
	closest_offer(&c, "rejcet");
	closest_offer(&c, "rejects");
	assert_string_equal(c.best, "rejcet");
	assert_int_equal(c.distance, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finding), cmocka_unit_test(did_you_mean),
		cmocka_unit_test(nearest_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
