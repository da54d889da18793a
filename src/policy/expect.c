/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/expect.h"

#include <string.h>

#include "policy/decide.h"

static const struct trace_step *find_step(const struct trace *t,
    const char *rule)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->steps[i].rule, rule) == 0)
			return &t->steps[i];
	return NULL;
}

static bool held(const struct trace *t, const char *rule)
{
	const struct trace_step *s = find_step(t, rule);

	return s != NULL && s->effect != EFFECT_NONE;
}

static bool fired(const struct trace *t, const char *rule)
{
	const struct trace_step *s = find_step(t, rule);

	return s != NULL && s->fired;
}

static bool observed(const struct trace *t, const char *rule)
{
	const struct trace_step *s = find_step(t, rule);

	return s != NULL && effect_would(s->effect);
}

/* Its deferral was used up, so it left its mark and went on. */
static bool passed(const struct trace *t, const char *rule)
{
	const struct trace_step *s = find_step(t, rule);

	return s != NULL && s->effect == EFFECT_WAITED;
}

static const struct rule *find_rule(const struct policy *p, const char *name)
{
	for (const struct rule *r = p->rules; r != NULL; r = r->next)
		if (strcmp(r->name, name) == 0)
			return r;
	return p->fallback;
}

/* Several rules may tag or log one message: any of them may be the one. */
static bool by_rule(const struct policy *p, const struct expectation *x,
    const struct verdict *v, const struct trace *t)
{
	const struct deed *d;

	if (x->rule == NULL)
		return true;
	if (x->not_rule)
		return !held(t, x->rule);
	d = &find_rule(p, x->rule)->deed;
	if (x->wants_log)
		return fired(t, x->rule) && d->logs != NULL;
	if (x->wants_observe)
		return observed(t, x->rule);
	if (x->past != NULL && strcmp(x->past, x->rule) == 0)
		return passed(t, x->rule);
	if (x->action == ACTION_TAG)
		return fired(t, x->rule) &&
		    (d->headers != NULL || d->subjects != NULL);
	return strcmp(v->rule, x->rule) == 0;
}

/* Every fact is closed, so there is a verdict. What is expected of a rule
 * shall not change with its sample. */
static void run(const struct policy *p, const struct expectation *x,
    struct arena *mem, struct verdict *v, struct trace *trace)
{
	const struct policy_past past = { &x->past, x->past != NULL };
	const struct circumstances around = { .lists = x->lists,
	    .past = &past, .sampled = true };

	decide(p, x->facts, &around, PHASE_EOM, mem, v, trace);
}

/* Of the rule that was expected to hold and did not: what kept it. */
static void tell_why_not(const struct policy *p, const struct expectation *x,
    struct arena *mem, struct policy_report *report)
{
	struct trace trace = { 0 };
	struct verdict v;

	if (x->rule == NULL || x->not_rule)
		return;
	run(p, x, mem, &v, &trace);
	for (size_t i = 0; i < trace.count; i++) {
		const struct trace_step *s = &trace.steps[i];
		struct buf why = { 0 };

		if (strcmp(s->rule, x->rule) != 0 || s->tests.count == 0 ||
		    (s->when != TRUTH_NO && s->unless != TRUTH_YES))
			continue;
		trace_test_show(&s->tests.items[s->tests.count - 1], &why);
		report_hint(report, "%s %s: %s", x->rule, s->when ==
		    TRUTH_NO ? "does not hold" : "is excepted by its unless",
		    buf_text(&why));
		buf_free(&why);
	}
}

bool expect_run(const struct policy *p, const struct expectation *x,
    struct arena *mem, struct buf *got)
{
	struct trace trace = { 0 };
	struct verdict v;

	run(p, x, mem, &v, &trace);
	buf_addf(got, "%s by %s", name_word(action_names, (int)v.action),
	    v.rule);
	if (x->not_rule && held(&trace, x->rule) &&
	    strcmp(v.rule, x->rule) != 0)
		buf_addf(got, ", and %s %s", x->rule,
		    fired(&trace, x->rule) ? "fired" : "held");
	return (x->wants_log || x->wants_observe || v.action == x->action) &&
	    by_rule(p, x, &v, &trace);
}

void expect_name(const struct expectation *x, struct buf *out)
{
	buf_adds(out, x->wants_log ? "log" : x->wants_observe ? "observe" :
	    name_word(action_names, (int)x->action));
	if (x->rule != NULL)
		buf_addf(out, "%s by %s", x->not_rule ? " not" : "", x->rule);
	if (x->past != NULL)
		buf_addf(out, " past %s", x->past);
}

bool expect_check(const struct policy *p, struct policy_report *report)
{
	struct arena *mem = arena_new(8192);
	struct buf got = { 0 }, wanted = { 0 };
	bool ok = true;

	for (const struct expectation *x = p->expectations; x != NULL;
	    x = x->next) {
		if (!expect_run(p, x, mem, &got)) {
			expect_name(x, &wanted);
			report_error(report, &p->source, x->offset,
			    "expected %s, got %s", buf_text(&wanted),
			    buf_text(&got));
			tell_why_not(p, x, mem, report);
			ok = false;
		}
		buf_clear(&got);
		buf_clear(&wanted);
		arena_reset(mem);
	}
	buf_free(&got);
	buf_free(&wanted);
	arena_free(mem);
	return ok;
}

size_t policy_expectations(const struct policy *p, struct buf *text,
    struct json *json, size_t *total)
{
	struct arena *mem = arena_new(8192);
	struct buf got = { 0 }, wanted = { 0 };
	size_t failed = 0;

	if (json != NULL)
		json_open_array(json, "expectations");
	for (const struct expectation *x = p->expectations; x != NULL;
	    x = x->next) {
		bool ok = expect_run(p, x, mem, &got);

		expect_name(x, &wanted);
		failed += !ok;
		if (text != NULL)
			buf_addf(text, "%s:%u: %s: %s%s%s\n", x->file,
			    x->line, ok ? "ok" : "FAILED", buf_text(&wanted),
			    ok ? "" : ", got ", ok ? "" : buf_text(&got));
		if (json != NULL) {
			json_open_object(json, NULL);
			json_text(json, "file", x->file);
			json_number(json, "line", x->line);
			json_text(json, "expected", buf_text(&wanted));
			json_text(json, "got", buf_text(&got));
			json_yes_no(json, "ok", ok);
			json_close(json);
		}
		buf_clear(&got);
		buf_clear(&wanted);
		arena_reset(mem);
	}
	if (json != NULL)
		json_close(json);
	*total = p->expectation_count;
	buf_free(&got);
	buf_free(&wanted);
	arena_free(mem);
	return failed;
}
