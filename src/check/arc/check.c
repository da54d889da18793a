/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/arc.h"
#include "check/arc/seal.h"

/* One message: what arc.c needs, taken from the examination. */
struct arc_state {
	struct examination *x;
	struct arc_question question;
	struct arc_work *work;          /* from the complete header on */
	bool sealed;                    /* it will be */
};

static void *open_arc(struct examination *x)
{
	struct arc_state *s = arena_alloc(x->mem, sizeof(*s));

	s->x = x;
	s->sealed = check_env_sealer(x->env) != NULL &&
	    client_exempt(x->evidence) == NULL;
	if (s->sealed)
		seal_want(x->body);
	return s;
}

static void begin(struct arc_state *s)
{
	const struct examination *x = s->x;

	if (s->work != NULL)
		return;
	s->question = (struct arc_question){
		.header = &x->evidence->header,
		.body = x->body,
		.minimum_bits = check_env_options(x->env)->dkim_minimum_bits,
		.keys = check_env_keys(x->env),
		.now = x->evidence->received,
	};
	s->work = arc_begin(x->mem, x->dns, &s->question, &x->findings->arc);
}

static void reach_arc(void *state, enum phase phase)
{
	if (phase >= PHASE_HEADERS)
		begin(state);
}

static void finish_arc(void *state)
{
	struct arc_state *s = state;

	begin(s);
	arc_conclude(s->work);
	body_end(s->x->body);
	if (s->sealed)
		s->x->findings->arc.body_hash = seal_body_hash(s->x->body,
		    s->x->mem);
}

const struct check arc_check = {
	.name = "arc",
	.ready = PHASE_EOM,
	.open = open_arc,
	.reach = reach_arc,
	.finish = finish_arc,
};
