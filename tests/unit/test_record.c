/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is kept of a message, and whether it is enough to decide it again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json_reader.h"
#include "base/mem.h"
#include "history/restore.h"
#include "session/deferral.h"
#include "history_sample.h"

static const struct sample *sample_named(const char *label)
{
	for (size_t i = 0; i < SAMPLES; i++)
		if (strcmp(samples[i].label, label) == 0)
			return &samples[i];
	fail_msg("no sample %s", label);
	return NULL;
}

static struct json_document *parse(const char *text)
{
	struct error err;
	struct json_document *d = json_read(slice_of(text), &err);

	if (d == NULL)
		fail_msg("%s", err.text);
	return d;
}

static void columns_are_filled(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct record *r = sample_record(k, sample_named("spoof"));

	(void)state;
	assert_int_equal(strlen(r->id), 12);
	assert_string_equal(r->queue_id, "Q1");
	assert_int_equal(r->time, 1700000000);
	assert_string_equal(r->phase, "eom");
	assert_string_equal(r->client_ip, "203.0.113.9");
	assert_string_equal(r->client_class, "outside");
	assert_string_equal(r->helo, "x.example.net");
	assert_string_equal(r->mail_from, "a@example.com");
	assert_string_equal(r->mail_domain, "example.com");
	assert_int_equal(r->rcpt_count, 1);
	assert_string_equal(r->rcpts, "[\"b@example.org\"]");
	assert_string_equal(r->from_domain, "example.com");
	assert_string_equal(r->from_status, "ok");
	assert_string_equal(r->action, "reject");
	assert_string_equal(r->rule, "spoof");
	assert_string_equal(r->policy, "sample");
	assert_string_equal(r->file, "/etc/sample.policy");
	assert_true(r->line > 0);
	assert_string_equal(r->code, "550");
	assert_string_equal(r->enhanced, "5.7.26");
	assert_non_null(strstr(r->reply, "example.com 100%"));
	assert_non_null(strstr(r->reply, r->id));
	assert_string_equal(r->edits, "none");
	assert_string_equal(r->spf_result, "fail");
	assert_string_equal(r->spf_domain, "example.com");
	assert_string_equal(r->dkim_result, "none");
	assert_string_equal(r->dmarc_result, "fail");
	assert_string_equal(r->policy_domain, "example.com");
	assert_string_equal(r->org_domain, "example.com");
	assert_string_equal(r->disposition, "reject");
	assert_int_equal(r->spf_aligned, 0);
	assert_true(r->octets > 10);
	assert_true(r->took_us >= r->waited_us);
	assert_int_equal(record_column_count(), 37);
	record_drop(r);
	kit_drop(k);
}

static const struct json_node *question(const struct json_node *detail,
    const char *name, const char *type)
{
	const struct json_node *dns = json_member(detail, "dns");

	for (size_t i = 0; i < json_count(dns); i++) {
		const struct json_node *q = json_item(dns, i);

		if (strcmp(json_member_text(q, "name"), name) == 0 &&
		    strcmp(json_member_text(q, "type"), type) == 0)
			return q;
	}
	fail_msg("%s %s was not kept", type, name);
	return NULL;
}

static void detail_tells_the_dns(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct record *r = sample_record(k, sample_named("good"));
	struct json_document *d = parse(r->detail);
	const struct json_node *q = question(json_root(d), "example.com", "TXT");

	(void)state;
	assert_string_equal(json_member_text(q, "status"), "found");
	assert_int_equal(json_member_number(q, "ttl", -1), 3600);
	/* Found says it, and a zone file lets nobody wait. */
	assert_null(json_member(q, "rcode"));
	assert_null(json_member(q, "waited_us"));
	assert_string_equal(json_read_text(json_item(json_member(q, "records"),
	    0)), "v=spf1 ip4:192.0.2.1 -all");
	q = question(json_root(d), "mail.example.com", "A");
	assert_string_equal(json_read_text(json_item(json_member(q, "records"),
	    0)), "192.0.2.1");
	json_document_drop(d);
	record_drop(r);
	r = sample_record(k, sample_named("DNS trouble"));
	d = parse(r->detail);
	q = question(json_root(d), "_dmarc.broken.example.net", "TXT");
	assert_string_equal(json_member_text(q, "status"), "failed");
	assert_int_equal(json_member_number(q, "rcode", -1), 2);
	assert_string_equal(r->dmarc_result, "temperror");
	assert_null(r->disposition);
	json_document_drop(d);
	record_drop(r);
	kit_drop(k);
}

