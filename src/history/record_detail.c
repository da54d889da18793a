/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * record_detail: the JSON that explain and the reports read; see record.h.
 */
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "check/dmarc_align.h"
#include "history/record.h"

static void put_slice(struct json *j, const char *key, struct slice value)
{
	/* Cut where a character begins. */
	if (value.len > RECORD_TEXT_MAX) {
		value.len = RECORD_TEXT_MAX;
		while (value.len > 0 &&
		    ((unsigned char)value.data[value.len] & 0xc0) == 0x80)
			value.len--;
	}
	json_slice(j, key, value);
}

static void put(struct json *j, const char *key, const char *value)
{
	put_slice(j, key, slice_of(value));
}

static void put_if(struct json *j, const char *key, bool yes)
{
	if (yes)
		json_yes_no(j, key, true);
}

static void identities(struct json *j, const struct evidence *e)
{
	char ip[IP_TEXT_MAX];

	if (e->client_class == CLIENT_RELAY && e->peer_ip.family != IP_NONE)
		put(j, "relay", ip_text(&e->peer_ip, ip));
	put(j, "client_name", e->client_name);
	put(j, "why_no_client", e->why_no_client);
	put(j, "helo_status", name_word(helo_status_names,
	    (int)e->helo_status));
	put(j, "tls", e->tls_version);
	put(j, "cipher", e->tls_cipher);
	put(j, "auth", e->auth_user);
	put(j, "auth_method", e->auth_method);
	put_if(j, "utf8", e->utf8);
}

static void author(struct json *j, const struct author *a)
{
	json_open_object(j, "author");
	put(j, "status", name_word(author_status_names, (int)a->status));
	put(j, "domain", a->domain);
	if (a->box_count > 0)
		put(j, "address", a->boxes[0].address);
	put(j, "display_address", a->display_address);
	put(j, "reason", a->reason);
	json_close(j);
}

static void spf_identity(struct json *j, const char *key,
    const struct spf_identity *s, enum spf_scope scope)
{
	json_open_object(j, key);
	put(j, "result", name_word(spf_names, (int)s->code));
	put(j, "scope", name_word(spf_scope_names, (int)scope));
	put(j, "domain", s->domain);
	put(j, "mechanism", s->mechanism);
	put(j, "reason", s->reason);
	put(j, "explanation", s->explanation);
	put_if(j, "local_part_used", s->local_part_used);
	json_number(j, "lookups", s->lookups);
	json_number(j, "void_lookups", s->void_lookups);
	json_close(j);
}

static void spf(struct json *j, const struct spf_finding *f)
{
	json_open_object(j, "spf");
	spf_identity(j, "mailfrom", &f->mailfrom, f->mailfrom_scope);
	spf_identity(j, "helo", &f->helo, SPF_SCOPE_HELO);
	json_close(j);
}

static void signature(struct json *j, const struct dkim_signature *s)
{
	json_open_object(j, NULL);
	put(j, "result", name_word(dkim_names, (int)s->code));
	if (s->cause != DKIM_CAUSE_NONE)
		put(j, "cause", name_word(dkim_cause_names, (int)s->cause));
	put(j, "reason", s->reason);
	put(j, "domain", s->domain);
	put(j, "selector", s->selector);
	put(j, "identity", s->identity);
	put(j, "algorithm", s->algorithm);
	put(j, "b", s->b);
	if (s->key_bits > 0)
		json_number(j, "bits", s->key_bits);
	put_if(j, "testing", s->testing);
	put_if(j, "secure", s->secure);
	json_close(j);
}

static void dkim(struct json *j, const struct dkim_finding *f)
{
	json_open_array(j, "dkim");
	for (size_t i = 0; i < f->count; i++)
		signature(j, &f->signatures[i]);
	json_close(j);
	if (f->ignored > 0)
		json_number(j, "dkim_ignored", (int64_t)f->ignored);
}

static void arc(struct json *j, const struct arc_finding *f)
{
	json_open_object(j, "arc");
	put(j, "result", name_word(arc_names, (int)f->code));
	put(j, "reason", f->reason);
	json_open_array(j, "sealers");
	for (size_t i = 0; i < f->count; i++) {
		json_open_object(j, NULL);
		put(j, "domain", f->sealers[i].domain);
		put(j, "selector", f->sealers[i].selector);
		json_close(j);
	}
	json_close(j);
	json_number(j, "instances", f->instances);
	if (f->oldest_known)
		json_number(j, "oldest_pass", f->oldest_pass);
	json_close(j);
}

static void policy_word(struct json *j, const char *key, enum dmarc_policy p)
{
	if (p != DMARC_POLICY_ABSENT)
		put(j, key, name_word(dmarc_policy_names, (int)p));
}

