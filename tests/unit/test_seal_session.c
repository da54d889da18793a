/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "check/arc/seal.h"
#include "dns/zone.h"
#include "mail/message.h"
#include "seal_files.h"
#include "session/transaction.h"
#include "setup/setup.h"

/* --- whole sessions --- */

static const char policy_text[] =
    "rule no { when subject matches \"*refuse*\" reject 550 5.7.1 \"no\" }\n"
    "rule drop { when subject matches \"*drop*\" discard }\n"
    "rule later { when subject matches \"*later*\" tempfail 451 4.7.1 \"x\" }\n"
    "rule hold { when subject matches \"*hold*\" quarantine \"look\" }\n"
    "rule mark { when subject matches \"*mark*\"\n"
    "	tag header \"X-Spam-Flag\" \"YES\" subject \"[mark] \" }\n"
    "default accept\n";

static const char *const session_fields[] = { "Subject", "X-Spam-Flag", "To",
	"Authentication-Results-Of-Others" };

static struct kit *new_kit(const char *key, const char *domain,
    const struct buf *zone)
{
	struct seal_options seal = { .domain = domain, .selector = "sel",
		.key_file = key != NULL ? in_dir(key) : NULL,
		.owner = geteuid(), .fields = session_fields,
		.field_count = 4 };
	struct check_options o = check_defaults;
	struct policy_report report = { 0 };
	struct kit *k = kit_new();
	struct network *relay = arena_array(k->mem, 1, sizeof(*relay));
	struct error err = { "" };

	assert_true(network_parse(slice_of("198.51.100.0/24"), relay, NULL));
	o.authserv_id = arena_printf(k->mem, "mx.%s", domain);
	o.seal = key != NULL ? &seal : NULL;
	k->options = (struct session_options){
		.authserv_id = o.authserv_id,
		.trusted_relays = { relay, 1 },
		.limits = { 100, 20000, 4 },
		.dns = { .budget_ms = 2000, .query_ms = 1000 },
	};
	k->resolver = zone_resolver(buf_slice(zone), "zone", &err);
	k->checks = check_env_new(&o, NULL, &err);
	k->policy = policy_load_text(policy_text, strlen(policy_text), "test",
	    NULL, &report);
	if (k->resolver == NULL || k->checks == NULL || k->policy == NULL)
		fail_msg("%s%s", err.text, buf_text(&report.text));
	policy_report_free(&report);
	k->clock.fixed = NOW;
	return k;
}

/* A message as it travels. */
struct mail {
	const char *header;             /* fields ended by CRLF */
	const char *body;
};

static const struct outcome *play(struct connection *c, const char *user,
    const struct mail *m)
{
	struct message cut;

	transaction_mail(c, &(struct mail_event){ .path = "<a@example.com>",
		.auth_user = user });
	transaction_rcpt(c, "<b@example.org>");
	message_cut(mem, slice_of(arena_printf(mem, "%s\r\n%s", m->header,
	    m->body)), &cut);
	for (size_t i = 0; i < cut.header.count; i++)
		transaction_header(c, cut.header.fields[i].name,
		    cut.header.fields[i].value);
	transaction_headers_done(c);
	transaction_body(c, cut.body.data, cut.body.len);
	return transaction_conclude(c, "Q1");
}

static struct connection *greet(struct kit *k, const char *ip)
{
	struct client client = { .name = NULL };
	struct connection *c;

	assert_true(ip_parse(slice_of(ip), &client.address));
	c = connection_open(k, &client);
	connection_helo(c, "mail.example.com");
	return c;
}

static bool is_removed(const struct outcome *o, const struct field *f)
{
	for (size_t i = 0; i < o->removed_count; i++)
		if (slice_is_nocase(f->name, o->removed[i].name) &&
		    f->instance == o->removed[i].index)
			return true;
	return false;
}

/* What the MTA makes of the outcome; it folds with a tab. */
static struct mail as_sent(const struct outcome *o, const struct mail *m)
{
	const struct header *h = &o->evidence->header;
	struct buf b = { 0 };
	struct mail sent = { .body = m->body };

