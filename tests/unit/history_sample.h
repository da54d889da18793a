/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * history_sample: messages decided by a session of our own, for tests of what
 * is kept of them. Aborts where it cannot go on; not by assert(), which a
 * release build leaves out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone.h"
#include "history/record.h"
#include "session/transaction.h"

static const char sample_zone[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "example.com MX 10 mail.example.com\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=none; adkim=s; fo=1:d; "
    "rua=mailto:dmarc@example.com; ruf=mailto:ruf@example.com\"\n"
    "mail.example.com A 192.0.2.1\n"
    "mail.example.com TXT \"v=spf1 a -all\"\n"
    "1.2.0.192.in-addr.arpa PTR mail.example.com\n"
    "strange.example.com TXT \"v=spf1 \\000\\255\\\" ?all\"\n"
    "broken.example.net STATUS servfail\n"
    "_dmarc.broken.example.net STATUS servfail\n";

static const char sample_policy[] =
    "rule early-rcpt early {\n"
    "	when rcpt.address == \"closed@example.org\"\n"
    "	reject 550 5.7.1 \"closed {rcpt.address}\"\n"
    "}\n"
    "rule many { when from.status != ok\n"
    "	reject 550 5.7.1 \"author {from.status}\" }\n"
    "rule dns { when dmarc.result == temperror tempfail 451 4.7.24 \"later\" }\n"
    "rule spoof { when dmarc.result == fail unless forwarded.likely\n"
    "	reject 550 5.7.26 \"{from.domain} 100%\" }\n"
    "rule drop { when rcpt.address == \"drop@example.org\" discard }\n"
    "rule mark { when subject matches \"*mark*\" or header(\"X-Odd\") == \"yes\"\n"
    "	log \"marked {subject}\"\n"
    "	tag header \"X-Spam-Flag\" \"YES\" subject \"[mark] \" }\n"
    "default accept\n";

static inline void sample_must(bool done)
{
	if (!done)
		abort();
}

static inline struct policy *sample_load(const char *text)
{
	struct policy_report report = { 0 };
	struct policy *p = policy_load_text(text, strlen(text),
	    "/etc/sample.policy", NULL, &report);

	if (p == NULL)
		fputs(buf_text(&report.text), stderr);
	policy_report_free(&report);
	sample_must(p != NULL);
	return p;
}

static inline struct kit *sample_kit(const char *policy)
{
	struct check_options o = check_defaults;
	struct kit *k = kit_new();
	struct network *local = arena_array(k->mem, 1, sizeof(*local));
	struct error err;

	o.authserv_id = "mx.example.org";
	sample_must(network_parse(slice_of("127.0.0.0/8"), local, NULL));
	k->options = (struct session_options){
		.authserv_id = "mx.example.org",
		.local_networks = { local, 1 },
		.limits = { 5000, 1 << 22, 2000 },
		.dns = { .budget_ms = 2000, .query_ms = 1000 },
	};
	k->clock.fixed = 1700000000;
	k->resolver = zone_resolver(slice_of(sample_zone), "zone", &err);
	sample_must(k->resolver != NULL);
	k->checks = check_env_new(&o, NULL, &err);
	sample_must(k->checks != NULL);
	k->policy = sample_load(policy);
	return k;
}

/* One message, as a test tells it. */
struct sample {
	const char *label;
	const char *ip, *helo, *from;
	const char *rcpts[3];
	const char *header;             /* lines "Name: value\n" */
};

static inline struct connection *sample_connect(struct kit *k,
    const struct sample *s)
{
	struct client client = { .name = NULL };
	struct connection *c;

	sample_must(ip_parse(slice_of(s->ip), &client.address));
	c = connection_open(k, &client);
	connection_helo(c, s->helo);
	return c;
}

/* The outcome lives as long as the connection's message. */
static inline const struct outcome *sample_play(struct connection *c,
    const struct sample *s)
{
	struct slice rest = slice_of(s->header);

	if (transaction_greeted(c, PHASE_HELO) != NULL)
		return transaction_refusal(c);
	if (transaction_mail(c, &(struct mail_event){ .path = s->from,
	    .queue_id = "Q1" }) != NULL)
		return transaction_refusal(c);
	for (size_t i = 0; i < 3 && s->rcpts[i] != NULL; i++)
		transaction_rcpt(c, s->rcpts[i]);
	while (rest.data != NULL && rest.len > 0) {
		struct slice value = slice_cut(&rest, '\n');
		struct slice name = slice_cut(&value, ':');

		transaction_header(c, name, value);
	}
	transaction_headers_done(c);
	transaction_body(c, "the body\r\n", 10);
	return transaction_conclude(c, NULL);
}

static inline struct record *sample_record(struct kit *k,
    const struct sample *s)
{
	struct connection *c = sample_connect(k, s);
	const struct outcome *o = sample_play(c, s);
	struct record *r = record_make(o, o->verdict->action <=
	    ACTION_QUARANTINE ? EDITS_MADE : EDITS_NONE);

	connection_close(c);
	sample_must(r != NULL);
	return r;
}

#define SAMPLES (sizeof(samples) / sizeof(*samples))
static const struct sample samples[] = {
	{ "good", "192.0.2.1", "mail.example.com", "<a@example.com>",
	  { "<b@example.org>" }, "From: A <a@example.com>\nSubject: hi\n" },
	{ "spoof", "203.0.113.9", "x.example.net", "<a@example.com>",
	  { "<b@example.org>" }, "From: a@example.com\n" },
	{ "null sender", "203.0.113.9", "x.example.net", "<>",
	  { "<b@example.org>" }, "From: a@elsewhere.example\n" },
	{ "marked", "2001:db8::1", "[2001:db8::1]", "<a@elsewhere.example>",
	  { "<b@example.org>" }, "From: a@elsewhere.example\nSubject: mark me\n" },
	{ "one is dropped", "192.0.2.1", "mail.example.com", "<a@example.com>",
	  { "<drop@example.org>", "<b@example.org>" },
	  "From: a@example.com\nSubject: x\nX-Odd: yes\n" },
	{ "all are dropped", "192.0.2.1", "mail.example.com", "<a@example.com>",
	  { "<drop@example.org>" }, "From: a@example.com\n" },
	{ "two authors", "192.0.2.1", "mail.example.com", "<a@example.com>",
	  { "<b@example.org>" }, "From: a@example.com\nFrom: b@example.net\n" },
	{ "DNS trouble", "203.0.113.9", "helo", "<a@broken.example.net>",
	  { "<b@example.org>" }, "From: a@broken.example.net\n" },
	{ "nobody", "127.0.0.1", "localhost", "<root>", { NULL },
	  "From: root@example.com\nSubject:\n" },
	{ "strange record", "203.0.113.9", "strange.example.com",
	  "<a@strange.example.com>", { "<b@example.org>" },
	  "From: a@strange.example.com\n" },
};