/* RFC 9990 repeats the record's tags; explain shows each step. */
static void detail_tells_dmarc(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct record *r = sample_record(k, sample_named("good"));
	struct json_document *d = parse(r->detail);
	const struct json_node *dmarc = json_member(json_root(d), "dmarc");
	const struct json_node *tags = json_member(dmarc, "tags"), *step;

	(void)state;
	assert_string_equal(json_member_text(dmarc, "result"), "pass");
	assert_non_null(strstr(json_member_text(dmarc, "record"), "adkim=s"));
	assert_string_equal(json_member_text(tags, "p"), "reject");
	assert_string_equal(json_member_text(tags, "sp"), "none");
	assert_null(json_member_text(tags, "np"));
	assert_string_equal(json_member_text(tags, "adkim"), "s");
	assert_string_equal(json_member_text(tags, "aspf"), "r");
	assert_string_equal(json_read_text(json_item(json_member(tags, "rua"),
	    0)), "mailto:dmarc@example.com");
	assert_int_equal(json_count(json_member(tags, "fo")), 2);
	assert_int_equal(json_count(json_member(dmarc, "queries")), 2);
	step = json_item(json_member(dmarc, "alignment"), 0);
	assert_string_equal(json_member_text(step, "method"), "spf");
	assert_string_equal(json_member_text(step, "domain"), "example.com");
	assert_string_equal(json_member_text(step, "aligned"), "yes");
	assert_string_equal(json_member_text(step, "mode"), "relaxed");
	json_document_drop(d);
	record_drop(r);
	kit_drop(k);
}

/* By which version it was decided, and what the other policy would have done. */
static void detail_tells_the_shadow(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct record *r;
	struct json_document *d;
	const struct json_node *shadow;

	(void)state;
	k->shadow = sample_load("rule everybody { when rcpt.domain == \"example.org\""
	    " reject 550 5.7.1 \"no\" }\ndefault accept\n");
	r = sample_record(k, sample_named("marked"));
	d = parse(r->detail);
	assert_string_equal(json_member_text(json_root(d), "version"),
	    policy_version(k->policy));
	shadow = json_member(json_root(d), "shadow");
	assert_string_equal(json_member_text(shadow, "action"), "reject");
	assert_string_equal(json_member_text(shadow, "rule"), "everybody");
	assert_string_equal(json_member_text(shadow, "version"),
	    policy_version(k->shadow));
	assert_true(json_member_yes_no(shadow, "differs", false));
	/* Nothing follows from it. */
	assert_string_equal(r->action, "tag");
	assert_non_null(strstr(r->shadow, ":everybody"));
	assert_null(r->observed);
	json_document_drop(d);
	record_drop(r);
	kit_drop(k);
}

static void detail_tells_the_rules(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct record *r = sample_record(k, sample_named("marked"));
	struct json_document *d = parse(r->detail);
	const struct json_node *n = json_root(d), *rules, *last;
	bool fired = false;

	(void)state;
	rules = json_member(n, "rules");
	assert_true(json_count(rules) >= 7);
	for (size_t i = 0; i < json_count(rules); i++) {
		last = json_item(rules, i);
		if (strcmp(json_member_text(last, "rule"), "mark") == 0)
			fired = json_member_yes_no(last, "fired", false) &&
			    strcmp(json_read_text(json_item(json_member(last,
			    "tests"), 0)), "subject matches \"*mark*\": yes "
			    "(mark me)") == 0 &&
			    json_member_number(last, "line", 0) > 0;
	}
	assert_true(fired);
	assert_string_equal(json_read_text(json_item(json_member(n, "notes"),
	    0)), "marked mark me");
	assert_true(json_count(json_member(json_member(n, "headers"),
	    "added")) >= 3);
	assert_string_equal(json_member_text(json_item(json_member(
	    json_member(n, "headers"), "changed"), 0), "value"),
	    "[mark] mark me");
	/* Never a body. */
	assert_null(strstr(r->detail, "the body"));
	assert_null(strstr(r->facts, "the body"));
	json_document_drop(d);
	record_drop(r);
	kit_drop(k);
}

