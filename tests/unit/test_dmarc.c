/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "check/check.h"
#include "check/dmarc/dmarc.h"
#include "check/dmarc/record.h"
#include "check/dmarc/walk.h"
#include "dns/zone.h"
#include "mail/domain.h"

struct world {
	struct arena *mem;
	struct resolver *resolver;
	struct inquiry *dns;
};

static struct world world_new(const char *label, const char *zone)
{
	const struct inquiry_limits limits = { .query_ms = 50 };
	struct world w = { .mem = arena_new(4096) };
	struct error err = { "" };

	w.resolver = zone_resolver(slice_of(zone), label, &err);
	if (w.resolver == NULL)
		fail_msg("%s", err.text);
	w.dns = inquiry_new(w.mem, w.resolver, &limits, NULL);
	return w;
}

static void world_free(struct world *w)
{
	arena_free(w->mem);
	resolver_drop(w->resolver);
}

/* "a b c" as a list. */
static size_t split(struct arena *mem, const char *text, const char ***out)
{
	struct slice rest = slice_of(text);
	size_t n = 0;

	*out = arena_array(mem, 40, sizeof(**out));
	while (rest.data != NULL && n < 40) {
		struct slice word = slice_cut(&rest, ' ');

		(*out)[n++] = arena_strndup(mem, word.data, word.len);
	}
	return n;
}

#define REC(name, text) "_dmarc." name " TXT \"" text "\"\n"
#define EXISTS(name) name " A 192.0.2.1\n"

