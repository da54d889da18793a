/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/restore.h"

#include <string.h>

#include "base/json_reader.h"
#include "session/decision.h"

static void drop_document(void *d)
{
	json_document_drop(d);
}

static const struct json_node *read_json(struct arena *mem, const char *text,
    struct error *err)
{
	struct json_document *d = json_read(slice_of(text), err);

	if (d == NULL)
		return NULL;
	arena_defer(mem, drop_document, d);
	return json_root(d);
}

static void read_past(const struct json_node *facts, struct arena *mem,
    struct restored *out)
{
	const struct json_node *list = json_member(facts,
	    RECORD_DEFERRALS_USED);

	out->past_count = 0;
	out->past = arena_array(mem, json_count(list) + 1, sizeof(*out->past));
	for (size_t i = 0; i < json_count(list); i++) {
		const char *rule = json_read_text(json_item(list, i));

		if (rule != NULL)
			out->past[out->past_count++] = rule;
	}
}

static bool was_used_up(void *arg, const struct verdict *v)
{
	const struct restored *x = arg;

	for (size_t i = 0; i < x->past_count; i++)
		if (strcmp(x->past[i], v->rule) == 0)
			return true;
	return false;
}

bool restore(const struct record *r, struct arena *mem, struct restored *out,
    struct error *err)
{
	const struct name *phase = r->phase == NULL ? NULL :
	    name_find(phase_names, r->phase);
	const struct json_node *facts;

	if (phase == NULL)
		return error_set(err, "no phase is recorded");
	if (r->facts == NULL)
		return error_set(err, "no facts are recorded");
	facts = read_json(mem, r->facts, err);
	if (facts == NULL)
		return false;
	out->phase = (enum phase)phase->code;
	out->rcpts = r->rcpts;
	facts_from_json(facts, mem, &out->facts);
	read_past(facts, mem, out);
	out->facts.now = r->time;       /* entries of lists that held then */
	return true;
}

/* False: they were too many to be kept. */
static bool read_rcpts(const struct restored *x, struct arena *mem,
    struct decision *d)
{
	const struct json_node *list;
	struct path *rcpts;

	if (x->rcpts == NULL)
		return false;
	list = read_json(mem, x->rcpts, NULL);
	if (json_kind(list) != KIND_ARRAY)
		return false;
	d->rcpt_count = json_count(list);
	rcpts = arena_array(mem, d->rcpt_count + 1, sizeof(*rcpts));
	for (size_t i = 0; i < d->rcpt_count; i++) {
		const char *text = json_read_text(json_item(list, i));

		if (text == NULL)
			return false;
		rcpts[i] = path_read(mem, text);
	}
	d->rcpts = rcpts;
	return true;
}

bool restored_decide(const struct restored *x, const struct policy *p,
    struct arena *mem, struct verdict *out, struct trace *trace)
{
	struct decision d = {
		.policy = p,
		.facts = &x->facts,
		.phase = x->phase,
		.used_up = was_used_up,
		.arg = (void *)x,
	};

	if (policy_per_recipient(p) && !read_rcpts(x, mem, &d))
		return false;
	return decision_make(&d, mem, out, trace, NULL);
}
