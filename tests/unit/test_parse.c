/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/parse.h"

static struct policy *parsed(struct arena *mem, const char *text,
    struct policy_report *r, bool *ok)
{
	struct policy *p = arena_alloc(mem, sizeof(*p));

	p->mem = mem;
	p->source = (struct source){ .name = "t", .text = slice_of(text) };
	*ok = policy_parse(p, r);
	return p;
}

/* The tree as a person would bracket it. */
static void write_expr(const struct expr *e, struct buf *out)
{
	static const char *const joins[] = { [EXPR_AND] = " & ",
		[EXPR_OR] = " | " };

	switch (e->kind) {
	case EXPR_TEST:
		buf_addf(out, "%s", e->test->text);
		return;
	case EXPR_NOT:
		buf_adds(out, "!");
		write_expr(e->first, out);
		return;
	case EXPR_AND:
	case EXPR_OR:
		break;
	}
	buf_addc(out, '(');
	for (const struct expr *x = e->first; x != NULL; x = x->next) {
		if (x != e->first)
			buf_adds(out, joins[e->kind]);
		write_expr(x, out);
	}
	buf_addc(out, ')');
}

static const struct {
	const char *text, *tree;
} exprs[] = {
	{ "a", "a" },
	{ "a == b", "a == b" },
	{ "a==b", "a==b" },
	{ "a and b or c", "((a & b) | c)" },
	{ "a or b and c", "(a | (b & c))" },
	{ "(a or b) and c", "((a | b) & c)" },
	{ "a and b and c and d", "(a & b & c & d)" },
	{ "not a and b", "(!a & b)" },
	{ "not (a and b)", "!(a & b)" },
	{ "not not a", "!!a" },
	{ "a not in b and c", "(a not in b & c)" },
	{ "not a in b", "!a in b" },
	{ "any a in b or all c == d", "(any a in b | all c == d)" },
	{ "a in { b\n   \"c d\" # e\n }", "a in { b \"c d\" }" },
	{ "a matches \"x  \\\"# y\"", "a matches \"x  \\\"# y\"" },
	{ "header(\"X\") ~ \"y\"", "header(\"X\") ~ \"y\"" },
	{ "subject == \"x\"", "subject == \"x\"" },
	{ "a < 1 and b <= 2 and c > 3 and d >= 4 and e != 5",
	    "(a < 1 & b <= 2 & c > 3 & d >= 4 & e != 5)" },
};

static void precedence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		struct arena *mem = arena_new(4096);
		struct policy_report r = { 0 };
		struct buf text = { 0 }, tree = { 0 };
		struct policy *p;
		bool ok;

		buf_addf(&text, "rule r { when %s unless z accept }\n"
		    "default accept", exprs[i].text);
		p = parsed(mem, buf_text(&text), &r, &ok);
		if (!ok)
			fail_msg("%s", buf_text(&r.text));
		write_expr(p->rules->when, &tree);
		assert_string_equal(buf_text(&tree), exprs[i].tree);
		assert_string_equal(p->rules->unless->test->text, "z");
		buf_free(&text);
		buf_free(&tree);
		policy_report_free(&r);
		arena_free(mem);
	}
}

static const char whole[] =
    "list a { \"x.example\" \".y.example\" }\n"
    "list b from \"lists/b.list\"\n"
    "rule one early { when f reject 550 5.7.1 \"say \\\"no\\\"\" }\n"
    "rule two {\n"
    "    tag header \"X-A\" \"1\" header \"X-B\" \"2\" subject \"[s] \"\n"
    "    log \"note\" tag subject \"[t] \" quarantine \"why\"\n"
    "}\n"
    "rule three { tempfail }\n"
    "rule four { tempfail 451 4.7.24 \"later\" discard-not \"x\" }\n"
    "default discard\n"
    "expect reject by one { f = yes g = { \"a\" \"b\" } header(\"X\") = \"y\" }\n"
    "expect accept not by two { }\n"
    "expect log by two { }\n"
    "expect tag { }\n";

