/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/decide.h"

#include <string.h>

#include "policy/sample.h"
#include "policy/template.h"

/* One reading: marks add up on the way to the rule that ends it. */
struct reading {
	struct eval eval;
	enum phase phase;
	const struct policy_past *past;
	bool sampled;
	struct trace *trace;
	struct verdict *out;
	struct buf subject;
	struct buf pen;                 /* the trace of the rule at hand */
	struct rule_hit *hits;          /* every rule that held: many */
	size_t hit_room;
	const struct rule *marker;      /* the first one that left a mark */
	uint64_t key;                   /* of the rule at hand, see sample.h */
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

/* "reject", or what a rule leaves that does not end the reading. */
static const char *deed_word(const struct deed *d)
{
	if (d->final)
		return name_word(action_names, (int)d->action);
	if (d->headers != NULL || d->subjects != NULL)
		return name_word(action_names, ACTION_TAG);
	if (d->logs != NULL)
		return "log";
	return d->counts != NULL ? "count" : "report";
}

static bool is_past(const struct policy_past *past, const struct rule *r)
{
	for (size_t i = 0; past != NULL && i < past->count; i++)
		if (strcmp(past->rules[i], r->name) == 0)
			return true;
	return false;
}

/*
 * What becomes of a rule that holds; NONE while that cannot be said: the rule
 * may not fire yet, or it waits for what the key of its sample is made of.
 */
static enum effect effect_of(struct reading *g, const struct rule *r)
{
	bool keyed = r->sample.value != 0 || r->at_most.value != 0;

	if (r->observe)
		return EFFECT_OBSERVED;
	if (r->deed.final && !r->early && g->phase < PHASE_EOM)
		return EFFECT_NONE;
	if (keyed && !sample_key(r, g->eval.facts, &g->key))
		return EFFECT_NONE;
	if (!g->sampled && !sample_holds(r, g->key))
		return EFFECT_UNSAMPLED;
	return is_past(g->past, r) ? EFFECT_WAITED : EFFECT_ACTED;
}

static const char *effect_note(struct reading *g, const struct rule *r,
    enum effect effect)
{
	const char *word = deed_word(&r->deed);

	switch (effect) {
	case EFFECT_NONE:
	case EFFECT_ACTED:
		break;
	case EFFECT_OBSERVED:
		return arena_printf(g->eval.mem, "observed only: would %s",
		    word);
	case EFFECT_UNSAMPLED:
		return arena_printf(g->eval.mem, "outside the sample of "
		    "%.10g%%: would %s", r->sample.value / 100.0, word);
	case EFFECT_WAITED:
		return "deferred long enough: goes on, with a mark";
	}
	return NULL;
}

/* UNKNOWN: reading ends here, for now. */
static enum truth try_rule(struct reading *g, const struct rule *r,
    enum effect *effect)
{
	struct trace_step step = { .rule = r->name, .line = r->line,
	    .file = r->file };
	enum truth t;

	buf_clear(&g->pen);
	g->eval.pen = g->trace == NULL ? NULL : &g->pen;
	t = eval_rule(&g->eval, r, &step.when, &step.unless);
	*effect = t == TRUTH_YES ? effect_of(g, r) : EFFECT_NONE;
	if (t == TRUTH_YES && *effect == EFFECT_NONE)
		t = TRUTH_UNKNOWN;
	step.effect = *effect;
	step.fired = *effect == EFFECT_ACTED;
	if (g->trace != NULL) {
		step.detail = arena_strdup(g->eval.mem, buf_text(&g->pen));
		step.note = effect_note(g, r, *effect);
	}
	add_step(g, &step);
	/* Whatever comes of it, it changes nothing: no need to wait. */
	return r->observe && t == TRUTH_UNKNOWN ? TRUTH_NO : t;
}

/* A copy of the array with room for `more` items behind its `count`. */
static void *extended(struct reading *g, const void *items, size_t count,
    size_t more, size_t size)
{
	char *all = arena_array(g->eval.mem, count + more, size);

	if (count > 0)
		memcpy(all, items, count * size);
	return all;
}

static void add_hit(struct reading *g, const struct rule *r,
    enum effect effect)
{
	struct verdict *out = g->out;