	for (size_t i = 0; i < o->added_count; i++) {
		assert_int_equal(o->added[i].index, i);
		buf_addf(&b, "%s:%s\r\n", o->added[i].name,
		    o->added[i].value);
	}
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] == '\n' && b.data[i + 1] == ' ')
			b.data[i + 1] = '\t';
	for (size_t i = 0; i < h->count; i++) {
		const struct field *f = &h->fields[i];
		bool changed = o->changed_count > 0 &&
		    slice_is_nocase(f->name, o->changed[0].name) &&
		    f->instance == o->changed[0].index;

		if (is_removed(o, f))
			continue;
		buf_addf(&b, "%.*s:", (int)f->name.len, f->name.data);
		if (changed)
			buf_adds(&b, o->changed[0].value);
		else
			buf_add(&b, f->value.data, f->value.len);
		buf_adds(&b, "\r\n");
	}
	sent.header = arena_strdup(mem, buf_text(&b));
	buf_free(&b);
	return sent;
}

static const struct mail fresh = {
	"Authentication-Results: mx.one.example.com; dmarc=pass\r\n"
	"X-Spam-Flag: forged\r\n"
	"Assay-Result: forged\r\n"
	"From: a@example.com\r\nTo: b@example.org\r\n"
	"Subject: please\r\n mark this\r\n", "hello \r\n\r\n",
};

/* Does the next host believe it? */
static void test_sessions(void **state)
{
	struct buf zone = { 0 };
	struct kit *one, *two;
	struct connection *c, *d;
	const struct outcome *o;
	struct mail m = fresh;

	(void)state;
	publish(&zone, RSA1024, "one.example.com");
	publish(&zone, RSA2048, "two.example.com");
	one = new_kit("rsa1024", "one.example.com", &zone);
	two = new_kit("rsa2048", "two.example.com", &zone);
	c = greet(one, "192.0.2.1");
	d = greet(two, "192.0.2.2");
	for (unsigned round = 1; round <= 6; round++) {
		static const char *const order[] = { "ARC-Seal",
			"ARC-Message-Signature", "ARC-Authentication-Results",
			"Authentication-Results", "Assay-Result",
			"X-Spam-Flag" };
		const char *results;

		o = play(round % 2 ? c : d, NULL, &m);
		if (o->sealed != round || o->unsealed != NULL)
			fail_msg("%u: %s", round, o->unsealed);
		assert_int_equal(o->added_count, 6);
		for (size_t i = 0; i < 6; i++)
			assert_string_equal(o->added[i].name, order[i]);
		results = arena_printf(mem, " i=%u;%s", round,
		    o->added[3].value);
		assert_string_equal(o->added[2].value, results);
		assert_int_equal(o->findings->arc.code,
		    round == 1 ? AUTH_NONE : AUTH_PASS);
		assert_int_equal(o->changed_count, round == 1);
		m = as_sent(o, &m);
		transaction_end(round % 2 ? c : d);
	}
	/* Somebody alters what is covered on its way. */
	for (int round = 0; round < 2; round++) {
		m.body = "changed\r\n";
		o = play(c, NULL, &m);
		assert_int_equal(o->findings->arc.code, AUTH_FAIL);
		assert_int_equal(o->sealed, round == 0 ? 7 : 0);
		if (round == 0)
			assert_non_null(strstr(o->added[0].value, "cv=fail"));
		else
			assert_non_null(strstr(o->unsealed, "says cv=fail"));
		m = as_sent(o, &m);
		transaction_end(c);
	}
	connection_close(c);
	connection_close(d);
	kit_drop(one);
	kit_drop(two);
	buf_free(&zone);
}

