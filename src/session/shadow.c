/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/shadow.h"

#include <string.h>

#include "base/buf.h"
#include "facts/gather.h"
#include "session/ruling.h"

/* As the policy that acts; at end of message every fact is closed. */
static bool decide(struct transaction *t, const struct path *rcpt,
    struct verdict *out, struct trace *trace)
{
	bool ended = t->phase >= PHASE_EOM;
	struct facts view = t->facts;
	const struct decision d = {
		.policy = t->kit->shadow,
		.facts = &view,
		.phase = t->phase,
		.rcpts = t->rcpts,
		.rcpt_count = ended ? t->evidence.rcpt_kept : 0,
	};

	if (rcpt != NULL)
		gather_recipient(&view, rcpt);
	if (ended)
		facts_close(&view);
	return ruling_make(t, d, out, trace, NULL);
}

const struct shadow_outcome *shadow_decide(struct transaction *t,
    const struct verdict *acted, const struct path *rcpt)
{
	const struct policy *policy = t->kit->shadow;
	struct shadow_outcome *s;
	struct verdict *v;
	struct trace *trace;

	if (policy == NULL)
		return NULL;
	v = arena_alloc(t->mem, sizeof(*v));
	trace = arena_alloc(t->mem, sizeof(*trace));
	if (!decide(t, rcpt, v, trace))
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

void shadow_difference(const struct shadow_outcome *s, struct buf *out)
{
	if (s != NULL && s->differs)
		buf_addf(out, "%s:%s", name_word(action_names,
		    (int)s->verdict->action), s->verdict->rule);
}