static const struct {
	const char *label;
	const char *zone;
	const char *author;
	const char *spf;                /* domain that passed */
	const char *dkim;               /* domains that passed */
	unsigned limit;                 /* 0: 10 */
	const char *found;              /* result policy disposition discovery
					 * org policy-domain */
	const char *reason;
} cases[] = {
	{ "aligned by spf, relaxed", REC("example.com", "v=DMARC1; p=reject"),
	    "example.com", "b.example.com", NULL, 0,
	    "pass reject none author example.com example.com",
	    "aligned: SPF b.example.com (org example.com)" },
	{ "aligned by dkim, identical", REC("example.com",
	    "v=DMARC1; p=reject; adkim=s"), "example.com", "x.example.net",
	    "example.org example.com", 0,
	    "pass reject none author example.com example.com",
	    "aligned: DKIM example.com (identical)" },
	{ "nothing authenticated", REC("example.com",
	    "v=DMARC1; p=quarantine; t=y"), "example.com", NULL, NULL, 0,
	    "fail none none author example.com example.com",
	    "no aligned identifier: no SPF pass, no DKIM pass" },
	{ "strangers", REC("example.com", "v=DMARC1; p=reject"),
	    "example.com", "bounce.example.net", "evilexample.com com", 0,
	    "fail reject reject author example.com example.com",
	    "no aligned identifier: SPF bounce.example.net (outside of "
	    "example.com), DKIM evilexample.com (outside of example.com), DKIM "
	    "com (outside of example.com)" },
	{ "an org domain of its own below",
	    REC("example.com", "v=DMARC1; p=reject")
	    REC("own.example.com", "v=DMARC1; p=none; psd=n"),
	    "example.com", NULL, "m.own.example.com", 0,
	    "fail reject reject author example.com example.com",
	    "no aligned identifier: no SPF pass, DKIM m.own.example.com (org "
	    "own.example.com)" },
	{ "strict", REC("example.com", "v=DMARC1; p=reject; aspf=s"),
	    "example.com", "m.example.com", NULL, 0,
	    "fail reject reject author example.com example.com",
	    "no aligned identifier: SPF m.example.com (not identical, as "
	    "strict mode demands), no DKIM pass" },
	{ "no record", EXISTS("example.com"), "example.com", "example.com",
	    NULL, 0, "none - none none example.com -",
	    "no DMARC record for example.com" },
	{ "two records", REC("example.com", "v=DMARC1; p=reject")
	    REC("example.com", "v=DMARC1; p=none"), "example.com", NULL, NULL,
	    0, "none - none none example.com -",
	    "no DMARC record for example.com: several at _dmarc.example.com "
	    "count as none" },
	{ "unusable", REC("example.com", "v=DMARC1; p=rejct"), "example.com",
	    "example.com", NULL, 0, "none - none none example.com -",
	    "the record at _dmarc.example.com cannot be applied: p= is invalid "
	    "and it has no reporting URI" },
	{ "failure at the author", "_dmarc.example.com STATUS servfail\n",
	    "example.com", "example.com", "example.com", 0,
	    "temperror - none none - -",
	    "DNS failure at _dmarc.example.com" },
	{ "timeout at the author", "_dmarc.example.com STATUS timeout\n",
	    "example.com", "example.com", "example.com", 0,
	    "temperror - none none - -",
	    "DNS timeout at _dmarc.example.com" },
	{ "bogus above", "_dmarc.example.com STATUS bogus\n",
	    "m.example.com", NULL, NULL, 0, "temperror - none none - -",
	    "DNSSEC failure at _dmarc.example.com" },
	{ "failure above, identical", REC("m.example.com",
	    "v=DMARC1; p=reject") "_dmarc.example.com STATUS servfail\n",
	    "m.example.com", "m.example.com", NULL, 0,
	    "pass reject none author - m.example.com",
	    "aligned: SPF m.example.com (identical)" },
	{ "failure above, another", REC("m.example.com",
	    "v=DMARC1; p=reject") "_dmarc.example.com STATUS servfail\n",
	    "m.example.com", NULL, "example.com", 0,
	    "temperror reject none author - m.example.com",
	    "alignment cannot be told: DKIM example.com (DNS failure at "
	    "_dmarc.example.com)" },
	{ "failure above, cannot align by its own org", REC("m.example.com",
	    "v=DMARC1; p=reject") "_dmarc.example.com STATUS servfail\n"
	    REC("other.com", "v=DMARC1; p=none"),
	    "m.example.com", NULL, "x.other.com x.other.net", 0,
	    "fail reject reject author - m.example.com",
	    "no aligned identifier: no SPF pass, DKIM x.other.com (org "
	    "other.com), DKIM x.other.net (another top-level domain)" },
	{ "failure above, may yet align", REC("m.example.com",
	    "v=DMARC1; p=reject") "_dmarc.example.com STATUS servfail\n"
	    REC("com", "v=DMARC1; p=none"), "m.example.com", NULL, "other.com",
	    0, "temperror reject none author - m.example.com",
	    "alignment cannot be told: DKIM other.com (DNS failure at "
	    "_dmarc.example.com)" },
	{ "an identifier's walk fails, another aligns",
	    REC("example.com", "v=DMARC1; p=reject")
	    "_dmarc.a.example.com STATUS servfail\n", "example.com",
	    "a.example.com", "b.example.com", 0,
	    "pass reject none author example.com example.com",
	    "aligned: DKIM b.example.com (org example.com)" },
	{ "beyond the limit", REC("example.com", "v=DMARC1; p=reject")
	    REC("a.example.com", "v=DMARC1; p=none; psd=n")
	    REC("b.example.com", "v=DMARC1; p=none; psd=n"), "example.com",
	    NULL, "a.example.com b.example.com c.example.com", 2,
	    "temperror reject none author example.com example.com",
	    "alignment cannot be told: DKIM c.example.com (beyond the number "
	    "of identifiers looked at)" },
	{ "the same domain counts once", REC("example.com",
	    "v=DMARC1; p=reject")
	    REC("a.example.com", "v=DMARC1; p=none; psd=n"), "example.com",
	    "a.example.com", "a.example.com a.example.com c.example.com", 2,
	    "pass reject none author example.com example.com",
	    "aligned: DKIM c.example.com (org example.com)" },
	{ "identical is free", REC("example.com", "v=DMARC1; p=reject"),
	    "example.com", NULL, "a.example.com example.com", 0,
	    "pass reject none author example.com example.com",
	    "aligned: DKIM example.com (identical)" },
	{ "many strangers", REC("example.com", "v=DMARC1; p=reject"),
	    "example.com", NULL, "a.net b.net c.net d.net e.net f.net g.net",
	    0, "fail reject reject author example.com example.com",
	    "no aligned identifier: no SPF pass, DKIM a.net (outside of "
	    "example.com), DKIM b.net (outside of example.com), DKIM c.net "
	    "(outside of example.com), DKIM d.net (outside of example.com), "
	    "DKIM e.net (outside of example.com) and 2 more" },
	{ "np", REC("example.com", "v=DMARC1; p=none; np=reject"),
	    "ghost.example.com", NULL, NULL, 0,
	    "fail reject reject org example.com example.com",
	    "no aligned identifier: no SPF pass, no DKIM pass" },
	{ "np in test mode", REC("example.com",
	    "v=DMARC1; p=none; sp=none; np=reject; t=y"),
	    "ghost.example.com", NULL, NULL, 0,
	    "fail quarantine quarantine org example.com example.com",
	    "no aligned identifier: no SPF pass, no DKIM pass" },
	{ "np cannot be told", REC("example.com",
	    "v=DMARC1; p=none; np=reject") "q.example.com STATUS refused\n",
	    "q.example.com", NULL, NULL, 0,
	    "temperror - none org example.com example.com",
	    "DNS failure at q.example.com" },
	{ "np that says the same is not asked for", REC("example.com",
	    "v=DMARC1; p=reject; np=reject") "q.example.com STATUS servfail\n",
	    "q.example.com", NULL, NULL, 0,
	    "fail reject reject org example.com example.com",
	    "no aligned identifier: no SPF pass, no DKIM pass" },
	{ "psd", REC("bank", "v=DMARC1; p=none; sp=quarantine; psd=y")
	    EXISTS("mail.giant.bank"), "mail.giant.bank", "x.giant.bank",
	    NULL, 0, "pass quarantine none psd giant.bank bank",
	    "aligned: SPF x.giant.bank (org giant.bank)" },
	{ "a psd's other customer", REC("bank",
	    "v=DMARC1; p=none; sp=reject; psd=y") EXISTS("giant.bank"),
	    "giant.bank", "tiny.bank", NULL, 0,
	    "fail reject reject psd giant.bank bank",
	    "no aligned identifier: SPF tiny.bank (outside of giant.bank), "
	    "no DKIM pass" },
};

