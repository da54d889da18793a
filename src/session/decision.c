/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/decision.h"

#include "facts/gather.h"

static bool decide_each(const struct decision *d, struct arena *mem,
    struct verdict *out, struct trace *trace, bool *discards)
{
	size_t n = d->rcpt_count;
	struct verdict *each = arena_array(mem, n, sizeof(*each));
	struct facts *view = arena_alloc(mem, sizeof(*view));

	*view = *d->facts;
	for (size_t i = 0; i < n; i++) {
		gather_recipient(view, &d->rcpts[i]);
		if (!policy_decide(d->policy, view, d->phase, mem, &each[i],
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
	return policy_decide(d->policy, d->facts, d->phase, mem, out, trace);
}
