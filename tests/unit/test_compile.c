/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What compile makes of a policy. What it refuses, and with which words, is in
 * tests/cases/policy (test_policy_errors).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"
#include "policy/logic.h"
#include "policy/parse.h"

struct bench {
	struct policy p;
	struct policy_report r;
	struct policy_counts counts;
};

static bool compiled(struct bench *b, const char *text,
    const struct policy_extra *extra)
{
	memset(b, 0, sizeof(*b));
	b->p.mem = arena_new(4096);
	b->p.source = (struct source){ .name = "t", .text = slice_of(text) };
	b->p.counts = &b->counts;
	return policy_parse(&b->p, &b->r) &&
	    policy_compile(&b->p, extra, &b->r);
}

static void drop(struct bench *b)
{
	policy_report_free(&b->r);
	arena_free(b->p.mem);
}

static const struct {
	const char *label, *rule;
	enum phase phase;
	bool per_recipient;
	size_t headers;
} rules[] = {
	{ "connect", "when client.ip == \"192.0.2.1\" accept", PHASE_CONNECT,
	    false, 0 },
	{ "latest counts", "when client.ip in { \"::1\" } and spf.result == pass "
	    "accept", PHASE_MAIL, false, 0 },
	{ "unless counts", "when spf.result == pass unless dkim.count > 1 "
	    "accept", PHASE_EOM, false, 0 },
	{ "reply counts", "when spf.result == fail reject 550 5.7.23 "
	    "\"{from.domain}\"", PHASE_HEADERS, false, 0 },
	{ "recipient", "when rcpt.address == \"a@b.example\" discard",
	    PHASE_RCPT, true, 0 },
	{ "recipient in a text", "when spf.result == pass log "
	    "\"to {rcpt.domain}\"", PHASE_RCPT, true, 0 },
	{ "how many recipients", "when rcpt.count > 100 discard",
	    PHASE_HEADERS, false, 0 },
	{ "headers once", "when header(\"X-A\") == \"1\" or header(\"x-a\") == "
	    "\"2\" or header(\"X-B\") == \"1\" discard", PHASE_HEADERS,
	    false, 2 },
	{ "no condition", "log \"x\"", PHASE_CONNECT, false, 0 },
};

static void phases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct buf text = { 0 };
		struct bench b;

		buf_addf(&text, "rule r { %s }\ndefault accept\n",
		    rules[i].rule);
		if (!compiled(&b, buf_text(&text), NULL) || b.r.warnings > 0)
			fail_msg("%s: %s", rules[i].label,
			    buf_text(&b.r.text));
		if (b.p.rules->phase != rules[i].phase ||
		    b.p.per_recipient != rules[i].per_recipient ||
		    b.p.header_count != rules[i].headers)
			fail_msg("%s: phase %d", rules[i].label,
			    (int)b.p.rules->phase);
		buf_free(&text);
		drop(&b);
	}
}

/* Expectations give facts, they do not ask for them. */
static void expectations_ask_nothing(void **state)
{
	struct bench b;

	(void)state;
	assert_true(compiled(&b, "default accept\n"
	    "expect accept { rcpt.address = \"a@b.example\" "
	    "header(\"X\") = \"1\" }\n", NULL));
	assert_false(b.p.per_recipient);
	assert_int_equal(b.p.header_count, 0);
	drop(&b);
}

static void values(void **state)
{
	struct bench b;
	struct rule *r;

	(void)state;
	assert_true(compiled(&b, "rule a { when message.size >= 10M and "
	    "message.size < 2G accept }\n"
	    "rule b unsafe { when from.domain == \"B\xc3\xbc" "cher.Example.\" accept }\n"
	    "rule c unsafe { when mail.address == \"Joe@B\xc3\xbc" "cher.example\" accept }\n"
	    "rule d unsafe { when subject == \"a\\\"b\\\\\" accept }\n"
	    "rule e { when client.ip == \"::ffff:192.0.2.1\" accept }\n"
	    "default accept\n", NULL));
	r = b.p.rules;
	assert_int_equal(r->when->first->test->number, 10 * 1024 * 1024);
	assert_int_equal(r->when->first->next->test->number, 2147483648);
	r = r->next;
	assert_string_equal(r->when->test->text_value,
	    "xn--bcher-kva.example");
	r = r->next;
	assert_string_equal(r->when->test->text_value,
	    "joe@xn--bcher-kva.example");
	r = r->next;
	assert_string_equal(r->when->test->texts[0], "a\"b\\");
	r = r->next;
	assert_int_equal(r->when->test->ip.family, IP_V4);
	drop(&b);
}

static void extra_entries(void **state)
{
	static const char *const names[] = { "example.org", ".example.org" };
	static const char *const wrong[] = { "fine.example", "not a domain" };
	struct policy_extra good = { "local-domains", names, 2 };
	struct policy_extra bad = { "local-domains", wrong, 2 };
	struct bench b;

	(void)state;
	/* Joined to what the policy says. */
	assert_true(compiled(&b, "list local-domains { \"own.example\" }\n"
	    "default accept\n", &good));
	assert_int_equal(b.p.list_count, 1);
	assert_int_equal(list_count(b.p.lists_by_id[0]), 3);
	drop(&b);
	/* Given to one that has none, and may name it. */
	assert_true(compiled(&b, "rule r { when from.domain in local-domains "
	    "discard }\ndefault accept\n", &good));
	assert_true(list_has_domain(b.p.lists_by_id[0], "a.example.org", 0));
	drop(&b);
	assert_false(compiled(&b, "default accept\n", &bad));
	assert_non_null(strstr(buf_text(&b.r.text), "local-domains:1:1: "));
	drop(&b);
}

