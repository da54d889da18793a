/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One SMTP session after another through the same calls that the milter makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/zone.h"
#include "session/transaction.h"

static const char zone_text[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
    "mail.example.com A 192.0.2.1\n"
    "mail.example.com TXT \"v=spf1 a -all\"\n"
    "1.2.0.192.in-addr.arpa PTR mail.example.com\n"
    "broken.example.net STATUS servfail\n"
    "_dmarc.broken.example.net STATUS servfail\n";

static const char policy_text[] =
    "rule early-helo early {\n"
    "	when helo.status == invalid\n"
    "	reject 550 5.7.1 \"bad HELO\"\n"
    "}\n"
    "rule early-rcpt early {\n"
    "	when rcpt.address == \"closed@example.org\"\n"
    "	reject 550 5.7.1 \"closed {rcpt.address}\"\n"
    "}\n"
    "rule many { when from.status != ok\n"
    "	reject 550 5.7.1 \"author {from.status}\" }\n"
    "rule dns { when dmarc.result == temperror tempfail 451 4.7.24 \"later\" }\n"
    "rule relayed { when client.class == relay tag header \"X-Relay\" \"yes\" }\n"
    "rule spoof { when dmarc.result == fail\n"
    "	reject 550 5.7.26 \"{from.domain} 100%\" }\n"
    "rule drop { when rcpt.address == \"drop@example.org\" discard }\n"
    "rule mark { when subject matches \"*mark*\"\n"
    "	tag header \"X-Spam-Flag\" \"YES\" subject \"[mark] \" }\n"
    "default accept\n";

static struct kit *new_kit(void)
{
	struct check_options o = check_defaults;
	struct policy_report report = { 0 };
	struct kit *k = kit_new();
	struct network *local = arena_array(k->mem, 1, sizeof(*local));
	struct network *relay = arena_array(k->mem, 1, sizeof(*relay));
	struct error err;

	o.authserv_id = "mx.example.org";
	assert_true(network_parse(slice_of("127.0.0.0/8"), local, NULL));
	assert_true(network_parse(slice_of("198.51.100.0/24"), relay, NULL));
	k->options = (struct session_options){
		.authserv_id = "mx.example.org",
		.local_networks = { local, 1 },
		.trusted_relays = { relay, 1 },
		.limits = { 100, 20000, 4 },
		.dns = { .budget_ms = 2000, .query_ms = 1000 },
	};
	k->resolver = zone_resolver(slice_of(zone_text), "zone", &err);
	if (k->resolver == NULL)
		fail_msg("%s", err.text);
	k->checks = check_env_new(&o, NULL, &err);
	assert_non_null(k->checks);
	k->policy = policy_load_text(policy_text, strlen(policy_text), "test",
	    NULL, &report);
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

static const struct verdict *mail(struct connection *c, const char *from)
{
	return transaction_mail(c, &(struct mail_event){ .path = from });
}

/* "Name: value" lines, each ended by "\n"; an empty body. */
static void send_header(struct connection *c, const char *text)
{
	struct slice rest = slice_of(text);

	while (rest.data != NULL && rest.len > 0) {
		struct slice value = slice_cut(&rest, '\n');
		struct slice name = slice_cut(&value, ':');

		transaction_header(c, name, value);
	}
	transaction_headers_done(c);
}

static const struct outcome *finish(struct connection *c, const char *header)
{
	send_header(c, header);
	transaction_body(c, "hello\r\n", 7);
	return transaction_conclude(c, "Q1");
}

static const char *added(const struct outcome *o, const char *name)
{
	for (size_t i = 0; i < o->added_count; i++)
		if (strcmp(o->added[i].name, name) == 0)
			return o->added[i].value;
	return NULL;
}

static void good_mail_is_stamped(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;
	const char *results;

	(void)state;
	assert_null(mail(c, "<a@example.com>"));
	assert_null(transaction_rcpt(c, "<b@example.org>"));
	o = finish(c, "From: a@example.com\nSubject: hi\n");
	assert_int_equal(o->verdict->action, ACTION_ACCEPT);
	assert_string_equal(o->verdict->rule, "default");
	assert_string_equal(o->added[0].name, "Authentication-Results");
	results = o->added[0].value;
	assert_non_null(strstr(results, "mx.example.org;"));
	assert_non_null(strstr(results, "spf=pass smtp.mailfrom=example.com"));
	assert_non_null(strstr(results, "dmarc=pass"));
	assert_non_null(strstr(results, "iprev=pass"));
	assert_string_equal(o->added[1].name, "Assay-Result");
	assert_non_null(strstr(o->added[1].value, " accept; rule=default; id="));
	assert_int_equal(o->removed_count, 0);
	assert_string_equal(o->evidence->queue_id, "Q1");
	connection_close(c);
	kit_drop(k);
}

static void spoof_is_refused_with_its_id(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "203.0.113.9", "x.example.net");
	const struct outcome *o;

	(void)state;
	mail(c, "<a@example.com>");
	transaction_rcpt(c, "<b@example.org>");
	o = finish(c, "From: a@example.com\n");
	assert_int_equal(o->verdict->action, ACTION_REJECT);
	assert_string_equal(o->verdict->code, "550");
	assert_non_null(strstr(o->verdict->text, "example.com 100% (id "));
	assert_non_null(strstr(o->verdict->text, o->id));
	connection_close(c);
	kit_drop(k);
}

/* What one connection brings must not depend on what came before. */
static void messages_do_not_mix(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;

	(void)state;
	for (int round = 0; round < 3; round++) {
		mail(c, "<a@example.com>");
		transaction_rcpt(c, "<b@example.org>");
		o = finish(c, "From: a@example.com\n"
		    "Authentication-Results: mx.example.org; dmarc=pass\n");
		assert_int_equal(o->verdict->action, ACTION_ACCEPT);
		assert_int_equal(o->removed_count, 1);
		transaction_end(c);
		mail(c, "<>");          /* aborted */
		transaction_rcpt(c, "<b@example.org>");
		send_header(c, "From: x@example.net\nFrom: y@example.net\n");
		transaction_end(c);
		mail(c, "<a@example.com>");
		o = finish(c, "From: a@example.com\n");
		assert_int_equal(o->removed_count, 0);
		assert_int_equal(o->evidence->rcpt_count, 0);
		assert_int_equal(o->verdict->action, ACTION_ACCEPT);
	}
	connection_close(c);
	kit_drop(k);
}

static void forged_fields_go_highest_first(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;

	(void)state;
	mail(c, "<a@example.com>");
	o = finish(c, "From: a@example.com\n"
	    "authentication-results: MX.example.ORG; dmarc=pass\n"
	    "Authentication-Results: other.example.net; spf=pass\n"
	    "Authentication-Results : (c) \"mx.example.org\" 1; none\n"
	    "Assay-Result: accept; rule=x; id=y\n"
	    "Authentication-Results: sub.mx.example.org; none\n");
	assert_int_equal(o->removed_count, 4);
	assert_int_equal(o->removed[0].index, 4);
	assert_string_equal(o->removed[1].name, "Assay-Result");
	assert_int_equal(o->removed[2].index, 3);
	assert_int_equal(o->removed[3].index, 1);
	assert_int_equal(o->evidence->forged_results, 3);
	connection_close(c);
	kit_drop(k);
}

/* Where the MTA waits for no word, the same is said at the end. */
static void early_rules_answer_at_the_end(void **state)
{
	struct kit *k = new_kit();
	struct client deaf = { .deaf = { [PHASE_MAIL] = true,
	    [PHASE_RCPT] = true } };
	struct connection *c;
	const struct outcome *o;

	(void)state;
	assert_true(ip_parse(slice_of("192.0.2.1"), &deaf.address));
	c = connection_open(k, &deaf);
	connection_helo(c, "bad helo");
	assert_null(mail(c, "<a@example.com>"));
	assert_null(transaction_rcpt(c, "<b@example.org>"));
	assert_null(transaction_refusal(c));
	o = finish(c, "From: a@example.com\n");
	assert_int_equal(o->verdict->action, ACTION_REJECT);
	assert_string_equal(o->verdict->rule, "early-helo");
	connection_helo(c, "mail.example.com");
	assert_null(mail(c, "<a@example.com>"));
	assert_null(transaction_rcpt(c, "<closed@example.org>"));
	o = finish(c, "From: a@example.com\n");
	assert_int_equal(o->verdict->action, ACTION_REJECT);
	assert_string_equal(o->verdict->rule, "early-rcpt");
	connection_close(c);
	kit_drop(k);
}

static void early_rules_answer_early(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "bad helo!");
	const struct verdict *v;
	const struct outcome *o;

	(void)state;
	v = mail(c, "<a@example.com>");
	assert_non_null(v);
	assert_string_equal(v->rule, "early-helo");
	assert_ptr_equal(transaction_refusal(c)->verdict, v);
	assert_string_equal(transaction_refusal(c)->trace->steps[0].rule,
	    "early-helo");
	/* Whatever a confused MTA does now, nothing gets through. */
	assert_null(transaction_rcpt(c, "<b@example.org>"));
	o = finish(c, "From: a@example.com\n");
	assert_int_equal(o->verdict->action, ACTION_TEMPFAIL);
	connection_helo(c, "mail.example.com");
	assert_null(mail(c, "<a@example.com>"));
	v = transaction_rcpt(c, "<closed@example.org>");
	assert_non_null(v);
	assert_int_equal(v->action, ACTION_REJECT);
	assert_non_null(strstr(v->text, "closed closed@example.org (id "));
	assert_null(transaction_rcpt(c, "<open@example.org>"));
	o = finish(c, "From: a@example.com\n");
	assert_int_equal(o->evidence->rcpt_count, 1);
	assert_int_equal(o->verdict->action, ACTION_ACCEPT);
	connection_close(c);
	kit_drop(k);
}

