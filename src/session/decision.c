/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/decision.h"

#include <string.h>

#include "facts/gather.h"
#include "session/deferral.h"

/* Did the DNS answer anything at all? */
static void count_answers(const struct inquiry *q, size_t *asked,
    size_t *answered)
{
	for (size_t i = 0; i < inquiry_journal_count(q); i++) {
		struct journal_entry e = inquiry_journal(q, i);

		if (e.answer == NULL)
			continue;
		++*asked;
		*answered += !dns_is_trouble(e.answer);
	}
}

/* While nobody gets an answer it is our resolver, not the sender. */
static bool resolver_is_sick(struct transaction *t)
{
	size_t asked = 0, answered = 0;

	count_answers(t->examination.dns, &asked, &answered);
	count_answers(t->connection->dns, &asked, &answered);
	return asked > 0 && deferrals_resolver_is_sick(t->kit->deferrals,
	    answered > 0, t->evidence.received);
}

/* Does the verdict defer a message that was deferred long enough? */
static bool is_used_up(struct transaction *t, const struct verdict *v)
{
	struct deferrals *d = t->kit->deferrals;

	return d != NULL && v->action == ACTION_TEMPFAIL &&
	    v->defer_most > 0 && !resolver_is_sick(t) &&
	    deferrals_age(d, v->defer_key, t->evidence.received) >=
	    (int64_t)v->defer_most;
}

static void note_deferral(struct transaction *t, const struct verdict *v)
{
	if (t->kit->deferrals != NULL && v->action == ACTION_TEMPFAIL &&
	    v->defer_most > 0 && !resolver_is_sick(t))
		deferrals_note(t->kit->deferrals, v->defer_key,
		    t->evidence.received);
}

static void add_past(struct transaction *t, struct policy_past *past,
    const char *rule)
{
	const char **all = arena_array(t->mem, past->count + 1, sizeof(*all));

	if (past->count > 0)
		memcpy(all, past->rules, past->count * sizeof(*all));
	all[past->count++] = rule;
	past->rules = all;
}

/* Each turn switches off one more rule, so there are not many. */
bool decision_by(struct transaction *t, const struct policy *p,
    const struct facts *f, struct verdict *out, struct trace *trace)
{
	struct policy_past past = { .count = 0 };

	for (;;) {
		if (trace != NULL)
			*trace = (struct trace){ .count = 0 };
		if (!policy_decide_past(p, f, &past, t->phase, t->mem, out,
		    trace))
			return false;
		if (!is_used_up(t, out))
			return true;
		add_past(t, &past, out->rule);
	}
}

/*
 * A policy that names a recipient is asked once for each; the message gets
 * what verdict_merge() says.
 */
static struct verdict *decide_each(struct transaction *t,
    struct trace *trace, bool *discards)
{
	size_t n = t->evidence.rcpt_kept;
	struct verdict *each = arena_array(t->mem, n, sizeof(*each));
	struct verdict *merged = arena_alloc(t->mem, sizeof(*merged));
	struct facts *view = arena_alloc(t->mem, sizeof(*view));

	for (size_t i = 0; i < n; i++) {
		*view = t->facts;
		gather_recipient(view, &t->rcpts[i]);
		facts_close(view);
		decision_by(t, t->kit->policy, view, &each[i],
		    i == 0 ? trace : NULL);
	}
	*merged = verdict_merge(t->mem, each, n, discards);
	/* decision_made() remembers the one that won; these are deferred too. */
	for (size_t i = 0; i < n && merged->action == ACTION_TEMPFAIL; i++)
		note_deferral(t, &each[i]);
	return merged;
}

struct verdict *decision_final(struct transaction *t, struct trace *trace,
    bool *discards)
{
	struct verdict *v;

	if (policy_per_recipient(t->kit->policy) && t->evidence.rcpt_kept > 0)
		return decide_each(t, trace, discards);
	v = arena_alloc(t->mem, sizeof(*v));
	facts_close(&t->facts);
	/* With every fact closed a policy always decides: it has a default. */
	decision_by(t, t->kit->policy, &t->facts, v, trace);
	return v;
}

void decision_made(struct transaction *t, const struct verdict *v)
{
	policy_count(t->kit->policy, v);
	note_deferral(t, v);
}
