/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/gather.h"

#include <string.h>

#include "facts/forwarded.h"
#include "mail/domain.h"

/*
 * Everything is gathered into a fresh set of facts, as far as evidence and
 * findings go; merge() then lets through only what is new and whose phase has
 * come.
 */
static bool check_done(const struct gathering *g, const struct check *check)
{
	for (size_t i = 0; checks[i] != NULL; i++)
		if (checks[i] == check)
			return g->finished[i];
	return false;
}

static const char *domain_of(struct arena *mem, const char *text)
{
	return text == NULL ? NULL : domain_normalise(mem, slice_of(text));
}

/* Behind a trusted relay nobody is judged before the header says who it is. */
static void gather_client(const struct gathering *g, struct facts *f)
{
	const struct evidence *e = g->evidence;

	if (e->client_settled || g->phase >= PHASE_HEADERS) {
		facts_ip(f, FACT_CLIENT_IP, &e->client_ip);
		facts_text(f, FACT_CLIENT_NAME,
		    domain_of(g->mem, e->client_name));
		facts_text(f, FACT_HELO_NAME, e->helo_domain);
		facts_word(f, FACT_HELO_STATUS, (int)e->helo_status);
	}
	facts_word(f, FACT_CLIENT_CLASS, (int)e->client_class);
	facts_text(f, FACT_TLS_VERSION, e->tls_version);
	facts_text(f, FACT_TLS_CIPHER, e->tls_cipher);
	facts_text(f, FACT_AUTH_USER, e->auth_user);
	facts_text(f, FACT_AUTH_METHOD, e->auth_method);
}

static void gather_envelope(const struct gathering *g, struct facts *f)
{
	const struct path *mail = &g->evidence->mail;

	if (mail->local != NULL && mail->domain != NULL)
		facts_text(f, FACT_MAIL_ADDRESS, arena_concat(g->mem,
		    mail->local, "@", mail->domain, NULL));
	else if (mail->status == PATH_NULL)
		facts_absent(f, FACT_MAIL_ADDRESS);
	else
		facts_text(f, FACT_MAIL_ADDRESS, mail->text);
	facts_text(f, FACT_MAIL_DOMAIN, mail->domain);
	facts_number(f, FACT_RCPT_COUNT, (int64_t)g->evidence->rcpt_count);
}

/* The domain of the first mailbox in the topmost field of this name. */
static const char *field_domain(const struct gathering *g, const char *name)
{
	const struct field *field = header_find(&g->evidence->header, name, 0);
	const struct mailbox *box;

	if (field == NULL)
		return NULL;
	box = mailbox_read_first(g->mem, field->value);
	return box == NULL ? NULL : box->domain;
}

static const char *field_text(const struct gathering *g, const char *name)
{
	const struct field *field = header_find(&g->evidence->header, name, 0);

	return field == NULL ? NULL : header_unfold(g->mem, field->value);
}

static void gather_author(const struct gathering *g, struct facts *f)
{
	const struct author *a = &g->evidence->author;

	facts_word(f, FACT_FROM_STATUS, (int)a->status);
	facts_text(f, FACT_FROM_DOMAIN,
	    a->status == AUTHOR_OK ? a->domain : NULL);
	facts_set(f, FACT_FROM_DOMAINS, a->domains, a->domain_count);
	facts_text(f, FACT_FROM_DISPLAY_ADDRESS, a->display_address);
	if (a->status == AUTHOR_OK && a->box_count > 0 &&
	    a->boxes[0].domain != NULL)
		facts_text(f, FACT_FROM_ADDRESS, arena_concat(g->mem,
		    a->boxes[0].local, "@", a->boxes[0].domain, NULL));
	else
		facts_absent(f, FACT_FROM_ADDRESS);
}