static void discarded_recipients_are_removed(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;

	(void)state;
	mail(c, "<a@example.com>");
	transaction_rcpt(c, "<keep@example.org>");
	transaction_rcpt(c, "<drop@example.org>");
	o = finish(c, "From: a@example.com\n");
	assert_int_equal(o->verdict->action, ACTION_ACCEPT);
	assert_int_equal(o->removed_rcpt_count, 1);
	assert_string_equal(o->removed_rcpts[0], "<drop@example.org>");
	transaction_end(c);
	mail(c, "<a@example.com>");
	transaction_rcpt(c, "<drop@example.org>");
	o = finish(c, "From: a@example.com\n");
	assert_int_equal(o->verdict->action, ACTION_DISCARD);
	connection_close(c);
	kit_drop(k);
}

static void the_relay_s_client_is_judged(void **state)
{
	static const struct {
		const char *label, *header, *client, *spf;
	} rows[] = {
		{ "postfix relay", "Received: from mail.example.com "
		    "(mail.example.com [192.0.2.1]) by relay.example.org\n",
		    "192.0.2.1", "pass" },
		{ "through two relays", "Received: from r2.example.org "
		    "(r2.example.org [198.51.100.2]) by r1.example.org\n"
		    "Received: from x.example.net (x.example.net [203.0.113.9])"
		    " by r2.example.org\n", "203.0.113.9", "fail" },
		{ "through the relay's own filter", "Received: from localhost "
		    "(localhost [127.0.0.1]) by relay.example.org\n"
		    "Received: from mail.example.com (mail.example.com "
		    "[192.0.2.1]) by relay.example.org\n", "192.0.2.1", "pass" },
		{ "no Received", "", NULL, "none" },
		{ "unreadable", "Received: by relay.example.org\nReceived: from"
		    " mail.example.com (mail.example.com [192.0.2.1]) by y\n",
		    NULL, "none" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kit *k = new_kit();
		struct connection *c = greet(k, "198.51.100.7", "r1.example.org");
		char header[512], ip[IP_TEXT_MAX];
		const struct outcome *o;

		mail(c, "<a@example.com>");
		snprintf(header, sizeof(header), "%sFrom: b@example.net\n",
		    rows[i].header);
		o = finish(c, header);
		if ((o->evidence->client_ip.family == IP_NONE) !=
		    (rows[i].client == NULL) || (rows[i].client != NULL &&
		    strcmp(ip_text(&o->evidence->client_ip, ip),
		    rows[i].client) != 0))
			fail_msg("%s: wrong client", rows[i].label);
		if (strcmp(name_word(spf_names, o->findings->spf.mailfrom.code),
		    rows[i].spf) != 0)
			fail_msg("%s: spf %s", rows[i].label, name_word(spf_names,
			    o->findings->spf.mailfrom.code));
		assert_string_equal(added(o, "X-Relay"), " yes");
		connection_close(c);
		kit_drop(k);
	}
}

static void marks_replace_and_keep_folds(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;
	struct slice folded = { " a\r\n mark", 9 };

	(void)state;
	mail(c, "<a@example.com>");
	transaction_header(c, slice_of("Subject"), folded);
	o = finish(c, "From: a@example.com\nx-spam-flag: NO\n");
	assert_int_equal(o->verdict->action, ACTION_TAG);
	assert_int_equal(o->removed_count, 1);
	assert_string_equal(o->removed[0].name, "x-spam-flag");
	assert_string_equal(added(o, "X-Spam-Flag"), " YES");
	assert_int_equal(o->changed_count, 1);
	assert_string_equal(o->changed[0].value, " [mark] a\r\n mark");
	transaction_end(c);
	mail(c, "<a@example.com>");
	o = finish(c, "From: a@example.com\nSubject: [mark] again mark\n");
	assert_int_equal(o->changed_count, 0);
	connection_close(c);
	kit_drop(k);
}

static void trouble_stays_trouble(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;

	(void)state;
	mail(c, "<a@broken.example.net>");
	o = finish(c, "From: a@broken.example.net\n");
	assert_int_equal(o->findings->spf.mailfrom.code, AUTH_TEMPERROR);
	assert_int_equal(o->findings->dmarc.code, AUTH_TEMPERROR);
	assert_int_equal(o->verdict->action, ACTION_TEMPFAIL);
	assert_string_equal(o->verdict->code, "451");
	connection_close(c);
	kit_drop(k);
}

static void limits_are_no_way_around(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;

	(void)state;
	mail(c, "<a@example.com>");
	for (int i = 0; i < 10; i++)
		transaction_rcpt(c, "<b@example.org>");
	for (int i = 0; i < 100; i++)
		transaction_header(c, slice_of("X-Filler"), slice_of(" x"));
	o = finish(c, "From: a@example.com\nFrom: b@example.net\n");
	assert_int_equal(o->evidence->author.status, AUTHOR_AMBIGUOUS);
	assert_string_equal(o->verdict->rule, "many");
	assert_int_equal(o->evidence->rcpt_count, 10);
	assert_int_equal(o->evidence->rcpt_kept, 4);
	connection_close(c);
	kit_drop(k);
}

/* What is beyond a limit may be another From field, of which nobody knows. */
static void nothing_hides_behind_a_limit(void **state)
{
	static const struct {
		size_t fields, octets;  /* of each, behind the first From */
		size_t kept;
	} rows[] = {
		{ 98, 10, 100 },        /* with the second From the limit */
		{ 99, 10, 100 },
		{ 200, 10, 100 },
		{ 1, 19000, 3 },
		{ 1, 20000, 1 },
		{ 3, 9000, 3 },
	};
	char filler[20001];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kit *k = new_kit();
		struct connection *c = greet(k, "192.0.2.1",
		    "mail.example.com");
		const struct outcome *o;
		bool cut = i != 0 && i != 3;

		memset(filler, 'x', rows[i].octets);
		filler[rows[i].octets] = '\0';
		mail(c, "<a@example.com>");
		transaction_header(c, SLICE("From"), SLICE(" a@example.com"));
		for (size_t n = 0; n < rows[i].fields; n++)
			transaction_header(c, SLICE("X-Filler"),
			    slice_of(filler));
		o = finish(c, "From: b@example.net\n");
		assert_int_equal(o->evidence->author.status, AUTHOR_AMBIGUOUS);
		assert_null(o->evidence->author.domain);
		assert_int_equal(strstr(o->evidence->author.reason,
		    "larger than our limits") != NULL, cut);
		assert_int_equal(o->evidence->header.count, rows[i].kept);
		connection_close(c);
		kit_drop(k);
	}
}

