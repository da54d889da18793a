/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/replaying.h"

#include <stdio.h>
#include <string.h>

#include "history/restore.h"

#define BAR_WIDTH 40

static void show_progress(const struct replaying *r)
{
	int64_t total = r->total > 0 ? r->total : 1;
	int64_t shown = r->done < total ? r->done : total;
	int full = (int)(shown * BAR_WIDTH / total);

	if (!r->bar)
		return;
	fprintf(stderr, "\r[%.*s%*s] %3d %%", full,
	    "########################################", BAR_WIDTH - full, "",
	    (int)(shown * 100 / total));
}

static void clear_progress(const struct replaying *r)
{
	if (r->bar)
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 10, "");
}

/* The first test of a step that lacks its fact: "dnsbl(...)", or NULL. */
static const char *unknown_test(const struct trace_tests *tests)
{
	for (size_t i = 0; i < tests->count; i++)
		if (tests->items[i].truth == TRUTH_UNKNOWN)
			return tests->items[i].text;
	return NULL;
}

/* Where reading stopped, for whoever wants to know which fact is missing. */
static void cannot_say(struct replaying *r, const struct record *row,
    const struct restored *x, const struct policy *p, struct arena *mem)
{
	struct trace trace = { 0 };
	const struct trace_step *last;
	struct verdict v;

	restored_decide(x, p, mem, &v, &trace);
	if (trace.count == 0) {
		replay_cannot_say(r->table, row->id, NULL, NULL);
		return;
	}
	last = &trace.steps[trace.count - 1];
	replay_cannot_say(r->table, row->id, last->rule,
	    unknown_test(&last->tests));
}

static struct decided recorded(const struct record *row)
{
	const struct name *n = row->action == NULL ? NULL :
	    name_find(action_names, row->action);

	return (struct decided){
		.action = n != NULL ? (enum action)n->code : ACTION_ACCEPT,
		.rule = row->rule != NULL ? row->rule : "",
	};
}

static void replay_row(struct replaying *r, const struct record *row,
    struct arena *mem)
{
	struct decided was = recorded(row);
	struct restored x;
	struct verdict v;

	if (!restore(row, mem, &x, NULL)) {
		replay_cannot_say(r->table, row->id, NULL, NULL);
		return;
	}
	if (r->against != NULL) {
		if (!restored_decide(&x, r->against, mem, &v, NULL)) {
			cannot_say(r, row, &x, r->against, mem);
			return;
		}
		was = (struct decided){ .action = v.action, .rule = v.rule };
	}
	if (restored_decide(&x, r->policy, mem, &v, NULL))
		replay_count(r->table, row->id, was, (struct decided){
		    .action = v.action, .rule = v.rule });
	else
		cannot_say(r, row, &x, r->policy, mem);
}

bool replaying_run(struct replaying *r, int64_t since, struct error *err)
{
	const struct history_query q = { .since = since };
	struct arena *mem = arena_new(65536);
	const struct record *row;

	r->total = reader_count(r->reader, &q, err);
	if (r->total < 0 || !reader_ask(r->reader, &q, err)) {
		arena_free(mem);
		return false;
	}
	while ((row = reader_next(r->reader, err)) != NULL) {
		replay_row(r, row, mem);
		arena_reset(mem);
		if (++r->done % 1000 == 0)
			show_progress(r);
	}
	clear_progress(r);
	arena_free(mem);
	return err->text[0] == '\0';
}