static void gather_header(const struct gathering *g, struct facts *f)
{
	const struct evidence *e = g->evidence;

	gather_author(g, f);
	facts_text(f, FACT_SENDER_DOMAIN, field_domain(g, "Sender"));
	facts_text(f, FACT_REPLY_TO_DOMAIN, field_domain(g, "Reply-To"));
	facts_text(f, FACT_LIST_ID, forwarded_list_id(g->mem, &e->header));
	facts_text(f, FACT_SUBJECT, field_text(g, "Subject"));
	facts_number(f, FACT_FORGED_RESULTS, (int64_t)e->forged_results);
	facts_number(f, FACT_MESSAGE_HEADERS, (int64_t)e->header.count);
	facts_number(f, FACT_MESSAGE_SIZE, message_octets(e));
}

static void gather_spf(const struct spf_finding *s, struct facts *f)
{
	facts_word(f, FACT_SPF_RESULT, (int)s->mailfrom.code);
	facts_text(f, FACT_SPF_DOMAIN, s->mailfrom.domain);
	facts_word(f, FACT_SPF_SCOPE, (int)s->mailfrom_scope);
	facts_word(f, FACT_SPF_HELO, (int)s->helo.code);
	facts_text(f, FACT_SPF_EXPLANATION, s->mailfrom.explanation);
}

static void add_once(const char **items, size_t *count, const char *item)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(items[i], item) == 0)
			return;
	items[(*count)++] = item;
}

static void gather_dkim(const struct gathering *g, struct facts *f)
{
	const struct dkim_finding *d = &g->findings->dkim;
	const char **domains = arena_array(g->mem, d->count + 1,
	    sizeof(*domains));
	enum dkim_cause cause = DKIM_CAUSE_NONE;
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct dkim_signature *s = &d->signatures[i];

		if (s->code == AUTH_PASS && s->domain != NULL)
			add_once(domains, &n, s->domain);
		if (s->code == d->code && cause == DKIM_CAUSE_NONE)
			cause = s->cause;
	}
	facts_word(f, FACT_DKIM_RESULT, (int)d->code);
	facts_set(f, FACT_DKIM_DOMAINS, domains, n);
	facts_number(f, FACT_DKIM_COUNT, (int64_t)(d->count + d->ignored));
	if (d->code == AUTH_PASS || cause == DKIM_CAUSE_NONE)
		facts_absent(f, FACT_DKIM_REASON);
	else
		facts_word(f, FACT_DKIM_REASON, (int)cause);
}

static void gather_arc(const struct gathering *g, struct facts *f)
{
	const struct arc_finding *a = &g->findings->arc;
	const char **domains = arena_array(g->mem, a->count + 1,
	    sizeof(*domains));
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++)
		if (a->sealers[i].domain != NULL)
			add_once(domains, &n, a->sealers[i].domain);
	facts_word(f, FACT_ARC_RESULT, (int)a->code);
	facts_set(f, FACT_ARC_SEALERS, domains, n);
	/* RFC 8617 5.2: a chain that failed is treated like no chain. */
	facts_set(f, FACT_ARC_TRUSTED, domains, a->code == AUTH_PASS ? n : 0);
	if (a->code == AUTH_PASS && a->oldest_known)
		facts_number(f, FACT_ARC_OLDEST_PASS, (int64_t)a->oldest_pass);
	else
		facts_absent(f, FACT_ARC_OLDEST_PASS);
}

static void policy_word(struct facts *f, enum fact id, enum dmarc_policy p)
{
	if (p == DMARC_POLICY_ABSENT)
		facts_absent(f, id);
	else
		facts_word(f, id, (int)p);
}

static void gather_dmarc(const struct gathering *g, struct facts *f)
{
	const struct dmarc_finding *d = &g->findings->dmarc;
	const char **aligned = arena_array(g->mem, 2, sizeof(*aligned));
	size_t n = 0;

	if (d->spf_aligned)
		aligned[n++] = name_word(aligned_names, ALIGNED_SPF);
	if (d->dkim_aligned)
		aligned[n++] = name_word(aligned_names, ALIGNED_DKIM);
	facts_word(f, FACT_DMARC_RESULT, (int)d->code);
	policy_word(f, FACT_DMARC_POLICY, d->policy);
	policy_word(f, FACT_DMARC_PUBLISHED, d->published);
	facts_text(f, FACT_DMARC_ORG, d->org_domain);
	facts_word(f, FACT_DMARC_DISCOVERY, (int)d->discovery);
	facts_set(f, FACT_DMARC_ALIGNED, aligned, n);
	facts_text(f, FACT_DMARC_REASON, d->reason);
}

