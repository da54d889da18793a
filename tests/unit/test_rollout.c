/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Rules on their way from being watched to acting: observe, sample, at-most,
 * and what is counted of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "policy/policy.h"

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

static const struct rule_hit *hit(const struct verdict *v, const char *rule)
{
	for (size_t i = 0; i < v->hit_count; i++)
		if (strcmp(v->hits[i].rule, rule) == 0)
			return &v->hits[i];
	return NULL;
}

/* It would have refused, tagged, counted; nothing of it happens. */
static void observed(void **state)
{
	struct policy *p = load(
	    "rule a observe { when spf.result == fail\n"
	    "    reject 550 5.7.23 \"no\" log \"note\" count fails }\n"
	    "rule b observe { when spf.result == fail\n"
	    "    tag header \"X-A\" \"1\" subject \"[x] \" }\n"
	    "rule c { when spf.result == fail report override local_policy\n"
	    "    report override other report override local_policy\n"
	    "    count seen }\n"
	    "rule d observe { when spf.result == pass discard }\n"
	    "default accept\n");
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct trace trace = { 0 };
	struct verdict v;

	(void)state;
	facts_word(&f, FACT_SPF_RESULT, AUTH_FAIL);
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, &trace));
	assert_int_equal(v.action, ACTION_ACCEPT);
	assert_string_equal(v.rule, "default");
	assert_int_equal(v.header_count, 0);
	assert_int_equal(v.log_count, 0);
	assert_null(v.subject_prefix);
	assert_int_equal(v.count_count, 1);
	assert_int_equal(v.override_count, 2);
	assert_int_equal(v.overrides[0], OVERRIDE_LOCAL_POLICY);
	assert_int_equal(v.overrides[1], OVERRIDE_OTHER);
	assert_int_equal(v.hit_count, 4);
	assert_int_equal(hit(&v, "a")->effect, EFFECT_OBSERVED);
	assert_string_equal(hit(&v, "a")->action, "reject");
	assert_string_equal(hit(&v, "b")->action, "tag");
	assert_int_equal(hit(&v, "c")->effect, EFFECT_ACTED);
	assert_string_equal(hit(&v, "default")->action, "accept");
	assert_null(hit(&v, "d"));
	assert_false(trace.steps[0].fired);
	assert_int_equal(trace.steps[0].effect, EFFECT_OBSERVED);
	assert_string_equal(trace.steps[0].note, "observed only: would reject");
	policy_free(p);
	/* Nobody is asked early for what acts never. */
	p = load("rule w early observe { when helo.status == bare "
	    "reject 550 5.7.1 \"no\" }\ndefault accept\n");
	assert_false(policy_early(p, PHASE_RCPT));
	arena_free(mem);
	policy_free(p);
}

static void sender(struct facts *f, int i)
{
	static char address[64];

	snprintf(address, sizeof(address), "news%d@list.example", i);
	facts_text(f, FACT_MAIL_ADDRESS, address);
}

/* A share that is what it says, the same one each time, and another one for
 * another rule; what is in a small sample is in every larger one. */