/* What was only watched is kept, and what a deferral did is done again. */
static void watched_and_deferred_are_kept(void **state)
{
	static const char policy[] =
	    "rule watched observe { when subject matches \"*mark*\" discard }\n"
	    "rule later { when subject matches \"*mark*\" tempfail at-most 1h\n"
	    "    report override local_policy }\n"
	    "default accept\n";
	struct deferrals *memory = deferrals_new();
	struct kit *k = sample_kit(policy);
	struct arena *mem = arena_new(4096);
	struct json_document *d;
	struct restored x;
	struct record *r;
	struct verdict v;

	(void)state;
	k->deferrals = memory;
	k->clock.fixed = 1800000000;
	r = sample_record(k, sample_named("marked"));
	assert_string_equal(r->action, "tempfail");
	/* Nothing became of the fields that were prepared. */
	d = parse(r->detail);
	assert_null(json_member(json_root(d), "headers"));
	json_document_drop(d);
	record_drop(r);
	k->clock.fixed += 3600;
	r = sample_record(k, sample_named("marked"));
	assert_string_equal(r->action, "tag");
	assert_string_equal(r->rule, "later");
	d = parse(r->detail);
	assert_string_equal(json_member_text(json_item(json_member(
	    json_root(d), "observed"), 0), "action"), "discard");
	assert_string_equal(r->observed, "watched:discard");
	assert_null(r->shadow);
	assert_string_equal(json_member_text(json_item(json_member(
	    json_root(d), "rules"), 0), "note"),
	    "observed only: would discard");
	assert_string_equal(json_read_text(json_item(json_member(
	    json_root(d), "overrides"), 0)), "local_policy");
	json_document_drop(d);
	assert_true(restore(r, mem, &x, NULL));
	assert_int_equal(x.past_count, 1);
	assert_true(restored_decide(&x, k->policy, mem, &v, NULL));
	assert_int_equal(v.action, ACTION_TAG);
	assert_string_equal(v.rule, "later");
	record_drop(r);
	arena_free(mem);
	kit_drop(k);
	deferrals_free(memory);
}

static void early_refusal_names_its_recipient(void **state)
{
	const struct sample s = { "closed", "192.0.2.1", "mail.example.com",
	    "<a@example.com>", { NULL }, "" };
	struct kit *k = sample_kit(sample_policy);
	struct connection *c = sample_connect(k, &s);
	struct record *r;

	(void)state;
	transaction_mail(c, &(struct mail_event){ .path = s.from });
	assert_null(transaction_rcpt(c, "<open@example.org>"));
	assert_non_null(transaction_rcpt(c, "<closed@example.org>"));
	/* The next one takes the place of the one refused. */
	assert_null(transaction_rcpt(c, "<other@example.org>"));
	r = record_make(transaction_refusal(c), EDITS_NONE);
	assert_string_equal(r->phase, "rcpt");
	assert_string_equal(r->rcpts, "[\"closed@example.org\"]");
	assert_int_equal(r->rcpt_count, 1);
	assert_string_equal(r->rule, "early-rcpt");
	assert_string_equal(r->edits, "none");
	/* What was not known then is not "none". */
	assert_null(r->from_status);
	assert_null(r->dkim_result);
	assert_null(r->dmarc_result);
	assert_null(strstr(r->detail, "\"dmarc\""));
	assert_null(strstr(r->facts, "dkim.result"));
	record_drop(r);
	connection_close(c);
	kit_drop(k);
}

static void nothing_is_no_record(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct connection *c = sample_connect(k, &samples[0]);

	(void)state;
	assert_null(record_make(transaction_conclude(c, "Q"), EDITS_NONE));
	record_drop(NULL);
	connection_close(c);
	kit_drop(k);
}

