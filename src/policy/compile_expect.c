/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compiler.h"

#include <string.h>
#include <strings.h>

#include "policy/parse.h"

static bool one_value(struct compiler *c, const struct value *v)
{
	if (!v->braces)
		return true;
	compiler_error(c, v->offset, "this fact has one value, not a set");
	return false;
}

static bool give_set(struct compiler *c, struct expectation *x,
    const struct given *g)
{
	const char **items = arena_array(c->policy->mem, g->value.count,
	    sizeof(*items));
	bool words = g->subject.type == FACT_WORD_SET, ok = true;
	size_t n = 0;

	for (struct literal *l = g->value.first; l != NULL; l = l->next) {
		int code;

		if (words ? compile_word(c, l, g->subject.name,
		    subject_words(&g->subject), &code) :
		    compile_domain(c, l, &items[n]))
			items[n] = words ? l->text : items[n];
		else
			ok = false;
		n++;
	}
	facts_set(x->facts, g->subject.fact, items, n);
	return ok;
}

static bool give_header(struct compiler *c, struct expectation *x,
    const struct given *g)
{
	struct facts *f = x->facts;
	struct header_fact *more;
	const char *text;

	if (!one_value(c, &g->value) || !compile_text(c, g->value.first, &text))
		return false;
	if (f->header_count == HEADERS_MAX) {
		compiler_error(c, g->subject.offset, "at most %d header fields "
		    "are given", HEADERS_MAX);
		return false;
	}
	more = arena_array(c->policy->mem, f->header_count + 1, sizeof(*more));
	if (f->header_count > 0)
		memcpy(more, f->headers, f->header_count * sizeof(*more));
	more[f->header_count++] = (struct header_fact){
	    .name = g->subject.header, .value = text };
	f->headers = more;
	return true;
}

static bool give_text(struct compiler *c, struct expectation *x,
    const struct given *g)
{
	const char *text = NULL;
	bool ok;

	if (g->subject.type == FACT_TEXT)
		ok = compile_text(c, g->value.first, &text);
	else if (g->subject.type == FACT_DOMAIN)
		ok = compile_domain(c, g->value.first, &text);
	else
		ok = compile_address(c, g->value.first, &text);
	if (ok)
		facts_text(x->facts, g->subject.fact, text);
	return ok;
}

static bool give_one(struct compiler *c, struct expectation *x,
    const struct given *g)
{
	enum fact id = g->subject.fact;
	const struct literal *l = g->value.first;
	struct fact_value v = { .state = FACT_KNOWN };
	bool ok = false;

	switch (g->subject.type) {
	case FACT_WORD:
		ok = compile_word(c, l, g->subject.name,
		    subject_words(&g->subject), &v.word);
		break;
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
		return give_text(c, x, g);
	case FACT_IP:
		ok = compile_ip(c, l, &v.ip);
		break;
	case FACT_NUMBER:
		ok = compile_number(c, l, &v.number);
		break;
	case FACT_YES_NO:
		ok = compile_yes_no(c, l, &v.yes);
		break;
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		break;
	}
	if (ok)
		x->facts->values[id] = v;
	return ok;
}

/* NAME = { ... } where NAME is a list: in this expectation it is that. */
static bool give_list(struct compiler *c, struct expectation *x,
    const struct given *g, const struct list_def *d)
{
	struct policy *p = c->policy;

	if (!g->value.braces) {
		compiler_error(c, g->value.offset, "a list is given in braces");
		return false;
	}
	if (x->lists == NULL)
		x->lists = arena_array(p->mem, p->list_count,
		    sizeof(*x->lists));
	if (x->lists[d->id] != NULL) {
		compiler_error(c, g->subject.offset, "\"%s\" is given twice",
		    d->name);
		return false;
	}
	x->lists[d->id] = compile_set(c, &g->value);
	return x->lists[d->id] != NULL;
}

static bool gives_lookup(const struct expectation *x, const struct lookup *l)
{
	for (size_t i = 0; i < x->facts->lookup_count; i++)
		if (strcmp(x->facts->lookups[i].name, l->name) == 0)
			return true;
	return false;
}

