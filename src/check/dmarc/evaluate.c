/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dmarc/dmarc.h"

#include "base/buf.h"
#include "check/dmarc/align.h"
#include "check/dmarc/record.h"
#include "check/dmarc/walk.h"

/* Identifiers named in a reason. */
#define NAMED_MAX 5

struct evaluation {
	struct arena *mem;
	struct inquiry *dns;
	const struct dmarc_question *question;
	struct dmarc_walk walk;                 /* the author's */
	const struct dmarc_found *applied;
	struct dmarc_wishes wishes;             /* of the applied record */
	struct dmarc_identifier *ids;
	size_t id_count;
	const char *existence_trouble;  /* why np could not be told from sp */
	struct dmarc_finding *out;
};

void dmarc_prefetch(struct inquiry *dns, const char *domain)
{
	dmarc_walk_prefetch(dns, domain);
}

/* 4.10.1: the Author Domain's record, else its org domain's, else its PSD's;
 * records elsewhere on the path are not used for policy. */
static const struct dmarc_found *discover(const struct dmarc_walk *w,
    enum dmarc_discovery *how)
{
	const char *org = dmarc_walk_org(w);
	const struct dmarc_found *found;

	*how = DMARC_DISCOVERY_AUTHOR;
	found = dmarc_walk_at(w, w->start);
	if (found != NULL)
		return found;
	*how = DMARC_DISCOVERY_ORG;
	found = org == NULL ? NULL : dmarc_walk_at(w, org);
	if (found != NULL)
		return found;
	*how = DMARC_DISCOVERY_PSD;
	found = dmarc_walk_psd(w);
	if (found == NULL)
		*how = DMARC_DISCOVERY_NOTHING;
	return found;
}

static void no_policy(struct evaluation *ev, enum auth_code code,
    const char *reason)
{
	ev->out->code = code;
	ev->out->reason = reason;
}

static const char *why_no_record(struct evaluation *ev)
{
	const struct dmarc_walk *w = &ev->walk;

	if (w->crowded != NULL)
		return arena_printf(ev->mem, "no DMARC record for %s: several "
		    "at %s count as none", w->start, w->crowded);
	return arena_printf(ev->mem, "no DMARC record for %s", w->start);
}

static const char *why_unusable(struct evaluation *ev)
{
	const struct dmarc_record *r = &ev->applied->record;
	const char *what = r->p.invalid ? "p= is invalid" :
	    r->p.policy == DMARC_POLICY_ABSENT ? "p= is missing" :
	    r->sp.invalid ? "sp= is invalid" : "np= is invalid";

	return arena_printf(ev->mem, "the record at _dmarc.%s cannot be "
	    "applied: %s and it has no reporting URI", ev->applied->name, what);
}

/* False: DMARC ends here, and out says how. */
static bool find_policy(struct evaluation *ev)
{
	struct dmarc_finding *out = ev->out;
	enum dmarc_discovery how;

	ev->applied = discover(&ev->walk, &how);
	if (ev->applied == NULL) {
		if (ev->walk.failed != NULL)
			no_policy(ev, AUTH_TEMPERROR, dmarc_trouble(ev->mem,
			    ev->walk.trouble, ev->walk.failed));
		else
			no_policy(ev, AUTH_NONE, why_no_record(ev));
		return false;
	}
	out->record = ev->applied->record.text;
	out->tags = &ev->applied->record;
	if (!dmarc_record_wishes(&ev->applied->record, &ev->wishes)) {
		no_policy(ev, AUTH_NONE, why_unusable(ev));
		return false;
	}
	out->policy_domain = ev->applied->name;
	out->discovery = how;
	out->testing = ev->applied->record.testing;
	return true;
}

static enum dmarc_policy policy_or(enum dmarc_policy a, enum dmarc_policy b)
{
	return a != DMARC_POLICY_ABSENT ? a : b;
}

/* Is there an inherited np that says something else than sp or p would? */
static bool np_matters(const struct evaluation *ev)
{
	enum dmarc_policy existing = policy_or(ev->wishes.sp, ev->wishes.p);

	return ev->out->discovery != DMARC_DISCOVERY_AUTHOR &&
	    policy_or(ev->wishes.np, existing) != existing &&
	    !ev->walk.start_exists;
}

/* The tag that is selected (4.10.1), ABSENT when that cannot be said. */
static enum dmarc_policy select_policy(struct evaluation *ev)
{
	const char *author = ev->walk.start;
	const struct dns_answer *a;

	if (ev->out->discovery == DMARC_DISCOVERY_AUTHOR)
		return ev->wishes.p;
	if (!np_matters(ev))
		return policy_or(ev->wishes.sp, ev->wishes.p);
	/* A.4: any type will do, and an alias exists wherever it leads. */
	a = inquiry_ask(ev->dns, author, DNS_A);
	if (a->status == DNS_NXDOMAIN && !a->alias)
		return ev->wishes.np;
	if (a->alias || a->status == DNS_FOUND || a->status == DNS_NODATA)
		return policy_or(ev->wishes.sp, ev->wishes.p);
	ev->existence_trouble = dmarc_trouble(ev->mem, a->status, author);
	return DMARC_POLICY_ABSENT;
}

