// SPDX-License-Identifier: BSD-2-Clause
// The SPF record kept with an answer: what is kept, and what is not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "check/spf/reading.h"

static const struct dns_answer *answer(const char *const *texts)
{
	struct dns_answer *a = answer_new(DNS_FOUND, 0, 300);

	for (; *texts != NULL; texts++)
		answer_put(a, *texts, strlen(*texts), 0);
	return answer_done(a);
}

static const struct dns_answer *one(const char *text)
{
	return answer((const char *const[]){ text, NULL });
}

static void test_kept(void **state)
{
	const struct dns_answer *a = answer((const char *const[]){
		"a note", "v=spf1 ip4:192.0.2.0/24 -a:x.example exp=why.example",
		NULL });
	const struct spf_record *r = spf_reading(a);

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->count, 2);
	assert_int_equal(r->directives[0].mechanism, SPF_IP4);
	assert_int_equal(r->directives[0].prefix4, 24);
	assert_int_equal(r->directives[1].code, AUTH_FAIL);
	assert_true(slice_is(r->directives[1].domain, "x.example"));
	assert_true(slice_is(r->exp, "why.example"));
	assert_ptr_equal(spf_reading(a), r);
	answer_drop(a);

	a = one("v=spf1");
	assert_non_null(spf_reading(a));
	assert_int_equal(spf_reading(a)->count, 0);
	answer_drop(a);
}

/* Nobody may take these for a record, or the absence of one. */
static void test_not_kept(void **state)
{
	static const char *const rows[][3] = {
		{ "no record", NULL },
		{ "v=spf10 -all", NULL },
		{ "v=spf1 -all", "v=spf1 -all", NULL },
		{ "v=spf1 ip4:192.0.2.256", NULL },
		{ "v=spf1 a exp=x exp=y", NULL },
		{ NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct dns_answer *a = answer(rows[i]);

		if (spf_reading(a) != NULL)
			fail_msg("row %zu", i);
		answer_drop(a);
	}
}

static void test_very_many_terms(void **state)
{
	struct buf text = { 0 };

	(void)state;
	buf_adds(&text, "v=spf1");
	for (int terms = 1; terms <= 200; terms++) {
		const struct dns_answer *a;

		buf_adds(&text, " ip4:192.0.2.1");
		a = one(buf_text(&text));
		assert_true((spf_reading(a) != NULL) == (terms <= 40));
		answer_drop(a);
	}
	buf_free(&text);
}

static void test_counted(void **state)
{
	const struct dns_answer *a = answer((const char *const[]){
		"V=SPF1 -all", "x", "v=spf1 ~all", NULL });
	struct slice text;

	(void)state;
	assert_int_equal(spf_records(a, &text), 2);
	assert_true(slice_is(text, "v=spf1 ~all"));
	answer_drop(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_not_kept),
		cmocka_unit_test(test_very_many_terms),
		cmocka_unit_test(test_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