static const char *policy_word(enum dmarc_policy p)
{
	return p == DMARC_POLICY_ABSENT ? "-" :
	    name_word(dmarc_policy_names, (int)p);
}

static const char *describe(struct arena *mem, const struct dmarc_finding *f)
{
	return arena_printf(mem, "%s %s %s %s %s %s",
	    name_word(dmarc_names, (int)f->code), policy_word(f->policy),
	    policy_word(f->disposition),
	    name_word(dmarc_discovery_names, (int)f->discovery),
	    f->org_domain == NULL ? "-" : f->org_domain,
	    f->policy_domain == NULL ? "-" : f->policy_domain);
}

static void test_evaluate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct world w = world_new(cases[i].label, cases[i].zone);
		const char **dkim;
		size_t count = split(w.mem, cases[i].dkim, &dkim);
		struct dmarc_finding f;
		struct dmarc_question q = {
			.author_domain = cases[i].author,
			.spf_domain = cases[i].spf,
			.dkim_count = count,
			.dkim_domains = dkim,
			.identifiers = cases[i].limit == 0 ? 10 :
			    cases[i].limit,
		};

		dmarc_evaluate(w.mem, w.dns, &q, &f);
		if (strcmp(describe(w.mem, &f), cases[i].found) != 0)
			fail_msg("%s: %s (%s)", cases[i].label,
			    describe(w.mem, &f), f.reason);
		if (strcmp(f.reason, cases[i].reason) != 0)
			fail_msg("%s: %s", cases[i].label, f.reason);
		world_free(&w);
	}
}

/* What was named to the DNS for it, in order. */
static const char *asked(struct world *w)
{
	const char *all = "";

	for (size_t i = 0; i < inquiry_journal_count(w->dns); i++) {
		struct journal_entry e = inquiry_journal(w->dns, i);

		all = arena_printf(w->mem, "%s%s%s:%s", all,
		    i > 0 ? " " : "", name_word(dns_type_names, (int)e.type),
		    e.name);
	}
	return all;
}

/* The walk is asked for in one go, and no more than it is asked for. */
static void test_questions(void **state)
{
	struct world w = world_new("questions",
	    REC("example.com", "v=DMARC1; p=none; np=reject"));
	const char *dkim[] = { "n.example.com", "far.example.net" };
	struct dmarc_question q = {
		.author_domain = "m.example.com", .dkim_domains = dkim,
		.dkim_count = 2, .identifiers = 10,
	};
	struct dmarc_finding f;

	(void)state;
	dmarc_prefetch(w.dns, "m.example.com");
	assert_string_equal(asked(&w), "TXT:_dmarc.m.example.com "
	    "TXT:_dmarc.example.com TXT:_dmarc.com");
	dmarc_evaluate(w.mem, w.dns, &q, &f);
	assert_string_equal(asked(&w), "TXT:_dmarc.m.example.com "
	    "TXT:_dmarc.example.com TXT:_dmarc.com A:m.example.com "
	    "TXT:_dmarc.n.example.com");
	assert_int_equal(f.code, AUTH_PASS);
	assert_int_equal(f.query_count, 3);
	assert_string_equal(f.record, "v=DMARC1; p=none; np=reject");
	assert_non_null(f.tags);
	world_free(&w);
}