static void statements(void **state)
{
	struct arena *mem = arena_new(4096);
	struct policy_report r = { 0 };
	struct expectation *x;
	struct policy *p;
	struct rule *one;
	bool ok;

	(void)state;
	p = parsed(mem, whole, &r, &ok);
	/* Only rule four is wrong, and the rest was read all the same. */
	assert_false(ok);
	assert_int_equal(r.errors, 1);
	assert_non_null(strstr(buf_text(&r.text), "t:9:41: expected an action"));
	assert_int_equal(p->list_count, 2);
	assert_int_equal(p->lists->entries.count, 2);
	assert_true(p->lists->next->from_file);
	assert_int_equal(p->rule_count, 3);
	one = p->rules;
	assert_true(one->early);
	assert_int_equal(one->line, 3);
	assert_string_equal(one->deed.code.text, "550");
	assert_string_equal(one->deed.enhanced.text, "5.7.1");
	assert_string_equal(one->deed.text.source.text, "say \"no\"");
	assert_string_equal(one->next->deed.headers->next->name.text, "X-B");
	assert_string_equal(one->next->deed.subjects->next->text.source.text,
	    "[t] ");
	assert_int_equal(one->next->deed.action, ACTION_QUARANTINE);
	assert_null(one->next->when);
	assert_int_equal(p->fallback->deed.action, ACTION_DISCARD);
	assert_int_equal(p->fallback->line, 10);
	assert_int_equal(p->expectation_count, 4);
	x = p->expectations;
	assert_string_equal(x->rule, "one");
	assert_int_equal(x->line, 11);
	assert_int_equal(x->givens->next->value.count, 2);
	assert_string_equal(x->givens->next->next->subject.header, "X");
	assert_true(x->next->not_rule);
	assert_true(x->next->next->wants_log);
	assert_null(x->next->next->next->rule);
	policy_report_free(&r);
	arena_free(mem);
}

/* Every beginning of a good policy is read without harm, and refused. */
static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		struct arena *mem = arena_new(1024);
		struct policy_report r = { 0 };
		char *copy = arena_memdup(mem, whole, n + 1);
		bool ok;

		copy[n] = '\0';
		parsed(mem, copy, &r, &ok);
		assert_true(ok == (r.errors == 0));
		policy_report_free(&r);
		arena_free(mem);
	}
}

static void deep(void **state)
{
	struct arena *mem = arena_new(4096);
	struct policy_report r = { 0 };
	struct buf text = { 0 };
	bool ok;

	(void)state;
	buf_adds(&text, "rule r { when ");
	for (int i = 0; i < 200000; i++)
		buf_adds(&text, "(not ");
	parsed(mem, buf_text(&text), &r, &ok);
	assert_false(ok);
	assert_int_equal(r.errors, 1);
	assert_non_null(strstr(buf_text(&r.text), "more than 64 conditions"));
	buf_free(&text);
	policy_report_free(&r);
	arena_free(mem);
}

/* A long chain is one node: its length is no depth. */
static void wide(void **state)
{
	struct arena *mem = arena_new(4096);
	struct policy_report r = { 0 };
	struct buf text = { 0 };
	struct policy *p;
	size_t n = 0;
	bool ok;

	(void)state;
	buf_adds(&text, "rule r { when a");
	for (int i = 0; i < 50000; i++)
		buf_adds(&text, " and a");
	buf_adds(&text, " accept }\ndefault accept\n");
	p = parsed(mem, buf_text(&text), &r, &ok);
	assert_true(ok);
	for (struct expr *x = p->rules->when->first; x != NULL; x = x->next)
		n++;
	assert_int_equal(n, 50001);
	buf_free(&text);
	policy_report_free(&r);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(precedence),
		cmocka_unit_test(statements),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(deep),
		cmocka_unit_test(wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
