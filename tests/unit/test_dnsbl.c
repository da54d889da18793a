/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DNS lists, from the policy that asks to the verdict.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/dnsbl.h"
#include "dns/zone.h"
#include "session/transaction.h"

static const char zone_text[] =
    "2.2.0.192.dul.example.org A 127.0.0.10\n"
    "3.2.0.192.dul.example.org A 127.0.0.4\n"
    "4.2.0.192.dul.example.org A 127.255.255.254\n"
    "5.2.0.192.dul.example.org A 127.0.0.1\n"
    "6.2.0.192.dul.example.org A 198.51.100.1\n"
    "7.2.0.192.dul.example.org STATUS servfail\n"
    "8.2.0.192.dul.example.org A 127.0.0.4\n"
    "8.2.0.192.dul.example.org A 127.0.0.10\n"
    "9.2.0.192.dul.example.org A 127.0.0.10\n"
    "9.2.0.192.dul.example.org A 127.255.255.255\n"
    "10.2.0.192.dul.example.org TXT \"listed\"\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
    "dul.example.org A 127.0.0.10\n"
    "bad.example.net.dbl.example.org A 127.0.1.2\n"
    "envelope.example.net.dbl.example.org A 127.0.1.2\n"
    "helo.example.net.dbl.example.org A 127.0.1.2\n";

static const char policy_text[] =
    "rule blocked early {\n"
    "	when dnsbl(\"DUL.example.org=127.0.0.[10;11]\")\n"
    "	reject 550 5.7.1 \"listed\"\n"
    "}\n"
    "rule greeting { when rhsbl(\"dbl.example.org\", helo.name)\n"
    "	log \"helo\" tag header \"X-Helo\" \"listed\" }\n"
    "rule envelope { when rhsbl(\"dbl.example.org\", mail.domain) == yes\n"
    "	tag header \"X-Mail\" \"listed\" }\n"
    "rule author { when rhsbl(\"dbl.example.org\") discard }\n"
    "default accept\n"
    "expect discard by author { rhsbl(\"dbl.example.org\", from.domain) = yes }\n"
    "expect accept not by blocked { client.class = outside }\n";

static struct kit *new_kit(const char *text)
{
	struct policy_report report = { 0 };
	struct kit *k = kit_new();
	struct error err;

	k->options = (struct session_options){
		.authserv_id = "mx.example.org",
		.limits = { 100, 20000, 4 },
		.dns = { .budget_ms = 2000, .query_ms = 1000 },
	};
	k->resolver = zone_resolver(slice_of(zone_text), "zone", &err);
	if (k->resolver == NULL)
		fail_msg("%s", err.text);
	k->checks = check_env_new(&check_defaults, NULL, &err);
	k->policy = policy_load_text(text, strlen(text), "test", NULL, &report);
	if (k->policy == NULL)
		fail_msg("%s", buf_text(&report.text));
	policy_report_free(&report);
	return k;
}

static struct connection *greet(struct kit *k, const char *ip, const char *helo)
{
	struct client client = { .name = NULL };
	struct connection *c;

	assert_true(ip_parse(slice_of(ip), &client.address));
	c = connection_open(k, &client);
	connection_helo(c, helo);
	return c;
}

static const struct outcome *letter(struct connection *c, const char *from,
    const char *author)
{
	char value[200];

	if (transaction_mail(c, &(struct mail_event){ .path = from }) != NULL)
		return transaction_refusal(c);
	transaction_rcpt(c, "<b@example.org>");
	snprintf(value, sizeof(value), " %s", author);
	transaction_header(c, slice_of("From"), slice_of(value));
	transaction_headers_done(c);
	return transaction_conclude(c, NULL);
}

static const char ask_client[] = "dnsbl(\"dul.example.org=127.0.0.[10;11]\")";

static void clients(void **state)
{
	static const struct {
		const char *ip;
		enum fact_state state;
		bool yes;
		const char *rule;
	} rows[] = {
		{ "192.0.2.1", FACT_KNOWN, false, "default" },
		{ "192.0.2.2", FACT_KNOWN, true, "blocked" },
		{ "192.0.2.3", FACT_KNOWN, false, "default" },  /* the mask */
		{ "192.0.2.4", FACT_ABSENT, false, "default" }, /* blocked */
		{ "192.0.2.5", FACT_ABSENT, false, "default" },
		{ "192.0.2.6", FACT_ABSENT, false, "default" }, /* for all */
		{ "192.0.2.7", FACT_ABSENT, false, "default" }, /* servfail */
		{ "192.0.2.8", FACT_KNOWN, true, "blocked" },   /* one of two */
		{ "192.0.2.9", FACT_ABSENT, false, "default" },
		{ "192.0.2.10", FACT_KNOWN, false, "default" }, /* no A */
		{ "2001:db8::1", FACT_KNOWN, true, "blocked" },
		{ "2001:db8::2", FACT_KNOWN, false, "default" },
		{ "127.0.0.1", FACT_ABSENT, false, "default" }, /* local */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kit *k = new_kit(policy_text);
		struct connection *c = greet(k, rows[i].ip, "x.example.com");
		const struct outcome *o = letter(c, "<a@example.com>",
		    "a@example.com");
		bool yes = false;

		if (facts_lookup(o->facts, ask_client, &yes) != rows[i].state ||
		    yes != rows[i].yes ||
		    strcmp(o->verdict->rule, rows[i].rule) != 0)
			fail_msg("%s: %s, %s", rows[i].ip, yes ? "yes" : "no",
			    o->verdict->rule);
		connection_close(c);
		kit_drop(k);
	}
}

