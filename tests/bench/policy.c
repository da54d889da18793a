/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * policy: what it costs to decide a message whose facts are known. The policy
 * has as many rules as wanted: ten kinds in turn, as people write them, with
 * lists of a hundred entries. One line of JSON with microseconds of CPU: when
 * no rule holds, so that every one is read; when the very last one does; and
 * for comparison by the policy file that is named.
 *
 * usage: policy RULES DECISIONS [FILE]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench/cost.h"
#include "facts/facts.h"
#include "policy/policy.h"

#define LIST_ENTRIES 100

/* %d: the number of the rule. */
static const char *const kinds[] = {
	"when from.domain in domains%d and dmarc.result != pass reject",
	"when client.ip in networks%d unless forwarded.likely reject",
	"when subject matches \"*offer %d*\" and spf.result != pass reject",
	"when from.domain == \"x%d.example.net\" and dkim.count == 0 and "
	    "spf.result in { fail softfail } reject",
	"when any dkim.domains in domains%d and dmarc.result == none reject",
	"when header(\"X-Mailer\") == \"Sender %d\" reject",
	"when iprev.result in { fail permerror } and spf.result != pass and "
	    "rcpt.count > %d reject",
	"when mail.domain in domains%d and from.status == ok unless "
	    "arc.result == pass reject",
	"when dmarc.result == fail and dmarc.policy in { quarantine reject } "
	    "and message.headers > %d reject",
	"when subject ~ \"(?i)\\b(invoice|payment) %d\\b\" reject",
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static void must(bool done, const char *why)
{
	if (done)
		return;
	fprintf(stderr, "policy: %s\n", why);
	exit(1);
}

static void add_lists(struct buf *b, int i)
{
	buf_addf(b, "list domains%d {", i);
	for (int k = 0; k < LIST_ENTRIES; k++)
		buf_addf(b, " \"%sd%d.l%d.example.net\"", k % 2 ? "." : "", k,
		    i);
	buf_addf(b, " }\nlist networks%d {", i);
	for (int k = 0; k < LIST_ENTRIES; k++)
		buf_addf(b, " \"10.%d.%d.0/24\"", i, k);
	buf_adds(b, " }\n");
}

/* The last rule holds for `caught`, a subject. */
static char *write_policy(int rules, const char *caught)
{
	struct buf b = { 0 };

	for (int i = 0; i < rules; i++)
		add_lists(&b, i);
	for (int i = 0; i < rules - 1; i++) {
		char rule[256];

		snprintf(rule, sizeof(rule), kinds[(size_t)i % KINDS], i);
		buf_addf(&b, "rule r%d { %s 550 5.7.1 \"no\" }\n", i, rule);
	}
	buf_addf(&b, "rule last { when subject == \"%s\" reject 550 5.7.1 "
	    "\"{from.domain}\" }\ndefault accept\n", caught);
	return buf_detach(&b);
}

static void set_word(struct facts *f, enum fact id, const char *word)
{
	const struct name *n = name_find(fact_defs[id].words, word);

	must(n != NULL, word);
	facts_word(f, id, n->code);
}

static void set_texts(struct facts *f)
{
	static const struct { enum fact id; const char *text; } texts[] = {
		{ FACT_CLIENT_NAME, "mail.example.com" },
		{ FACT_MAIL_ADDRESS, "ann@example.com" },
		{ FACT_MAIL_DOMAIN, "example.com" },
		{ FACT_RCPT_ADDRESS, "info@example.org" },
		{ FACT_RCPT_DOMAIN, "example.org" },
		{ FACT_SPF_DOMAIN, "example.com" },
		{ FACT_FROM_DOMAIN, "news.example.com" },
		{ FACT_FROM_ADDRESS, "ann@news.example.com" },
		{ FACT_SUBJECT, "Quarterly figures, and a question" },
	};
	static const struct { enum fact id; const char *word; } words[] = {
		{ FACT_CLIENT_CLASS, "outside" }, { FACT_IPREV_RESULT, "pass" },
		{ FACT_SPF_RESULT, "softfail" }, { FACT_DKIM_RESULT, "fail" },
		{ FACT_ARC_RESULT, "none" }, { FACT_DMARC_RESULT, "none" },
		{ FACT_FROM_STATUS, "ok" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		facts_text(f, texts[i].id, texts[i].text);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		set_word(f, words[i].id, words[i].word);
}

/* A message that no rule holds for, though most have to look twice. */
static void set_facts(struct facts *f)
{
	static const char *const domains[] = { "news.example.com" };
	static struct header_fact header = { "X-Mailer", "Example Mail" };
	struct ip ip;

	must(ip_parse(slice_of("198.51.100.7"), &ip), "address");
	facts_ip(f, FACT_CLIENT_IP, &ip);
	set_texts(f);
	facts_number(f, FACT_DKIM_COUNT, 1);
	facts_number(f, FACT_RCPT_COUNT, 1);
	facts_number(f, FACT_MESSAGE_HEADERS, 20);
	facts_yes_no(f, FACT_FORWARDED_LIKELY, false);
	facts_set(f, FACT_DKIM_DOMAINS, domains, 1);
	f->headers = &header;
	f->header_count = 1;
	f->headers_known = true;
	facts_close(f);
}

/* Traced: as a history or `assay check` wants to know it. */
static double decide(const struct policy *p, const struct facts *f, long n,
    const char *rule, bool traced)
{
	struct arena *mem = arena_new(65536);
	double began = cost_own_cpu_s();

	for (long i = 0; i < n; i++) {
		struct trace trace = { 0 };
		struct verdict v;

		must(policy_decide(p, f, PHASE_EOM, mem, &v,
		    traced ? &trace : NULL) &&
		    strcmp(v.rule, rule) == 0, "another rule decided");
		arena_reset(mem);
	}
	arena_free(mem);
	return (cost_own_cpu_s() - began) * 1e6 / (double)n;
}

static struct policy *checked(struct policy *p, struct policy_report *report)
{
	if (p == NULL)
		fputs(buf_text(&report->text), stderr);
	must(p != NULL, "the policy is not loaded");
	policy_report_free(report);
	return p;
}

int main(int argc, char **argv)
{
	const char *caught = "The very last";
	struct policy_report report = { 0 };
	struct facts f = { 0 };
	struct policy *p;
	int rules;
	long n;
	char *text;

	if (argc < 3 || (rules = atoi(argv[1])) < 1 || rules > 250 ||
	    (n = atol(argv[2])) < 1) {
		fputs("usage: policy RULES DECISIONS [FILE]\n", stderr);
		return 64;
	}
	text = write_policy(rules, caught);
	p = checked(policy_load_text(text, strlen(text), "bench.policy", NULL,
	    &report), &report);
	set_facts(&f);
	decide(p, &f, n / 10, "default", false);
	printf("{\"rules\": %zu, \"none_us\": %.3f", policy_rule_count(p),
	    decide(p, &f, n, "default", false));
	printf(", \"traced_us\": %.3f", decide(p, &f, n, "default", true));
	facts_text(&f, FACT_SUBJECT, caught);
	printf(", \"last_us\": %.3f", decide(p, &f, n, "last", false));
	policy_free(p);
	if (argc > 3) {
		p = checked(policy_load(argv[3], NULL, &report), &report);
		printf(", \"file_rules\": %zu, \"file_us\": %.3f",
		    policy_rule_count(p), decide(p, &f, n, "default", false));
		policy_free(p);
	}
	puts("}");
	free(text);
	return 0;
}
