/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "policy/diff.h"
#include "policy/policy.h"

static struct tally *tally_new(int64_t now)
{
	struct tally *t = xcalloc(1, sizeof(*t));

	atomic_init(&t->references, 1);
	t->since = now;
	return t;
}

static void tally_drop(struct tally *t)
{
	if (atomic_fetch_sub_explicit(&t->references, 1,
	    memory_order_acq_rel) == 1)
		free(t);
}

static void share(struct tally **mine, struct tally *other)
{
	atomic_fetch_add_explicit(&other->references, 1, memory_order_relaxed);
	tally_drop(*mine);
	*mine = other;
}

void counts_start(struct policy *p)
{
	struct policy_counts *c = p->counts;
	int64_t now = (int64_t)clock_now(&(struct clock){ 0 });

	c->rule_count = p->rule_count + 1;
	c->rules = xcalloc(c->rule_count, sizeof(*c->rules));
	for (size_t i = 0; i < c->rule_count; i++)
		c->rules[i] = tally_new(now);
	c->counter_count = p->counter_count;
	c->counters = xcalloc(p->counter_count + 1, sizeof(*c->counters));
	for (size_t i = 0; i < c->counter_count; i++)
		c->counters[i] = tally_new(now);
}

void counts_free(struct policy_counts *c)
{
	for (size_t i = 0; i < c->rule_count; i++)
		tally_drop(c->rules[i]);
	for (size_t i = 0; i < c->counter_count; i++)
		tally_drop(c->counters[i]);
	free(c->rules);
	free(c->counters);
	free(c);
}

static void keep_rule(struct policy *p, const struct rule *r,
    const struct policy *old, const struct rule *o, struct arena *mem)
{
	if (strcmp(policy_rule_text(mem, p, r),
	    policy_rule_text(mem, old, o)) == 0)
		share(&p->counts->rules[r->index],
		    old->counts->rules[o->index]);
}

static void keep_rules(struct policy *p, const struct policy *old,
    struct arena *mem)
{
	for (const struct rule *r = p->rules; r != NULL; r = r->next)
		for (const struct rule *o = old->rules; o != NULL; o = o->next)
			if (strcmp(r->name, o->name) == 0) {
				keep_rule(p, r, old, o, mem);
				break;
			}
	keep_rule(p, p->fallback, old, old->fallback, mem);
}

static void keep_counters(struct policy *p, const struct policy *old)
{
	size_t i = 0;

	for (const struct counter *c = p->counters; c != NULL; c = c->next) {
		size_t k = 0;

		for (const struct counter *o = old->counters; o != NULL;
		    o = o->next, k++)
			if (strcmp(c->name, o->name) == 0)
				share(&p->counts->counters[i],
				    old->counts->counters[k]);
		i++;
	}
}

void policy_keep_counts(struct policy *p, const struct policy *old)
{
	struct arena *mem;

	if (strcmp(p->source.name, old->source.name) != 0)
		return;
	mem = arena_new(16384);
	keep_rules(p, old, mem);
	keep_counters(p, old);
	arena_free(mem);
}

static void count_one(atomic_ulong *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

static unsigned long counted(const atomic_ulong *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

unsigned long policy_pattern_limits(const struct policy *p)
{
	return counted(&p->counts->pattern_limits);
}

static void count_hit(struct tally *t, enum effect effect)
{
	switch (effect) {
	case EFFECT_NONE:
		break;
	case EFFECT_ACTED:
		count_one(&t->acted);
		break;
	case EFFECT_OBSERVED:
	case EFFECT_UNSAMPLED:
		count_one(&t->observed);
		break;
	case EFFECT_WAITED:
		count_one(&t->waited);
		break;
	}
}

void policy_count(const struct policy *p, const struct verdict *v)
{
	for (size_t i = 0; i < v->hit_count; i++)
		count_hit(p->counts->rules[v->hits[i].index],
		    v->hits[i].effect);
	for (size_t i = 0; i < v->count_count; i++)
		count_one(&p->counts->counters[v->counts[i]]->acted);
}

struct policy_hits policy_hits(const struct policy *p, size_t i)
{
	const struct tally *t = p->counts->rules[i];
	const struct rule *r = p->rules;

	while (r != NULL && r->index < i)
		r = r->next;
	if (r == NULL)
		r = p->fallback;
	return (struct policy_hits){ .rule = r->name, .file = r->file,
	    .line = r->line, .since = t->since, .acted = counted(&t->acted),
	    .observed = counted(&t->observed), .waited = counted(&t->waited) };
}

size_t policy_counter_count(const struct policy *p)
{
	return p->counter_count;
}

struct policy_hits policy_counter(const struct policy *p, size_t i)
{
	const struct tally *t = p->counts->counters[i];
	const struct counter *c = p->counters;

	for (size_t k = 0; k < i; k++)
		c = c->next;
	return (struct policy_hits){ .rule = c->name, .since = t->since,
	    .acted = counted(&t->acted) };
}