	if (out->hit_count == g->hit_room) {
		size_t more = g->hit_room == 0 ? 8 : g->hit_room;

		g->hits = extended(g, g->hits, out->hit_count, more,
		    sizeof(*g->hits));
		g->hit_room += more;
		out->hits = g->hits;
	}
	g->hits[out->hit_count++] = (struct rule_hit){ .rule = r->name,
	    .index = r->index, .effect = effect,
	    .action = deed_word(&r->deed) };
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

static void add_header(struct reading *g, const char *name,
    const char *value)
{
	struct verdict *out = g->out;
	struct tag_header *all = extended(g, out->headers, out->header_count,
	    1, sizeof(*all));

	all[out->header_count++] = (struct tag_header){ name, value };
	out->headers = all;
}

static void add_logs(struct reading *g, const struct mark *m)
{
	struct verdict *out = g->out;
	const char **all = extended(g, out->log_notes, out->log_count,
	    count_marks(m), sizeof(*all));

	for (; m != NULL; m = m->next)
		all[out->log_count++] = fill(g, &m->text);
	out->log_notes = all;
}

/* A counter counts messages, however many rules name it. */
static void add_counts(struct reading *g, const struct mark *m)
{
	struct verdict *out = g->out;
	size_t *all = extended(g, out->counts, out->count_count,
	    count_marks(m), sizeof(*all));

	for (; m != NULL; m = m->next) {
		size_t seen = 0;

		while (seen < out->count_count && all[seen] != m->id)
			seen++;
		if (seen == out->count_count)
			all[out->count_count++] = m->id;
	}
	out->counts = all;
}

static void add_override(struct reading *g, enum override o)
{
	struct verdict *out = g->out;
	enum override *all;

	for (size_t i = 0; i < out->override_count; i++)
		if (out->overrides[i] == o)
			return;
	all = extended(g, out->overrides, out->override_count, 1,
	    sizeof(*all));
	all[out->override_count++] = o;
	out->overrides = all;
}

/* Arrays grow by copying: few rules leave marks. */
static void add_marks(struct reading *g, const struct rule *r)
{
	const struct deed *d = &r->deed;

	for (const struct mark *m = d->headers; m != NULL; m = m->next)
		add_header(g, m->name.text, fill(g, &m->text));
	if (d->logs != NULL)
		add_logs(g, d->logs);
	if (d->counts != NULL)
		add_counts(g, d->counts);
	for (const struct mark *m = d->overrides; m != NULL; m = m->next)
		add_override(g, (enum override)m->id);
	for (const struct mark *m = d->subjects; m != NULL; m = m->next)
		buf_adds(&g->subject, fill(g, &m->text));
	if (g->marker == NULL && (d->headers != NULL || d->subjects != NULL))
		g->marker = r;
}

/* The message was deferred for as long as the rule wants: it passes, and says
 * so to whoever reads it. Marks of the rule are for this moment. */
static void let_pass(struct reading *g, const struct rule *r)
{
	add_header(g, "Assay-Deferral", arena_printf(g->eval.mem,
	    "rule=%s; at-most=%lus", r->name, (unsigned long)r->at_most.value));
	add_marks(g, r);
	if (g->marker == NULL)
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
	out->file = r->file;
	out->line = r->line;
}

/* True: the rule ends the reading. */
static bool apply(struct reading *g, const struct rule *r, enum effect effect)
{
	add_hit(g, r, effect);
	if (effect == EFFECT_WAITED)
		let_pass(g, r);
	/* A tag beside a deferral is for the day when it is used up. */
	else if (effect == EFFECT_ACTED && r->at_most.value == 0)
		add_marks(g, r);
	if (effect != EFFECT_ACTED || !r->deed.final)
		return false;
	if (r->at_most.value != 0) {
		add_logs(g, r->deed.logs);
		add_counts(g, r->deed.counts);
		g->out->defer_most = r->at_most.value;
		g->out->defer_key = g->key;
	}
	return true;
}

/* The rule that ends the reading; NULL while that cannot be said. */
static const struct rule *read_rules(struct reading *g)
{
	const struct policy *p = g->eval.policy;
	enum effect effect;

	for (const struct rule *r = p->rules; r != NULL; r = r->next) {
		enum truth t = try_rule(g, r, &effect);

		if (t == TRUTH_UNKNOWN)
			return NULL;
		if (t == TRUTH_YES && apply(g, r, effect))
			return r;
	}
	if (g->phase < PHASE_EOM)
		return NULL;
	try_rule(g, p->fallback, &effect);
	apply(g, p->fallback, effect);
	return p->fallback;
}

bool decide(const struct policy *p, const struct facts *f,
    const struct circumstances *around, enum phase phase, struct arena *mem,
    struct verdict *out, struct trace *trace)
{
	struct reading g = {
		.eval = { .policy = p, .facts = f, .lists = around->lists,
		    .mem = mem },
		.past = around->past,
		.sampled = around->sampled,
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
	buf_free(&g.pen);
	return last != NULL;
}