/* A name of 253 octets has no room for _dmarc: no query, no record. */
static void test_long_name(void **state)
{
	struct world w = world_new("long", REC("example", "v=DMARC1; p=none"));
	struct dmarc_walk walk;
	struct buf name = { 0 };

	(void)state;
	for (int i = 0; i < 49; i++)
		buf_adds(&name, "abcd.");
	buf_adds(&name, "example");
	assert_int_equal(name.len, 252);
	dmarc_walk(w.mem, w.dns, buf_text(&name), &walk);
	assert_int_equal(walk.query_count, 7);
	assert_null(walk.failed);
	assert_string_equal(dmarc_walk_org(&walk), "example");
	assert_false(walk.start_exists);
	buf_free(&name);
	world_free(&w);
}

/* When this message may ask nothing more, that is trouble, not "no record". */
static void test_out_of_questions(void **state)
{
	struct world w = world_new("budget", REC("example.com",
	    "v=DMARC1; p=reject"));
	const struct inquiry_limits limits = { .questions = 1 };
	struct inquiry *dns = inquiry_new(w.mem, w.resolver, &limits, NULL);
	struct dmarc_question q = { .author_domain = "m.example.com" };
	struct dmarc_finding f;

	(void)state;
	dmarc_evaluate(w.mem, dns, &q, &f);
	assert_int_equal(f.code, AUTH_TEMPERROR);
	assert_string_equal(f.reason,
	    "too many DNS questions at _dmarc.example.com");
	world_free(&w);
}

static const struct {
	const char *label;
	enum client_class class;
	const char *from;               /* field bodies; "|" between them */
	enum auth_code spf;             /* of mailfrom example.com */
	enum auth_code helo;            /* of helo example.com */
	enum auth_code dkim;            /* of d=example.com */
	enum auth_code code;
	const char *reason;
} checked[] = {
	{ "spf pass", CLIENT_OUTSIDE, "a@example.com", AUTH_PASS, AUTH_NONE,
	    AUTH_NONE, AUTH_PASS, "aligned: SPF example.com (identical)" },
	{ "helo pass is no identifier", CLIENT_OUTSIDE, "a@example.com",
	    AUTH_NONE, AUTH_PASS, AUTH_NONE, AUTH_FAIL,
	    "no aligned identifier: no SPF pass, no DKIM pass" },
	{ "dkim pass behind a relay", CLIENT_RELAY, "a@example.com",
	    AUTH_FAIL, AUTH_NONE, AUTH_PASS, AUTH_PASS,
	    "aligned: DKIM example.com (identical)" },
	{ "dkim policy is no pass", CLIENT_OUTSIDE, "a@example.com",
	    AUTH_SOFTFAIL, AUTH_NONE, AUTH_POLICY, AUTH_FAIL,
	    "no aligned identifier: no SPF pass, no DKIM pass" },
	{ "authenticated", CLIENT_AUTHENTICATED, "a@example.com", AUTH_FAIL,
	    AUTH_NONE, AUTH_NONE, AUTH_NONE, "authenticated submission" },
	{ "local", CLIENT_LOCAL, "a@example.com", AUTH_NONE, AUTH_NONE,
	    AUTH_NONE, AUTH_NONE, "local client" },
	{ "no From", CLIENT_OUTSIDE, NULL, AUTH_PASS, AUTH_PASS, AUTH_PASS,
	    AUTH_PERMERROR, "no From field" },
	{ "two From", CLIENT_OUTSIDE, "a@example.com|a@example.com",
	    AUTH_PASS, AUTH_PASS, AUTH_PASS, AUTH_PERMERROR,
	    "more than one From field" },
	{ "two domains", CLIENT_OUTSIDE, "a@example.com, b@example.net",
	    AUTH_PASS, AUTH_PASS, AUTH_PASS, AUTH_PERMERROR,
	    "more than one author domain" },
	{ "one domain twice", CLIENT_OUTSIDE, "a@example.com, b@EXAMPLE.com",
	    AUTH_PASS, AUTH_PASS, AUTH_PASS, AUTH_PASS,
	    "aligned: SPF example.com (identical), DKIM example.com "
	    "(identical)" },
	{ "literal", CLIENT_OUTSIDE, "a@[192.0.2.1]", AUTH_PASS, AUTH_PASS,
	    AUTH_PASS, AUTH_NONE, "the author's address has no domain name" },
	{ "empty group", CLIENT_OUTSIDE, "undisclosed:;", AUTH_PASS,
	    AUTH_PASS, AUTH_PASS, AUTH_PERMERROR,
	    "no mailbox with a domain" },
};

