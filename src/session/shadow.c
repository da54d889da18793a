/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/shadow.h"

#include <string.h>

#include "facts/gather.h"
#include "session/decision.h"

/* One view of the facts; at end of message every fact of it is closed. */
static bool decide_view(struct transaction *t, const struct path *rcpt,
    struct verdict *out, struct trace *trace)
{
	struct facts view = t->facts;

	if (rcpt != NULL)
		gather_recipient(&view, rcpt);
	if (t->phase >= PHASE_EOM)
		facts_close(&view);
	return decision_by(t, t->kit->shadow, &view, out, trace);
}

/* As for the policy that acts: once for each recipient, and the mildest. */
static bool decide_each(struct transaction *t, struct verdict *out,
    struct trace *trace)
{
	size_t n = t->evidence.rcpt_kept;
	struct verdict *each = arena_array(t->mem, n, sizeof(*each));
	bool *discards = arena_array(t->mem, n, sizeof(*discards));

	for (size_t i = 0; i < n; i++)
		if (!decide_view(t, &t->rcpts[i], &each[i],
		    i == 0 ? trace : NULL))
			return false;
	*out = verdict_merge(t->mem, each, n, discards);
	return true;
}

const struct shadow_outcome *shadow_decide(struct transaction *t,
    const struct verdict *acted, const struct path *rcpt)
{
	const struct policy *policy = t->kit->shadow;
	struct shadow_outcome *s;
	struct verdict *v;
	struct trace *trace;
	bool decided;

	if (policy == NULL)
		return NULL;
	v = arena_alloc(t->mem, sizeof(*v));
	trace = arena_alloc(t->mem, sizeof(*trace));
	if (t->phase >= PHASE_EOM && t->evidence.rcpt_kept > 0 &&
	    policy_per_recipient(policy))
		decided = decide_each(t, v, trace);
	else
		decided = decide_view(t, rcpt, v, trace);
	if (!decided)
		return NULL;
	s = arena_alloc(t->mem, sizeof(*s));
	*s = (struct shadow_outcome){
		.verdict = v,
		.trace = trace,
		.policy = policy_name(policy),
		.version = policy_version(policy),
		.differs = v->action != acted->action ||
		    strcmp(v->rule, acted->rule) != 0,
	};
	return s;
}
