/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "policy/policy.h"

static struct policy *load(const char *text)
{
	struct policy_report r = { 0 };
	struct policy *p = policy_load_text(text, strlen(text),
	    "/etc/x/test.policy", NULL, &r);

	if (p == NULL)
		fail_msg("%s", buf_text(&r.text));
	policy_report_free(&r);
	return p;
}

static const char text[] =
    "rule own { when client.class == authenticated accept }\n"
    "rule spf-all early { when spf.result == fail and helo.status == bare\n"
    "    reject 550 5.7.23 \"no, {mail.domain} from {client.ip} {helo.name}\" }\n"
    "rule mark { when spf.result == softfail\n"
    "    tag header \"X-Spam\" \"{spf.result}\" subject \"[s] \" log \"soft\" }\n"
    "rule mark2 { when dkim.result == fail\n"
    "    tag subject \"[d] \" header \"X-Dkim\" \"{dkim.reason}\" }\n"
    "rule slow { when dmarc.result == temperror tempfail }\n"
    "rule hold { when dmarc.result == fail quarantine \"for {from.domain}\" }\n"
    "rule gone { when dmarc.result == permerror discard }\n"
    "default accept\n"
    "expect reject by spf-all { spf.result = fail helo.status = bare }\n"
    "expect tag by mark2 { spf.result = softfail dkim.result = fail }\n"
    "expect accept not by mark { spf.result = pass }\n";

static void front_door(void **state)
{
	struct policy *p = load(text);
	size_t n = 9;

	(void)state;
	assert_string_equal(policy_name(p), "test");
	assert_int_equal(policy_rule_count(p), 7);
	assert_false(policy_per_recipient(p));
	policy_headers(p, &n);
	assert_int_equal(n, 0);
	policy_free(p);
	policy_free(NULL);
}

/* The message's end: every action, and what comes with it. */
static void verdicts(void **state)
{
	struct policy *p = load(text);
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct trace trace = { 0 };
	struct verdict v;

	(void)state;
	facts_word(&f, FACT_SPF_RESULT, AUTH_SOFTFAIL);
	facts_word(&f, FACT_DKIM_RESULT, AUTH_FAIL);
	facts_word(&f, FACT_DMARC_RESULT, AUTH_PASS);
	facts_text(&f, FACT_FROM_DOMAIN, "evil\r\nX: y\x80.example");
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, &trace));
	assert_int_equal(v.action, ACTION_TAG);
	assert_string_equal(v.rule, "mark");
	assert_int_equal(v.line, 4);
	assert_string_equal(v.file, "/etc/x/test.policy");
	assert_int_equal(v.header_count, 2);
	assert_string_equal(v.headers[0].value, "softfail");
	assert_string_equal(v.headers[1].name, "X-Dkim");
	assert_string_equal(v.headers[1].value, "unknown");
	assert_string_equal(v.subject_prefix, "[s] [d] ");
	assert_int_equal(v.log_count, 1);
	assert_null(v.code);
	assert_int_equal(trace.count, 8);
	assert_string_equal(trace.steps[2].rule, "mark");
	assert_true(trace.steps[2].fired);
	assert_int_equal(trace.steps[2].tests.count, 1);
	assert_string_equal(trace.steps[2].tests.items[0].text,
	    "spf.result == softfail");
	assert_int_equal(trace.steps[2].tests.items[0].truth, TRUTH_YES);
	assert_string_equal(trace.steps[2].tests.items[0].value, "softfail");
	assert_string_equal(trace.steps[7].rule, "default");

	facts_word(&f, FACT_DMARC_RESULT, AUTH_FAIL);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_QUARANTINE);
	/* Foreign bytes start no line. */
	assert_string_equal(v.text, "for evil??X: y?.example");
	assert_int_equal(v.header_count, 2);

	facts_word(&f, FACT_DMARC_RESULT, AUTH_TEMPERROR);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_TEMPFAIL);
	assert_string_equal(v.code, "451");
	assert_string_equal(v.enhanced, "4.7.1");
	assert_non_null(v.text);

	facts_word(&f, FACT_DMARC_RESULT, AUTH_PERMERROR);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_DISCARD);
	arena_free(mem);
	policy_free(p);
}

