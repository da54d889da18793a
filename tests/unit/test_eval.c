/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "check/findings.h"
#include "policy/eval.h"
#include "policy/pattern.h"
#include "policy/policy.h"

static struct policy *load_when(const char *when)
{
	struct policy_report r = { 0 };
	struct buf text = { 0 };
	struct policy *p;

	buf_addf(&text, "list mine { \"example.org\" \".example.org\" "
	    "\"joe@example.com\" \"192.0.2.0/24\" }\n"
	    "rule r { when %s log \"x\" }\ndefault accept\n", when);
	p = policy_load_text(buf_text(&text), text.len, "t", NULL, &r);
	if (p == NULL)
		fail_msg("%s", buf_text(&r.text));
	buf_free(&text);
	policy_report_free(&r);
	return p;
}

static enum truth ask(const char *when, const struct facts *f,
    struct buf *pen)
{
	struct policy *p = load_when(when);
	struct arena *mem = arena_new(1024);
	struct trace_tests tests = { 0 };
	struct eval v = { .policy = p, .facts = f, .mem = mem,
	    .pen = pen != NULL ? &tests : NULL };
	enum truth t = eval_expr(&v, p->rules->when);

	for (size_t i = 0; i < tests.count; i++) {
		trace_test_show(&tests.items[i], pen);
		buf_adds(pen, "\n");
	}

	arena_free(mem);
	policy_free(p);
	return t;
}

/* What is known: one value of each type. */
static void some_facts(struct facts *f)
{
	static const char *const domains[] = { "a.example.org", "b.example" };
	static const char *const by[] = { "list", "srs" };
	static struct header_fact headers[] = { { "X-Spam", "Yes, really" } };
	struct ip ip;

	*f = (struct facts){ 0 };
	assert_true(ip_parse(slice_of("192.0.2.77"), &ip));
	facts_word(f, FACT_SPF_RESULT, AUTH_SOFTFAIL);
	facts_text(f, FACT_SUBJECT, "Win money NOW");
	facts_text(f, FACT_FROM_DOMAIN, "sub.example.org");
	facts_text(f, FACT_MAIL_ADDRESS, "Joe@example.com");
	facts_text(f, FACT_RCPT_ADDRESS, "Max@B\xc3\xbc" "cher.Example");
	facts_ip(f, FACT_CLIENT_IP, &ip);
	facts_number(f, FACT_MESSAGE_SIZE, 1024);
	facts_yes_no(f, FACT_FORWARDED_LIKELY, true);
	facts_set(f, FACT_DKIM_DOMAINS, domains, 2);
	facts_set(f, FACT_FORWARDED_BY, by, 2);
	facts_set(f, FACT_ARC_TRUSTED, NULL, 0);
	facts_absent(f, FACT_LIST_ID);
	facts_absent(f, FACT_DMARC_RESULT);
	facts_absent(f, FACT_ARC_SEALERS);
	facts_absent(f, FACT_ARC_OLDEST_PASS);
	f->headers = headers;
	f->header_count = 1;
	f->headers_known = true;
}

