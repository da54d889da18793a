/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A whole SMTP transaction. HELO, MAIL FROM and RCPT TO are parted
 * by 0xff; the rest is the message. Nothing a stranger sends may end a line of
 * what we tell the MTA, and no field that claims our name may stay.
 */
#include "base/json.h"
#include "dns/zone.h"
#include "fuzz.h"
#include "mail/authres.h"
#include "mail/message.h"
#include "session/transaction.h"

static const char our_id[] = "mx.example.org";

static const char zone[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 exists:%{l}.example.com -all\"\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=none\"\n"
    "mail.example.com A 192.0.2.1\n"
    "1.2.0.192.in-addr.arpa PTR mail.example.com\n"
    "s._domainkey.example.com TXT \"k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
    "broken.example.net STATUS servfail\n";

static const char policy[] =
    "rule net early { when client.ip == \"2001:db8::1\" and client.name "
	"matches \"*.example.com\"\n"
    "	reject 554 5.7.1 \"{client.name}\" }\n"
    "rule helo early { when helo.status == invalid\n"
    "	reject 550 5.7.1 \"bad {helo.name}\" }\n"
    "rule author { when from.status != ok\n"
    "	reject 550 5.7.1 \"{from.status} {from.display_address}\" }\n"
    "rule spoof { when dmarc.result == fail\n"
    "	reject 550 5.7.26 \"{from.domain} 100% {subject}\" }\n"
    "rule drop { when rcpt.address == \"drop@example.org\" discard }\n"
    "rule mark { when client.class == outside or header(\"X-Mark\") == \"y\"\n"
    "	tag header \"X-Subject\" \"{subject} {mail.address}\" "
	"subject \"[mark] \" }\n"
    "default accept\n";

static struct kit *new_kit(void)
{
	struct check_options o = check_defaults;
	struct policy_report report = { 0 };
	struct kit *k = kit_new();
	struct network *relay = arena_array(k->mem, 1, sizeof(*relay));
	struct error err;

	o.authserv_id = our_id;
	need(network_parse(SLICE("198.51.100.0/24"), relay, NULL), "a network");
	k->options = (struct session_options){
		.authserv_id = our_id,
		.trusted_relays = { relay, 1 },
		.limits = { 100, 20000, 4 },
		.received_spf = true,
	};
	o.spf_engine = ENGINE_BOTH;
	o.dkim_engine = ENGINE_BOTH;
	k->clock.fixed = 1700000000;
	k->resolver = zone_resolver(slice_of(zone), "zone", &err);
	k->checks = check_env_new(&o, NULL, &err);
	k->policy = policy_load_text(policy, strlen(policy), "policy", NULL,
	    &report);
	if (k->policy == NULL)
		fprintf(stderr, "%s", buf_text(&report.text));
	need(k->resolver != NULL && k->checks != NULL && k->policy != NULL,
	    "the kit is whole");
	policy_report_free(&report);
	return k;
}

static void need_value(const char *value)
{
	need(value[0] == ' ', "a value begins with a blank");
	for (const char *c = value; *c != '\0'; c++) {
		need(*c != '\r' || c[1] == '\n', "no bare CR");
		need(*c != '\n' || (c > value && c[-1] == '\r' &&
		    (c[1] == ' ' || c[1] == '\t')), "a line end folds");
	}
}

static bool is_removed(const struct outcome *o, const struct field *f)
{
	for (size_t i = 0; i < o->removed_count; i++)
		if (o->removed[i].index == f->instance &&
		    slice_is_nocase(slice_trim(f->name), o->removed[i].name))
			return true;
	return false;
}

static void check_verdict(const struct verdict *v)
{
	if (v == NULL)
		return;
	need(v->rule != NULL, "a verdict has a rule");
	if (v->action == ACTION_REJECT || v->action == ACTION_TEMPFAIL)
		need(v->code != NULL && v->enhanced != NULL &&
		    v->text != NULL && fuzz_printable(v->text),
		    "a reply is printable");
}

static void check_outcome(struct arena *mem, const struct outcome *o)
{
	const struct header *h = &o->evidence->header;
	struct json *j = json_new();
	char *text;

	check_verdict(o->verdict);
	need(o->added_count > 0 && authres_claims(slice_of(o->added[0].value),
	    our_id), "our results come first");
	for (size_t i = 0; i < o->added_count; i++)
		need_value(o->added[i].value);
	for (size_t i = 0; i < h->count; i++)
		need(!slice_is_nocase(slice_trim(h->fields[i].name),
		    "Authentication-Results") ||
		    !authres_claims(h->fields[i].value, our_id) ||
		    is_removed(o, &h->fields[i]), "no claim of our name stays");
	for (enum fact id = 0; id < FACT_COUNT; id++)
		facts_render(mem, o->facts, id);
	facts_json(o->facts, j);
	text = json_finish(j, false);
	need(strpbrk(text, "\r\n") == NULL, "the facts are one line");
	free(text);
}

static void send_message(struct arena *mem, struct connection *c,
    struct slice raw)
{
	struct message m;

	message_cut(mem, raw, &m);
	for (size_t i = 0; i < m.header.count; i++)
		transaction_header(c, m.header.fields[i].name,
		    m.header.fields[i].value);
	transaction_headers_done(c);
	if (m.body.len > 0)
		transaction_body(c, m.body.data, m.body.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const clients[] = {
		"192.0.2.1", "198.51.100.1", "2001:db8::1", "203.0.113.9",
	};
	static struct kit *kit;
	struct arena *mem = fuzz_arena();
	struct slice rest = fuzz_slice(data, size);
	unsigned marks = fuzz_octet(&rest);
	struct client client = {
		.name = marks & 4 ? "mail.example.com" : NULL,
	};
	const struct verdict *refusal;
	const struct outcome *o;
	struct connection *c;
	struct mail_event mail = { .utf8 = (marks & 8) != 0 };

	if (kit == NULL)
		kit = new_kit();
	ip_parse(slice_of(clients[marks & 3]), &client.address);
	c = connection_open(kit, &client);
	check_verdict(transaction_greeted(c, PHASE_CONNECT));
	connection_helo(c, fuzz_text(mem, fuzz_piece(mem, &rest)));
	check_verdict(transaction_greeted(c, PHASE_HELO));
	mail.path = fuzz_text(mem, fuzz_piece(mem, &rest));
	refusal = transaction_mail(c, &mail);
	check_verdict(refusal);
	check_verdict(transaction_rcpt(c,
	    fuzz_text(mem, fuzz_piece(mem, &rest))));
	check_verdict(transaction_rcpt(c, "<joe@example.org>"));
	if (rest.data != NULL)
		send_message(mem, c, rest);
	o = transaction_conclude(c, "4Abc");
	if (refusal == NULL)
		check_outcome(mem, o);
	else
		check_verdict(o->verdict);      /* of a confused MTA */
	connection_close(c);
	return 0;
}