static void test_who_is_sealed(void **state)
{
	static const struct {
		const char *label, *ip, *user, *subject;
		bool sealed;
		const char *unsealed;
	} rows[] = {
		{ "outside", "192.0.2.1", NULL, "hi", true, NULL },
		{ "through a relay", "198.51.100.1", NULL, "hi", true, NULL },
		{ "held", "192.0.2.1", NULL, "hold", true, NULL },
		{ "tagged", "192.0.2.1", NULL, "mark", true, NULL },
		{ "local", "127.0.0.1", NULL, "hi", false, NULL },
		{ "our user", "192.0.2.1", "joe", "hi", false, NULL },
		{ "refused", "192.0.2.1", NULL, "refuse", false, NULL },
		{ "deferred", "192.0.2.1", NULL, "later", false, NULL },
		{ "dropped", "192.0.2.1", NULL, "drop", false, NULL },
		{ "giant", "192.0.2.1", NULL, NULL, false, "than our limits" },
	};
	struct buf zone = { 0 }, giant = { 0 };
	struct kit *k, *off;

	(void)state;
	publish(&zone, RSA1024, "one.example.com");
	k = new_kit("rsa1024", "one.example.com", &zone);
	off = new_kit(NULL, "one.example.com", &zone);
	for (int i = 0; i < 200; i++)
		buf_adds(&giant, "X: y\r\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mail m = { .body = "x\r\n" };
		struct connection *c = greet(k, rows[i].ip);
		const struct outcome *o;

		m.header = rows[i].subject == NULL ? buf_text(&giant) :
		    arena_printf(mem, "From: a@example.com\r\nSubject: %s\r\n",
		    rows[i].subject);
		o = play(c, rows[i].user, &m);
		if ((o->sealed == 1) != rows[i].sealed ||
		    (o->unsealed != NULL) != (rows[i].unsealed != NULL) ||
		    (strcmp(o->added[0].name, "ARC-Seal") == 0) !=
		    rows[i].sealed)
			fail_msg("%s: %u %s", rows[i].label, o->sealed,
			    o->unsealed != NULL ? o->unsealed : "");
		if (rows[i].unsealed != NULL)
			assert_non_null(strstr(o->unsealed, rows[i].unsealed));
		connection_close(c);
		c = greet(off, rows[i].ip);
		o = play(c, rows[i].user, &m);
		assert_int_equal(o->sealed, 0);
		assert_null(o->unsealed);
		assert_string_equal(o->added[0].name,
		    "Authentication-Results");
		assert_null(o->findings->arc.body_hash);
		connection_close(c);
	}
	kit_drop(k);
	kit_drop(off);
	buf_free(&zone);
	buf_free(&giant);
}

/* --- odd headers --- */