/* Bytes that no text has, in every place that a stranger can write. */
static void hostile_bytes_are_kept_whole(void **state)
{
	const struct sample s = { "hostile", "203.0.113.9",
	    "\xff\"'); DROP TABLE message; --", "<\"a\\\" \xff\"@example.com>",
	    { "<\xc3(@example.org>", "<x\"y\\z@example.org>" },
	    "From: \"\xff\\\"\" <a@example.com>\n"
	    "Subject: \x01\xfe\"quote\\ \x7f\n"
	    "Authentication-Results: mx.example.org; x=\xff\"\n" };
	struct kit *k = sample_kit("default accept\n");
	struct record *r = sample_record(k, &s);
	struct json_document *facts = parse(r->facts);
	struct json_document *detail = parse(r->detail);
	struct json_document *rcpts = parse(r->rcpts);

	(void)state;
	assert_non_null(strstr(json_member_text(json_root(facts), "subject"),
	    "\xef\xbf\xbd\"quote\\"));
	assert_string_equal(json_read_text(json_item(json_root(rcpts), 1)),
	    "x\"y\\z@example.org");
	assert_string_equal(r->helo, s.helo);
	assert_int_equal(json_count(json_member(json_member(json_root(detail),
	    "headers"), "removed")), 1);
	json_document_drop(facts);
	json_document_drop(detail);
	json_document_drop(rcpts);
	record_drop(r);
	kit_drop(k);
}

/* NUL and 8-bit octets of a TXT record, as the DNS gave them. */
static void strange_records_are_kept(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct record *r = sample_record(k, sample_named("strange record"));
	struct json_document *d = parse(r->detail);
	const struct json_node *q = question(json_root(d),
	    "strange.example.com", "TXT");
	struct slice text = json_read_slice(json_item(json_member(q,
	    "records"), 0));

	(void)state;
	assert_int_equal(text.len, strlen("v=spf1 ") + 1 + 3 +
	    strlen("\" ?all"));
	assert_memory_equal(text.data, "v=spf1 \0\xef\xbf\xbd\" ?all", text.len);
	json_document_drop(d);
	record_drop(r);
	kit_drop(k);
}

/* What a stranger can make large stays small. */
static void size_is_bounded(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct sample s = samples[1];
	struct buf header = { 0 };
	struct record *r;

	(void)state;
	buf_adds(&header, "From: a@example.com\nSubject: ");
	for (int i = 0; i < 200000; i++)
		buf_addc(&header, 'x');
	buf_addc(&header, '\n');
	for (int i = 0; i < 3000; i++)
		buf_addf(&header, "Authentication-Results: mx.example.org; "
		    "none %d\n", i);
	s.header = buf_text(&header);
	r = sample_record(k, &s);
	assert_true(strlen(r->facts) < 16384);
	assert_null(strstr(r->facts, "\"subject\""));
	assert_true(strlen(r->detail) < 65536);
	record_drop(r);
	buf_free(&header);
	kit_drop(k);
}

/* A list of recipients is kept whole or not at all. */
static void many_recipients_are_not_kept(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct connection *c = sample_connect(k, &samples[0]);
	struct arena *mem = arena_new(1024);
	struct restored x;
	struct verdict v;
	struct record *r;
	struct error err;

	(void)state;
	transaction_mail(c, &(struct mail_event){ .path = "<a@example.com>" });
	for (int i = 0; i < RECORD_RCPTS_MAX + 1; i++) {
		char rcpt[64];

		snprintf(rcpt, sizeof(rcpt), "<user%d@example.org>", i);
		assert_null(transaction_rcpt(c, rcpt));
	}
	transaction_header(c, SLICE("From"), SLICE(" a@example.com"));
	transaction_headers_done(c);
	r = record_make(transaction_conclude(c, NULL), EDITS_MADE);
	assert_int_equal(r->rcpt_count, RECORD_RCPTS_MAX + 1);
	assert_null(r->rcpts);
	assert_true(restore(r, mem, &x, &err));
	assert_false(restored_decide(&x, k->policy, mem, &v, NULL));
	record_drop(r);
	arena_free(mem);
	connection_close(c);
	kit_drop(k);
}

