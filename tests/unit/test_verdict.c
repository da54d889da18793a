/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/verdict.h"

static const struct tag_header spam[] = { { "X-Spam", "YES" } };
static const struct tag_header both[] = { { "x-spam", "YES" },
	{ "X-Why", "dmarc" } };
static const char *const note[] = { "one" };
static const char *const notes[] = { "one", "two" };

static const struct verdict accept = { .action = ACTION_ACCEPT,
	.rule = "default", .line = 9 };
static const struct verdict tag = { .action = ACTION_TAG, .rule = "tag",
	.line = 3, .headers = spam, .header_count = 1,
	.subject_prefix = "[a] ", .log_notes = note, .log_count = 1 };
static const struct verdict tag2 = { .action = ACTION_TAG, .rule = "tag2",
	.line = 4, .headers = both, .header_count = 2,
	.subject_prefix = "[b] ", .log_notes = notes, .log_count = 2 };
static const struct verdict hold = { .action = ACTION_QUARANTINE,
	.rule = "hold", .text = "why" };
static const struct verdict later = { .action = ACTION_TEMPFAIL,
	.rule = "later", .code = "451" };
static const struct verdict reject = { .action = ACTION_REJECT,
	.rule = "reject", .code = "550" };
static const struct verdict drop = { .action = ACTION_DISCARD,
	.rule = "drop", .headers = spam, .header_count = 1 };

static const struct {
	const char *label;
	const struct verdict *each[4];
	enum action action;
	const char *rule;
	const char *discards;           /* x for those removed */
	size_t headers, notes;
	const char *subject;
} cases[] = {
	{ "one", { &reject }, ACTION_REJECT, "reject", ".", 0, 0, NULL },
	{ "mildest", { &reject, &later, &accept }, ACTION_ACCEPT, "default",
	    "...", 0, 0, NULL },
	{ "first of equals", { &tag2, &tag }, ACTION_TAG, "tag2", "..", 2, 2,
	    "[b] [a] " },
	{ "same mark once", { &tag, &tag }, ACTION_TAG, "tag", "..", 1, 1,
	    "[a] " },
	{ "later before reject", { &reject, &later }, ACTION_TEMPFAIL, "later",
	    "..", 0, 0, NULL },
	{ "hold before later", { &later, &hold }, ACTION_QUARANTINE, "hold",
	    "..", 0, 0, NULL },
	{ "accepted for one, tagged for another", { &accept, &tag },
	    ACTION_TAG, "tag", "..", 1, 1, "[a] " },
	{ "discard goes on without marks", { &drop, &accept }, ACTION_ACCEPT,
	    "default", "x.", 0, 0, NULL },
	{ "discard and reject", { &drop, &reject, &drop }, ACTION_REJECT,
	    "reject", "x.x", 0, 0, NULL },
	{ "all discarded", { &drop, &drop }, ACTION_DISCARD, "drop", "..", 1,
	    0, NULL },
};

static void merged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new(512);
		struct verdict each[4], v;
		bool discards[4] = { true, true, true, true };
		size_t n = strlen(cases[i].discards);

		for (size_t k = 0; k < n; k++)
			each[k] = *cases[i].each[k];
		v = verdict_merge(mem, each, n, discards);
		if (v.action != cases[i].action ||
		    strcmp(v.rule, cases[i].rule) != 0 ||
		    v.header_count != cases[i].headers ||
		    v.log_count != cases[i].notes)
			fail_msg("%s: %s by %s, %zu headers, %zu notes",
			    cases[i].label, name_word(action_names,
			    (int)v.action), v.rule, v.header_count,
			    v.log_count);
		if (cases[i].subject == NULL)
			assert_null(v.subject_prefix);
		else
			assert_string_equal(v.subject_prefix,
			    cases[i].subject);
		for (size_t k = 0; k < n; k++)
			if (discards[k] != (cases[i].discards[k] == 'x'))
				fail_msg("%s: recipient %zu", cases[i].label,
				    k);
		arena_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
