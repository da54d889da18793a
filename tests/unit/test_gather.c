/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "facts/gather.h"

/* One message, built by hand, and everything gather() wants beside it. */
struct bench {
	struct arena *mem;
	struct evidence e;
	struct findings f;
	bool finished[8];
	struct facts facts;
	struct path rcpt;
};

static void add_field(struct bench *b, const char *name, const char *value)
{
	header_append(&b->e.header, b->mem, slice_of(name), slice_of(value));
}

static void start(struct bench *b)
{
	*b = (struct bench){ .mem = arena_new(4096) };
	b->e.client_settled = true;
	b->e.client_class = CLIENT_OUTSIDE;
	b->e.helo_status = HELO_OK;
	b->e.helo_domain = "mx.fwd.example";
	assert_true(ip_parse(slice_of("192.0.2.1"), &b->e.client_ip));
	b->e.mail = path_read(b->mem, "<bounce@Sender.example>");
	b->rcpt = path_read(b->mem, "<user@here.example>");
	b->e.rcpts = &b->rcpt;
	b->e.rcpt_count = b->e.rcpt_kept = 1;
	b->e.author = (struct author){ .status = AUTHOR_OK,
	    .domain = "author.example" };
	b->f.dmarc = (struct dmarc_finding){ .code = AUTH_FAIL,
	    .policy = DMARC_POLICY_REJECT, .published = DMARC_POLICY_REJECT,
	    .org_domain = "author.example", .discovery = DMARC_DISCOVERY_AUTHOR };
	for (size_t i = 0; i < 8; i++)
		b->finished[i] = true;
}

static void spf_pass(struct bench *b, const char *domain)
{
	b->f.spf.mailfrom = (struct spf_identity){ .code = AUTH_PASS,
	    .domain = domain };
	b->f.spf.mailfrom_scope = SPF_SCOPE_MAILFROM;
}

static void run(struct bench *b, enum phase phase)
{
	struct gathering g = { .mem = b->mem, .evidence = &b->e,
	    .findings = &b->f, .phase = phase, .finished = b->finished };
	static const char *const headers[] = { "X-Kind", "X-None" };

	g.headers = headers;
	g.header_count = 2;
	gather(&g, &b->facts);
}

static const char *text(struct bench *b, enum fact id)
{
	return facts_render(b->mem, &b->facts, id);
}

/* Nothing before its phase, nothing before its check has finished. */
static void phases(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	add_field(&b, "Subject", " hello\r\n there");
	for (enum phase p = PHASE_CONNECT; p <= PHASE_EOM; p++) {
		run(&b, p);
		for (int i = 0; i < FACT_COUNT; i++) {
			if (i == FACT_RCPT_ADDRESS || i == FACT_RCPT_DOMAIN)
				continue;
			if ((fact_defs[i].phase <= p) !=
			    (b.facts.values[i].state != FACT_UNKNOWN))
				fail_msg("%s at phase %d", fact_defs[i].name,
				    (int)p);
		}
		assert_int_equal(b.facts.headers_known, p >= PHASE_HEADERS);
	}
	assert_string_equal(text(&b, FACT_SUBJECT), "hello there");
	arena_free(b.mem);
}

static void unfinished(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	memset(b.finished, 0, sizeof(b.finished));
	run(&b, PHASE_EOM);
	assert_int_equal(b.facts.values[FACT_SPF_RESULT].state, FACT_UNKNOWN);
	assert_int_equal(b.facts.values[FACT_DMARC_RESULT].state, FACT_UNKNOWN);
	assert_int_equal(b.facts.values[FACT_FORWARDED_LIKELY].state,
	    FACT_UNKNOWN);
	assert_int_equal(b.facts.values[FACT_CLIENT_IP].state, FACT_KNOWN);
	arena_free(b.mem);
}