static const struct {
	const char *when;
	char truth;             /* y n ? */
} cases[] = {
	{ "spf.result == softfail", 'y' },
	{ "spf.result != softfail", 'n' },
	{ "spf.result in { pass softfail }", 'y' },
	{ "spf.result not in { pass softfail }", 'n' },
	{ "subject == \"win MONEY now\"", 'y' },
	{ "subject in { \"a\" \"win money now\" }", 'y' },
	{ "subject matches \"win*\"", 'y' },
	{ "subject matches \"money\"", 'n' },
	{ "subject matches \"*m?ney*\"", 'y' },
	{ "subject ~ \"money\\s+NOW$\"", 'y' },
	{ "subject ~ \"MONEY\"", 'n' },
	{ "subject ~ \"(?i)^WIN\"", 'y' },
	{ "from.domain == \"SUB.example.org.\"", 'y' },
	{ "from.domain in mine", 'y' },
	{ "from.domain not in mine", 'n' },
	{ "from.domain in { \"example.org\" }", 'n' },
	{ "from.domain matches \"*.example.org\"", 'y' },
	{ "mail.address == \"JOE@EXAMPLE.COM\"", 'y' },
	{ "mail.address == \"jo@example.com\"", 'n' },
	{ "mail.address in mine", 'y' },
	{ "mail.address in { \".com\" }", 'y' },
	{ "rcpt.address == \"max@b\xc3\xbc" "cher.example\"", 'y' },
	{ "rcpt.address in { \"xn--bcher-kva.example\" }", 'y' },
	{ "client.ip == \"192.0.2.77\"", 'y' },
	{ "client.ip != \"::ffff:192.0.2.77\"", 'n' },
	{ "client.ip in mine", 'y' },
	{ "client.ip in { \"2001:db8::/32\" }", 'n' },
	{ "message.size == 1K", 'y' },
	{ "message.size < 1024", 'n' },
	{ "message.size <= 1024", 'y' },
	{ "message.size > 1023", 'y' },
	{ "message.size >= 1025", 'n' },
	{ "forwarded.likely", 'y' },
	{ "not forwarded.likely", 'n' },
	{ "forwarded.likely == no", 'n' },
	{ "forwarded.likely != no", 'y' },
	{ "any dkim.domains in mine", 'y' },
	{ "all dkim.domains in mine", 'n' },
	{ "any dkim.domains not in mine", 'y' },
	{ "any dkim.domains == \"b.example\"", 'y' },
	{ "all dkim.domains matches \"*.example.*\"", 'n' },
	{ "all dkim.domains matches \"*example*\"", 'y' },
	{ "any dkim.domains ~ \"^b\"", 'y' },
	{ "any forwarded.by == srs", 'y' },
	{ "any forwarded.by == resent", 'n' },
	{ "all forwarded.by in { list srs }", 'y' },
	{ "all forwarded.by != resent", 'y' },
	{ "header(\"x-spam\") matches \"yes*\"", 'y' },
	{ "header(\"X-Other\") == \"x\"", 'n' },
	{ "header(\"X-Other\") != \"x\"", 'y' },
	/* Absent: no comparison holds but != and not in. */
	{ "dmarc.result == pass", 'n' },
	{ "dmarc.result != pass", 'y' },
	{ "dmarc.result in { pass }", 'n' },
	{ "dmarc.result not in { pass }", 'y' },
	{ "list.id matches \"*\"", 'n' },
	{ "list.id ~ \"\"", 'n' },
	{ "list.id not in mine", 'y' },
	{ "arc.oldest_pass < 1", 'n' },
	{ "arc.oldest_pass >= 0", 'n' },
	{ "arc.oldest_pass != 0", 'y' },
	/* Quantifiers over nothing. */
	{ "any arc.trusted in mine", 'n' },
	{ "all arc.trusted in mine", 'n' },
	{ "any arc.sealers != \"x.example\"", 'n' },
	{ "all arc.sealers not in mine", 'n' },
	/* Kleene: unknown is tls.version, dmarc.aligned is unknown too. */
	{ "tls.version == \"TLSv1.3\"", '?' },
	{ "tls.version != \"TLSv1.3\"", '?' },
	{ "not tls.version == \"x\"", '?' },
	{ "any dmarc.aligned == spf", '?' },
	{ "tls.version == \"x\" and spf.result == pass", 'n' },
	{ "spf.result == pass and tls.version == \"x\"", 'n' },
	{ "tls.version == \"x\" and spf.result == softfail", '?' },
	{ "tls.version == \"x\" or spf.result == softfail", 'y' },
	{ "tls.version == \"x\" or spf.result == pass", '?' },
	{ "not (tls.version == \"x\" or spf.result == softfail)", 'n' },
	{ "tls.version == \"x\" and tls.cipher == \"y\" or forwarded.likely",
	    'y' },
};

static void truths(void **state)
{
	struct facts f;

	(void)state;
	some_facts(&f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const char shown[] = "n?y";
		enum truth t = ask(cases[i].when, &f, NULL);

		if (shown[t] != cases[i].truth)
			fail_msg("%s: %c", cases[i].when, shown[t]);
	}
}

static void headers_unknown(void **state)
{
	struct facts f = { 0 };

	(void)state;
	assert_int_equal(ask("header(\"X\") != \"a\"", &f, NULL),
	    TRUTH_UNKNOWN);
}