static void sampled(void **state)
{
	struct policy *small = load("rule r { when spf.result == fail sample "
	    "10% reject 550 5.7.23 \"no\" }\ndefault accept\n");
	struct policy *large = load("rule r { when spf.result == fail sample "
	    "40% reject 550 5.7.23 \"no\" }\ndefault accept\n");
	struct policy *other = load("rule other { when spf.result == fail "
	    "sample 40% reject 550 5.7.23 \"no\" }\ndefault accept\n");
	struct arena *mem = arena_new(4096);
	size_t few = 0, more = 0, differ = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct facts f = { 0 };
		struct verdict a, again, b, c;

		facts_word(&f, FACT_SPF_RESULT, AUTH_FAIL);
		facts_text(&f, FACT_FROM_DOMAIN, "list.example");
		sender(&f, i);
		facts_close(&f);
		assert_true(policy_decide(small, &f, PHASE_EOM, mem, &a, NULL));
		assert_true(policy_decide(large, &f, PHASE_EOM, mem, &b, NULL));
		assert_true(policy_decide(other, &f, PHASE_EOM, mem, &c, NULL));
		/* The next attempt: from another host of the sender's. */
		facts_text(&f, FACT_CLIENT_NAME, "out2.list.example");
		facts_word(&f, FACT_IPREV_RESULT, AUTH_PASS);
		assert_true(policy_decide(small, &f, PHASE_EOM, mem, &again,
		    NULL));
		assert_int_equal(a.action, again.action);
		assert_true(a.action == ACTION_ACCEPT ||
		    b.action == ACTION_REJECT);
		if (a.action == ACTION_ACCEPT)
			assert_int_equal(hit(&a, "r")->effect,
			    EFFECT_UNSAMPLED);
		few += a.action == ACTION_REJECT;
		more += b.action == ACTION_REJECT;
		differ += b.action != c.action;
		arena_reset(mem);
	}
	/* The hash is fixed, so these are numbers, not chances. */
	assert_in_range(few, 400, 600);
	assert_in_range(more, 1850, 2150);
	assert_in_range(differ, 2000, 2800);
	arena_free(mem);
	policy_free(small);
	policy_free(large);
	policy_free(other);
}

/* 100% is everybody; a null sender is known by its HELO name. */
static void sample_edges(void **state)
{
	struct policy *all = load("rule r { sample 100% reject 550 5.7.1 \"no\" "
	    "}\ndefault accept\n");
	struct policy *half = load("rule r { sample 50% reject 550 5.7.1 \"no\" "
	    "}\ndefault accept\n");
	struct arena *mem = arena_new(4096);
	size_t refused = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct facts f = { 0 };
		struct verdict v;
		char helo[32];

		snprintf(helo, sizeof(helo), "h%d.example", i);
		facts_text(&f, FACT_HELO_NAME, helo);
		facts_close(&f);
		assert_true(policy_decide(all, &f, PHASE_EOM, mem, &v, NULL));
		assert_int_equal(v.action, ACTION_REJECT);
		assert_true(policy_decide(half, &f, PHASE_EOM, mem, &v, NULL));
		refused += v.action == ACTION_REJECT;
		arena_reset(mem);
	}
	assert_in_range(refused, 70, 130);
	arena_free(mem);
	policy_free(all);
	policy_free(half);
}

static const char slow[] =
    "rule slow { when dmarc.result == temperror\n"
    "    tempfail 451 4.7.24 \"later\" log \"dns\" at-most 6h\n"
    "    tag header \"X-Spam-Flag\" \"YES\" }\n"
    "rule bad { when spf.result == fail reject 550 5.7.23 \"no\" }\n"
    "default accept\n";