/* Conditions that no message can meet, that every message meets, or neither. */
static const struct {
	const char *when;
	char is;                /* n: never, a: always, -: neither */
} logic[] = {
	{ "spf.result == pass", '-' },
	{ "spf.result == pass and spf.result == fail", 'n' },
	{ "spf.result == pass and spf.result != pass", 'n' },
	{ "spf.result == pass or spf.result != pass", 'a' },
	{ "spf.result in { pass fail } and spf.result == none", 'n' },
	{ "spf.result in { pass fail } and spf.result != pass", '-' },
	{ "spf.result in { pass fail } and spf.result not in { fail pass }", 'n' },
	{ "spf.result == pass and dkim.result == fail", '-' },
	{ "spf.result == pass and (spf.result == fail or spf.result == none)",
	    'n' },
	{ "spf.result == pass and (spf.result == fail or dkim.result == pass)",
	    '-' },
	{ "not (spf.result != pass) and not (spf.result == pass)", 'n' },
	{ "not (spf.result == pass and spf.result == fail)", 'a' },
	/* Every word is excluded, but the fact may be absent. */
	{ "spf.scope != mailfrom and spf.scope != helo", '-' },
	{ "spf.scope == mailfrom or spf.scope == helo", '-' },
	{ "forwarded.likely and not forwarded.likely", 'n' },
	{ "forwarded.likely or not forwarded.likely", 'a' },
	{ "forwarded.likely == yes or forwarded.likely == no", '-' },
	{ "forwarded.likely == no and forwarded.likely", 'n' },
	{ "message.size > 10 and message.size < 10", 'n' },
	{ "message.size >= 10 and message.size <= 10", '-' },
	{ "message.size > 10 and message.size < 12", '-' },
	{ "message.size == 10 and message.size != 10", 'n' },
	{ "message.size == 10 and message.size == 11", 'n' },
	{ "message.size < 10 or message.size >= 10", '-' },
	{ "not message.size < 10 and not message.size >= 10", '-' },
	{ "message.size != 1 and message.size != 2", '-' },
	{ "from.domain == \"a.example\" and from.domain == \"b.example\"", 'n' },
	{ "from.domain == \"a.example\" or from.domain != \"A.example\"", 'a' },
	{ "subject == \"a\" and subject == \"A\"", '-' },
	{ "subject == \"a\" and subject != \"A\"", 'n' },
	{ "client.ip == \"::1\" and client.ip == \"192.0.2.1\"", 'n' },
	{ "client.ip == \"::1\" and client.ip == \"0:0::1\"", '-' },
	{ "from.domain in l and from.domain not in l", 'n' },
	{ "from.domain in l or not from.domain in l", 'a' },
	{ "from.domain in l and mail.domain not in l", '-' },
	{ "any dkim.domains in l and not any dkim.domains in l", '-' },
	{ "header(\"X\") == \"a\" and header(\"Y\") == \"b\"", '-' },
};

static void never_and_always(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(logic) / sizeof(logic[0]); i++) {
		struct buf text = { 0 };
		const char *fact = NULL;
		struct bench b;
		char is = '-';

		buf_addf(&text, "list l { \"a.example\" }\n"
		    "rule r { when %s log \"x\" }\ndefault accept\n",
		    logic[i].when);
		compiled(&b, buf_text(&text), NULL);
		assert_non_null(b.p.rules);
		if (logic_never_holds(b.p.rules, &fact))
			is = 'n';
		else if (logic_always_holds(b.p.rules))
			is = 'a';
		if (is != logic[i].is || (is == 'n') != (fact != NULL) ||
		    (is == 'n') != (b.r.errors == 1))
			fail_msg("%s: %c %s", logic[i].when, is,
			    buf_text(&b.r.text));
		buf_free(&text);
		drop(&b);
	}
}

/* Can reading come past a rule when only so much is known? */
static void passable(void **state)
{
	static const struct {
		const char *rule;
		enum phase phase;
		bool passes;
	} cases[] = {
		{ "when spf.result == pass accept", PHASE_MAIL, true },
		{ "when spf.result == pass accept", PHASE_CONNECT, false },
		{ "when dmarc.result == pass accept", PHASE_HEADERS, false },
		{ "when client.class == local and dmarc.result == pass accept",
		    PHASE_MAIL, true },
		{ "when client.class == local or dmarc.result == pass accept",
		    PHASE_MAIL, false },
		{ "when client.class == local or dmarc.result == pass "
		    "log \"x\"", PHASE_MAIL, true },
		{ "when dmarc.result == pass unless client.class == local "
		    "accept", PHASE_MAIL, true },
		{ "when dmarc.result == pass log \"x\"", PHASE_RCPT, false },
		{ "log \"x\"", PHASE_CONNECT, true },
		{ "when not (client.class == local or dmarc.result == pass) "
		    "accept", PHASE_MAIL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf text = { 0 };
		struct bench b;

		buf_addf(&text, "rule r { %s }\ndefault accept\n",
		    cases[i].rule);
		assert_true(compiled(&b, buf_text(&text), NULL));
		if (logic_passable(b.p.rules, cases[i].phase) !=
		    cases[i].passes)
			fail_msg("%s", cases[i].rule);
		buf_free(&text);
		drop(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases),
		cmocka_unit_test(expectations_ask_nothing),
		cmocka_unit_test(values),
		cmocka_unit_test(extra_entries),
		cmocka_unit_test(never_and_always),
		cmocka_unit_test(passable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