static void only_adds(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	run(&b, PHASE_MAIL);
	b.e.mail = path_read(b.mem, "<other@elsewhere.example>");
	b.e.client_class = CLIENT_LOCAL;
	run(&b, PHASE_EOM);
	assert_string_equal(text(&b, FACT_MAIL_ADDRESS),
	    "bounce@sender.example");
	assert_string_equal(text(&b, FACT_CLIENT_CLASS), "outside");
	arena_free(b.mem);
}

/* Behind a trusted relay the client is not known before the header is. */
static void unsettled_client(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	b.e.client_settled = false;
	run(&b, PHASE_RCPT);
	assert_int_equal(b.facts.values[FACT_CLIENT_IP].state, FACT_UNKNOWN);
	assert_int_equal(b.facts.values[FACT_HELO_NAME].state, FACT_UNKNOWN);
	run(&b, PHASE_HEADERS);
	assert_string_equal(text(&b, FACT_CLIENT_IP), "192.0.2.1");
	arena_free(b.mem);
}

static void null_sender(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	b.e.mail = path_read(b.mem, "<>");
	b.e.helo_domain = NULL;
	b.e.helo_status = HELO_LITERAL;
	run(&b, PHASE_EOM);
	assert_int_equal(b.facts.values[FACT_MAIL_ADDRESS].state, FACT_ABSENT);
	assert_int_equal(b.facts.values[FACT_MAIL_DOMAIN].state, FACT_ABSENT);
	assert_int_equal(b.facts.values[FACT_HELO_NAME].state, FACT_ABSENT);
	assert_string_equal(text(&b, FACT_HELO_STATUS), "literal");
	gather_recipient(&b.facts, &b.rcpt);
	assert_string_equal(text(&b, FACT_RCPT_ADDRESS), "user@here.example");
	assert_string_equal(text(&b, FACT_RCPT_DOMAIN), "here.example");
	arena_free(b.mem);
}

static void fields(void **state)
{
	struct bench b;
	enum fact_state s;

	(void)state;
	start(&b);
	add_field(&b, "X-Kind", " first");
	add_field(&b, "X-Kind", " second");
	add_field(&b, "Sender", " Bot <bot@Robots.example>");
	add_field(&b, "Reply-To", " nobody");
	add_field(&b, "List-Id", " The \"<list>\" <News.Lists.example>");
	b.e.body_octets = 100;
	b.e.forged_results = 2;
	run(&b, PHASE_EOM);
	assert_string_equal(facts_header(&b.facts, "x-kind", &s), "first");
	assert_null(facts_header(&b.facts, "X-None", &s));
	assert_int_equal(s, FACT_ABSENT);
	assert_string_equal(text(&b, FACT_SENDER_DOMAIN), "robots.example");
	assert_int_equal(b.facts.values[FACT_REPLY_TO_DOMAIN].state,
	    FACT_ABSENT);
	assert_string_equal(text(&b, FACT_LIST_ID), "news.lists.example");
	assert_string_equal(text(&b, FACT_MESSAGE_HEADERS), "5");
	assert_string_equal(text(&b, FACT_FORGED_RESULTS), "2");
	assert_int_equal(b.facts.values[FACT_MESSAGE_SIZE].number,
	    (int64_t)b.e.header.octets + 102);
	arena_free(b.mem);
}