static void deferred(void **state)
{
	static const char *const rules[] = { "slow" };
	const struct policy_past past = { rules, 1 };
	struct policy *p = load(slow);
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct verdict v;
	uint64_t key;

	(void)state;
	facts_word(&f, FACT_DMARC_RESULT, AUTH_TEMPERROR);
	facts_text(&f, FACT_FROM_DOMAIN, "example.net");
	facts_text(&f, FACT_MAIL_ADDRESS, "A@Example.net");
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_TEMPFAIL);
	assert_int_equal(v.defer_most, 6 * 3600);
	assert_int_equal(v.header_count, 0);
	assert_int_equal(v.log_count, 1);
	key = v.defer_key;
	facts_text(&f, FACT_MAIL_ADDRESS, "a@example.net");
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_true(v.defer_key == key);
	facts_text(&f, FACT_FROM_DOMAIN, "example.com");
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_true(v.defer_key != key);

	/* Deferred for long enough: it passes, and bears a mark that says so. */
	assert_true(policy_decide_past(p, &f, &past, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_TAG);
	assert_string_equal(v.rule, "slow");
	assert_int_equal(v.defer_most, 0);
	assert_int_equal(v.header_count, 2);
	assert_string_equal(v.headers[0].name, "Assay-Deferral");
	assert_string_equal(v.headers[0].value, "rule=slow; at-most=21600s");
	assert_string_equal(v.headers[1].name, "X-Spam-Flag");
	assert_int_equal(hit(&v, "slow")->effect, EFFECT_WAITED);
	/* And the rules below it are asked. */
	facts_word(&f, FACT_SPF_RESULT, AUTH_FAIL);
	assert_true(policy_decide_past(p, &f, &past, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_REJECT);
	assert_string_equal(v.rule, "bad");
	arena_free(mem);
	policy_free(p);
}

static const char early_text[] =
    "rule watch early observe { when spf.result == softfail\n"
    "    reject 550 5.7.23 \"soft\" }\n"
    "rule late observe { when dkim.result == fail reject 550 5.7.20 \"no\" }\n"
    "rule part { when iprev.result == fail sample 50%\n"
    "    reject 550 5.7.25 \"no name\" }\n"
    "rule share early { when spf.result == fail sample 50%\n"
    "    reject 550 5.7.23 \"spf\" }\n"
    "rule wait early { when spf.result == temperror\n"
    "    tempfail 451 4.7.24 \"later\" at-most 1h }\n"
    "rule to early { when rcpt.domain == \"closed.example\" sample 50%\n"
    "    reject 550 5.7.1 \"closed\" }\n"
    "rule bare early { when helo.status == bare\n"
    "    reject 550 5.7.1 \"helo\" }\n"
    "default accept\n";

/* One state of the facts known at RCPT, and what comes later. */
static void some_state(int n, struct facts *now, struct facts *then)
{
	static const int spf[] = { AUTH_FAIL, AUTH_SOFTFAIL, AUTH_TEMPERROR,
	    AUTH_PASS };

	*now = (struct facts){ 0 };
	sender(now, n % 16);
	facts_word(now, FACT_SPF_RESULT, spf[n / 16 % 4]);
	facts_word(now, FACT_HELO_STATUS, n / 64 % 2 == 0 ? HELO_BARE :
	    HELO_OK);
	facts_text(now, FACT_HELO_NAME, "h.example");
	facts_word(now, FACT_IPREV_RESULT, n / 128 % 2 == 0 ? AUTH_FAIL :
	    AUTH_PASS);
	if (n / 256 % 2 == 0) {
		facts_text(now, FACT_RCPT_DOMAIN, "closed.example");
		facts_text(now, FACT_RCPT_ADDRESS, "x@closed.example");
	}
	*then = *now;
	facts_text(then, FACT_FROM_DOMAIN, "from.example");
	facts_word(then, FACT_DKIM_RESULT, n / 512 == 0 ? AUTH_FAIL :
	    AUTH_PASS);
	facts_close(then);
}

/* What is said early is what is said at the end: with samples, with deferrals
 * that are used up and others, and with rules that only observe. */
static void early_is_final(void **state)
{
	static const char *const rules[] = { "wait" };
	struct policy *p = load(early_text);
	struct arena *mem = arena_new(4096);
	size_t decided[4] = { 0 };

	(void)state;
	for (int n = 0; n < 2048; n++) {
		const struct policy_past past = { rules, n / 1024 };
		struct facts f, later;
		struct verdict now, then;

		some_state(n % 1024, &f, &later);
		if (policy_decide_past(p, &f, &past, PHASE_RCPT, mem, &now,
		    NULL)) {
			assert_true(policy_decide_past(p, &later, &past,
			    PHASE_EOM, mem, &then, NULL));
			assert_int_equal(now.action, then.action);
			assert_string_equal(now.rule, then.rule);
			assert_true(now.defer_key == then.defer_key);
			decided[strcmp(now.rule, "share") == 0 ? 0 :
			    strcmp(now.rule, "wait") == 0 ? 1 :
			    strcmp(now.rule, "to") == 0 ? 2 : 3]++;
		}
		arena_reset(mem);
	}
	for (size_t i = 0; i < 4; i++)
		assert_true(decided[i] > 0);
	assert_true(policy_early(p, PHASE_MAIL));
	arena_free(mem);
	policy_free(p);
}

/* Deciding counts nothing; what is acted on counts once. */
static void counted(void **state)
{
	static const char *const rules[] = { "slow" };
	const struct policy_past past = { rules, 1 };
	struct policy *p = load("rule w observe { when spf.result == fail "
	    "count w }\nrule c { when spf.result == fail count fails count "
	    "fails count both }\nrule d { count both }\n"
	    "rule slow { when dmarc.result == temperror tempfail at-most 1h "
	    "count slow }\ndefault accept\n"
	    "expect accept not by slow { spf.result = fail }\n");
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct verdict v;

	(void)state;
	facts_word(&f, FACT_SPF_RESULT, AUTH_FAIL);
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	assert_int_equal(policy_hits(p, 4).acted, 0);
	policy_count(p, &v);
	policy_count(p, &v);
	assert_string_equal(policy_hits(p, 0).rule, "w");
	assert_int_equal(policy_hits(p, 0).acted, 0);
	assert_int_equal(policy_hits(p, 0).observed, 2);
	assert_int_equal(policy_hits(p, 1).acted, 2);
	assert_int_equal(policy_hits(p, 3).acted, 0);
	assert_string_equal(policy_hits(p, 4).rule, "default");
	assert_int_equal(policy_hits(p, 4).acted, 2);
	facts_word(&f, FACT_DMARC_RESULT, AUTH_TEMPERROR);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	policy_count(p, &v);
	assert_true(policy_decide_past(p, &f, &past, PHASE_EOM, mem, &v, NULL));
	policy_count(p, &v);
	assert_int_equal(policy_hits(p, 3).acted, 1);
	assert_int_equal(policy_hits(p, 3).waited, 1);
	assert_int_equal(policy_hits(p, 3).line, 4);
	assert_int_equal(policy_counter_count(p), 4);
	assert_int_equal(policy_counter(p, 0).acted, 0);
	assert_string_equal(policy_counter(p, 0).rule, "w");
	assert_int_equal(policy_counter(p, 1).acted, 4);
	assert_string_equal(policy_counter(p, 1).rule, "fails");
	assert_int_equal(policy_counter(p, 2).acted, 4);
	assert_string_equal(policy_counter(p, 2).rule, "both");
	assert_int_equal(policy_counter(p, 3).acted, 2);
	arena_free(mem);
	policy_free(p);
}

/* A reload goes on counting for what is the same, and in one tally with those
 * who still use the old policy. */
static void counts_are_kept(void **state)
{
	struct policy *old = load("rule a { when spf.result == fail log \"x\" "
	    "count n }\nrule b { when spf.result == fail log \"x\" }\n"
	    "default accept\n");
	struct policy *p = load("# moved\nrule b { when spf.result == fail "
	    "log \"y\" }\nrule new { log \"x\" count m count n }\n"
	    "rule a {\n\twhen spf.result == fail\n\tlog \"x\" count n\n}\n"
	    "default accept\n");
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct verdict v;

	(void)state;
	facts_word(&f, FACT_SPF_RESULT, AUTH_FAIL);
	facts_close(&f);
	assert_true(policy_decide(old, &f, PHASE_EOM, mem, &v, NULL));
	policy_count(old, &v);
	policy_keep_counts(p, old);
	policy_count(old, &v);
	policy_free(old);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	policy_count(p, &v);
	assert_string_equal(policy_hits(p, 0).rule, "b");
	assert_int_equal(policy_hits(p, 0).acted, 1);   /* it was changed */
	assert_int_equal(policy_hits(p, 1).acted, 1);
	assert_int_equal(policy_hits(p, 2).acted, 3);
	assert_int_equal(policy_hits(p, 3).acted, 3);   /* default */
	assert_true(policy_hits(p, 2).since > 0);
	assert_int_equal(policy_counter(p, 0).acted, 1);        /* m */
	assert_int_equal(policy_counter(p, 1).acted, 3);        /* n */
	arena_free(mem);
	policy_free(p);
}

/* For one recipient it acted, for another it was observed: both are told, and
 * the message counts once. */
static void merged(void **state)
{
	struct policy *p = load("rule r { when rcpt.domain in { \"a.example\" "
	    "\"b.example\" } log \"x\" count n report override other }\n"
	    "rule o observe { when rcpt.domain == \"b.example\" discard }\n"
	    "default accept\n");
	struct arena *mem = arena_new(4096);
	struct verdict each[3], v;
	bool discards[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		static const char *const to[] = { "a.example", "b.example",
		    "c.example" };
		struct facts f = { 0 };

		facts_text(&f, FACT_RCPT_DOMAIN, to[i]);
		facts_close(&f);
		assert_true(policy_decide(p, &f, PHASE_EOM, mem, &each[i],
		    NULL));
	}
	v = verdict_merge(mem, each, 3, discards);
	assert_int_equal(v.hit_count, 3);
	assert_int_equal(hit(&v, "o")->effect, EFFECT_OBSERVED);
	assert_int_equal(v.count_count, 1);
	assert_int_equal(v.override_count, 1);
	policy_count(p, &v);
	assert_int_equal(policy_hits(p, 0).acted, 1);
	assert_int_equal(policy_hits(p, 2).acted, 1);
	arena_free(mem);
	policy_free(p);
}

/* A policy in several files: one tree, lists beside their own file. */
static void included(void **state)
{
	struct policy_report r = { 0 };
	struct policy *p = policy_load(ASSAY_SOURCE
	    "/tests/cases/policy/parts/whole.policy", NULL, &r);
	struct arena *mem = arena_new(4096);
	struct facts f = { 0 };
	struct trace trace = { 0 };
	struct verdict v;

	(void)state;
	if (p == NULL)
		fail_msg("%s", buf_text(&r.text));
	assert_int_equal(r.warnings, 0);
	assert_int_equal(policy_rule_count(p), 4);
	facts_text(&f, FACT_FROM_DOMAIN, "example.org");
	facts_word(&f, FACT_DMARC_RESULT, AUTH_FAIL);
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, &trace));
	assert_string_equal(v.rule, "inner");
	assert_non_null(strstr(v.file, "/parts/inner/inner.policy"));
	assert_int_equal(v.line, 3);
	assert_string_equal(trace.steps[0].rule, "outer");
	assert_non_null(strstr(trace.steps[0].file, "/parts/whole.policy"));
	assert_int_equal(policy_hits(p, 4).line, 9);
	policy_report_free(&r);
	arena_free(mem);
	policy_free(p);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Another text of an included file is another version of the policy, and who
 * watches the files is told of it. */
