/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What an early rule says is what would be said at the end: for thousands of
 * policies and messages, with everything later unknown, then of any value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check/check.h"
#include "policy/policy.h"
#include "random_policy.h"

#define POLICIES 4000
#define MESSAGES 12
#define ENDINGS 6

static const char *const texts[] = {
	"example.com", "mail.example.com", "closed.example.org", "1", "ann",
};
static const char *const addresses[] = {
	"bob@example.org", "ann@example.com", "x@closed.example.org",
};

static struct policy *load(const struct buf *text)
{
	struct policy_report r = { 0 };
	struct policy *p = policy_load_text(buf_text(text), text->len,
	    "random.policy", NULL, &r);

	policy_report_free(&r);
	return p;
}

static void some_value(struct dice *d, enum fact id, struct facts *f)
{
	static const char *const clients[] = {
		"192.0.2.1", "203.0.113.9", "2001:db8::1",
	};
	const struct name *words = fact_defs[id].words;
	size_t n = 0;
	struct ip ip;

	if (roll(d, 8) == 0) {
		facts_absent(f, id);
		return;
	}
	switch (fact_defs[id].type) {
	case FACT_WORD:
		while (words[n].word != NULL)
			n++;
		facts_word(f, id, words[roll(d, (unsigned)n)].code);
		break;
	case FACT_TEXT:
	case FACT_DOMAIN:
		facts_text(f, id, texts[roll(d, 5)]);
		break;
	case FACT_ADDRESS:
		facts_text(f, id, addresses[roll(d, 3)]);
		break;
	case FACT_IP:
		assert_true(ip_parse(slice_of(clients[roll(d, 3)]), &ip));
		facts_ip(f, id, &ip);
		break;
	case FACT_NUMBER:
		facts_number(f, id, roll(d, 400));
		break;
	case FACT_YES_NO:
		facts_yes_no(f, id, roll(d, 2) == 0);
		break;
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:             /* no random test asks for one */
		break;
	}
}

/* From when on a look-up can be certain, by what the session promises: the
 * class of the client says whether a list is asked at all. */
static void give_lookups(struct dice *d, struct facts *f)
{
	for (size_t i = 0; i < f->lookup_count; i++) {
		struct lookup_fact *l = &f->lookups[i];

		if (l->state != FACT_UNKNOWN)
			continue;
		l->state = roll(d, 4) == 0 ? FACT_ABSENT : FACT_KNOWN;
		l->yes = roll(d, 2) == 0;
	}
}

/* One more phase is reached. `late`: this client is not known before the
 * header is, as behind a relay. */
static void reach(struct dice *d, enum phase phase, bool late, struct facts *f)
{
	static struct header_fact header = { "X-A", NULL };

	for (int i = 0; i < FACT_COUNT; i++) {
		bool hidden = late && phase < PHASE_HEADERS &&
		    (fact_defs[i].phase < PHASE_MAIL || roll(d, 4) == 0);

		if (f->values[i].state == FACT_UNKNOWN && !hidden &&
		    fact_defs[i].phase <= phase)
			some_value(d, (enum fact)i, f);
	}
	if (phase >= PHASE_MAIL && (!late || phase >= PHASE_HEADERS))
		give_lookups(d, f);
	if (phase < PHASE_HEADERS)
		return;
	header.value = roll(d, 2) == 0 ? "1" : NULL;
	f->headers = &header;
	f->header_count = 1;
	f->headers_known = true;
	if (phase >= PHASE_EOM)
		facts_close(f);
}

static struct facts copy(struct arena *mem, const struct facts *f)
{
	struct facts new = *f;

	new.lookups = arena_memdup(mem, f->lookups,
	    f->lookup_count * sizeof(*f->lookups));
	return new;
}

static struct facts nothing(struct arena *mem, const struct policy *p)
{
	struct facts f = { 0 };
	const struct lookup *asked = policy_lookups(p, &f.lookup_count);

