/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/decide.h"

#include <string.h>

#include "policy/template.h"

/* One reading: marks add up on the way to the rule that ends it. */
struct reading {
	struct eval eval;
	enum phase phase;
	struct trace *trace;
	struct verdict *out;
	struct tag_header *headers;
	const char **logs;
	struct buf subject;
	const struct rule *marker;      /* the first one that left a mark */
};

static void add_step(struct reading *g, const struct trace_step *step)
{
	struct trace *t = g->trace;

	if (t == NULL)
		return;
	if (t->count == t->room) {
		struct trace_step *more;

		t->room = t->room == 0 ? 16 : t->room * 2;
		more = arena_array(g->eval.mem, t->room, sizeof(*more));
		if (t->count > 0)
			memcpy(more, t->steps, t->count * sizeof(*more));
		t->steps = more;
	}
	t->steps[t->count++] = *step;
}

static enum truth try_rule(struct reading *g, const struct rule *r)
{
	struct trace_step step = { .rule = r->name, .line = r->line,
	    .file = g->eval.policy->source.name };
	struct buf pen = { 0 };
	enum truth t;

	g->eval.pen = g->trace == NULL ? NULL : &pen;
	t = eval_rule(&g->eval, r, &step.when, &step.unless);
	step.fired = t == TRUTH_YES &&
	    (!r->deed.final || r->early || g->phase >= PHASE_EOM);
	if (g->trace != NULL)
		step.detail = arena_strdup(g->eval.mem, buf_text(&pen));
	buf_free(&pen);
	add_step(g, &step);
	return t;
}

static size_t count_marks(const struct mark *m)
{
	size_t n = 0;

	for (; m != NULL; m = m->next)
		n++;
	return n;
}

static const char *fill(struct reading *g, const struct template *t)
{
	return template_render(g->eval.mem, t, g->eval.facts);
}

/* Arrays grow by copying: few rules leave marks. */
static void add_headers(struct reading *g, const struct mark *m)
{
	size_t old = g->out->header_count, more = count_marks(m);
	struct tag_header *all;

	if (more == 0)
		return;
	all = arena_array(g->eval.mem, old + more, sizeof(*all));
	if (old > 0)
		memcpy(all, g->headers, old * sizeof(*all));
	for (; m != NULL; m = m->next)
		all[old++] = (struct tag_header){ .name = m->name.text,
		    .value = fill(g, &m->text) };
	g->headers = all;
	g->out->headers = all;
	g->out->header_count = old;
}

static void add_logs(struct reading *g, const struct mark *m)
{
	size_t old = g->out->log_count, more = count_marks(m);
	const char **all;

	if (more == 0)
		return;
	all = arena_array(g->eval.mem, old + more, sizeof(*all));
	if (old > 0)
		memcpy(all, g->logs, old * sizeof(*all));
	for (; m != NULL; m = m->next)
		all[old++] = fill(g, &m->text);
	g->logs = all;
	g->out->log_notes = all;
	g->out->log_count = old;
}

static void add_marks(struct reading *g, const struct rule *r)
{
	const struct deed *d = &r->deed;

	add_headers(g, d->headers);
	add_logs(g, d->logs);
	for (const struct mark *m = d->subjects; m != NULL; m = m->next)
		buf_adds(&g->subject, fill(g, &m->text));
	if (g->marker == NULL && (d->headers != NULL || d->subjects != NULL))
		g->marker = r;
}

/* RFC 3463: 4.7.1 and nothing more exact, when the policy says no code. */
static void set_reply(struct reading *g, const struct deed *d)
{
	struct verdict *out = g->out;

	if (d->text.source.text != NULL)
		out->text = fill(g, &d->text);
	if (d->code.text != NULL) {
		out->code = d->code.text;
		out->enhanced = d->enhanced.text;
	} else if (d->action == ACTION_TEMPFAIL) {
		out->code = "451";
		out->enhanced = "4.7.1";
		out->text = "please try again later";
	}
}

/* What is accepted with marks on it is decided by who left the first one. */
static void finish(struct reading *g, const struct rule *r)
{
	struct verdict *out = g->out;

	out->action = r->deed.action;
	if (g->subject.len > 0)
		out->subject_prefix = arena_strdup(g->eval.mem,
		    buf_text(&g->subject));
	if (out->action == ACTION_ACCEPT && g->marker != NULL) {
		out->action = ACTION_TAG;
		r = g->marker;
	} else {
		set_reply(g, &r->deed);
	}
	out->rule = r->name;
	out->file = g->eval.policy->source.name;
	out->line = r->line;
}

/* The rule that ends the reading; NULL while that cannot be said. */
static const struct rule *read_rules(struct reading *g)
{
	const struct policy *p = g->eval.policy;

	for (const struct rule *r = p->rules; r != NULL; r = r->next) {
		enum truth t = try_rule(g, r);

		if (t == TRUTH_UNKNOWN)
			return NULL;
		if (t == TRUTH_NO)
			continue;
		if (r->deed.final && !r->early && g->phase < PHASE_EOM)
			return NULL;
		add_marks(g, r);
		if (r->deed.final)
			return r;
	}
	if (g->phase < PHASE_EOM)
		return NULL;
	try_rule(g, p->fallback);
	add_marks(g, p->fallback);
	return p->fallback;
}

bool decide(const struct policy *p, const struct facts *f,
    const struct list *const *lists, enum phase phase, struct arena *mem,
    struct verdict *out, struct trace *trace)
{
	struct reading g = {
		.eval = { .policy = p, .facts = f, .lists = lists,
		    .mem = mem },
		.phase = phase,
		.trace = trace,
		.out = out,
	};
	const struct rule *last;

	*out = (struct verdict){ .action = ACTION_ACCEPT };
	last = read_rules(&g);
	if (last != NULL)
		finish(&g, last);
	buf_free(&g.subject);
	return last != NULL;
}