static struct author author_of(struct arena *mem, const char *from)
{
	struct slice fields[4], rest = slice_of(from);
	size_t n = 0;

	while (rest.data != NULL)
		fields[n++] = slice_cut(&rest, '|');
	return author_read(mem, fields, n);
}

static void test_check(void **state)
{
	struct error err = { "" };
	struct check_env *env = check_env_new(&check_defaults, NULL, &err);

	(void)state;
	if (env == NULL)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(checked) / sizeof(*checked); i++) {
		struct world w = world_new(checked[i].label,
		    REC("example.com", "v=DMARC1; p=reject"));
		struct dkim_signature signature = {
			.code = checked[i].dkim, .domain = "example.com",
		};
		struct findings f = {
			.spf.mailfrom = { .code = checked[i].spf,
			    .domain = "example.com" },
			.spf.helo = { .code = checked[i].helo,
			    .domain = "example.com" },
			.dkim = { .signatures = &signature, .count = 1 },
		};
		const struct evidence e = {
			.client_class = checked[i].class,
			.author = author_of(w.mem, checked[i].from),
		};
		struct examination x = { w.mem, env, &e, w.dns, &f,
			NULL };
		void *s = dmarc_check.open(&x);

		dmarc_check.reach(s, PHASE_MAIL);
		dmarc_check.reach(s, PHASE_HEADERS);
		dmarc_check.finish(s);
		if (f.dmarc.code != checked[i].code ||
		    strcmp(f.dmarc.reason, checked[i].reason) != 0)
			fail_msg("%s: %s (%s)", checked[i].label,
			    name_word(dmarc_names, (int)f.dmarc.code),
			    f.dmarc.reason);
		if (f.dmarc.code == AUTH_NONE || f.dmarc.code ==
		    AUTH_PERMERROR) {
			assert_int_equal(inquiry_journal_count(w.dns), 0);
			assert_int_equal(f.dmarc.policy, DMARC_POLICY_ABSENT);
		}
		world_free(&w);
	}
	check_env_free(env);
}

/* What the check asks for when it has seen the header. */
static const struct {
	const char *label;
	enum client_class class;
	const char *from, *mail, *helo;
	const char *asked;
} foreseen[] = {
	{ "a neighbour", CLIENT_OUTSIDE, "a@m.example.com",
	    "<a@b.example.com>", "h.example.com", "TXT:_dmarc.m.example.com "
	    "TXT:_dmarc.example.com TXT:_dmarc.com TXT:_dmarc.b.example.com" },
	{ "a null sender", CLIENT_OUTSIDE, "a@example.com", "<>",
	    "h.example.com", "TXT:_dmarc.example.com TXT:_dmarc.com "
	    "TXT:_dmarc.h.example.com" },
	{ "a stranger", CLIENT_OUTSIDE, "a@example.com", "<a@notexample.com>",
	    NULL, "TXT:_dmarc.example.com TXT:_dmarc.com" },
	{ "nobody", CLIENT_OUTSIDE, "a@example.com", "<>", NULL,
	    "TXT:_dmarc.example.com TXT:_dmarc.com" },
	{ "exempt", CLIENT_AUTHENTICATED, "a@example.com", "<>", NULL, "" },
	{ "ambiguous", CLIENT_OUTSIDE, "a@example.com|b@example.com", "<>",
	    NULL, "" },
};

static void test_reach(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(foreseen) / sizeof(*foreseen); i++) {
		struct world w = world_new(foreseen[i].label, "");
		const struct evidence e = {
			.client_class = foreseen[i].class,
			.author = author_of(w.mem, foreseen[i].from),
			.mail = path_read(w.mem, foreseen[i].mail),
			.helo_domain = foreseen[i].helo,
		};
		struct examination x = { .evidence = &e, .dns = w.dns,
			.mem = w.mem };

		dmarc_check.reach(dmarc_check.open(&x), PHASE_MAIL);
		assert_string_equal(asked(&w), "");
		dmarc_check.reach(dmarc_check.open(&x), PHASE_HEADERS);
		if (strcmp(asked(&w), foreseen[i].asked) != 0)
			fail_msg("%s: %s", foreseen[i].label, asked(&w));
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evaluate),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_out_of_questions),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
