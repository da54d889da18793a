/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The cookbook of assay-policy(5), and the examples a new reader begins with:
 * each is taken from the page itself and loaded, so that what people copy
 * works.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "policy/file.h"
#include "policy/policy.h"

#define PAGE ASSAY_SOURCE "/src/policy/assay-policy.5"

struct kitchen {
	struct buf recipe;
	char title[128];
	size_t recipes, expectations, tried, failed;
};

/* What stands in the page as mdoc wants it, as a reader sees it. */
static void add_line(struct buf *out, struct slice line)
{
	static const struct {
		const char *written, *read;
	} escapes[] = {
		{ "\\(dq", "\"" }, { "\\e", "\\" }, { "\\&", "" },
		{ "\\-", "-" },
	};

	while (line.len > 0) {
		size_t i = 0, n = sizeof(escapes) / sizeof(escapes[0]);

		while (i < n && !slice_starts_nocase(line, escapes[i].written))
			i++;
		if (i < n) {
			buf_adds(out, escapes[i].read);
			line = slice_sub(line, strlen(escapes[i].written),
			    SIZE_MAX);
		} else {
			buf_addc(out, line.data[0]);
			line = slice_sub(line, 1, SIZE_MAX);
		}
	}
	buf_addc(out, '\n');
}

/* As it would stand in a policy: above default. */
static void cook(struct kitchen *k)
{
	struct policy_report r = { 0 };
	struct policy *p;
	size_t total = 0;

	if (k->recipe.len == 0)
		return;
	k->recipes++;
	if (strstr(buf_text(&k->recipe), "\ndefault ") == NULL)
		buf_adds(&k->recipe, "default accept\n");
	p = policy_load_text(buf_text(&k->recipe), k->recipe.len,
	    ASSAY_SOURCE "/policy/cookbook.policy", NULL, &r);
	if (p == NULL || r.warnings > 0) {
		print_error("%s\n%s%s", k->title, buf_text(&k->recipe),
		    buf_text(&r.text));
		k->failed++;
	} else {
		policy_expectations(p, NULL, NULL, &total);
		k->tried += total >= 2;
		k->expectations += total;
	}
	policy_report_free(&r);
	policy_free(p);
	buf_clear(&k->recipe);
}

static bool is_book(struct slice line)
{
	static const char *const sections[] = { ".Sh DESCRIPTION",
		".Sh THE FIRST RULE", ".Sh COOKBOOK" };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (slice_is(line, sections[i]))
			return true;
	return false;
}

static void read_page(struct kitchen *k, struct slice page)
{
	bool in_book = false, in_text = false;

	while (page.data != NULL && page.len > 0) {
		struct slice line = slice_cut(&page, '\n');

		if (slice_starts_nocase(line, ".Sh ") ||
		    slice_starts_nocase(line, ".Ss ")) {
			cook(k);
			if (line.data[2] == 'h')
				in_book = is_book(line);
			snprintf(k->title, sizeof(k->title), "%.*s",
			    (int)line.len, line.data);
		} else if (slice_starts_nocase(line, ".Bd ")) {
			in_text = in_book;
		} else if (slice_is(line, ".Ed")) {
			in_text = false;
		} else if (in_text) {
			add_line(&k->recipe, line);
		}
	}
	cook(k);
}

static void recipes(void **state)
{
	struct kitchen k = { .recipes = 0 };
	struct buf page = { 0 };
	struct error err;

	(void)state;
	if (!file_read(PAGE, 1 << 20, &page, &err))
		fail_msg("%s", err.text);
	read_page(&k, buf_slice(&page));
	assert_int_equal(k.failed, 0);
	assert_true(k.recipes >= 22);
	/* Most of them say what they do, and what they leave alone. */
	assert_true(k.tried >= k.recipes - 2);
	assert_true(k.expectations >= 2 * (k.recipes - 2));
	buf_free(&page);
	buf_free(&k.recipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