static unsigned chance(unsigned n)
{
	static uint64_t seed = 88172645463325252u;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static const char *pick(const char *const *words, size_t n)
{
	return words[chance((unsigned)n)];
}

#define PICK(words) pick(words, sizeof(words) / sizeof(*(words)))

static void put_odd_field(struct header *h)
{
	static const char *const names[] = { "From", "FROM", "from ", "Subject",
		"subject\t", "SUBJECT", "To", "to", "X-Spam-Flag",
		"x-spam-flag ", "Authentication-Results", "Assay-Result",
		"ARC-Seals", "X", "Subject-", "Received" };
	static const char *const pieces[] = { " ", "\t", "\r\n ", "\n\t", "a",
		"mark", "\303\244", "\377", ":", ";", " a@example.com", "mx.",
		"one.example.com", "  ", "=?utf-8?q?mark?=", "\r\n \r\n ",
		"\"", "(", "ARC-Seal", "i=1;" };
	struct buf value = { 0 };

	for (unsigned n = chance(8); n > 0; n--)
		buf_adds(&value, PICK(pieces));
	if (chance(40) == 0)
		buf_add(&value, "\0", 1);
	else if (chance(40) == 0)
		buf_adds(&value, "\rx");
	header_append(h, mem, slice_of(PICK(names)), buf_slice(&value));
	buf_free(&value);
}

static const struct outcome *play_fields(struct connection *c,
    const struct header *h, const char *body)
{
	transaction_mail(c, &(struct mail_event){ .path = "<>" });
	for (size_t i = 0; i < h->count; i++)
		transaction_header(c, h->fields[i].name, h->fields[i].value);
	transaction_headers_done(c);
	transaction_body(c, body, strlen(body));
	return transaction_conclude(c, "Q1");
}

static struct header sent_fields(const struct outcome *o)
{
	const struct header *h = &o->evidence->header;
	struct header sent = { .count = 0 };

	for (size_t i = 0; i < o->added_count; i++)
		header_append(&sent, mem, slice_of(o->added[i].name),
		    slice_of(o->added[i].value));
	for (size_t i = 0; i < h->count; i++) {
		const struct field *f = &h->fields[i];
		bool changed = o->changed_count > 0 &&
		    slice_is_nocase(slice_trim(f->name), "Subject") &&
		    f->instance == o->changed[0].index;
		struct field plain = *f;

		plain.name = slice_trim(f->name);
		if (!is_removed(o, &plain))
			header_append(&sent, mem, f->name, changed ?
			    slice_of(o->changed[0].value) : f->value);
	}
	return sent;
}

/* Whatever comes in: what was sealed holds at the next host. */
static void test_odd_headers(void **state)
{
	struct buf zone = { 0 };
	struct connection *c, *d;
	struct kit *one, *two;
	unsigned sealed = 0, changed = 0;

	(void)state;
	publish(&zone, RSA1024, "one.example.com");
	publish(&zone, RSA1024, "two.example.com");
	one = new_kit("rsa1024", "one.example.com", &zone);
	two = new_kit("rsa1024", "two.example.com", &zone);
	c = greet(one, "192.0.2.1");
	d = greet(two, "192.0.2.2");
	for (unsigned round = 0; round < 400; round++) {
		struct header h = { .count = 0 }, sent;
		const struct outcome *o;

		for (unsigned n = chance(12); n > 0; n--)
			put_odd_field(&h);
		o = play_fields(c, &h, "\n.\r\n \r \n");
		changed += o->changed_count > 0;
		if (o->sealed == 0) {
			assert_string_equal(o->unsealed, "a field to be "
			    "signed holds control characters");
			transaction_end(c);
			continue;
		}
		sealed++;
		sent = sent_fields(o);
		transaction_end(c);
		o = play_fields(d, &sent, "\n.\r\n \r \n");
		if (o->findings->arc.code != AUTH_PASS || o->sealed != 2)
			fail_msg("round %u: %s", round,
			    o->findings->arc.reason);
		transaction_end(d);
	}
	assert_in_range(sealed, 300, 399);
	assert_in_range(changed, 20, 400);
	connection_close(c);
	connection_close(d);
	kit_drop(one);
	kit_drop(two);
	buf_free(&zone);
}

/* --- another implementation --- */

static const char foreign_text[] =
    "import sys\n"
    "try:\n"
    "    import dkim\n"
    "except ImportError:\n"
    "    sys.exit(77)\n"
    "keys = dict(l.rstrip(b'\\n').split(b' ', 1)\n"
    "    for l in open(sys.argv[2], 'rb'))\n"
    "def txt(name, timeout=5):\n"
    "    return keys.get(name.rstrip(b'.'))\n"
    "m = open(sys.argv[1], 'rb').read()\n"
    "cv, results, why = dkim.arc_verify(m, dnsfunc=txt)\n"
    "print(cv, why)\n"
    "sys.exit(0 if cv == b'pass' and len(results) == 2 else 1)\n";

/* dkimpy, if it is here: it shares nothing with us. */
static void test_foreign_verifier(void **state)
{
	static const char *const domains[] = { "one.example.com",
		"two.example.com" };
	static const int numbers[] = { RSA1024, RSA2048 };
	struct buf zone = { 0 }, keys = { 0 };
	struct mail m = fresh;
	char command[512], *text;
	int status;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *p = signer_info(pkeys[numbers[i]]);

		publish(&zone, numbers[i], domains[i]);
		buf_addf(&keys, "sel._domainkey.%s v=DKIM1; p=%s\n",
		    domains[i], p);
		free(p);
	}
	for (size_t i = 0; i < 2; i++) {
		struct kit *k = new_kit(i == 0 ? "rsa1024" : "rsa2048",
		    domains[i], &zone);
		struct connection *c = greet(k, "192.0.2.1");

		m = as_sent(play(c, NULL, &m), &m);
		connection_close(c);
		kit_drop(k);
	}
	text = arena_printf(mem, "%s\r\n%s", m.header, m.body);
	write_text(in_dir("mail"), text, strlen(text), 0600);
	write_text(in_dir("keys"), keys.data, keys.len, 0600);
	write_text(in_dir("verify.py"), foreign_text, strlen(foreign_text),
	    0600);
	snprintf(command, sizeof(command), "/usr/bin/python3 %s %s %s >%s 2>&1",
	    in_dir("verify.py"), in_dir("mail"), in_dir("keys"),
	    in_dir("said"));
	status = system(command);
	buf_free(&zone);
	buf_free(&keys);
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 ||
	    WEXITSTATUS(status) == 127))
		skip();
	if (status != 0) {
		snprintf(command, sizeof(command), "cat %s >&2",
		    in_dir("said"));
		fail_msg("dkimpy: status %d; %d", status, system(command));
	}
}

