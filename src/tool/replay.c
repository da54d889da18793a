/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay replay: what another policy would have done with past messages.
 */
#include <sysexits.h>
#include <unistd.h>

#include "setup/setup.h"
#include "tool/past.h"
#include "tool/replaying.h"

static void print(const struct tool *t, const struct replaying *r,
    int64_t since)
{
	const struct replay_title title = {
		.policy = policy_name(r->policy),
		.against = r->against != NULL ? policy_name(r->against) : NULL,
		.since = since,
	};

	if (t->json)
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
	struct replaying r = {
		.policy = p, .against = g, .reader = reader,
		.bar = isatty(STDERR_FILENO),
	};
	struct error err = { .text = "" };
	int code = EX_CONFIG;

	if (p != NULL && (against == NULL || g != NULL)) {
		code = EX_OK;
		r.table = replay_table_new();
		if (replaying_run(&r, since, &err))
			print(t, &r, since);
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
