/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay replay: what another policy would have done with past messages.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "history/restore.h"
#include "setup/setup.h"
#include "tool/past.h"
#include "tool/replay_table.h"

struct replay {
	const struct tool *tool;
	const struct policy *policy;    /* --policy */
	const struct policy *against;   /* --against; NULL: the records */
	struct reader *reader;
	int64_t total, done;
	struct replay_table *table;
	bool bar;
};

#define BAR_WIDTH 40

static void show_progress(const struct replay *r)
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

static void clear_progress(const struct replay *r)
{
	if (r->bar)
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 10, "");
}

/* The first test of a step that lacks its fact: "dnsbl(...)", or NULL. */
static const char *unknown_test(struct arena *mem, const char *detail)
{
	while (detail != NULL && *detail != '\0') {
		const char *next = strstr(detail, "; ");
		const char *what = strstr(detail, ": unknown (");

		if (what != NULL && (next == NULL || what < next))
			return arena_strndup(mem, detail,
			    (size_t)(what - detail));
		detail = next != NULL ? next + 2 : NULL;
	}
	return NULL;
}

/* Where reading stopped, for whoever wants to know which fact is missing. */
static void cannot_say(struct replay *r, const struct record *row,
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
	    unknown_test(mem, last->detail));
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

static void replay_row(struct replay *r, const struct record *row,
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

static bool replay_all(struct replay *r, int64_t since, struct error *err)
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

static void print(const struct replay *r, int64_t since)
{
	const struct replay_title title = {
		.policy = policy_name(r->policy),
		.against = r->against != NULL ? policy_name(r->against) : NULL,
		.since = since,
	};

	if (r->tool->json)
		replay_print_json(r->table, &title);
	else
		replay_print(r->table, &title);
}

static struct policy *load(const struct conf *conf, const char *path)
{
	struct policy_report report = { 0 };
	struct policy *p = setup_policy(conf, path, &report);

	if (report.text.len > 0)
		fputs(buf_text(&report.text), stderr);
	policy_report_free(&report);
	return p;
}

static int replay_with(struct tool *t, struct conf *conf,
    struct reader *reader, int64_t since)
{
	const char *against = tool_value(t, "--against");
	struct policy *p = load(conf, tool_value(t, "--policy"));
	struct policy *g = against != NULL ? load(conf, against) : NULL;
	struct replay r = {
		.tool = t, .policy = p, .against = g, .reader = reader,
		.bar = isatty(STDERR_FILENO),
	};
	struct error err = { .text = "" };
	int code = EX_CONFIG;

	if (p != NULL && (against == NULL || g != NULL)) {
		code = EX_OK;
		r.table = replay_table_new();
		if (replay_all(&r, since, &err))
			print(&r, since);
		else
			code = tool_failed(EX_IOERR, "history %s", err.text);
		replay_table_free(r.table);
	}
	policy_free(p);
	policy_free(g);
	return code;
}

static int run_replay(struct tool *t)
{
	struct conf conf;
	struct reader *reader;
	struct error err;
	int64_t since;
	int code;

	if (t->word_count > 0)
		return tool_usage(t, "no argument is expected");
	if (tool_value(t, "--policy") == NULL)
		return tool_usage(t, "name a policy with --policy FILE");
	if (!past_since(t, &since, &err))
		return tool_usage(t, "%s", err.text);
	reader = past_open(t, &conf, &code);
	if (reader != NULL)
		code = replay_with(t, &conf, reader, since);
	reader_close(reader);
	conf_free(&conf);
	return code;
}

const struct tool_command replay_command = {
	.name = "replay",
	.arguments = "",
	.help = "what another policy would have done with past messages",
	.more = "Nothing is asked anew: facts are as they were. Where a record "
	    "lacks one that\nthe policy needs, nothing is guessed.",
	.flags = {
		SINCE_FLAG,
		{ "--policy", "FILE", "the policy to be tried; required" },
		{ "--against", "FILE", "compare with this policy instead of "
		  "what was decided" },
		PAST_FLAG,
		{ .name = NULL },
	},
	.run = run_replay,
};
