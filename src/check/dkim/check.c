/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/crypto.h"
#include "check/dkim/dkim.h"

/* One message: what dkim.c needs, taken from the examination. */
struct dkim_state {
	struct examination *x;
	struct dkim_settings settings;
	struct dkim_question question;
	struct dkim_work *work;         /* from the complete header on */
};

static void *open_dkim(struct examination *x)
{
	struct dkim_state *s = arena_alloc(x->mem, sizeof(*s));
	const struct check_options *o = check_env_options(x->env);

	s->x = x;
	s->settings = (struct dkim_settings){
		.engine = o->dkim_engine,
		.minimum_bits = o->dkim_minimum_bits,
		.signatures = o->dkim_signatures,
		.libraries = check_env_dkim(x->env),
		.keys = check_env_keys(x->env),
		.log = check_env_log(x->env),
	};
	return s;
}

static void begin(struct dkim_state *s)
{
	const struct evidence *e = s->x->evidence;

	if (s->work != NULL)
		return;
	s->question = (struct dkim_question){
		.header = &e->header,
		.body = s->x->body,
		.authors = e->author.domains,
		.author_count = e->author.domain_count,
		.now = e->received,
		.job = e->queue_id,
	};
	s->work = dkim_begin(s->x->mem, s->x->dns, &s->settings, &s->question,
	    &s->x->findings->dkim);
}

static void reach_dkim(void *state, enum phase phase)
{
	if (phase >= PHASE_HEADERS)
		begin(state);
}

static void finish_dkim(void *state)
{
	struct dkim_state *s = state;

	begin(s);
	dkim_conclude(s->work);
}

const struct check dkim_check = {
	.name = "dkim",
	.ready = PHASE_EOM,
	.open = open_dkim,
	.reach = reach_dkim,
	.finish = finish_dkim,
};