static void uris(struct json *j, const char *key, const struct dmarc_uris *u)
{
	json_open_array(j, key);
	for (size_t i = 0; i < u->count && i < RECORD_FIELDS_MAX; i++)
		put(j, NULL, u->uri[i]);
	json_close(j);
}

static void fo_letters(struct json *j, unsigned fo)
{
	static const struct name letters[] = {
		{ DMARC_FO_ALL, "0" }, { DMARC_FO_ANY, "1" },
		{ DMARC_FO_DKIM, "d" }, { DMARC_FO_SPF, "s" }, { 0, NULL },
	};

	json_open_array(j, "fo");
	for (const struct name *n = letters; n->word != NULL; n++)
		if (fo & (unsigned)n->code)
			json_text(j, NULL, n->word);
	json_close(j);
}

/* The record's tags, as a report has to repeat them (RFC 9990). */
static void tags(struct json *j, const struct dmarc_record *r)
{
	if (r == NULL)
		return;
	json_open_object(j, "tags");
	policy_word(j, "p", r->p.policy);
	policy_word(j, "sp", r->sp.policy);
	policy_word(j, "np", r->np.policy);
	json_text(j, "adkim", r->strict_dkim ? "s" : "r");
	json_text(j, "aspf", r->strict_spf ? "s" : "r");
	json_text(j, "psd", r->psd == DMARC_PSD_YES ? "y" :
	    r->psd == DMARC_PSD_NO ? "n" : "u");
	json_text(j, "t", r->testing ? "y" : "n");
	fo_letters(j, r->fo);
	uris(j, "rua", &r->rua);
	uris(j, "ruf", &r->ruf);
	json_close(j);
}

static void alignment(struct json *j, const struct dmarc_finding *f)
{
	static const struct name fits[] = {
		{ DMARC_FIT_NO, "no" }, { DMARC_FIT_YES, "yes" },
		{ DMARC_FIT_UNKNOWN, "unknown" }, { 0, NULL },
	};

	json_open_array(j, "alignment");
	for (size_t i = 0; i < f->identifier_count; i++) {
		const struct dmarc_identifier *id = &f->identifiers[i];

		json_open_object(j, NULL);
		json_text(j, "method", id->dkim ? "dkim" : "spf");
		put(j, "domain", id->domain);
		json_text(j, "mode", id->strict ? "strict" : "relaxed");
		json_text(j, "aligned", name_word(fits, (int)id->fit));
		put(j, "why", id->why);
		json_close(j);
	}
	json_close(j);
}

static void dmarc(struct json *j, const struct dmarc_finding *f)
{
	json_open_object(j, "dmarc");
	put(j, "result", name_word(dmarc_names, (int)f->code));
	put(j, "reason", f->reason);
	policy_word(j, "policy", f->policy);
	policy_word(j, "published", f->published);
	if (f->policy_domain != NULL)
		policy_word(j, "disposition", f->disposition);
	put(j, "author_domain", f->author_domain);
	put(j, "org_domain", f->org_domain);
	put(j, "policy_domain", f->policy_domain);
	if (f->discovery != DMARC_DISCOVERY_NOTHING)
		put(j, "discovery", name_word(dmarc_discovery_names,
		    (int)f->discovery));
	put(j, "record", f->record);
	put_if(j, "testing", f->testing);
	json_yes_no(j, "spf_aligned", f->spf_aligned);
	json_yes_no(j, "dkim_aligned", f->dkim_aligned);
	tags(j, f->tags);
	alignment(j, f);
	json_open_array(j, "queries");
	for (size_t i = 0; i < f->query_count; i++)
		put(j, NULL, f->queries[i]);
	json_close(j);
	json_close(j);
}

static void iprev(struct json *j, const struct iprev_finding *f)
{
	json_open_object(j, "iprev");
	put(j, "result", name_word(iprev_names, (int)f->code));
	put(j, "name", f->name);
	put(j, "reason", f->reason);
	json_close(j);
}

/* What an early refusal did not wait for has no result yet. */
static void methods(struct json *j, const struct outcome *o)
{
	const struct fact_value *f = o->facts->values;

	if (f[FACT_IPREV_RESULT].state == FACT_KNOWN)
		iprev(j, &o->findings->iprev);
	if (f[FACT_SPF_RESULT].state == FACT_KNOWN)
		spf(j, &o->findings->spf);
	if (f[FACT_DKIM_RESULT].state == FACT_KNOWN)
		dkim(j, &o->findings->dkim);
	if (f[FACT_ARC_RESULT].state == FACT_KNOWN)
		arc(j, &o->findings->arc);
	if (f[FACT_DMARC_RESULT].state == FACT_KNOWN)
		dmarc(j, &o->findings->dmarc);
}

