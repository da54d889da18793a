/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay lists audit: what has gathered in the lists of a policy.
 */
#include <sysexits.h>

#include "base/clock.h"
#include "history/restore.h"
#include "policy/audit.h"
#include "setup/setup.h"
#include "tool/past.h"
#include "tool/tool.h"

static void finding_json(struct json *j, const struct audit_finding *f)
{
	json_open_object(j, NULL);
	json_text(j, "kind", name_word(audit_names, (int)f->kind));
	json_text(j, "list", f->list);
	json_text(j, "file", f->file);
	json_number(j, "line", f->line);
	json_text(j, "entry", f->entry);
	json_text(j, "owner", f->owner);
	json_text(j, "until", f->until);
	json_text(j, "why", f->why);
	json_text(j, "about", f->about);
	json_close(j);
}

static void audit_json(const struct policy *p, const struct audit *a)
{
	struct json *j = json_new();

	json_text(j, "policy", policy_name(p));
	json_text(j, "version", policy_version(p));
	json_number(j, "lists", (int64_t)a->lists);
	json_number(j, "entries", (int64_t)a->entries);
	json_text(j, "use", a->unknown == 0 ? "known" : "unknown");
	json_open_array(j, "findings");
	for (size_t i = 0; i < a->count; i++)
		finding_json(j, &a->findings[i]);
	json_close(j);
	tool_print_json(j);
}

static void finding_line(const struct tool *t, const struct audit_finding *f)
{
	struct buf line = { 0 };

	buf_addf(&line, "%s:%u: ", f->file, f->line);
	if (f->entry != NULL)
		buf_addf(&line, "%s: ", f->entry);
	else
		buf_addf(&line, "list %s: ", f->list);
	buf_adds(&line, f->about);
	if (f->owner != NULL)
		buf_addf(&line, " (owner %s)", f->owner);
	tool_line(t, name_word(audit_names, (int)f->kind), buf_text(&line));
	buf_free(&line);
}

static void audit_lines(const struct tool *t, const struct audit *a)
{
	for (size_t i = 0; i < a->count; i++)
		finding_line(t, &a->findings[i]);
	printf("%zu lists, %zu entries, %zu findings\n", a->lists, a->entries,
	    a->count);
	if (a->unknown > 0)
		printf("whether they are ever hit is unknown; --history "
		    "asks\n");
}

static bool read_time(const struct tool *t, int64_t *now)
{
	const char *text = tool_value(t, "--time");
	unsigned long long seconds;

	*now = (int64_t)clock_now(&(struct clock){ 0 });
	if (text == NULL)
		return true;
	if (!slice_number(slice_of(text), &seconds) || seconds > 1ULL << 40)
		return false;
	*now = (int64_t)seconds;
	return true;
}

/* Decided once more, for what it hits. What lacks a fact hits what it can. */
static void read_row(const struct record *row, const struct policy *p,
    struct arena *mem)
{
	struct restored x;
	struct verdict v;

	if (restore(row, mem, &x, NULL))
		restored_decide(&x, p, mem, &v, NULL);
}

/* Old messages by one policy, the others by the other. */
static bool read_history(struct reader *reader, const struct policy *p,
    const struct policy *older, int64_t now, struct error *err)
{
	const struct history_query all = { .since = 0 };
	struct arena *mem = arena_new(65536);
	const struct record *row;

	if (reader_ask(reader, &all, err))
		while ((row = reader_next(reader, err)) != NULL) {
			read_row(row, row->time < now -
			    (int64_t)AUDIT_STALE_DAYS * 86400 ? older : p, mem);
			arena_reset(mem);
		}
	arena_free(mem);
	return err->text[0] == '\0';
}

static void print(const struct tool *t, const struct policy *p, int64_t now,
    const struct audit_memory *memory)
{
	struct arena *mem = arena_new(16384);
	struct audit a = policy_audit(p, now, memory, mem);

	if (t->json)
		audit_json(p, &a);
	else
		audit_lines(t, &a);
	arena_free(mem);
}

static struct policy *load(const struct conf *conf, const struct tool *t)
{
	const char *path = tool_value(t, "--policy");
	struct policy_report report = { 0 };
	struct policy *p = setup_policy(conf, path != NULL ? path :
	    conf->policy, &report);

	/* What has expired is told below, entry by entry. */
	if (p == NULL)
		fputs(buf_text(&report.text), stderr);
	policy_report_free(&report);
	return p;
}

/* Without --history nobody is asked: a history may be large. */
static int audit(const struct tool *t, const struct conf *conf,
    struct reader *reader, int64_t now)
{
	struct policy *p = load(conf, t);
	struct policy *older = reader == NULL || p == NULL ? NULL :
	    load(conf, t);
	const struct audit_memory memory = { .older = older };
	struct error err = { .text = "" };
	int code = EX_OK;

	if (p == NULL || (reader != NULL && older == NULL))
		code = EX_CONFIG;
	else if (reader == NULL)
		print(t, p, now, NULL);
	else if (read_history(reader, p, older, now, &err))
		print(t, p, now, &memory);
	else
		code = tool_failed(EX_IOERR, "history %s", err.text);
	policy_free(p);
	policy_free(older);
	return code;
}

static int run_audit(struct tool *t)
{
	struct reader *reader = NULL;
	struct conf conf;
	int64_t now;
	int code = EX_CONFIG;

	if (t->word_count > 0)
		return tool_usage(t, "no argument is expected");
	if (!read_time(t, &now))
		return tool_usage(t, "--time wants seconds since 1970");
	if (tool_value(t, "--history") != NULL) {
		reader = past_open(t, &conf, &code);
		if (reader != NULL)
			code = audit(t, &conf, reader, now);
		reader_close(reader);
	} else if (tool_conf(t, &conf)) {
		code = audit(t, &conf, NULL, now);
	}
	conf_free(&conf);
	return code;
}

const struct tool_command lists_audit_command = {
	.name = "lists audit",
	.arguments = "",
	.help = "what is old, needless or dangerous in the lists",
	.more = "Of the configured policy, or of --policy. Nothing is changed. "
	    "Which entries\nare never hit is told with --history only.",
	.flags = {
		{ "--policy", "FILE", "the lists of this policy" },
		{ "--history", "DATABASE", "messages to be asked for hits" },
		{ "--time", "SECONDS", "what time it is (since 1970)" },
		{ .name = NULL },
	},
	.run = run_audit,
};
