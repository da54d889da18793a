/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/ruling.h"

#include <string.h>

#include "session/deferral.h"

/* Deferrals asked for while deciding: of each recipient that is deferred. */
struct asking {
	struct transaction *t;
	uint64_t *keys;
	size_t count, room;
};

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

static void add_key(struct asking *a, uint64_t key)
{
	if (a->count == a->room) {
		size_t room = a->room == 0 ? 4 : 2 * a->room;
		uint64_t *more = arena_array(a->t->mem, room, sizeof(*more));

		if (a->count > 0)
			memcpy(more, a->keys, a->count * sizeof(*more));
		a->keys = more;
		a->room = room;
	}
	a->keys[a->count++] = key;
}

static bool used_up(void *arg, const struct verdict *v)
{
	struct asking *a = arg;
	struct deferrals *d = a->t->kit->deferrals;

	if (d == NULL || resolver_is_sick(a->t))
		return false;
	if (deferrals_age(d, v->defer_key, a->t->evidence.received) >=
	    (int64_t)v->defer_most)
		return true;
	add_key(a, v->defer_key);
	return false;
}

bool ruling_make(struct transaction *t, struct decision d,
    struct verdict *out, struct trace *trace, bool *discards)
{
	struct asking a = { .t = t };

	d.used_up = used_up;
	d.arg = &a;
	return decision_make(&d, t->mem, out, trace, discards);
}

bool ruling_act(struct transaction *t, struct decision d,
    struct verdict *out, struct trace *trace, bool *discards)
{
	struct asking a = { .t = t };

	d.used_up = used_up;
	d.arg = &a;
	if (!decision_make(&d, t->mem, out, trace, discards))
		return false;
	if (t->phase < PHASE_EOM && out->action != ACTION_REJECT &&
	    out->action != ACTION_TEMPFAIL)
		return false;
	policy_count(d.policy, out);
	/* Deferred for one recipient and accepted for another is no deferral. */
	for (size_t i = 0; i < a.count && out->action == ACTION_TEMPFAIL; i++)
		deferrals_note(t->kit->deferrals, a.keys[i],
		    t->evidence.received);
	return true;
}