/* Early, only a rule marked so may fire, once all above it is decided. */
static void early(void **state)
{
	struct policy *p = load(text);
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct trace trace = { 0 };
	struct verdict v;
	struct ip ip;

	(void)state;
	assert_true(ip_parse(slice_of("192.0.2.1"), &ip));
	assert_false(policy_early(p, PHASE_CONNECT));
	assert_false(policy_early(p, PHASE_HELO));
	assert_true(policy_early(p, PHASE_MAIL));
	assert_true(policy_early(p, PHASE_HEADERS));
	assert_false(policy_early(p, PHASE_EOM));

	facts_word(&f, FACT_SPF_RESULT, AUTH_FAIL);
	facts_word(&f, FACT_HELO_STATUS, HELO_BARE);
	facts_ip(&f, FACT_CLIENT_IP, &ip);
	facts_text(&f, FACT_MAIL_DOMAIN, "example.net");
	facts_absent(&f, FACT_HELO_NAME);
	/* The class is not known: who knows whether he may do that. */
	assert_false(policy_decide(p, &f, PHASE_MAIL, mem, &v, &trace));
	assert_int_equal(trace.count, 1);
	assert_int_equal(trace.steps[0].when, TRUTH_UNKNOWN);
	assert_false(trace.steps[0].fired);

	facts_word(&f, FACT_CLIENT_CLASS, CLIENT_OUTSIDE);
	assert_true(policy_decide(p, &f, PHASE_MAIL, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_REJECT);
	assert_string_equal(v.text, "no, example.net from 192.0.2.1 unknown");
	assert_string_equal(v.code, "550");

	/* A final rule without the mark ends the reading, but not yet. */
	facts_word(&f, FACT_CLIENT_CLASS, CLIENT_AUTHENTICATED);
	assert_false(policy_decide(p, &f, PHASE_MAIL, mem, &v, NULL));
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_string_equal(v.rule, "own");

	/* Nothing early applies: nothing is said before the end. */
	facts_word(&f, FACT_CLIENT_CLASS, CLIENT_OUTSIDE);
	facts_word(&f, FACT_SPF_RESULT, AUTH_PASS);
	assert_false(policy_decide(p, &f, PHASE_HEADERS, mem, &v, NULL));
	/* Nor at the end, as long as facts are unknown: an old record. */
	assert_false(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_string_equal(v.rule, "default");
	arena_free(mem);
	policy_free(p);
}

/* Whatever is said early is what is said at the end: every state of four
 * facts, with everything later unknown or any of its values. */
static void early_is_final(void **state)
{
	struct policy *p = load(text);
	struct arena *mem = arena_new(4096);
	size_t decided = 0;

	(void)state;
	for (int n = 0; n < 3 * 4 * 3 * 3; n++) {
		struct facts f = { 0 }, later;
		struct verdict now, then;

		if (n % 3 > 0)
			facts_word(&f, FACT_CLIENT_CLASS, n % 3 == 1 ?
			    CLIENT_OUTSIDE : CLIENT_AUTHENTICATED);
		if (n / 3 % 4 > 0)
			facts_word(&f, FACT_SPF_RESULT, n / 3 % 4 == 1 ?
			    AUTH_FAIL : n / 3 % 4 == 2 ? AUTH_SOFTFAIL :
			    AUTH_PASS);
		if (n / 12 % 3 > 0)
			facts_word(&f, FACT_HELO_STATUS, n / 12 % 3 == 1 ?
			    HELO_BARE : HELO_OK);
		/* What the reply names. */
		facts_absent(&f, FACT_CLIENT_IP);
		facts_absent(&f, FACT_HELO_NAME);
		facts_absent(&f, FACT_MAIL_DOMAIN);
		later = f;
		if (n / 36 > 0)
			facts_word(&later, FACT_DMARC_RESULT, n / 36 == 1 ?
			    AUTH_FAIL : AUTH_TEMPERROR);
		facts_close(&later);
		if (policy_decide(p, &f, PHASE_MAIL, mem, &now, NULL)) {
			assert_true(policy_decide(p, &later, PHASE_EOM, mem,
			    &then, NULL));
			assert_int_equal(now.action, then.action);
			assert_string_equal(now.rule, then.rule);
			decided++;
		}
		arena_reset(mem);
	}
	assert_true(decided > 0);
	arena_free(mem);
	policy_free(p);
}

static void recipients(void **state)
{
	struct policy *p = load("rule vip early { when rcpt.domain == "
	    "\"closed.example\" reject 550 5.7.1 \"{rcpt.address} is closed\" }\n"
	    "rule h { when header(\"X-A\") == \"1\" or header(\"X-B\") == \"1\" "
	    "log \"h\" }\ndefault accept\n");
	struct arena *mem = arena_new(1024);
	struct facts f = { 0 };
	const char *const *headers;
	struct verdict v;
	size_t n = 0;

	(void)state;
	assert_true(policy_per_recipient(p));
	headers = policy_headers(p, &n);
	assert_int_equal(n, 2);
	assert_string_equal(headers[0], "X-A");
	assert_string_equal(headers[1], "X-B");
	assert_false(policy_early(p, PHASE_MAIL));
	assert_true(policy_early(p, PHASE_RCPT));
	assert_false(policy_decide(p, &f, PHASE_RCPT, mem, &v, NULL));
	facts_text(&f, FACT_RCPT_DOMAIN, "closed.example");
	/* The reply cannot be said yet. */
	assert_false(policy_decide(p, &f, PHASE_RCPT, mem, &v, NULL));
	facts_text(&f, FACT_RCPT_ADDRESS, "\"a b\"@closed.example");
	assert_true(policy_decide(p, &f, PHASE_RCPT, mem, &v, NULL));
	assert_string_equal(v.text, "\"a b\"@closed.example is closed");
	arena_free(mem);
	policy_free(p);
}

static void long_facts_are_cut(void **state)
{
	struct policy *p = load("rule r { when subject != \"x\" reject 550 5.7.1 "
	    "\"{subject}{subject}{subject}{subject}{subject} {{}} end\" }\n"
	    "default accept\n");
	struct arena *mem = arena_new(1024);
	char *subject = malloc(100001);
	struct facts f = { 0 };
	struct verdict v;

	(void)state;
	assert_non_null(subject);
	memset(subject, 's', 100000);
	subject[100000] = '\0';
	facts_text(&f, FACT_SUBJECT, subject);
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(strlen(v.text), 440);
	facts_text(&f, FACT_SUBJECT, "a");
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_string_equal(v.text, "aaaaa {} end");
	free(subject);
	arena_free(mem);
	policy_free(p);
}

static void expectations_told(void **state)
{
	struct policy *p = load(text);
	struct json *j = json_new();
	struct buf out = { 0 };
	size_t total = 0;
	json_t *root, *list;
	char *rendered;

	(void)state;
	assert_int_equal(policy_expectations(p, &out, j, &total), 0);
	assert_int_equal(total, 3);
	assert_non_null(strstr(buf_text(&out),
	    "test.policy:13: ok: tag by mark2\n"));
	rendered = json_finish(j, false);
	root = json_loads(rendered, 0, NULL);
	list = json_object_get(root, "expectations");
	assert_int_equal(json_array_size(list), 3);
	assert_string_equal(json_string_value(json_object_get(
	    json_array_get(list, 0), "expected")), "reject by spf-all");
	assert_string_equal(json_string_value(json_object_get(
	    json_array_get(list, 0), "got")), "reject by spf-all");
	json_decref(root);
	free(rendered);
	assert_int_equal(policy_expectations(p, NULL, NULL, &total), 0);
	buf_free(&out);
	policy_free(p);
}

/* The policies that come with it, as an administrator would first load them,
 * and again with domains of his own. */
static void shipped(void **state)
{
	static const char *const names[] = { "observe", "standard", "strict" };
	static const char *const own[] = { "mine.example", ".mine.example" };
	const struct policy_extra extra = { "local-domains", own, 2 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct policy_report r = { 0 };
		struct policy *p;
		char path[512];
		size_t total;

		snprintf(path, sizeof(path), "%s/policy/%s.policy",
		    ASSAY_SOURCE, names[i]);
		p = policy_load(path, NULL, &r);
		if (p == NULL)
			fail_msg("%s", buf_text(&r.text));
		assert_int_equal(r.warnings, 1);
		assert_string_equal(policy_name(p), names[i]);
		assert_int_equal(policy_expectations(p, NULL, NULL, &total), 0);
		assert_true(total >= 2 * policy_rule_count(p));
		policy_free(p);
		policy_report_free(&r);
		p = policy_load(path, &extra, &r);
		assert_non_null(p);
		assert_int_equal(r.warnings, 0);
		policy_free(p);
		policy_report_free(&r);
	}
}

/* RFC 9989 7.4: p=reject alone rejects nothing in `standard`; it takes some
 * other fact, and every other fact there is gets its chance to be it. */
static void standard_keeps_the_rfc(void **state)
{
	struct policy_report r = { 0 };
	struct policy *p = policy_load(ASSAY_SOURCE "/policy/standard.policy",
	    NULL, &r);
	struct arena *mem = arena_new(4096);

	(void)state;
	assert_non_null(p);
	for (int spf = AUTH_NONE; spf <= AUTH_PERMERROR; spf++)
		for (int dkim = 0; dkim < 4; dkim++) {
			struct facts f = { 0 };
			struct verdict v;

			facts_word(&f, FACT_CLIENT_CLASS, CLIENT_OUTSIDE);
			facts_word(&f, FACT_FROM_STATUS, AUTHOR_OK);
			facts_text(&f, FACT_FROM_DOMAIN, "example.net");
			facts_word(&f, FACT_IPREV_RESULT, AUTH_PASS);
			facts_word(&f, FACT_SPF_RESULT, spf);
			facts_word(&f, FACT_DKIM_RESULT, dkim == 0 ?
			    AUTH_NONE : AUTH_FAIL);
			facts_number(&f, FACT_DKIM_COUNT, dkim);
			facts_word(&f, FACT_DMARC_RESULT, AUTH_FAIL);
			facts_word(&f, FACT_DMARC_POLICY, DMARC_POLICY_REJECT);
			facts_close(&f);
			assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v,
			    NULL));
			/* What might have been a pass is tried again. */
			assert_int_equal(v.action, spf == AUTH_TEMPERROR ?
			    ACTION_TEMPFAIL : spf == AUTH_FAIL && dkim == 0 ?
			    ACTION_REJECT : ACTION_TAG);
			/* And nothing at all by SPF, without DMARC. */
			facts_word(&f, FACT_DMARC_RESULT, AUTH_NONE);
			facts_absent(&f, FACT_DMARC_POLICY);
			assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v,
			    NULL));
			assert_int_equal(v.action, ACTION_ACCEPT);
		}
	arena_free(mem);
	policy_free(p);
	policy_report_free(&r);
}