static void included_text_counts(void **state)
{
	char folder[] = "/tmp/assay-include.XXXXXX", part[64], main_path[64];
	char first[32] = "";

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(part, sizeof(part), "%s/part.policy", folder);
	snprintf(main_path, sizeof(main_path), "%s/main.policy", folder);
	write_file(main_path, "include \"part.policy\"\ndefault accept\n");
	for (int i = 0; i < 2; i++) {
		struct policy_report r = { 0 };
		struct policy *p;

		write_file(part, i == 0 ? "rule a { log \"1\" }\n" :
		    "rule a { log \"2\" }\n");
		p = policy_load(main_path, NULL, &r);
		assert_non_null(p);
		assert_int_equal(r.file_count, 2);
		assert_string_equal(r.files[1].path, part);
		if (i == 0)
			snprintf(first, sizeof(first), "%s",
			    policy_version(p));
		else
			assert_string_not_equal(first, policy_version(p));
		policy_report_free(&r);
		policy_free(p);
	}
	unlink(part);
	unlink(main_path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observed),
		cmocka_unit_test(sampled),
		cmocka_unit_test(sample_edges),
		cmocka_unit_test(deferred),
		cmocka_unit_test(early_is_final),
		cmocka_unit_test(counted),
		cmocka_unit_test(counts_are_kept),
		cmocka_unit_test(merged),
		cmocka_unit_test(included),
		cmocka_unit_test(included_text_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
