/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Deferrals that end, rules that are only watched: through whole sessions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/zone.h"
#include "session/deferral.h"
#include "session/transaction.h"

#include "all_deferrals.h"

#define NOW ((time_t)1800000000)
#define HOUR 3600

static const char zone_text[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "mail.example.com A 192.0.2.1\n"
    "1.2.0.192.in-addr.arpa PTR mail.example.com\n"
    "broken.example.net STATUS servfail\n"
    "_dmarc.broken.example.net STATUS servfail\n"
    /* A sender all of whose name servers are dead. */
    "_dmarc.dead.example STATUS servfail\n"
    "dead.example STATUS servfail\n"
    "mail.dead.example STATUS servfail\n"
    "7.2.0.192.in-addr.arpa STATUS servfail\n";

static const char policy_text[] =
    "rule watched early observe {\n"
    "	when helo.name == \"mail.example.com\"\n"
    "	reject 550 5.7.1 \"not you\"\n"
    "}\n"
    "rule grey early {\n"
    "	when rcpt.address == \"grey@example.org\"\n"
    "	tempfail 451 4.7.1 \"later\"\n"
    "	at-most 5m\n"
    "}\n"
    "rule dns { when dmarc.result == temperror\n"
    "	tempfail 451 4.7.24 \"later\" at-most 1h count trouble }\n"
    "rule share { when spf.result == pass sample 0.01%\n"
    "	tag subject \"[spf] \" }\n"
    "default accept\n";

static struct kit *new_kit(struct deferrals *d, const char *zone)
{
	struct check_options o = check_defaults;
	struct policy_report report = { 0 };
	struct kit *k = kit_new();
	struct error err;

	o.authserv_id = "mx.example.org";
	k->options = (struct session_options){
		.authserv_id = "mx.example.org",
		.limits = { 100, 20000, 4 },
		.dns = { .budget_ms = 2000, .query_ms = 1000 },
	};
	k->clock.fixed = NOW;
	k->resolver = zone_resolver(slice_of(zone), "zone", &err);
	if (k->resolver == NULL)
		fail_msg("%s", err.text);
	k->checks = check_env_new(&o, NULL, &err);
	assert_non_null(k->checks);
	k->policy = policy_load_text(policy_text, strlen(policy_text), "test",
	    NULL, &report);
	if (k->policy == NULL)
		fail_msg("%s", buf_text(&report.text));
	policy_report_free(&report);
	k->deferrals = d;
	return k;
}

/* One attempt; the connection is to be closed once the outcome was read. */
static const struct outcome *attempt(struct connection **c, struct kit *k,
    const char *ip, const char *from)
{
	static const char name[] = "From";
	struct client client = { .name = NULL };
	const struct outcome *o;

	assert_true(ip_parse(slice_of(ip), &client.address));
	*c = connection_open(k, &client);
	connection_helo(*c, strcmp(ip, "192.0.2.7") == 0 ?
	    "mail.dead.example" : "mail.example.com");
	assert_null(transaction_mail(*c, &(struct mail_event){
	    .path = from }));
	assert_null(transaction_rcpt(*c, "<x@example.org>"));
	transaction_header(*c, slice_of(name), slice_of(from));
	transaction_headers_done(*c);
	o = transaction_conclude(*c, "Q");
	assert_non_null(o);
	return o;
}

static enum action action_of(struct kit *k, const char *ip, const char *from)
{
	struct connection *c;
	enum action a = attempt(&c, k, ip, from)->verdict->action;

	connection_close(c);
	return a;
}

static const char *added(const struct outcome *o, const char *name)
{
	for (size_t i = 0; i < o->added_count; i++)
		if (strcmp(o->added[i].name, name) == 0)
			return o->added[i].value;
	return NULL;
}

static const char broken[] = "<a@broken.example.net>";

static void a_deferral_ends(void **state)
{
	struct deferrals *d = deferrals_new();
	struct kit *k = new_kit(d, zone_text);
	struct connection *c;
	const struct outcome *o;

	(void)state;
	assert_int_equal(action_of(k, "192.0.2.1", broken), ACTION_TEMPFAIL);
	k->clock.fixed = NOW + HOUR / 2;
	assert_int_equal(action_of(k, "192.0.2.1", broken), ACTION_TEMPFAIL);
	/* A reload changes the policy, not what happened; and the sender comes
	 * from another host. */
	kit_drop(k);
	k = new_kit(d, zone_text);
	k->clock.fixed = NOW + HOUR;
	o = attempt(&c, k, "192.0.2.9", broken);
	assert_int_equal(o->verdict->action, ACTION_TAG);
	assert_string_equal(o->verdict->rule, "dns");
	assert_string_equal(added(o, "Assay-Deferral"),
	    " rule=dns; at-most=3600s");
	assert_non_null(strstr(added(o, "Assay-Result"),
	    ";\r\n observed=watched; deferred=dns"));
	connection_close(c);
	/* Nobody else is let through with it. */
	assert_int_equal(action_of(k, "192.0.2.1", "<b@broken.example.net>"),
	    ACTION_TEMPFAIL);
	assert_int_equal(policy_hits(k->policy, 2).acted, 1);
	assert_int_equal(policy_hits(k->policy, 2).waited, 1);
	kit_drop(k);
	deferrals_free(d);
}

static void without_a_memory_it_never_ends(void **state)
{
	struct kit *k = new_kit(NULL, zone_text);

	(void)state;
	for (int i = 0; i < 3; i++) {
		k->clock.fixed = NOW + i * HOUR;
		assert_int_equal(action_of(k, "192.0.2.1", broken),
		    ACTION_TEMPFAIL);
	}
	kit_drop(k);
}

/* While nobody gets an answer nothing is counted against a sender; once others
 * do, a sender whose own servers are dead is. */
static void a_sick_resolver_counts_nothing(void **state)
{
	static const char dead[] = "<a@dead.example>";
	struct deferrals *d = deferrals_new();
	struct kit *k = new_kit(d, zone_text);

	(void)state;
	for (int i = 0; i < 4; i++) {
		k->clock.fixed = NOW + i * HOUR;
		assert_int_equal(action_of(k, "192.0.2.7", dead),
		    ACTION_TEMPFAIL);
		assert_int_equal(all_deferrals(d, NULL, 0), 0);
	}
	k->clock.fixed = NOW + 4 * HOUR;
	assert_int_equal(action_of(k, "192.0.2.1", broken), ACTION_TEMPFAIL);
	assert_int_equal(action_of(k, "192.0.2.7", dead), ACTION_TEMPFAIL);
	assert_int_equal(all_deferrals(d, NULL, 0), 2);
	k->clock.fixed = NOW + 5 * HOUR;
	/* Sick again: not let through on the strength of the old one. */
	assert_int_equal(action_of(k, "192.0.2.7", dead), ACTION_TEMPFAIL);
	assert_int_equal(action_of(k, "192.0.2.1", broken), ACTION_TAG);
	assert_int_equal(action_of(k, "192.0.2.7", dead), ACTION_TAG);
	kit_drop(k);
	deferrals_free(d);
}

/* At RCPT: greylisting. The end of the message says the same. */
static void early_deferrals_end_too(void **state)
{
	struct deferrals *d = deferrals_new();
	struct kit *k = new_kit(d, zone_text);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct client client = { .name = NULL };
		struct connection *c;
		const struct verdict *v;

		k->clock.fixed = NOW + i * 300;
		assert_true(ip_parse(slice_of("192.0.2.1"), &client.address));
		c = connection_open(k, &client);
		connection_helo(c, "mail.example.com");
		assert_null(transaction_mail(c, &(struct mail_event){
		    .path = "<a@example.com>" }));
		v = transaction_rcpt(c, "<grey@example.org>");
		if (i == 0) {
			assert_int_equal(v->action, ACTION_TEMPFAIL);
			assert_non_null(strstr(v->text, "later (id "));
		} else {
			assert_null(v);
			transaction_header(c, slice_of("From"),
			    slice_of(" a@example.com"));
			transaction_headers_done(c);
			v = transaction_conclude(c, "Q")->verdict;
			assert_int_equal(v->action, ACTION_TAG);
			assert_string_equal(v->rule, "grey");
		}
		connection_close(c);
	}
	kit_drop(k);
	deferrals_free(d);
}

static void watched_rules_are_named(void **state)
{
	struct kit *k = new_kit(NULL, zone_text);
	struct connection *c;
	const struct outcome *o = attempt(&c, k, "192.0.2.1",
	    "<a@example.com>");

	(void)state;
	assert_int_equal(o->verdict->action, ACTION_ACCEPT);
	assert_string_equal(o->verdict->rule, "default");
	assert_non_null(strstr(added(o, "Assay-Result"), "; policy=test;\r\n "
	    "observed=watched,share"));
	assert_null(added(o, "Assay-Deferral"));
	assert_string_equal(o->trace->steps[3].note,
	    "outside the sample of 0.01%: would tag");
	connection_close(c);
	assert_int_equal(policy_hits(k->policy, 0).observed, 1);
	assert_int_equal(policy_hits(k->policy, 3).observed, 1);
	assert_int_equal(policy_hits(k->policy, 4).acted, 1);
	kit_drop(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deferral_ends),
		cmocka_unit_test(without_a_memory_it_never_ends),
		cmocka_unit_test(a_sick_resolver_counts_nothing),
		cmocka_unit_test(early_deferrals_end_too),
		cmocka_unit_test(watched_rules_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
