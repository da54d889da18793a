/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * record_findings: what the checks concluded, for the detail of a record.
 */
#include "check/dmarc/align.h"
#include "check/dmarc/record.h"
#include "history/record.h"
#include "history/record_json.h"

void record_put_slice(struct json *j, const char *key, struct slice value)
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

void record_put(struct json *j, const char *key, const char *value)
{
	record_put_slice(j, key, slice_of(value));
}

void record_put_if(struct json *j, const char *key, bool yes)
{
	if (yes)
		json_yes_no(j, key, true);
}

void record_open_list(struct json *j, const char *key, size_t count)
{
	if (count > 0)
		json_open_array(j, key);
}

void record_close_list(struct json *j, size_t count)
{
	if (count > 0)
		json_close(j);
}

static void spf_identity(struct json *j, const char *key,
    const struct spf_identity *s, enum spf_scope scope)
{
	json_open_object(j, key);
	record_put(j, "result", name_word(spf_names, (int)s->code));
	record_put(j, "scope", name_word(spf_scope_names, (int)scope));
	record_put(j, "domain", s->domain);
	record_put(j, "mechanism", s->mechanism);
	record_put(j, "reason", s->reason);
	record_put(j, "explanation", s->explanation);
	record_put_if(j, "local_part_used", s->local_part_used);
	json_number(j, "lookups", s->lookups);
	if (s->void_lookups > 0)
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
	record_put(j, "result", name_word(dkim_names, (int)s->code));
	if (s->cause != DKIM_CAUSE_NONE)
		record_put(j, "cause", name_word(dkim_cause_names, (int)s->cause));
	record_put(j, "reason", s->reason);
	record_put(j, "domain", s->domain);
	record_put(j, "selector", s->selector);
	record_put(j, "identity", s->identity);
	record_put(j, "algorithm", s->algorithm);
	record_put(j, "b", s->b);
	if (s->key_bits > 0)
		json_number(j, "bits", s->key_bits);
	record_put_if(j, "testing", s->testing);
	record_put_if(j, "secure", s->secure);
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
	record_put(j, "result", name_word(arc_names, (int)f->code));
	record_put(j, "reason", f->reason);
	record_open_list(j, "sealers", f->count);
	for (size_t i = 0; i < f->count; i++) {
		json_open_object(j, NULL);
		record_put(j, "domain", f->sealers[i].domain);
		record_put(j, "selector", f->sealers[i].selector);
		json_close(j);
	}
	record_close_list(j, f->count);
	json_number(j, "instances", f->instances);
	if (f->oldest_known)
		json_number(j, "oldest_pass", f->oldest_pass);
	json_close(j);
}

static void policy_word(struct json *j, const char *key, enum dmarc_policy p)
{
	if (p != DMARC_POLICY_ABSENT)
		record_put(j, key, name_word(dmarc_policy_names, (int)p));
}

static void uris(struct json *j, const char *key, const struct dmarc_uris *u)
{
	json_open_array(j, key);
	for (size_t i = 0; i < u->count && i < RECORD_FIELDS_MAX; i++)
		record_put(j, NULL, u->uri[i]);
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
		record_put(j, "domain", id->domain);
		json_text(j, "mode", id->strict ? "strict" : "relaxed");
		json_text(j, "aligned", name_word(fits, (int)id->fit));
		record_put(j, "why", id->why);
		json_close(j);
	}
	json_close(j);
}

static void dmarc(struct json *j, const struct dmarc_finding *f)
{
	json_open_object(j, "dmarc");
	record_put(j, "result", name_word(dmarc_names, (int)f->code));
	record_put(j, "reason", f->reason);
	policy_word(j, "policy", f->policy);
	policy_word(j, "published", f->published);
	if (f->policy_domain != NULL)
		policy_word(j, "disposition", f->disposition);
	record_put(j, "author_domain", f->author_domain);
	record_put(j, "org_domain", f->org_domain);
	record_put(j, "policy_domain", f->policy_domain);
	if (f->discovery != DMARC_DISCOVERY_NOTHING)
		record_put(j, "discovery", name_word(dmarc_discovery_names,
		    (int)f->discovery));
	record_put(j, "record", f->record);
	record_put_if(j, "testing", f->testing);
	json_yes_no(j, "spf_aligned", f->spf_aligned);
	json_yes_no(j, "dkim_aligned", f->dkim_aligned);
	tags(j, f->tags);
	alignment(j, f);
	json_open_array(j, "queries");
	for (size_t i = 0; i < f->query_count; i++)
		record_put(j, NULL, f->queries[i]);
	json_close(j);
	json_close(j);
}

static void iprev(struct json *j, const struct iprev_finding *f)
{
	json_open_object(j, "iprev");
	record_put(j, "result", name_word(iprev_names, (int)f->code));
	record_put(j, "name", f->name);
	record_put(j, "reason", f->reason);
	json_close(j);
}

/* What an early refusal did not wait for has no result yet. */
void record_findings(struct json *j, const struct outcome *o)
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
