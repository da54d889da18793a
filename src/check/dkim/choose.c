/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/work.h"

#include <stdlib.h>

#include "check/dkim/digest.h"
#include "mail/domain.h"

/* Clocks of strangers differ by so much. */
#define GRACE 300
/* Each different l= costs a pass over the body, in libopendkim as much as a
 * message of its own; and honest mail has one at the most. */
#define LENGTHS_MAX 1

/* What a signature gets that is turned away without, or before, any
 * mathematics (RFC 8601 2.7.1, RFC 8301 3). */
static const enum auth_code refusal[] = {
	[DKIM_CAUSE_SYNTAX]     = AUTH_PERMERROR,
	[DKIM_CAUSE_NO_KEY]     = AUTH_PERMERROR,
	[DKIM_CAUSE_REVOKED]    = AUTH_PERMERROR,
	[DKIM_CAUSE_KEY_SYNTAX] = AUTH_PERMERROR,
	[DKIM_CAUSE_WEAK]       = AUTH_PERMERROR,
	[DKIM_CAUSE_ALGORITHM]  = AUTH_PERMERROR,
	[DKIM_CAUSE_EXPIRED]    = AUTH_PERMERROR,
	[DKIM_CAUSE_DNS]        = AUTH_TEMPERROR,
	[DKIM_CAUSE_LIMIT]      = AUTH_POLICY,
	[DKIM_CAUSE_ENGINE]     = AUTH_NEUTRAL,
};

void dkim_refuse(struct candidate *c, enum dkim_cause cause,
    const char *reason)
{
	c->live = false;
	c->out->code = refusal[cause];
	c->out->cause = cause;
	c->out->reason = reason;
}

/* RFC 6376 3.5: t= in the future and x= in the past; both MAY, and do here. */
static void check_time(struct candidate *c, time_t now)
{
	uint64_t t = now < 0 ? 0 : (uint64_t)now;

	if (c->sig.has_expiry && c->sig.expiry + GRACE < t)
		dkim_refuse(c, DKIM_CAUSE_EXPIRED, "the signature has expired");
	else if (c->sig.has_time && c->sig.time > t + GRACE)
		dkim_refuse(c, DKIM_CAUSE_EXPIRED,
		    "it was signed in the future");
}

static unsigned rank(const struct dkim_question *q, const char *domain)
{
	unsigned best = 0;

	for (size_t i = 0; i < q->author_count; i++) {
		const char *author = q->authors[i];
		unsigned here = 0;

		if (domain_equal(author, domain))
			here = 2;
		else if (domain_is_below(author, domain) ||
		    domain_is_below(domain, author))
			here = 1;
		best = here > best ? here : best;
	}
	return best;
}

static void read_field(struct dkim_work *w, struct candidate *c, size_t field)
{
	struct dkim_sig_parsed *sig = &c->sig;

	dkim_sig_parse(w->mem, DKIM_KIND_SIGNATURE,
	    w->question->header->fields[field].value, sig);
	c->field = field;
	c->out->domain = sig->domain;
	c->out->selector = sig->selector;
	c->out->identity = sig->identity;
	c->out->algorithm = sig->algorithm_text;
	c->live = true;
	if (sig->cause != DKIM_CAUSE_NONE) {
		dkim_refuse(c, sig->cause, sig->reason);
		return;
	}
	c->rank = rank(w->question, sig->domain);
	check_time(c, w->question->now);
}

static bool is_signature(const struct field *f)
{
	return slice_is_nocase(slice_trim(f->name), "DKIM-Signature");
}

static void collect(struct dkim_work *w)
{
	const struct header *h = w->question->header;
	size_t total = 0;

	for (size_t i = 0; i < h->count; i++)
		total += is_signature(&h->fields[i]);
	w->out->count = total > DKIM_LISTED_MAX ? DKIM_LISTED_MAX : total;
	w->out->ignored = total - w->out->count;
	w->out->signatures = arena_array(w->mem, w->out->count + 1,
	    sizeof(*w->out->signatures));
	w->candidates = arena_array(w->mem, w->out->count + 1,
	    sizeof(*w->candidates));
	for (size_t i = 0; i < h->count && w->count < w->out->count; i++) {
		struct candidate *c = &w->candidates[w->count];

		if (!is_signature(&h->fields[i]))
			continue;
		c->out = &w->out->signatures[w->count++];
		read_field(w, c, i);
	}
}

static int compare_promise(const void *a, const void *b)
{
	const struct candidate *x = *(struct candidate *const *)a;
	const struct candidate *y = *(struct candidate *const *)b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? 1 : -1;
	return (x->field > y->field) - (x->field < y->field);
}

/* Is its l= one more that costs? */
static bool new_length(struct candidate *const *chosen, size_t count,
    const struct candidate *c)
{
	if (!c->sig.has_length)
		return false;
	for (size_t i = 0; i < count; i++)
		if (chosen[i]->live && chosen[i]->sig.has_length &&
		    chosen[i]->sig.length == c->sig.length &&
		    chosen[i]->sig.body_folding == c->sig.body_folding)
			return false;
	return true;
}

/* What l= leaves unsigned is seen by how long the whole body is. */
static void want_octets(struct dkim_work *w, const struct dkim_sig_parsed *sig)
{
	if (sig->has_length)
		body_want_octets(w->question->body, dkim_body_part(sig).form);
}

/* The most promising ones, as many as are allowed. */
static void limit(struct dkim_work *w)
{
	struct candidate **order = arena_array(w->mem, w->count + 1,
	    sizeof(struct candidate *));
	size_t live = 0, taken = 0, lengths = 0;

	for (size_t i = 0; i < w->count; i++)
		if (w->candidates[i].live)
			order[live++] = &w->candidates[i];
	if (live > 0)
		qsort(order, live, sizeof(struct candidate *), compare_promise);
	for (size_t i = 0; i < live; i++) {
		bool another = new_length(order, i, order[i]);

		if (taken == w->settings->signatures) {
			dkim_refuse(order[i], DKIM_CAUSE_LIMIT,
			    "not evaluated: too many signatures");
		} else if (another && lengths == LENGTHS_MAX) {
			dkim_refuse(order[i], DKIM_CAUSE_LIMIT,
			    "not evaluated: too many different l=");
		} else {
			taken++;
			lengths += another;
			want_octets(w, &order[i]->sig);
		}
	}
}

void dkim_choose(struct dkim_work *w)
{
	collect(w);
	limit(w);
}

void dkim_select_fields(struct dkim_work *w)
{
	const struct header *h = w->question->header;
	struct dkim_index *index = NULL;

	for (size_t i = 0; i < w->count; i++) {
		struct candidate *c = &w->candidates[i];

		if (!c->live)
			continue;
		if (index == NULL)
			index = dkim_index_new(w->mem, h);
		c->selected = dkim_select(index, &c->sig, c->field);
		for (size_t k = 0; c->live && k < c->sig.name_count; k++)
			if (c->selected[k] != DKIM_NO_FIELD &&
			    !dkim_field_is_plain(
				h->fields[c->selected[k]].value))
				dkim_refuse(c, DKIM_CAUSE_SYNTAX, "a signed "
				    "field holds control characters");
	}
}
