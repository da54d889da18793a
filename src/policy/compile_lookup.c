/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compiler.h"

#include <string.h>

#include "policy/parse.h"

static bool unknown_subject(struct compiler *c, const struct subject *s)
{
	struct closest near;

	compiler_error(c, s->of.offset, "\"%s\" cannot be looked up in a list "
	    "of domains", s->of.text);
	report_hint(c->report, "client.name, helo.name, mail.domain, "
	    "from.domain, sender.domain and reply_to.domain can");
	closest_start(&near, s->of.text);
	for (const struct name *n = lookup_subject_names; n->word != NULL; n++)
		if (n->code != LOOKUP_CLIENT_IP)
			closest_offer(&near, n->word);
	report_meant(c->report, &near);
	return false;
}

/* What a domain list is asked when the policy does not say: the author. */
static bool find_subject(struct compiler *c, const struct subject *s,
    struct lookup *l)
{
	const struct name *n;

	l->subject = strcmp(s->name, "dnsbl") == 0 ? LOOKUP_CLIENT_IP :
	    LOOKUP_FROM_DOMAIN;
	if (s->of.text == NULL)
		return true;
	n = fact_find(s->of.text) == FACT_COUNT ? NULL :
	    name_find(lookup_subject_names, s->of.text);
	if (n == NULL || n->code == LOOKUP_CLIENT_IP)
		return unknown_subject(c, s);
	l->subject = (enum lookup_subject)n->code;
	return true;
}

/* One name for one question, however it was written. */
static const char *name_lookup(struct compiler *c, const struct subject *s,
    const struct lookup *l)
{
	const char *mask = strchr(s->zone.text, '=');

	mask = mask == NULL ? "" : mask;
	if (l->subject == LOOKUP_CLIENT_IP)
		return arena_printf(c->policy->mem, "dnsbl(\"%s%s\")",
		    l->list.zone, mask);
	return arena_printf(c->policy->mem, "rhsbl(\"%s%s\", %s)",
	    l->list.zone, mask, name_word(lookup_subject_names,
	    (int)l->subject));
}

static const struct lookup *find(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->lookup_count; i++)
		if (strcmp(p->lookups[i].name, name) == 0)
			return &p->lookups[i];
	return NULL;
}

/* Subjects point into the array, so it has its full size from the start. */
static const struct lookup *add(struct compiler *c, const struct subject *s,
    const struct lookup *l)
{
	struct policy *p = c->policy;
	struct lookup *all = p->lookups;

	if (all == NULL)
		all = arena_array(p->mem, LOOKUPS_MAX, sizeof(*all));
	p->lookups = all;
	if (p->lookup_count == LOOKUPS_MAX) {
		compiler_error(c, s->offset, "a policy asks DNS lists at most "
		    "%d different questions", LOOKUPS_MAX);
		return NULL;
	}
	all[p->lookup_count] = *l;
	return &all[p->lookup_count++];
}

/* An expectation can answer only what a rule asks. */
static void nobody_asks(struct compiler *c, const struct subject *s)
{
	struct closest near;

	compiler_error(c, s->offset, "no rule asks %s", s->name);
	closest_start(&near, s->name);
	for (size_t i = 0; i < c->policy->lookup_count; i++)
		closest_offer(&near, c->policy->lookups[i].name);
	if (near.best != NULL)
		report_hint(c->report, "did you mean %s?", near.best);
}

bool compile_lookup(struct compiler *c, struct subject *s)
{
	struct lookup l = { 0 };
	struct error err;
	size_t at;

	if (!blocklist_parse(c->policy->mem, slice_of(s->zone.text), &l.list,
	    &at, &err)) {
		/* The quote stands before the zone. */
		compiler_error(c, s->zone.offset + 1 + at, "%s", err.text);
		return false;
	}
	if (!find_subject(c, s, &l))
		return false;
	l.name = name_lookup(c, s, &l);
	s->name = l.name;
	s->type = FACT_YES_NO;
	s->lookup = find(c->policy, l.name);
	if (s->lookup == NULL && c->asking)
		s->lookup = add(c, s, &l);
	else if (s->lookup == NULL)
		nobody_asks(c, s);
	if (s->lookup == NULL)
		return false;
	compiler_waits(c, subject_phase(s), s->name, s->offset);
	return true;
}