static void dns_record(struct json *j, enum dns_type type,
    const struct dns_record *r)
{
	struct ip ip;
	char text[IP_TEXT_MAX];
	struct buf mx = { 0 };

	if ((type == DNS_A && r->len == 4) ||
	    (type == DNS_AAAA && r->len == 16)) {
		ip = ip_from_octets(type == DNS_A ? IP_V4 : IP_V6, r->data);
		put(j, NULL, ip_text(&ip, text));
	} else if (type == DNS_MX) {
		buf_addf(&mx, "%u %s", (unsigned)r->preference, r->data);
		put(j, NULL, buf_text(&mx));
		buf_free(&mx);
	} else {
		put_slice(j, NULL, (struct slice){ r->data, r->len });
	}
}

/* `room`: octets that this message may still keep of its answers. */
static void dns_answer(struct json *j, enum dns_type type,
    const struct dns_answer *a, size_t *room)
{
	size_t i = 0;

	json_text(j, "status", name_word(dns_status_names, (int)a->status));
	if (a->rcode >= 0)
		json_number(j, "rcode", a->rcode);
	json_number(j, "ttl", a->ttl);
	put_if(j, "secure", a->secure);
	put_if(j, "alias", a->alias);
	json_open_array(j, "records");
	for (; i < a->count && a->records[i].len < *room; i++) {
		dns_record(j, type, &a->records[i]);
		*room -= a->records[i].len + 1;
	}
	json_close(j);
	put_if(j, "cut", i < a->count);
}

static void journal(struct json *j, const struct inquiry *dns)
{
	size_t room = RECORD_JOURNAL_OCTETS;

	json_open_array(j, "dns");
	for (size_t i = 0; i < inquiry_journal_count(dns); i++) {
		struct journal_entry e = inquiry_journal(dns, i);

		json_open_object(j, NULL);
		put(j, "name", e.name);
		json_text(j, "type", name_word(dns_type_names, (int)e.type));
		json_number(j, "waited_us", e.waited_us);
		if (e.answer != NULL)
			dns_answer(j, e.type, e.answer, &room);
		json_close(j);
	}
	json_close(j);
}

static void rules(struct json *j, const struct trace *t)
{
	json_open_array(j, "rules");
	for (size_t i = 0; i < t->count; i++) {
		const struct trace_step *s = &t->steps[i];

		json_open_object(j, NULL);
		put(j, "rule", s->rule);
		put(j, "file", s->file);
		json_number(j, "line", s->line);
		json_text(j, "when", name_word(truth_names, (int)s->when));
		json_text(j, "unless", name_word(truth_names, (int)s->unless));
		json_yes_no(j, "fired", s->fired);
		json_slice(j, "detail", slice_of(s->detail));
		json_close(j);
	}
	json_close(j);
}

/* On one line: the line ends of folds are no part of what it says. */
static void field(struct json *j, const char *name, unsigned index,
    const char *value)
{
	struct buf line = { 0 };

	for (value += value[0] == ' '; *value != '\0'; value++)
		if (*value != '\r' && *value != '\n')
			buf_addc(&line, *value);
	json_open_object(j, NULL);
	put(j, "name", name);
	json_number(j, "index", index);
	put(j, "value", buf_text(&line));
	json_close(j);
	buf_free(&line);
}

static void fields(struct json *j, const struct outcome *o)
{
	json_open_object(j, "headers");
	json_open_array(j, "removed");
	for (size_t i = 0; i < o->removed_count && i < RECORD_FIELDS_MAX; i++)
		field(j, o->removed[i].name, o->removed[i].index,
		    o->removed[i].value);
	json_close(j);
	json_open_array(j, "changed");
	for (size_t i = 0; i < o->changed_count && i < RECORD_FIELDS_MAX; i++)
		field(j, o->changed[i].name, o->changed[i].index,
		    o->changed[i].value);
	json_close(j);
	json_open_array(j, "added");
	for (size_t i = 0; i < o->added_count && i < RECORD_FIELDS_MAX; i++)
		field(j, o->added[i].name, o->added[i].index,
		    o->added[i].value);
	json_close(j);
	json_close(j);
}

static void marks(struct json *j, const struct outcome *o)
{
	json_open_array(j, "rcpts_removed");
	for (size_t i = 0; i < o->removed_rcpt_count &&
	    i < RECORD_RCPTS_MAX; i++)
		put(j, NULL, o->removed_rcpts[i]);
	json_close(j);
	json_open_array(j, "notes");
	for (size_t i = 0; i < o->verdict->log_count; i++)
		put(j, NULL, o->verdict->log_notes[i]);
	json_close(j);
}

char *record_detail(const struct outcome *o)
{
	struct json *j = json_new();
	char *text;

	identities(j, o->evidence);
	if (o->phase >= PHASE_HEADERS)
		author(j, &o->evidence->author);
	methods(j, o);
	journal(j, o->dns);
	rules(j, o->trace);
	fields(j, o);
	marks(j, o);
	text = json_render(j, false);
	json_drop(j);
	return text;
}
