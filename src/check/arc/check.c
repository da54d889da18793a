/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/arc.h"
#include "check/arc/seal.h"

/* One message: what arc.c needs, taken from the examination. */
struct arc_state {
	struct examination *x;
	struct arc_question question;
	struct arc_work *work;          /* from the complete header on */
	struct seal_body *body;         /* NULL: there will be no seal */
};

static void *open_arc(struct examination *x)
{
	struct arc_state *s = arena_alloc(x->mem, sizeof(*s));

	s->x = x;
	if (check_env_sealer(x->env) != NULL &&
	    client_exempt(x->evidence) == NULL)
		s->body = seal_body_new(x->mem);
	return s;
}

static void begin(struct arc_state *s)
{
	const struct examination *x = s->x;

	if (s->work != NULL)
		return;
	s->question = (struct arc_question){
		.header = &x->evidence->header,
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

static void body_arc(void *state, const void *bytes, size_t n)
{
	struct arc_state *s = state;

	begin(s);
	arc_feed(s->work, bytes, n);
	if (s->body != NULL)
		seal_body_feed(s->body, bytes, n);
}

static void finish_arc(void *state)
{
	struct arc_state *s = state;

	begin(s);
	arc_conclude(s->work);
	if (s->body != NULL)
		s->x->findings->arc.body_hash = seal_body_end(s->body);
}

const struct check arc_check = {
	.name = "arc",
	.ready = PHASE_EOM,
	.open = open_arc,
	.reach = reach_arc,
	.body = body_arc,
	.finish = finish_arc,
};