/* A forged field must not pass as ours, wherever it stands. */
static void forged_fields_go_beyond_the_limits(void **state)
{
	static const struct {
		const char *name;
		unsigned index;
	} removed[] = {
		{ "Authentication-Results", 5 }, { "assay-result", 2 },
		{ "Authentication-Results", 3 }, { "Assay-Result", 1 },
		{ "Authentication-Results", 2 },
	};
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");
	const struct outcome *o;

	(void)state;
	mail(c, "<a@example.com>");
	transaction_header(c, SLICE("Authentication-Results"),
	    SLICE(" other.example; spf=pass"));
	transaction_header(c, SLICE("Authentication-Results"),
	    SLICE(" mx.example.org; spf=pass"));
	transaction_header(c, SLICE("Assay-Result"), SLICE(" accept"));
	for (int i = 0; i < 100; i++)
		transaction_header(c, SLICE("X-Filler"), SLICE(" x"));
	o = finish(c, "Authentication-Results: mx.example.org; dkim=pass\n"
	    "Authentication-Results: other.example; dkim=pass\n"
	    "X-Filler: y\n"
	    "assay-result: accept\n"
	    "Authentication-Results : (c) \"mx.example.org\" 1; none\n");
	assert_int_equal(o->removed_count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(o->removed[i].name, removed[i].name);
		assert_int_equal(o->removed[i].index, removed[i].index);
		assert_non_null(o->removed[i].value);
	}
	assert_int_equal(o->evidence->forged_results, 3);
	assert_int_equal(o->evidence->header.count, 100);
	connection_close(c);
	kit_drop(k);
}