static void findings(void **state)
{
	struct dkim_signature sigs[] = {
		{ .code = AUTH_FAIL, .cause = DKIM_CAUSE_BODY,
		    .domain = "author.example" },
		{ .code = AUTH_PASS, .domain = "esp.example" },
		{ .code = AUTH_PASS, .domain = "esp.example" },
	};
	struct arc_sealer sealers[] = { { "s2.example", "x" },
	    { "s1.example", "y" } };
	struct bench b;

	(void)state;
	start(&b);
	b.f.dkim = (struct dkim_finding){ .code = AUTH_PASS,
	    .signatures = sigs, .count = 3, .ignored = 4 };
	b.f.arc = (struct arc_finding){ .code = AUTH_FAIL, .sealers = sealers,
	    .count = 1, .oldest_known = true };
	b.f.dmarc.policy = DMARC_POLICY_ABSENT;
	b.f.dmarc.dkim_aligned = true;
	run(&b, PHASE_EOM);
	assert_string_equal(text(&b, FACT_DKIM_DOMAINS), "esp.example");
	assert_string_equal(text(&b, FACT_DKIM_COUNT), "7");
	assert_int_equal(b.facts.values[FACT_DKIM_REASON].state, FACT_ABSENT);
	/* A seal that verified in a chain that did not: nobody's word. */
	assert_string_equal(text(&b, FACT_ARC_SEALERS), "s2.example");
	assert_string_equal(text(&b, FACT_ARC_TRUSTED), "");
	assert_int_equal(b.facts.values[FACT_ARC_OLDEST_PASS].state,
	    FACT_ABSENT);
	assert_int_equal(b.facts.values[FACT_DMARC_POLICY].state, FACT_ABSENT);
	assert_string_equal(text(&b, FACT_DMARC_ALIGNED), "dkim");
	arena_free(b.mem);

	start(&b);
	b.f.dkim = (struct dkim_finding){ .code = AUTH_FAIL,
	    .signatures = sigs, .count = 1 };
	b.f.arc = (struct arc_finding){ .code = AUTH_PASS, .sealers = sealers,
	    .count = 2, .oldest_known = true, .oldest_pass = 0 };
	run(&b, PHASE_EOM);
	assert_string_equal(text(&b, FACT_DKIM_REASON), "body");
	assert_string_equal(text(&b, FACT_ARC_TRUSTED),
	    "s2.example, s1.example");
	assert_string_equal(text(&b, FACT_ARC_OLDEST_PASS), "0");
	arena_free(b.mem);
}

/* What is written by anybody is no evidence; what is verified is. */
static const struct {
	const char *label;
	const char *mail;
	const char *spf;                /* domain that passed */
	const char *name, *value;       /* one header field */
	const char *dkim;               /* a signature that passed, on top */
	enum dkim_cause broken;         /* of the author's one below it */
	bool below;                     /* the passing one stands below */
	const char *by;                 /* "" : not likely */
} forwards[] = {
	{ "nothing", "<a@x.example>", .by = "" },
	{ "List-Id alone", "<a@x.example>", NULL, "List-Id",
	    " <l.lists.example>", .by = "" },
	{ "List-Id, SPF of the list", "<b@lists.example>", "lists.example",
	    "List-Id", " <l.lists.example>", .by = "list" },
	{ "List-Id, DKIM of the list", "<a@x.example>", NULL, "List-Id",
	    " L <l.lists.example>", "lists.example", .by = "list" },
	{ "List-Id, SPF of a stranger", "<a@x.example>", "x.example",
	    "List-Id", " <l.lists.example>", .by = "" },
	{ "List-Id of a top-level domain", "<a@x.example>", "x.example",
	    "List-Id", " <example>", .by = "" },
	{ "List-Id without an end", "<b@lists.example>", "lists.example",
	    "List-Id", " <l.lists.example", .by = "" },
	{ "SRS", "<SRS0=aBcD=5T=author.example=joe@fwd.example>",
	    "fwd.example", .by = "srs" },
	{ "SRS1", "<srs1=aBcD=one.example==xy=5T=author.example=joe@fwd.example>",
	    "fwd.example", .by = "srs" },
	{ "SRS without SPF", "<SRS0=aBcD=5T=author.example=joe@fwd.example>",
	    .by = "" },
	{ "SRS in name only", "<SRS0=me@fwd.example>", "fwd.example",
	    .by = "" },
	{ "SRS and no separator", "<SRS0@fwd.example>", "fwd.example",
	    .by = "" },
	{ "VERP", "<news-b+user=here.example@lists.example>",
	    "lists.example", "List-Id", " <news.other.example>",
	    .by = "verp" },
	{ "VERP without List-Id", "<b+user=here.example@esp.example>",
	    "esp.example", .by = "" },
	{ "VERP of somebody else", "<b+user=there.example@lists.example>",
	    "lists.example", "List-Id", " <news.other.example>", .by = "" },
	{ "Resent", "<me@home.example>", "home.example", "Resent-From",
	    " Me <me@home.example>", .by = "resent" },
	{ "Resent, unverified", "<me@home.example>", NULL, "Resent-From",
	    " Me <me@home.example>", .by = "" },
	{ "Resent by the author", "<me@author.example>", "author.example",
	    "Resent-From", " <me@author.example>", .by = "" },
	{ "intermediary", "<a@x.example>", NULL, NULL, NULL, "fwd.example",
	    DKIM_CAUSE_BODY, .by = "signature" },
	{ "intermediary below", "<a@x.example>", NULL, NULL, NULL,
	    "fwd.example", DKIM_CAUSE_BODY, true, .by = "" },
	{ "author's key is missing", "<a@x.example>", NULL, NULL, NULL,
	    "fwd.example", DKIM_CAUSE_NO_KEY, .by = "" },
	{ "only the stranger signed", "<a@x.example>", NULL, NULL, NULL,
	    "fwd.example", .by = "" },
};