static void *decide_often(void *arg)
{
	const struct policy *p = arg;
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct verdict v;
	size_t tags = 0;

	facts_word(&f, FACT_SPF_RESULT, AUTH_SOFTFAIL);
	facts_text(&f, FACT_SUBJECT, "cheap money");
	facts_text(&f, FACT_FROM_DOMAIN, "a.example.org");
	facts_close(&f);
	for (int i = 0; i < 500; i++) {
		struct trace t = { 0 };

		if (policy_decide(p, &f, PHASE_EOM, mem, &v, &t) &&
		    v.action == ACTION_TAG)
			tags++;
		arena_reset(mem);
	}
	arena_free(mem);
	return tags == 500 ? arg : NULL;
}

/* A loaded policy is shared by all threads. */
static void shared(void **state)
{
	struct policy *p = load("list l { \".example.org\" }\n"
	    "rule r { when subject ~ \"(m|n)oney$\" and from.domain in l "
	    "tag subject \"[x] \" }\ndefault accept\n");
	pthread_t threads[4];
	void *result;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    decide_often, p), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, p);
	}
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(front_door),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(early),
		cmocka_unit_test(early_is_final),
		cmocka_unit_test(recipients),
		cmocka_unit_test(long_facts_are_cut),
		cmocka_unit_test(expectations_told),
		cmocka_unit_test(shipped),
		cmocka_unit_test(standard_keeps_the_rfc),
		cmocka_unit_test(shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