/* Events in no sensible order: an answer, never a crash, never an accept of
 * something that was not seen whole. */
static void confused_mtas_are_survived(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");

	(void)state;
	assert_int_equal(transaction_conclude(c, NULL)->verdict->action,
	    ACTION_TEMPFAIL);
	assert_non_null(transaction_conclude(c, NULL)->evidence);
	transaction_body(c, "x", 1);
	transaction_headers_done(c);
	transaction_header(c, slice_of("From"), slice_of(" a@example.com"));
	assert_null(transaction_rcpt(c, "<b@example.org>"));
	transaction_end(c);
	transaction_end(c);
	mail(c, NULL);
	transaction_body(c, "x", 1);
	transaction_header(c, slice_of("From"), slice_of(" a@example.com"));
	assert_int_equal(transaction_conclude(c, NULL)->evidence->author.status,
	    AUTHOR_NONE);
	assert_int_equal(transaction_conclude(c, NULL)->verdict->action,
	    ACTION_TEMPFAIL);
	mail(c, "<a@example.com>");
	mail(c, "<a@example.com>");
	connection_helo(c, "mail.example.com");
	assert_int_equal(transaction_conclude(c, NULL)->verdict->action,
	    ACTION_TEMPFAIL);
	connection_close(c);
	connection_close(NULL);
	kit_drop(k);
}