/* --- configuration --- */

static void test_setup(void **state)
{
	static const struct {
		const char *label, *conf, *problem;
	} rows[] = {
		{ "off", "arc { domain = example.com }", NULL },
		{ "whole", "arc { seal = yes domain = Example.COM selector = s"
		  " key-file = \"%s/rsa2048\" }", NULL },
		{ "few fields", "arc { seal = yes domain = example.com "
		  "selector = s key-file = \"%s/rsa2048\" fields = { Subject }"
		  " }", NULL },
		{ "no domain", "arc { seal = yes selector = s key-file = "
		  "\"%s/rsa2048\" }", "arc.seal needs arc.domain" },
		{ "no selector", "arc { seal = yes domain = example.com "
		  "key-file = \"%s/rsa2048\" }", "arc.seal needs arc.selector" },
		{ "no key", "arc { seal = yes domain = example.com selector = s"
		  " }", "arc.seal needs arc.key-file" },
		{ "key is gone", "arc { seal = yes domain = example.com "
		  "selector = s key-file = \"%s/gone\" }",
		  "/gone: No such file" },
		{ "one label", "arc { domain = com }", "domain that can sign" },
		{ "selector", "arc { selector = \"a b\" }", "no selector" },
		{ "field", "arc { fields = { ARC-Seal } }", "must not be" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf problems = { 0 }, text = { 0 };
		struct kit *k = NULL;
		struct conf c;

		buf_adds(&text, "authserv-id = mx.example.com\npolicy = \""
		    ASSAY_SOURCE "/policy/observe.policy\"\n");
		for (const char *p = rows[i].conf; *p != '\0'; p++)
			if (p[0] == '%' && *++p == 's')
				buf_adds(&text, dir);
			else
				buf_addc(&text, *p);
		write_text(in_dir("conf"), text.data, text.len, 0600);
		write_text(in_dir("zone"), "a.example.com A 192.0.2.1\n", 26,
		    0600);
		if (conf_read(&c, in_dir("conf"), &problems))
			k = setup_kit(&(struct setup){ .conf = &c,
			    .zone = in_dir("zone") }, &problems);
		if ((k != NULL) != (rows[i].problem == NULL) ||
		    (k == NULL && strstr(buf_text(&problems),
		    rows[i].problem) == NULL))
			fail_msg("%s: %s", rows[i].label, buf_text(&problems));
		if (k != NULL)
			assert_int_equal(check_env_sealer(k->checks) != NULL,
			    i > 0);
		kit_drop(k);
		conf_free(&c);
		buf_free(&problems);
		buf_free(&text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sessions),
		TEST(test_who_is_sealed),
		TEST(test_odd_headers),
		TEST(test_foreign_verifier),
		TEST(test_setup),
	};

	return cmocka_run_group_tests(tests, set_up_keys, tear_down_keys);
}
