/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Wrong policies beside what is said about them: tests/cases/policy holds
 * NAME.policy and NAME.expect, whose first line is "refused" or "loaded" and
 * whose rest is the report, compared octet for octet.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "policy/file.h"
#include "policy/policy.h"

#define CASES ASSAY_SOURCE "/tests/cases/policy/"

/* Reports name files as they were given; the samples do without a folder. */
static void without_folder(const char *text, struct buf *out)
{
	static const char folder[] = CASES;

	while (*text != '\0') {
		if (strncmp(text, folder, sizeof(folder) - 1) == 0)
			text += sizeof(folder) - 1;
		else
			buf_addc(out, *text++);
	}
}

static bool same(const char *path)
{
	struct policy_report report = { 0 };
	struct policy *p = policy_load(path, NULL, &report);
	struct buf got = { 0 }, wanted = { 0 };
	struct error err = { .text = "" };
	char expect[1024];
	bool ok;

	snprintf(expect, sizeof(expect), "%.*s.expect",
	    (int)(strlen(path) - strlen(".policy")), path);
	buf_adds(&got, p == NULL ? "refused\n" : "loaded\n");
	without_folder(buf_text(&report.text), &got);
	ok = file_read(expect, 1 << 20, &wanted, &err) &&
	    strcmp(buf_text(&got), buf_text(&wanted)) == 0 &&
	    (p == NULL) == (report.errors > 0) &&
	    report.errors + report.warnings > 0;
	if (!ok)
		print_error("%s %s\n--- got\n%s--- expected\n%s", path,
		    err.text, buf_text(&got), buf_text(&wanted));
	buf_free(&got);
	buf_free(&wanted);
	policy_report_free(&report);
	policy_free(p);
	return ok;
}

static void samples(void **state)
{
	size_t failed = 0;
	glob_t found;

	(void)state;
	assert_int_equal(glob(CASES "*.policy", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 100);
	for (size_t i = 0; i < found.gl_pathc; i++)
		failed += !same(found.gl_pathv[i]);
	globfree(&found);
	assert_int_equal(failed, 0);
}

static void no_such_file(void **state)
{
	struct policy_report report = { 0 };

	(void)state;
	assert_null(policy_load(CASES "no-such.policy", NULL, &report));
	assert_int_equal(report.errors, 1);
	assert_non_null(strstr(buf_text(&report.text),
	    "no-such.policy: No such file or directory"));
	policy_report_free(&report);
}

/* More than a policy may have: one sentence, and not a second of work. */
static void too_large(void **state)
{
	struct policy_report report = { 0 };
	size_t len = 2 * 1024 * 1024;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', len);
	assert_null(policy_load_text(text, len, "big.policy", NULL, &report));
	assert_int_equal(report.errors, 1);
	assert_non_null(strstr(buf_text(&report.text), "2097152 octets"));
	policy_report_free(&report);
	free(text);
}

/* One line of a megabyte: the report shows the part around the caret. */
static void long_line(void **state)
{
	struct policy_report report = { 0 };
	struct buf text = { 0 };

	(void)state;
	buf_adds(&text, "rule a { when ");
	for (size_t i = 0; i < 20000; i++)
		buf_adds(&text, "spf.result == pass or ");
	buf_adds(&text, "spf.reslt == pass accept }\ndefault accept\n");
	assert_null(policy_load_text(buf_text(&text), text.len, "long.policy",
	    NULL, &report));
	assert_int_equal(report.errors, 1);
	assert_non_null(strstr(buf_text(&report.text),
	    "long.policy:1:440015: unknown fact \"spf.reslt\""));
	assert_true(report.text.len < 600);
	buf_free(&text);
	policy_report_free(&report);
}

static void too_many_rules(void **state)
{
	struct policy_report report = { 0 };
	struct buf text = { 0 };
	struct policy *policy;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		buf_addf(&text, "rule r%zu { log \"x\" }\n", i);
	buf_adds(&text, "default accept\n");
	policy = policy_load_text(buf_text(&text), text.len, "many.policy",
	    NULL, &report);
	assert_non_null(policy);
	policy_free(policy);
	buf_clear(&text);
	for (size_t i = 0; i < 1001; i++)
		buf_addf(&text, "rule r%zu { log \"x\" }\n", i);
	assert_null(policy_load_text(buf_text(&text), text.len, "many.policy",
	    NULL, &report));
	assert_non_null(strstr(buf_text(&report.text), "at most 1000 rules"));
	buf_free(&text);
	policy_report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),
		cmocka_unit_test(no_such_file),
		cmocka_unit_test(too_large),
		cmocka_unit_test(long_line),
		cmocka_unit_test(too_many_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