/* The heart of replay: the same policy says the same of every record. */
static void same_policy_same_verdict(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct arena *mem = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct record *r = sample_record(k, &samples[i]);
		struct restored x;
		struct verdict v;
		struct error err;

		if (!restore(r, mem, &x, &err))
			fail_msg("%s: %s", samples[i].label, err.text);
		if (!restored_decide(&x, k->policy, mem, &v, NULL))
			fail_msg("%s: cannot say", samples[i].label);
		if (strcmp(name_word(action_names, (int)v.action),
		    r->action) != 0 || strcmp(v.rule, r->rule) != 0 ||
		    (int64_t)v.line != r->line)
			fail_msg("%s: %s by %s, was %s by %s",
			    samples[i].label, name_word(action_names,
			    (int)v.action), v.rule, r->action, r->rule);
		record_drop(r);
		arena_reset(mem);
	}
	arena_free(mem);
	kit_drop(k);
}

static const struct {
	const char *label, *policy, *sample;
	bool says;
	enum action action;
} others[] = {
	{ "harsher", "default reject 550 5.7.1 \"no\"\n", "good", true,
	  ACTION_REJECT },
	{ "another word", "rule r { when spf.result == fail discard }\n"
	  "default accept\n", "spoof", true, ACTION_DISCARD },
	{ "absent is known", "rule r { when mail.domain == \"x.example\" "
	  "discard }\ndefault accept\n", "null sender", true, ACTION_ACCEPT },
	{ "a header asked for then", "rule r { when header(\"X-Odd\") == "
	  "\"yes\" discard }\ndefault accept\n", "one is dropped", true,
	  ACTION_DISCARD },
	{ "a header nobody asked for", "rule r { when header(\"X-New\") == "
	  "\"yes\" discard }\ndefault accept\n", "good", false,
	  ACTION_ACCEPT },
	{ "behind a rule that decides", "rule a { when spf.result == pass "
	  "accept }\nrule r { when header(\"X-New\") == \"yes\" discard }\n"
	  "default accept\n", "good", true, ACTION_ACCEPT },
	{ "each recipient", "rule r { when rcpt.address == "
	  "\"b@example.org\" reject 550 5.7.1 \"no\" }\ndefault discard\n",
	  "one is dropped", true, ACTION_REJECT },
};

static void other_policies_decide_anew(void **state)
{
	struct kit *k = sample_kit(sample_policy);
	struct arena *mem = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct policy *p = sample_load(others[i].policy);
		struct record *r = sample_record(k,
		    sample_named(others[i].sample));
		struct restored x;
		struct verdict v;
		struct error err;
		bool says;

		assert_true(restore(r, mem, &x, &err));
		says = restored_decide(&x, p, mem, &v, NULL);
		if (says != others[i].says ||
		    (says && v.action != others[i].action))
			fail_msg("%s", others[i].label);
		record_drop(r);
		policy_free(p);
		arena_reset(mem);
	}
	arena_free(mem);
	kit_drop(k);
}

/* Rows that a program of another day, or an editor, left behind. */
static void damaged_rows_are_refused(void **state)
{
	static const struct { const char *label; struct record r; } rows[] = {
		{ "no phase", { .facts = "{}" } },
		{ "another phase", { .phase = "later", .facts = "{}" } },
		{ "no facts", { .phase = "eom" } },
		{ "cut facts", { .phase = "eom", .facts = "{\"spf" } },
	};
	struct arena *mem = arena_new(256);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct error err = { .text = "" };
		struct restored x;

		if (restore(&rows[i].r, mem, &x, &err) || err.text[0] == '\0')
			fail_msg("%s", rows[i].label);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_filled),
		cmocka_unit_test(detail_tells_the_dns),
		cmocka_unit_test(detail_tells_dmarc),
		cmocka_unit_test(detail_tells_the_rules),
		cmocka_unit_test(watched_and_deferred_are_kept),
		cmocka_unit_test(detail_tells_the_shadow),
		cmocka_unit_test(early_refusal_names_its_recipient),
		cmocka_unit_test(nothing_is_no_record),
		cmocka_unit_test(hostile_bytes_are_kept_whole),
		cmocka_unit_test(strange_records_are_kept),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(many_recipients_are_not_kept),
		cmocka_unit_test(same_policy_same_verdict),
		cmocka_unit_test(other_policies_decide_anew),
		cmocka_unit_test(damaged_rows_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