static void domains(void **state)
{
	static const struct { const char *helo, *mail, *from, *rule; } rows[] = {
		{ "h.example.com", "<a@b.example.com>", "a@example.com",
		    "default" },
		{ "helo.example.net", "<a@b.example.com>", "a@example.com",
		    "greeting" },
		{ "h.example.com", "<a@envelope.example.net>", "a@example.com",
		    "envelope" },
		{ "h.example.com", "<>", "a@bad.example.net", "author" },
		/* Below a listed name is not listed. */
		{ "h.example.com", "<>", "a@x.bad.example.net", "default" },
		{ "[192.0.2.1]", "<>", "nobody", "default" },
		{ "h.example.com", "<>", "a@bad.example.net, b@example.com",
		    "default" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kit *k = new_kit(policy_text);
		struct connection *c = greet(k, "192.0.2.1", rows[i].helo);
		const struct outcome *o = letter(c, rows[i].mail, rows[i].from);

		if (strcmp(o->verdict->rule, rows[i].rule) != 0)
			fail_msg("%zu: %s", i, o->verdict->rule);
		connection_close(c);
		kit_drop(k);
	}
}

/* Early at MAIL, with the trace that says why; and the JSON of both. */
static void told(void **state)
{
	struct kit *k = new_kit(policy_text);
	struct connection *c = greet(k, "192.0.2.2", "h.example.com");
	struct json *j = json_new();
	const struct outcome *o = letter(c, "<a@example.com>", "a@example.com");
	char *text;

	(void)state;
	assert_int_equal(o->trace->steps[0].tests.count, 1);
	assert_string_equal(o->trace->steps[0].tests.items[0].text,
	    "dnsbl(\"DUL.example.org=127.0.0.[10;11]\")");
	assert_string_equal(o->trace->steps[0].tests.items[0].value, "listed");
	facts_json(o->facts, j);
	text = json_finish(j, false);
	assert_non_null(strstr(text,
	    "\"dnsbl(\\\"dul.example.org=127.0.0.[10;11]\\\")\":true"));
	assert_null(strstr(text, "from.domain)"));      /* not known so early */
	free(text);
	connection_close(c);
	kit_drop(k);
}

/* What history keeps of a look-up decides again as it did; what nobody asked
 * then is not known. */
static void kept(void **state)
{
	struct kit *k = new_kit(policy_text);
	struct connection *c = greet(k, "192.0.2.4", "helo.example.net");
	struct json *j = json_new();
	const struct outcome *o = letter(c, "<a@example.com>", "a@example.com");
	struct arena *mem = arena_new(1024);
	struct json_document *d;
	struct error err;
	struct facts again;
	bool yes = false;
	char *text;

	(void)state;
	facts_json_kept(o->facts, j);
	text = json_finish(j, false);
	d = json_read(slice_of(text), &err);
	assert_non_null(d);
	facts_from_json(json_root(d), mem, &again);
	assert_int_equal(again.lookup_count, 4);
	assert_int_equal(facts_lookup(&again, ask_client, &yes), FACT_ABSENT);
	assert_int_equal(facts_lookup(&again,
	    "rhsbl(\"dbl.example.org\", helo.name)", &yes), FACT_KNOWN);
	assert_true(yes);
	assert_int_equal(facts_lookup(&again, "dnsbl(\"x.example\")", &yes),
	    FACT_UNKNOWN);
	json_document_drop(d);
	free(text);
	arena_free(mem);
	connection_close(c);
	kit_drop(k);
}

/* No zone is asked that the policy does not name. */
static void nothing_asked(void **state)
{
	struct kit *k = new_kit("default accept\n");
	struct connection *c = greet(k, "192.0.2.2", "h.example.com");
	const struct outcome *o = letter(c, "<a@example.com>", "a@example.com");

	(void)state;
	for (size_t i = 0; i < inquiry_journal_count(o->dns); i++)
		assert_null(strstr(inquiry_journal(o->dns, i).name,
		    "dul.example.org"));
	assert_int_equal(o->facts->lookup_count, 0);
	connection_close(c);
	kit_drop(k);
}

/* A name that would be longer than names can be is in no list. */
static void too_long(void **state)
{
	struct arena *mem = arena_new(512);
	struct lookup l = { .subject = LOOKUP_FROM_DOMAIN,
	    .list = { .zone = "dbl.example.org" } };
	char domain[254];

	(void)state;
	for (size_t i = 0; i < 253; i++)
		domain[i] = i % 50 == 49 ? '.' : 'a';
	domain[253] = '\0';
	assert_null(dnsbl_question(mem, &l, NULL, domain));
	domain[237] = '\0';
	assert_non_null(dnsbl_question(mem, &l, NULL, domain));
	assert_null(dnsbl_question(mem, &l, NULL, NULL));
	l.subject = LOOKUP_CLIENT_IP;
	assert_null(dnsbl_question(mem, &l, &(struct ip){ 0 }, NULL));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients),
		cmocka_unit_test(domains),
		cmocka_unit_test(told),
		cmocka_unit_test(kept),
		cmocka_unit_test(nothing_asked),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