	f.lookups = arena_array(mem, f.lookup_count + 1, sizeof(*f.lookups));
	for (size_t i = 0; i < f.lookup_count; i++)
		f.lookups[i].name = asked[i].name;
	return f;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same(const struct verdict *a, const struct verdict *b)
{
	return a->action == b->action && strcmp(a->rule, b->rule) == 0 &&
	    same_text(a->code, b->code) &&
	    same_text(a->enhanced, b->enhanced) && same_text(a->text, b->text);
}

static void must_agree(const char *policy, enum phase phase,
    const struct verdict *now, bool said, const struct verdict *then)
{
	if (!said)
		fail_msg("%s by %s at %s, then nothing\n%s",
		    name_word(action_names, (int)now->action), now->rule,
		    name_word(phase_names, (int)phase), policy);
	if (!same(now, then))
		fail_msg("%s by %s at %s (%s), then %s by %s (%s)\n%s",
		    name_word(action_names, (int)now->action), now->rule,
		    name_word(phase_names, (int)phase), now->text,
		    name_word(action_names, (int)then->action), then->rule,
		    then->text, policy);
}

static size_t rule_index(const struct policy *p, const char *rule)
{
	size_t i = 0;

	while (strcmp(policy_hits(p, i).rule, rule) != 0)
		i++;
	return i;
}

/* The verdict given at this phase, against any way on from here. */
static void try_endings(struct dice *d, const struct policy *p,
    const char *text, const struct facts *f, bool late, enum phase phase,
    const struct verdict *now)
{
	struct arena *mem = arena_new(4096);
	struct verdict then;
	bool said;

	assert_true(now->action == ACTION_REJECT ||
	    now->action == ACTION_TEMPFAIL);
	/* Who negotiates must have known that something might be said. */
	assert_true(policy_early(p, phase));
	assert_true(policy_stage(p, rule_index(p, now->rule)) <= phase);
	for (int i = 0; i < ENDINGS; i++) {
		struct facts later = copy(mem, f);

		for (enum phase at = phase + 1; at <= PHASE_EOM; at++) {
			reach(d, at, late, &later);
			said = policy_decide(p, &later, at, mem, &then, NULL);
			must_agree(text, phase, now,
			    said || (at > PHASE_RCPT && at < PHASE_EOM),
			    said ? &then : now);
		}
		arena_reset(mem);
	}
	arena_free(mem);
}

static void try_message(struct dice *d, const struct policy *p,
    const char *text, size_t decided[PHASE_EOM])
{
	struct arena *mem = arena_new(4096);
	struct facts f = nothing(mem, p);
	bool late = roll(d, 4) == 0;
	struct verdict v;

	for (enum phase at = PHASE_CONNECT; at <= PHASE_RCPT; at++) {
		reach(d, at, late, &f);
		if (!policy_decide(p, &f, at, mem, &v, NULL))
			continue;
		decided[at]++;
		try_endings(d, p, text, &f, late, at, &v);
		break;
	}
	arena_free(mem);
}

static void early_is_final(void **state)
{
	struct dice d = { 20261123 };
	size_t decided[PHASE_EOM] = { 0 }, loaded = 0;
	struct buf text = { 0 };

	(void)state;
	while (loaded < POLICIES) {
		struct policy *p;

		random_policy(&d, &text);
		p = load(&text);
		if (p == NULL)
			continue;
		loaded++;
		for (int i = 0; i < MESSAGES; i++)
			try_message(&d, p, buf_text(&text), decided);
		policy_free(p);
	}
	buf_free(&text);
	for (enum phase at = PHASE_CONNECT; at <= PHASE_RCPT; at++) {
		print_message("%zu verdicts at %s\n", decided[at],
		    name_word(phase_names, (int)at));
		assert_true(decided[at] >= 100);
	}
}

/* From which phase on a rule may fire. */
static void stages(void **state)
{
	static const char plain[] = "client.ip == \"192.0.2.1\"";
	static const char no[] = "reject 550 5.7.1 \"no\"";
	static const struct {
		const char *label;
		const char *above;      /* a rule, or "" */
		const char *mark, *when, *deed;
		enum phase stage;
	} rows[] = {
		{ "client", "", "early", plain, no, PHASE_CONNECT },
		{ "not marked", "", "", plain, no, PHASE_EOM },
		{ "greeting", "", "early", "helo.status == bare", no,
		    PHASE_HELO },
		{ "whichever is later", "", "early", "helo.status == bare or "
		    "client.ip == \"192.0.2.1\"", no, PHASE_HELO },
		{ "its reply", "", "early", plain,
		    "reject 550 5.7.1 \"{mail.domain}\"", PHASE_MAIL },
		{ "its sample", "", "early", plain,
		    "reject 550 5.7.1 \"no\" sample 5%", PHASE_MAIL },
		{ "AUTH may follow", "", "early", "client.class == outside",
		    no, PHASE_MAIL },
		{ "AUTH exempts", "", "early", "iprev.result == fail", no,
		    PHASE_MAIL },
		{ "AUTH exempts from lists", "", "early",
		    "dnsbl(\"bl.example.net\")", no, PHASE_MAIL },
		{ "STARTTLS may follow", "", "early",
		    "tls.version != \"TLSv1.3\"", no, PHASE_MAIL },
		{ "recipient", "", "early", "rcpt.domain == \"example.org\"",
		    no, PHASE_RCPT },
		{ "below one who may log in", "rule s { when client.class == "
		    "authenticated accept }", "early", plain, no, PHASE_MAIL },
		{ "below one of the same time", "rule s { when client.ip == "
		    "\"192.0.2.2\" accept }", "early", plain, no,
		    PHASE_CONNECT },
		{ "below one that a greeting may settle", "rule s { when "
		    "helo.status == ok and dkim.result == pass accept }",
		    "early", plain, no, PHASE_HELO },
		{ "below one that watches", "rule s observe { when "
		    "dkim.result == pass reject 550 5.7.1 \"no\" }", "early",
		    plain, no, PHASE_CONNECT },
		{ "below one that waits", "rule s { when dkim.result == pass "
		    "accept }", "early", plain, no, PHASE_EOM },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf text = { 0 };
		struct policy *p;
		enum phase stage;

		buf_addf(&text, "%s\nrule a %s { when %s %s }\n"
		    "default accept\n", rows[i].above, rows[i].mark,
		    rows[i].when, rows[i].deed);
		p = load(&text);
		if (p == NULL)
			fail_msg("%s is not loaded", rows[i].label);
		stage = policy_stage(p, policy_rule_count(p) - 1);
		if (stage != rows[i].stage)
			fail_msg("%s: %s", rows[i].label,
			    name_word(phase_names, (int)stage));
		for (enum phase at = PHASE_CONNECT; at < PHASE_EOM; at++)
			assert_int_equal(policy_early(p, at), at >= stage);
		assert_false(policy_early(p, PHASE_EOM));
		policy_free(p);
		buf_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages),
		cmocka_unit_test(early_is_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