static void gather_forwarded(const struct gathering *g, struct facts *f)
{
	const size_t room = FORWARDED_SIGNATURE + 1;
	const char **words = arena_array(g->mem, room, sizeof(*words));
	size_t n = forwarded_evidence(g->mem, g->evidence, g->findings, words,
	    room);

	facts_yes_no(f, FACT_FORWARDED_LIKELY, n > 0);
	facts_set(f, FACT_FORWARDED_BY, words, n);
}

static void gather_checks(const struct gathering *g, struct facts *f)
{
	bool spf = check_done(g, &spf_check), dkim = check_done(g, &dkim_check);

	if (check_done(g, &iprev_check))
		facts_word(f, FACT_IPREV_RESULT, (int)g->findings->iprev.code);
	if (spf)
		gather_spf(&g->findings->spf, f);
	if (dkim)
		gather_dkim(g, f);
	if (check_done(g, &arc_check))
		gather_arc(g, f);
	if (check_done(g, &dmarc_check))
		gather_dmarc(g, f);
	if (spf && dkim && g->phase >= PHASE_EOM)
		gather_forwarded(g, f);
}

static void gather_asked(const struct gathering *g, struct facts *out)
{
	struct header_fact *h;

	if (g->phase < PHASE_HEADERS || out->headers_known)
		return;
	h = arena_array(g->mem, g->header_count + 1, sizeof(*h));
	for (size_t i = 0; i < g->header_count; i++)
		h[i] = (struct header_fact){ .name = g->headers[i],
		    .value = field_text(g, g->headers[i]) };
	out->headers = h;
	out->header_count = g->header_count;
	out->headers_known = true;
}

/* The values are in one array from the start: copies of facts share it. */
static void gather_lookups(const struct gathering *g, struct facts *out)
{
	const struct evidence *e = g->evidence;
	bool early = check_done(g, &dnsbl_check);
	bool late = check_done(g, &rhsbl_check);

	if (out->lookups == NULL && e->lookup_count > 0) {
		out->lookups = arena_array(g->mem, e->lookup_count,
		    sizeof(*out->lookups));
		out->lookup_count = e->lookup_count;
	}
	for (size_t i = 0; i < out->lookup_count; i++) {
		struct lookup_fact *l = &out->lookups[i];
		enum listed listed = g->findings->listed == NULL ?
		    LISTED_UNKNOWN : g->findings->listed[i];

		l->name = e->lookups[i].name;
		if (l->state != FACT_UNKNOWN ||
		    !(e->lookups[i].subject >= LOOKUP_FROM_DOMAIN ? late :
		    early))
			continue;
		l->state = listed == LISTED_UNKNOWN ? FACT_ABSENT : FACT_KNOWN;
		l->yes = listed == LISTED_YES;
	}
}

static void merge(const struct gathering *g, const struct facts *fresh,
    struct facts *out)
{
	for (int i = 0; i < FACT_COUNT; i++)
		if (out->values[i].state == FACT_UNKNOWN &&
		    fact_defs[i].phase <= g->phase)
			out->values[i] = fresh->values[i];
}

void gather(const struct gathering *g, struct facts *out)
{
	struct facts fresh = { 0 };

	gather_client(g, &fresh);
	gather_envelope(g, &fresh);
	if (g->phase >= PHASE_HEADERS)
		gather_header(g, &fresh);
	gather_checks(g, &fresh);
	merge(g, &fresh, out);
	gather_asked(g, out);
	gather_lookups(g, out);
	out->now = (int64_t)g->evidence->received;
}

void gather_recipient(struct facts *f, const struct path *rcpt)
{
	facts_text(f, FACT_RCPT_ADDRESS,
	    rcpt->status == PATH_NULL ? NULL : rcpt->text);
	facts_text(f, FACT_RCPT_DOMAIN, rcpt->domain);
}
