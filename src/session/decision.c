/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/decision.h"

#include <string.h>

#include "facts/gather.h"

static void add_past(struct policy_past *past, const char *rule,
    struct arena *mem)
{
	const char **all = arena_array(mem, past->count + 1, sizeof(*all));

	if (past->count > 0)
		memcpy(all, past->rules, past->count * sizeof(*all));
	all[past->count++] = rule;
	past->rules = all;
}

/* Each turn switches off one more rule, so there are not many. */
static bool decide_one(const struct decision *d, const struct facts *f,
    struct arena *mem, struct verdict *out, struct trace *trace)
{
	struct policy_past past = { .count = 0 };

	for (;;) {
		if (trace != NULL)
			*trace = (struct trace){ .count = 0 };
		if (!policy_decide_past(d->policy, f, &past, d->phase, mem,
		    out, trace))
			return false;
		if (d->used_up == NULL || out->action != ACTION_TEMPFAIL ||
		    out->defer_most == 0 || !d->used_up(d->arg, out))
			return true;
		add_past(&past, out->rule, mem);
	}
}

static bool decide_each(const struct decision *d, struct arena *mem,
    struct verdict *out, struct trace *trace, bool *discards)
{
	size_t n = d->rcpt_count;
	struct verdict *each = arena_array(mem, n, sizeof(*each));
	struct facts *view = arena_alloc(mem, sizeof(*view));

	*view = *d->facts;
	for (size_t i = 0; i < n; i++) {
		gather_recipient(view, &d->rcpts[i]);
		if (!decide_one(d, view, mem, &each[i],
		    i == 0 ? trace : NULL))
			return false;
	}
	if (discards == NULL)
		discards = arena_array(mem, n, sizeof(*discards));
	*out = verdict_merge(mem, each, n, discards);
	return true;
}

bool decision_make(const struct decision *d, struct arena *mem,
    struct verdict *out, struct trace *trace, bool *discards)
{
	if (policy_per_recipient(d->policy) && d->rcpt_count > 0)
		return decide_each(d, mem, out, trace, discards);
	return decide_one(d, d->facts, mem, out, trace);
}