/* A reload while a connection lives: it ends with what it began with. */
static void a_connection_keeps_its_kit(void **state)
{
	struct kit *k = new_kit();
	struct connection *c = greet(k, "192.0.2.1", "mail.example.com");

	(void)state;
	kit_drop(k);
	mail(c, "<a@example.com>");
	assert_int_equal(finish(c, "From: a@example.com\n")->verdict->action,
	    ACTION_ACCEPT);
	connection_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_mail_is_stamped),
		cmocka_unit_test(spoof_is_refused_with_its_id),
		cmocka_unit_test(messages_do_not_mix),
		cmocka_unit_test(forged_fields_go_highest_first),
		cmocka_unit_test(early_rules_answer_early),
		cmocka_unit_test(early_rules_answer_at_the_end),
		cmocka_unit_test(discarded_recipients_are_removed),
		cmocka_unit_test(the_relay_s_client_is_judged),
		cmocka_unit_test(marks_replace_and_keep_folds),
		cmocka_unit_test(trouble_stays_trouble),
		cmocka_unit_test(limits_are_no_way_around),
		cmocka_unit_test(nothing_hides_behind_a_limit),
		cmocka_unit_test(forged_fields_go_beyond_the_limits),
		cmocka_unit_test(confused_mtas_are_survived),
		cmocka_unit_test(a_connection_keeps_its_kit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
