/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Policies. What is refused is refused with words; what is loaded decides, and
 * what it says early is what it says at the end.
 */
#include "check/check.h"
#include "fuzz.h"
#include "policy/policy.h"

/* The facts that MAIL FROM knows, and a few that only the end knows. */
static void some_facts(struct facts *f, unsigned seed)
{
	static const char *const domains[] = { "example.org", "a.example" };
	struct ip ip;

	ip_parse(SLICE("192.0.2.1"), &ip);
	facts_ip(f, FACT_CLIENT_IP, &ip);
	facts_word(f, FACT_CLIENT_CLASS, (int)(seed % 4));
	facts_word(f, FACT_SPF_RESULT, (int)(seed / 4 % 5));
	facts_text(f, FACT_MAIL_ADDRESS, "a\"@\xff@example.org");
	facts_text(f, FACT_MAIL_DOMAIN, "example.org");
	if (seed % 2 == 0)
		return;
	facts_set(f, FACT_DKIM_DOMAINS, domains, seed / 2 % 3);
	facts_text(f, FACT_SUBJECT, "\x80 aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n!");
	facts_number(f, FACT_MESSAGE_SIZE, (int64_t)seed << 32);
	facts_yes_no(f, FACT_FORWARDED_LIKELY, seed / 2 % 2 == 0);
}

static void check_verdict(const struct verdict *v)
{
	need(v->rule != NULL && v->file != NULL, "a verdict has a source");
	if (v->action == ACTION_REJECT || v->action == ACTION_TEMPFAIL)
		need(strlen(v->code) == 3 && v->enhanced[0] == v->code[0] &&
		    fuzz_printable(v->text), "a reply can be sent");
	for (size_t i = 0; i < v->header_count; i++)
		need(fuzz_printable(v->headers[i].name) &&
		    fuzz_printable(v->headers[i].value),
		    "a header is one line");
	need(v->subject_prefix == NULL || fuzz_printable(v->subject_prefix),
	    "a subject is one line");
}

static void check_decisions(const struct policy *p)
{
	struct arena *mem = fuzz_arena();
	struct trace trace = { 0 };

	for (unsigned seed = 0; seed < 8; seed++) {
		struct facts f = { 0 };
		enum phase phase = PHASE_CONNECT + (enum phase)(seed % 4);
		struct verdict early, last;
		bool said;

		some_facts(&f, seed * 3);
		said = policy_decide(p, &f, phase, mem, &early, &trace);
		facts_close(&f);
		need(policy_decide(p, &f, PHASE_EOM, mem, &last, &trace),
		    "there is a verdict at the end");
		check_verdict(&last);
		if (said)
			need(early.action == last.action &&
			    strcmp(early.rule, last.rule) == 0,
			    "what was said early holds");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_report report = { 0 };
	struct policy *p = policy_load_text((const char *)data, size,
	    "fuzz.policy", NULL, &report);
	size_t total;

	need((p == NULL) == (report.errors > 0), "errors refuse, nothing else");
	if (p != NULL) {
		need(policy_expectations(p, NULL, NULL, &total) == 0,
		    "expectations hold");
		check_decisions(p);
	} else {
		need(report.text.data[report.text.len - 1] == '\n',
		    "what is wrong is said");
	}
	policy_free(p);
	policy_report_free(&report);
	return 0;
}