static void forwarded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forwards) / sizeof(forwards[0]); i++) {
		struct dkim_signature sigs[2] = { { .code = AUTH_NONE } };
		size_t n = 0;
		struct bench b;

		start(&b);
		b.e.mail = path_read(b.mem, forwards[i].mail);
		if (forwards[i].spf != NULL)
			spf_pass(&b, forwards[i].spf);
		if (forwards[i].name != NULL)
			add_field(&b, forwards[i].name, forwards[i].value);
		if (forwards[i].dkim != NULL)
			sigs[n++] = (struct dkim_signature){ .code = AUTH_PASS,
			    .domain = forwards[i].dkim };
		if (forwards[i].broken != DKIM_CAUSE_NONE)
			sigs[n++] = (struct dkim_signature){ .code = AUTH_FAIL,
			    .cause = forwards[i].broken,
			    .domain = "mail.author.example" };
		if (forwards[i].below) {
			struct dkim_signature first = sigs[0];

			sigs[0] = sigs[1];
			sigs[1] = first;
		}
		b.f.dkim = (struct dkim_finding){ .code = AUTH_NONE,
		    .signatures = sigs, .count = n };
		run(&b, PHASE_EOM);
		if (strcmp(text(&b, FACT_FORWARDED_BY), forwards[i].by) != 0 ||
		    b.facts.values[FACT_FORWARDED_LIKELY].yes !=
		    (forwards[i].by[0] != '\0'))
			fail_msg("%s: by \"%s\"", forwards[i].label,
			    text(&b, FACT_FORWARDED_BY));
		arena_free(b.mem);
	}
}

static void explanation(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	run(&b, PHASE_EOM);
	assert_int_equal(b.facts.values[FACT_SPF_EXPLANATION].state,
	    FACT_ABSENT);
	arena_free(b.mem);
	start(&b);
	b.f.spf.mailfrom = (struct spf_identity){ .code = AUTH_FAIL,
	    .domain = "author.example", .explanation = "not from there" };
	run(&b, PHASE_EOM);
	assert_string_equal(text(&b, FACT_SPF_EXPLANATION), "not from there");
	arena_free(b.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases),
		cmocka_unit_test(unfinished),
		cmocka_unit_test(only_adds),
		cmocka_unit_test(explanation),
		cmocka_unit_test(unsettled_client),
		cmocka_unit_test(null_sender),
		cmocka_unit_test(fields),
		cmocka_unit_test(findings),
		cmocka_unit_test(forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