static void written_down(void **state)
{
	struct buf pen = { 0 };
	struct facts f;

	(void)state;
	some_facts(&f);
	ask("(dmarc.result == pass or spf.result   ==\n softfail) and "
	    "tls.version == \"x\" and any arc.trusted in mine and "
	    "subject == \"x\"", &f, &pen);
	assert_string_equal(buf_text(&pen),
	    "dmarc.result == pass: no (absent)\n"
	    "spf.result == softfail: yes (softfail)\n"
	    "tls.version == \"x\": unknown (not known yet)\n"
	    "any arc.trusted in mine: no (empty)\n");
	buf_free(&pen);
	/* A value may hold what it likes: it stays one test of the trace. */
	facts_text(&f, FACT_SUBJECT, "a; b: no (c)");
	ask("subject == \"x; y\" or dkim.count > 1", &f, &pen);
	assert_string_equal(buf_text(&pen),
	    "subject == \"x; y\": no (a; b: no (c))\n"
	    "dkim.count > 1: unknown (not known yet)\n");
	buf_free(&pen);
}

static void globs(void **state)
{
	static const struct { const char *glob, *text; bool match; } rows[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true },
		{ "*", "abc", true }, { "a*c", "abc", true },
		{ "a*c", "abcd", false }, { "*a*a*", "aa", true },
		{ "*a*a*", "a", false }, { "?", "", false },
		{ "?", "\xc3\xa4", true }, { "??", "\xc3\xa4", false },
		{ "?", "\xff", true }, { "A?C", "abc", true },
		{ "a\\*c", "a*c", true }, { "a\\*c", "abc", false },
		{ "a\\", "a\\", true }, { "**", "x", true },
		{ "*.example", ".example", true },
		{ "*ab", "aaab", true }, { "a*b*c", "axxbxxbxxc", true },
		{ "*\xa4", "\xc3\xa4", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (glob_match(rows[i].glob, rows[i].text) != rows[i].match)
			fail_msg("%s %s", rows[i].glob, rows[i].text);
}

/* A glob costs at most length times length, whatever is in it. */
static void glob_stays_small(void **state)
{
	char glob[1025], *text = malloc(20001);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 1022; i++)
		glob[i] = i % 2 == 0 ? '*' : 'a';
	memcpy(glob + 1022, "*b", 3);
	memset(text, 'a', 20000);
	text[20000] = '\0';
	assert_false(glob_match(glob, text));
	free(text);
}

static void pattern_limits(void **state)
{
	struct policy *p = load_when("subject ~ \"^(a+)+$\"");
	struct arena *mem = arena_new(1024);
	struct facts f = { 0 };
	struct verdict v;
	char subject[64];

	(void)state;
	memset(subject, 'a', 60);
	strcpy(subject + 60, "!");
	facts_text(&f, FACT_SUBJECT, subject);
	facts_close(&f);
	assert_int_equal(policy_pattern_limits(p), 0);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.log_count, 0);
	assert_int_equal(policy_pattern_limits(p), 1);
	facts_text(&f, FACT_SUBJECT, "aaa");
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.log_count, 1);
	assert_int_equal(policy_pattern_limits(p), 1);
	policy_free(p);
	arena_free(mem);
}

static void patterns_on_bytes(void **state)
{
	struct error err;
	size_t at = 0;
	struct pattern *p = pattern_compile("b\xc3\xbc?c", &at, &err);
	char *deep;

	(void)state;
	assert_non_null(p);
	assert_int_equal(pattern_match(p, "\xff\xfe bac"), PATTERN_NO);
	assert_int_equal(pattern_match(p, "\xff\xfe b\xc3\xbc" "c"),
	    PATTERN_YES);
	pattern_free(p);
	assert_null(pattern_compile("a(?C1)\\C", &at, &err));
	deep = malloc(402);
	assert_non_null(deep);
	memset(deep, '(', 200);
	memset(deep + 200, ')', 200);
	deep[400] = '\0';
	assert_null(pattern_compile(deep, &at, &err));
	free(deep);
	assert_null(pattern_compile("\xff", &at, &err));
	pattern_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truths),
		cmocka_unit_test(headers_unknown),
		cmocka_unit_test(written_down),
		cmocka_unit_test(globs),
		cmocka_unit_test(glob_stays_small),
		cmocka_unit_test(pattern_limits),
		cmocka_unit_test(patterns_on_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
