/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Refusals of a session, at connect and HELO; and that sessions which hear
 * early rules end like the same ones that hear nothing before the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "history_sample.h"
#include "random_policy.h"

#define POLICIES 1200
#define SESSIONS 8

static const char zone_text[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
    "mail.example.com A 192.0.2.1\n"
    "mail.example.com TXT \"v=spf1 a -all\"\n"
    "1.2.0.192.in-addr.arpa PTR mail.example.com\n"
    "9.113.0.203.bl.example.net A 127.0.0.2\n"
    "mail.example.com.rhs.example.net A 127.0.0.2\n";

/* 198.51.100.0/24 are relays we trust. */
static struct kit *new_kit(struct policy *policy)
{
	struct check_options o = check_defaults;
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
	k->clock.fixed = 1700000000;
	k->resolver = zone_resolver(slice_of(zone_text), "zone", &err);
	assert_non_null(k->resolver);
	k->checks = check_env_new(&o, NULL, &err);
	assert_non_null(k->checks);
	k->policy = policy;
	return k;
}

static struct connection *open(struct kit *k, const char *ip, const char *name,
    bool deaf)
{
	struct client client = { .name = name };

	for (enum phase at = PHASE_CONNECT; at <= PHASE_RCPT; at++)
		client.deaf[at] = deaf;
	if (ip == NULL)
		client.submitted = true;
	else
		assert_true(ip_parse(slice_of(ip), &client.address));
	return connection_open(k, &client);
}

static const char session_policy[] =
    "rule net early { when client.ip == \"192.0.2.66\"\n"
    "	reject 554 5.7.1 \"no service for {client.ip}\" }\n"
    "rule greeting early { when helo.status == bare\n"
    "	tempfail 450 4.7.1 \"a host of one word\" }\n"
    "rule submission { when client.class == authenticated accept }\n"
    "rule unnamed early { when iprev.result == permerror\n"
    "	reject 550 5.7.25 \"{client.ip} has no name\" }\n"
    "default accept\n";

static void a_client_is_refused(void **state)
{
	struct kit *k = new_kit(sample_load(session_policy));
	struct connection *c = open(k, "192.0.2.66", NULL, false);
	const struct outcome *o;
	const struct verdict *v;
	struct record *r;

	(void)state;
	v = transaction_greeted(c, PHASE_CONNECT);
	assert_non_null(v);
	assert_int_equal(v->action, ACTION_REJECT);
	assert_string_equal(v->rule, "net");
	assert_string_equal(v->code, "554");
	o = transaction_refusal(c);
	assert_ptr_equal(o->verdict, v);
	assert_int_equal(o->phase, PHASE_CONNECT);
	assert_int_equal(inquiry_journal_count(c->dns), 0);
	assert_non_null(strstr(v->text, "no service for 192.0.2.66 (id "));
	assert_non_null(strstr(v->text, o->id));
	assert_int_equal(policy_hits(k->policy, 0).acted, 1);
	r = record_make(o, EDITS_NONE);
	assert_string_equal(r->phase, "connect");
	assert_string_equal(r->client_ip, "192.0.2.66");
	assert_string_equal(r->id, o->id);
	/* What nobody has said yet is not in it. */
	assert_null(r->client_class);
	assert_null(r->helo);
	assert_null(r->mail_from);
	assert_null(r->from_status);
	assert_null(strstr(r->detail, "helo_status"));
	assert_null(strstr(r->facts, "client.class"));
	assert_null(strstr(r->facts, "iprev.result"));
	record_drop(r);
	/* Whatever a confused MTA does now, nothing gets through. */
	assert_null(transaction_rcpt(c, "<b@example.org>"));
	assert_int_equal(transaction_conclude(c, "Q")->verdict->action,
	    ACTION_TEMPFAIL);
	v = transaction_mail(c, &(struct mail_event){ .path = "<>" });
	assert_non_null(v);
	assert_string_equal(v->rule, "net");
	connection_close(c);
	kit_drop(k);
}

static void a_greeting_is_refused(void **state)
{
	struct kit *k = new_kit(sample_load(session_policy));
	struct connection *c = open(k, "192.0.2.1", "mail.example.com", false);
	const struct verdict *v;
	struct record *r;

	(void)state;
	assert_null(transaction_greeted(c, PHASE_CONNECT));
	assert_int_equal(inquiry_journal_count(c->dns), 1);
	assert_null(transaction_refusal(c));
	connection_helo(c, "bare");
	v = transaction_greeted(c, PHASE_HELO);
	assert_non_null(v);
	assert_int_equal(v->action, ACTION_TEMPFAIL);
	assert_string_equal(v->rule, "greeting");
	r = record_make(transaction_refusal(c), EDITS_NONE);
	assert_string_equal(r->phase, "helo");
	assert_string_equal(r->helo, "bare");
	assert_non_null(strstr(r->detail, "\"helo_status\":\"bare\""));
	assert_null(r->client_class);
	record_drop(r);
	/* A better greeting is another one. */
	connection_helo(c, "mail.example.com");
	assert_null(transaction_greeted(c, PHASE_HELO));
	assert_null(transaction_mail(c, &(struct mail_event){
	    .path = "<a@example.com>" }));
	connection_close(c);
	kit_drop(k);
}

/* He might log in yet, and then the rule would not hold. */
static void who_may_log_in_is_not_refused_before(void **state)
{
	struct kit *k = new_kit(sample_load(session_policy));
	struct mail_event mail = { .path = "<a@example.com>" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct connection *c = open(k, "203.0.113.9", NULL, false);
		const struct verdict *v;

		assert_null(transaction_greeted(c, PHASE_CONNECT));
		connection_helo(c, "x.example.net");
		assert_null(transaction_greeted(c, PHASE_HELO));
		mail.auth_user = i == 0 ? NULL : "ann";
		v = transaction_mail(c, &mail);
		assert_int_equal(v != NULL, i == 0);
		if (v != NULL)
			assert_string_equal(v->rule, "unnamed");
		connection_close(c);
	}
	kit_drop(k);
}

/* The relay's address is not the one that the policy speaks of. */
static void a_relay_is_not_the_client(void **state)
{
	struct kit *k = new_kit(sample_load("rule each early { when client.ip in "
	    "{ \"0.0.0.0/0\" } or helo.status == bare\n"
	    "    reject 550 5.7.1 \"no\" }\ndefault accept\n"));
	struct connection *c = open(k, "198.51.100.7", "r.example.org", false);

	(void)state;
	assert_null(transaction_greeted(c, PHASE_CONNECT));
	connection_helo(c, "bare");
	assert_null(transaction_greeted(c, PHASE_HELO));
	assert_null(transaction_mail(c, &(struct mail_event){
	    .path = "<a@example.com>" }));
	connection_close(c);
	kit_drop(k);
}

/* An MTA that waits for no word at connect, say, hears it at HELO. */
static void the_next_phase_says_it(void **state)
{
	struct kit *k = new_kit(sample_load(session_policy));
	struct mail_event mail = { .path = "<a@example.com>" };

	(void)state;
	for (enum phase first = PHASE_CONNECT; first <= PHASE_EOM; first++) {
		struct client client = { .name = NULL };
		const struct verdict *v[PHASE_EOM + 1] = { NULL };
		struct connection *c;

		for (enum phase at = PHASE_CONNECT; at < first; at++)
			client.deaf[at] = true;
		assert_true(ip_parse(slice_of("192.0.2.66"), &client.address));
		c = connection_open(k, &client);
		v[PHASE_CONNECT] = transaction_greeted(c, PHASE_CONNECT);
		if (first == PHASE_CONNECT) {
			assert_non_null(v[first]);
			connection_close(c);
			continue;
		}
		connection_helo(c, "bare");
		v[PHASE_HELO] = transaction_greeted(c, PHASE_HELO);
		if (first > PHASE_HELO)
			v[PHASE_MAIL] = transaction_mail(c, &mail);
		if (first > PHASE_MAIL)
			v[PHASE_RCPT] = transaction_rcpt(c, "<b@example.org>");
		if (first > PHASE_RCPT)
			v[PHASE_EOM] = transaction_conclude(c, "Q")->verdict;
		for (enum phase at = PHASE_CONNECT; at < first; at++)
			assert_null(v[at]);
		if (first == PHASE_HEADERS || first == PHASE_BODY)
			first = PHASE_EOM;
		assert_non_null(v[first]);
		assert_string_equal(v[first]->rule, "net");
		connection_close(c);
	}
	kit_drop(k);
}

/* One session as a client might hold it. */
struct play {
	const char *ip, *name, *helo, *tls, *user, *from, *rcpt, *header;
};

static struct play random_play(struct dice *d)
{
	static const char *const ips[] = { "192.0.2.1", "203.0.113.9",
	    "198.51.100.7", "127.0.0.1", NULL };
	static const char *const helos[] = { "mail.example.com", "bare",
	    "[192.0.2.1]", "no name!" };
	static const char *const froms[] = { "<ann@example.com>", "<>",
	    "<x@example.net>" };
	static const char *const rcpts[] = { "<bob@example.org>",
	    "<x@closed.example.org>" };
	static const char of_another[] =
	    "Received: from bare (unknown [203.0.113.9]) by r.example.org; now\n"
	    "From: ann@example.com\nX-A: 1\n";
	static const char *const headers[] = {
		"From: ann@example.com\n",
		"X-A: 1\nFrom: x@example.net\n",
		"Received: from mail.example.com (mail.example.com "
		    "[192.0.2.1]) by r.example.org; now\n"
		    "From: ann@example.com\n",
		of_another,
	};

	return (struct play){
		.ip = ips[roll(d, 5)],
		.name = roll(d, 2) == 0 ? "mail.example.com" : NULL,
		.helo = helos[roll(d, 4)],
		.tls = roll(d, 2) == 0 ? "TLSv1.3" : NULL,
		.user = roll(d, 3) == 0 ? "ann" : NULL,
		.from = froms[roll(d, 3)],
		.rcpt = rcpts[roll(d, 2)],
		.header = headers[roll(d, 4)],
	};
}

static const struct outcome *play_message(struct connection *c,
    const struct play *s)
{
	struct slice rest = slice_of(s->header);

	/* STARTTLS, and the greeting anew, come after the first one. */
	connection_tls(c, s->tls, NULL);
	if (transaction_mail(c, &(struct mail_event){ .path = s->from,
	    .auth_user = s->user }) != NULL)
		return transaction_refusal(c);
	if (transaction_rcpt(c, s->rcpt) != NULL)
		return transaction_refusal(c);
	while (rest.data != NULL && rest.len > 0) {
		struct slice value = slice_cut(&rest, '\n');
		struct slice name = slice_cut(&value, ':');

		transaction_header(c, name, value);
	}
	transaction_headers_done(c);
	transaction_body(c, "hello\r\n", 7);
	return transaction_conclude(c, "Q1");
}

static const struct outcome *play(struct connection *c, const struct play *s)
{
	if (transaction_greeted(c, PHASE_CONNECT) != NULL)
		return transaction_refusal(c);
	connection_helo(c, s->helo);
	if (transaction_greeted(c, PHASE_HELO) != NULL)
		return transaction_refusal(c);
	return play_message(c, s);
}

/* Without the decision id, which stands at the end. */
static size_t words_of(const struct verdict *v)
{
	const char *id = v->text == NULL ? NULL : strstr(v->text, " (id ");

	return id == NULL ? 0 : (size_t)(id - v->text);
}

static void must_agree(const char *policy, const struct play *s,
    const struct outcome *early, const struct outcome *last)
{
	const struct verdict *a = early->verdict, *b = last->verdict;

	assert_int_equal(last->phase, PHASE_EOM);
	if (a->action != b->action || strcmp(a->rule, b->rule) != 0 ||
	    words_of(a) != words_of(b) ||
	    (words_of(a) > 0 && memcmp(a->text, b->text, words_of(a)) != 0))
		fail_msg("%s %s %s %s: %s by %s (%s) at %s, %s by %s (%s) "
		    "at the end\n%s", s->ip, s->helo, s->user, s->from,
		    name_word(action_names, (int)a->action), a->rule, a->text,
		    name_word(phase_names, (int)early->phase),
		    name_word(action_names, (int)b->action), b->rule, b->text,
		    policy);
}

static void try_policy(struct dice *d, struct kit *k, const char *text,
    size_t decided[PHASE_EOM + 1])
{
	for (int i = 0; i < SESSIONS; i++) {
		const struct play s = random_play(d);
		struct connection *c = open(k, s.ip, s.name, false);
		struct connection *deaf = open(k, s.ip, s.name, true);
		const struct outcome *o = play(c, &s);

		decided[o->phase]++;
		must_agree(text, &s, o, play(deaf, &s));
		connection_close(deaf);
		connection_close(c);
	}
}

static void early_is_final(void **state)
{
	struct dice d = { 5321 };
	size_t decided[PHASE_EOM + 1] = { 0 };
	struct buf text = { 0 };

	(void)state;
	for (int loaded = 0; loaded < POLICIES;) {
		struct policy_report r = { 0 };
		struct policy *p;
		struct kit *k;

		random_policy(&d, &text);
		p = policy_load_text(buf_text(&text), text.len, "random",
		    NULL, &r);
		policy_report_free(&r);
		if (p == NULL)
			continue;
		loaded++;
		k = new_kit(p);
		try_policy(&d, k, buf_text(&text), decided);
		kit_drop(k);
	}
	buf_free(&text);
	for (enum phase at = PHASE_CONNECT; at <= PHASE_EOM; at++) {
		if (at == PHASE_HEADERS || at == PHASE_BODY)
			continue;
		print_message("%zu verdicts at %s\n", decided[at],
		    name_word(phase_names, (int)at));
		assert_true(decided[at] >= 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_is_refused),
		cmocka_unit_test(a_greeting_is_refused),
		cmocka_unit_test(who_may_log_in_is_not_refused_before),
		cmocka_unit_test(a_relay_is_not_the_client),
		cmocka_unit_test(the_next_phase_says_it),
		cmocka_unit_test(early_is_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