static bool give_lookup(struct compiler *c, struct expectation *x,
    const struct given *g)
{
	struct facts *f = x->facts;
	struct lookup_fact *new;
	bool yes;

	if (!one_value(c, &g->value) ||
	    !compile_yes_no(c, g->value.first, &yes))
		return false;
	/* One for each that the rules ask: there is room for all. */
	if (f->lookups == NULL)
		f->lookups = arena_array(c->policy->mem,
		    c->policy->lookup_count, sizeof(*f->lookups));
	new = &f->lookups[f->lookup_count++];
	*new = (struct lookup_fact){ .name = g->subject.lookup->name,
	    .state = FACT_KNOWN, .yes = yes };
	return true;
}

static bool given_twice(struct compiler *c, const struct expectation *x,
    const struct subject *s)
{
	bool twice = false;

	if (s->lookup != NULL)
		twice = gives_lookup(x, s->lookup);
	else if (s->header == NULL)
		twice = x->facts->values[s->fact].state == FACT_KNOWN;
	for (size_t i = 0; s->header != NULL && i < x->facts->header_count; i++)
		if (strcasecmp(x->facts->headers[i].name, s->header) == 0)
			twice = true;
	if (twice)
		compiler_error(c, s->offset, "\"%s\" is given twice", s->name);
	return twice;
}

static bool give(struct compiler *c, struct expectation *x, struct given *g)
{
	const struct list_def *d = g->subject.header != NULL ? NULL :
	    compile_find_list(c, g->subject.name);

	if (d != NULL)
		return give_list(c, x, g, d);
	if (!compile_subject(c, &g->subject) ||
	    given_twice(c, x, &g->subject))
		return false;
	if (g->subject.header != NULL)
		return give_header(c, x, g);
	if (g->subject.lookup != NULL)
		return give_lookup(c, x, g);
	if (fact_is_set(g->subject.fact))
		return give_set(c, x, g);
	return one_value(c, &g->value) && give_one(c, x, g);
}

static const struct rule *find_rule(struct compiler *c, const char *name,
    size_t offset)
{
	struct closest near;

	for (const struct rule *r = c->policy->rules; r != NULL; r = r->next)
		if (strcmp(r->name, name) == 0)
			return r;
	compiler_error(c, offset, "unknown rule \"%s\"", name);
	closest_start(&near, name);
	for (const struct rule *r = c->policy->rules; r != NULL; r = r->next)
		closest_offer(&near, r->name);
	report_meant(c->report, &near);
	return NULL;
}

/* Such an expectation can never be met; say so before it is tried. */
static bool check_observe(struct compiler *c, const struct expectation *x,
    const struct rule *r)
{
	if (x->not_rule || r->observe == x->wants_observe)
		return true;
	if (r->observe) {
		compiler_error(c, x->rule_offset, "rule %s only observes",
		    r->name);
		report_hint(c->report, "write \"expect observe by %s\"",
		    r->name);
		return false;
	}
	compiler_error(c, x->rule_offset, "rule %s does not only observe",
	    r->name);
	report_hint(c->report, "expect what it does; expectations count as "
	    "inside of every sample");
	return false;
}

static bool check_rule(struct compiler *c, const struct expectation *x)
{
	const struct rule *r;

	if (x->rule == NULL || strcmp(x->rule, "default") == 0)
		return true;
	r = find_rule(c, x->rule, x->rule_offset);
	return r != NULL && check_observe(c, x, r);
}

static bool check_past(struct compiler *c, const struct expectation *x)
{
	const struct rule *r;

	if (x->past == NULL)
		return true;
	r = find_rule(c, x->past, x->past_offset);
	if (r == NULL || r->at_most.value != 0)
		return r != NULL;
	compiler_error(c, x->past_offset, "rule %s has no at-most: its "
	    "deferrals never end", r->name);
	return false;
}

bool compile_expectation(struct compiler *c, struct expectation *x)
{
	bool ok = check_rule(c, x);

	ok = check_past(c, x) && ok;
	x->facts = arena_alloc(c->policy->mem, sizeof(*x->facts));
	/* Long ago: a policy must not fail to load because a day is over. */
	x->facts->now = 1;
	for (struct given *g = x->givens; g != NULL; g = g->next)
		if (!give(c, x, g))
			ok = false;
	facts_close(x->facts);
	return ok;
}
