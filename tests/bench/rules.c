/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * rules: what a decision by a policy of so many rules costs.
 *
 * usage: rules [RULES [DECISIONS]]
 *
 * No rule holds but the last, so every one is read; each asks what a policy
 * asks: a result, a domain in a list, a pattern, a network, a number.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "check/findings.h"
#include "policy/policy.h"

#define ENTRIES 1000

static const char *const tests[] = {
	"dmarc.result == fail and from.domain in partners",
	"client.ip in { \"198.51.100.0/24\" \"2001:db8::/32\" }",
	"spf.result in { fail softfail } and not dkim.result == pass",
	"subject matches \"*invoice*\" and message.size > 100000",
	"from.domain matches \"*.bank.example\" or list.id matches \"*.bad\"",
};
#define TESTS (sizeof(tests) / sizeof(*tests))

static struct policy *load(size_t rules)
{
	struct policy_report report = { 0 };
	struct buf text = { 0 };
	struct policy *p;

	buf_adds(&text, "list partners {\n");
	for (int i = 0; i < ENTRIES; i++)
		buf_addf(&text, "\t\"partner%d.example\"\n", i);
	buf_adds(&text, "}\n");
	for (size_t i = 0; i + 1 < rules; i++)
		buf_addf(&text, "rule number-%zu {\n\twhen %s\n"
		    "\treject 550 5.7.1 \"no\"\n}\n", i, tests[i % TESTS]);
	buf_adds(&text, "default accept\n");
	p = policy_load_text(buf_text(&text), text.len, "bench", NULL, &report);
	if (p == NULL)
		fputs(buf_text(&report.text), stderr);
	buf_free(&text);
	policy_report_free(&report);
	return p;
}

/* Of a message that all is well with. */
static void know(struct facts *f)
{
	static const char *const domains[] = { "news.example.net" };
	struct ip ip;

	ip_parse(slice_of("192.0.2.77"), &ip);
	for (int i = 0; i < FACT_COUNT; i++)
		facts_absent(f, (enum fact)i);
	facts_ip(f, FACT_CLIENT_IP, &ip);
	facts_word(f, FACT_SPF_RESULT, AUTH_PASS);
	facts_word(f, FACT_DKIM_RESULT, AUTH_PASS);
	facts_word(f, FACT_DMARC_RESULT, AUTH_FAIL);
	facts_set(f, FACT_DKIM_DOMAINS, domains, 1);
	facts_text(f, FACT_FROM_DOMAIN, "news.example.net");
	facts_text(f, FACT_SUBJECT, "Quarterly figures, and a question");
	facts_number(f, FACT_MESSAGE_SIZE, 20000);
}

static double decide(const struct policy *p, long count, bool traced)
{
	struct arena *mem = arena_new(16384);
	struct facts f = { 0 };
	int64_t began = clock_monotonic_us();

	know(&f);
	for (long i = 0; i < count; i++) {
		struct trace trace = { 0 };
		struct verdict v;

		if (!policy_decide(p, &f, PHASE_EOM, mem, &v,
		    traced ? &trace : NULL) || v.action != ACTION_ACCEPT)
			abort();
		arena_reset(mem);
	}
	arena_free(mem);
	return (double)(clock_monotonic_us() - began) / (double)count;
}

int main(int argc, char **argv)
{
	size_t rules = argc > 1 ? strtoul(argv[1], NULL, 10) : 50;
	long count = argc > 2 ? atol(argv[2]) : 100000;
	struct policy *p = rules > 0 && count > 0 ? load(rules) : NULL;

	if (p == NULL)
		return 1;
	decide(p, count / 10 + 1, true);
	printf("%zu rules: a verdict takes %.2f us, with its trace %.2f us\n",
	    rules, decide(p, count, false), decide(p, count, true));
	policy_free(p);
	return 0;
}
