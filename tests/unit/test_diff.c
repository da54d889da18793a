/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/diff.h"

static struct policy *load(const char *text)
{
	struct policy_report r = { 0 };
	struct policy *p = policy_load_text(text, strlen(text), "t.policy",
	    NULL, &r);

	if (p == NULL)
		fail_msg("%s", buf_text(&r.text));
	policy_report_free(&r);
	return p;
}

#define A "rule a { when spf.result == pass log \"a\" }\n"
#define B "rule b { when spf.result == fail log \"b\" }\n"
#define C "rule c { when spf.result == none log \"c\" }\n"
#define D "rule d { when spf.result == none log \"d\" }\n"
#define END "default accept\n"

static void policies(void **state)
{
	static const struct { const char *old, *new, *says; } rows[] = {
		{ A B END, A B END, "" },
		{ A B END, "# x\n" A "rule b{when\n\tspf.result   ==fail # y\n"
		    "log \"b\" } " END, "" },
		{ A END, A B END, "added b" },
		{ A B END, B END, "removed a" },
		{ A B END, B A END, "moved a" },
		{ A B C D END, D A B C END, "moved d" },
		{ A B C D END, B C D A END, "moved a" },
		{ A B C D END, "rule x { log \"x\" }\n" A B C D END, "added x" },
		{ A B C D END, D C B A END, "moved c; moved b; moved a" },
		{ A END, "rule a { when spf.result == pass log \"A\" }\n" END,
		    "changed a" },
		{ A END, "rule a observe { when spf.result == pass log \"a\" }\n"
		    END, "changed a" },
		{ A "default accept\n", A "default discard\n",
		    "changed default" },
		{ A "default accept\nexpect accept { }\n",
		    "expect accept { }\n" A "default accept\n", "" },
		{ "list l { \"a.b\" \"c.d\" }\n" END,
		    "list l { \"c.d\" \"A.b\" \"c.d\" }\n" END, "" },
		{ "list l { \"a.b\" \"c.d\" }\n" END,
		    "list l { \"e.f\" }\nlist m { \"x.y\" }\n" END,
		    "changed list l -2 a.b +1 e.f; added list m" },
		{ "list l { \"192.0.2.1\" }\n" END, END, "removed list l" },
		{ "list l { \"192.0.2.1\" }\n" END,
		    "list l { \"192.0.2.1/32\" }\n" END, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct policy *old = load(rows[i].old), *new = load(rows[i].new);
		struct arena *mem = arena_new(1024);
		struct policy_diff d = policy_diff(old, new, mem);
		struct buf text = { 0 };

		for (size_t k = 0; k < d.count; k++) {
			const struct diff_item *x = &d.items[k];

			buf_addf(&text, "%s%s %s%s", k > 0 ? "; " : "",
			    name_word(diff_names, (int)x->kind),
			    x->list ? "list " : "", x->name);
			if (x->fewer > 0)
				buf_addf(&text, " -%zu %s", x->fewer,
				    x->first_fewer);
			if (x->more > 0)
				buf_addf(&text, " +%zu %s", x->more,
				    x->first_more);
			assert_int_equal(x->old.file == NULL,
			    x->kind == DIFF_ADDED);
			assert_int_equal(x->new.file == NULL,
			    x->kind == DIFF_REMOVED);
		}
		if (strcmp(buf_text(&text), rows[i].says) != 0)
			fail_msg("%zu: %s", i, buf_text(&text));
		buf_free(&text);
		arena_free(mem);
		policy_free(old);
		policy_free(new);
	}
}

/* Where it was and is, and its words. */
static void places(void **state)
{
	struct policy *old = load(A B END);
	struct policy *new = load("\n\n" A "\nrule b { accept }\n" END);
	struct arena *mem = arena_new(1024);
	struct policy_diff d = policy_diff(old, new, mem);

	(void)state;
	assert_int_equal(d.count, 1);
	assert_int_equal(d.items[0].old.line, 2);
	assert_int_equal(d.items[0].new.line, 5);
	assert_string_equal(d.items[0].old.text,
	    "b { when spf.result == fail log \"b\" }");
	assert_string_equal(d.items[0].new.text, "b { accept }");
	arena_free(mem);
	policy_free(old);
	policy_free(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