/* 4.7, A.6: one level below what was published. */
static enum dmarc_policy tested(enum dmarc_policy p)
{
	switch (p) {
	case DMARC_POLICY_REJECT:
		return DMARC_POLICY_QUARANTINE;
	case DMARC_POLICY_QUARANTINE:
	case DMARC_POLICY_NONE:
		return DMARC_POLICY_NONE;
	case DMARC_POLICY_ABSENT:
		break;
	}
	return DMARC_POLICY_ABSENT;
}

static void gather_identifiers(struct evaluation *ev)
{
	const struct dmarc_question *q = ev->question;
	const struct dmarc_record *r = &ev->applied->record;

	ev->ids = arena_array(ev->mem, q->dkim_count + 1, sizeof(*ev->ids));
	if (q->spf_domain != NULL)
		ev->ids[ev->id_count++] = (struct dmarc_identifier){
			.domain = q->spf_domain, .strict = r->strict_spf,
		};
	for (size_t i = 0; i < q->dkim_count; i++)
		ev->ids[ev->id_count++] = (struct dmarc_identifier){
			.domain = q->dkim_domains[i], .dkim = true,
			.strict = r->strict_dkim,
		};
}

/* "SPF a.example (org a.example), no DKIM pass": those of this fit. */
static void name_identifiers(const struct evaluation *ev, enum dmarc_fit fit,
    bool dkim, struct buf *out)
{
	const char *method = dkim ? "DKIM" : "SPF";
	size_t named = 0;

	for (size_t i = 0; i < ev->id_count; i++) {
		const struct dmarc_identifier *id = &ev->ids[i];

		if (id->dkim != dkim || id->fit != fit)
			continue;
		if (named++ < NAMED_MAX)
			buf_addf(out, "%s%s %s (%s)", out->len > 0 ? ", " : "",
			    method, id->domain, id->why);
	}
	if (named > NAMED_MAX)
		buf_addf(out, " and %zu more", named - NAMED_MAX);
	if (named == 0 && fit == DMARC_FIT_NO)
		buf_addf(out, "%sno %s pass", out->len > 0 ? ", " : "", method);
}

static void say(struct evaluation *ev, enum auth_code code, const char *intro,
    enum dmarc_fit fit)
{
	struct buf names = { 0 };

	name_identifiers(ev, fit, false, &names);
	name_identifiers(ev, fit, true, &names);
	ev->out->code = code;
	ev->out->reason = arena_printf(ev->mem, "%s: %s", intro,
	    buf_text(&names));
	buf_free(&names);
}

/* 5.3.5, and 5.3.6 for what a DNS error leaves open: neither pass nor fail. */
static void conclude(struct evaluation *ev)
{
	struct dmarc_finding *out = ev->out;
	bool open = false;

	for (size_t i = 0; i < ev->id_count; i++) {
		if (ev->ids[i].fit == DMARC_FIT_UNKNOWN)
			open = true;
		if (ev->ids[i].fit == DMARC_FIT_YES && ev->ids[i].dkim)
			out->dkim_aligned = true;
		if (ev->ids[i].fit == DMARC_FIT_YES && !ev->ids[i].dkim)
			out->spf_aligned = true;
	}
	if (out->spf_aligned || out->dkim_aligned) {
		say(ev, AUTH_PASS, "aligned", DMARC_FIT_YES);
	} else if (open) {
		say(ev, AUTH_TEMPERROR, "alignment cannot be told",
		    DMARC_FIT_UNKNOWN);
	} else if (ev->existence_trouble != NULL) {
		out->code = AUTH_TEMPERROR;
		out->reason = ev->existence_trouble;
	} else {
		say(ev, AUTH_FAIL, "no aligned identifier", DMARC_FIT_NO);
		out->disposition = out->policy;
	}
}

static void tell_walk(struct evaluation *ev)
{
	const struct dmarc_walk *w = &ev->walk;
	struct dmarc_finding *out = ev->out;

	out->author_domain = w->start;
	out->org_domain = dmarc_walk_org(w);
	out->query_count = w->query_count;
	out->queries = arena_array(ev->mem, w->query_count + 1,
	    sizeof(*out->queries));
	for (size_t i = 0; i < w->query_count; i++)
		out->queries[i] = w->queries[i];
}

void dmarc_evaluate(struct arena *mem, struct inquiry *dns,
    const struct dmarc_question *question, struct dmarc_finding *out)
{
	struct evaluation *ev = arena_alloc(mem, sizeof(*ev));

	ev->mem = mem;
	ev->dns = dns;
	ev->question = question;
	ev->out = out;
	*out = (struct dmarc_finding){
		.policy = DMARC_POLICY_ABSENT,
		.published = DMARC_POLICY_ABSENT,
		.discovery = DMARC_DISCOVERY_NOTHING,
	};
	dmarc_walk(mem, dns, question->author_domain, &ev->walk);
	tell_walk(ev);
	if (!find_policy(ev))
		return;
	if (np_matters(ev))
		inquiry_prefetch(dns, ev->walk.start, DNS_A);
	gather_identifiers(ev);
	out->identifiers = ev->ids;
	out->identifier_count = ev->id_count;
	dmarc_align(mem, dns, &ev->walk, ev->ids, ev->id_count,
	    question->identifiers);
	out->published = select_policy(ev);
	out->policy = out->testing ? tested(out->published) : out->published;
	conclude(ev);
}
