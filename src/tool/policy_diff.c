/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay policy diff: two policies, and what they make of the same messages.
 */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json_reader.h"
#include "policy/diff.h"
#include "setup/setup.h"
#include "tool/changes.h"
#include "tool/past.h"
#include "tool/play.h"
#include "tool/replaying.h"
#include "tool/tool.h"
#include "tool/word_diff.h"

#define FACTS_OCTETS_MAX (16 << 20)

enum { OLD, NEW, BOTH };

struct comparing {
	struct tool *tool;
	struct conf conf;
	struct arena *mem;
	const char *files[BOTH];
	struct policy *policies[BOTH];
	struct changes changes;
	struct replay_table *past;      /* NULL: no history was asked */
	int64_t since;
};

/* A number of facts as JSON: those of one message, of several in an array, or
 * what `assay check --json` prints. What is not there is absent. */
static void decide_facts(struct comparing *c, const struct json_node *n,
    const char *example)
{
	const struct json_node *inner = json_member(n, "facts");
	struct verdict v[BOTH];
	struct facts facts;

	facts_from_json(inner != NULL ? inner : n, c->mem, &facts);
	facts.headers_partial = false;
	facts_close(&facts);
	for (int i = OLD; i < BOTH; i++)
		policy_decide(c->policies[i], &facts, PHASE_EOM, c->mem, &v[i],
		    NULL);
	changes_add(&c->changes, &v[OLD], &v[NEW], example);
}

static void decide_document(struct comparing *c,
    const struct json_document *d, const char *path)
{
	const struct json_node *root = json_root(d);

	if (json_kind(root) == KIND_OBJECT) {
		decide_facts(c, root, path);
		return;
	}
	for (size_t i = 0; i < json_count(root); i++)
		decide_facts(c, json_item(root, i), arena_printf(c->mem,
		    "%s[%zu]", path, i));
}

static int compare_facts(struct comparing *c, const char *path)
{
	struct json_document *d = NULL;
	struct buf text = { 0 };
	struct error err;
	int code = EX_OK;

	if (!file_read(path, FACTS_OCTETS_MAX, &text, &err))
		code = tool_failed(EX_NOINPUT, "%s", err.text);
	else if ((d = json_read(buf_slice(&text), &err)) == NULL)
		code = tool_failed(EX_DATAERR, "%s: %s", path, err.text);
	else
		decide_document(c, d, path);
	json_document_drop(d);
	buf_free(&text);
	return code;
}

/* Played once by each policy alone, early rules included. */
static int compare_message(struct comparing *c, struct kit *const kits[BOTH],
    const char *path)
{
	struct connection *open[BOTH] = { NULL, NULL };
	const struct outcome *o[BOTH];
	struct message m;
	struct envelope e;
	struct error err;

	if (!tool_message(path, c->mem, &m, &err))
		return tool_failed(EX_NOINPUT, "%s", err.text);
	if (!play_envelope(c->tool, c->mem, &m, &e, &err))
		return tool_usage(c->tool, "%s", err.text);
	for (int i = OLD; i < BOTH; i++) {
		open[i] = connection_open(kits[i], &e.client);
		o[i] = play(c->tool, open[i], &e, &m);
	}
	changes_add(&c->changes, o[OLD]->verdict, o[NEW]->verdict, path);
	for (int i = OLD; i < BOTH; i++)
		connection_close(open[i]);
	return EX_OK;
}

static int compare_messages(struct comparing *c)
{
	struct kit *kits[BOTH] = { NULL, NULL };
	size_t position = 0;
	const char *path = tool_next(c->tool, "--message", &position);
	int code = EX_OK;

	if (path == NULL)
		return EX_OK;
	for (int i = OLD; i < BOTH && code == EX_OK; i++) {
		c->conf.policy = c->files[i];
		c->conf.shadow_policy = "";
		kits[i] = tool_kit(c->tool, &c->conf, &code);
	}
	for (; path != NULL && code == EX_OK;
	    path = tool_next(c->tool, "--message", &position))
		code = compare_message(c, kits, path);
	for (int i = OLD; i < BOTH; i++)
		kit_drop(kits[i]);
	return code;
}

/* Both of them on what a history has; only when it is asked for. */
static int compare_past(struct comparing *c)
{
	struct replaying r = {
		.policy = c->policies[NEW], .against = c->policies[OLD],
		.bar = isatty(STDERR_FILENO),
	};
	struct conf conf;
	struct error err = { .text = "" };
	int code;

	if (tool_value(c->tool, "--since") == NULL &&
	    tool_value(c->tool, "--history") == NULL)
		return EX_OK;
	r.reader = past_open(c->tool, &conf, &code);
	if (r.reader != NULL) {
		code = EX_OK;
		r.table = c->past = replay_table_new();
		if (!replaying_run(&r, c->since, &err))
			code = tool_failed(EX_IOERR, "history %s", err.text);
	}
	reader_close(r.reader);
	conf_free(&conf);
	return code;
}

static int compare_all(struct comparing *c)
{
	size_t position = 0;
	const char *path;
	int code = EX_OK;

	while (code == EX_OK &&
	    (path = tool_next(c->tool, "--facts", &position)) != NULL)
		code = compare_facts(c, path);
	if (code == EX_OK)
		code = compare_messages(c);
	return code == EX_OK ? compare_past(c) : code;
}

static void place_json(struct json *j, const char *key,
    const struct diff_place *p)
{
	if (p->file == NULL)
		return;
	json_open_object(j, key);
	json_text(j, "file", p->file);
	json_number(j, "line", p->line);
	json_text(j, "text", p->text);
	json_close(j);
}

static void item_json(struct json *j, const struct diff_item *d)
{
	json_open_object(j, NULL);
	json_text(j, "name", d->name);
	json_text(j, "change", name_word(diff_names, (int)d->kind));
	place_json(j, "old", &d->old);
	place_json(j, "new", &d->new);
	if (d->list && d->kind == DIFF_CHANGED) {
		json_number(j, "more", (int64_t)d->more);
		json_number(j, "fewer", (int64_t)d->fewer);
	}
	json_close(j);
}

static void items_json(struct json *j, const char *key,
    const struct policy_diff *d, bool lists)
{
	json_open_array(j, key);
	for (size_t i = 0; i < d->count; i++)
		if (d->items[i].list == lists)
			item_json(j, &d->items[i]);
	json_close(j);
}

static void side_json(struct json *j, const char *key, const struct policy *p)
{
	json_open_object(j, key);
	json_text(j, "policy", policy_name(p));
	json_text(j, "version", policy_version(p));
	json_close(j);
}

static struct replay_title past_title(const struct comparing *c)
{
	return (struct replay_title){
		.policy = policy_name(c->policies[NEW]),
		.against = policy_name(c->policies[OLD]),
		.since = c->since,
	};
}

static void past_json(const struct comparing *c, struct json *j)
{
	const struct replay_title title = past_title(c);

	if (c->past == NULL)
		return;
	json_open_object(j, "past");
	replay_json(c->past, &title, j);
	json_close(j);
}

static void print_past(const struct comparing *c)
{
	const struct replay_title title = past_title(c);

	if (c->past == NULL)
		return;
	puts("");
	replay_print(c->past, &title);
}

static void print_json(const struct comparing *c, const struct policy_diff *d)
{
	struct json *j = json_new();

	side_json(j, "old", c->policies[OLD]);
	side_json(j, "new", c->policies[NEW]);
	items_json(j, "rules", d, false);
	items_json(j, "lists", d, true);
	changes_json(&c->changes, j);
	past_json(c, j);
	tool_print_json(j);
}

static void place_line(const struct tool *t, const char *sign,
    const struct diff_place *p)
{
	struct buf line = { 0 };

	if (p->file == NULL)
		return;
	buf_addf(&line, "%s %s:%u", sign, p->file, p->line);
	if (p->text != NULL)
		buf_addf(&line, ": %s", p->text);
	tool_line(t, "", buf_text(&line));
	buf_free(&line);
}

static void entry_line(const struct tool *t, const char *sign, size_t n,
    const char *first)
{
	struct buf line = { 0 };

	if (n == 0)
		return;
	buf_addf(&line, "%s %s", sign, first);
	if (n > 1)
		buf_addf(&line, " and %zu more", n - 1);
	tool_line(t, "", buf_text(&line));
	buf_free(&line);
}

static void print_changed(const struct tool *t, const struct diff_item *d,
    struct arena *mem)
{
	tool_line(t, "", arena_printf(mem, "%s:%u -> %s:%u", d->old.file,
	    d->old.line, d->new.file, d->new.line));
	word_diff_print(t, d->old.text, d->new.text, mem);
}

static void print_item(const struct tool *t, const struct diff_item *d,
    struct arena *mem)
{
	struct buf line = { 0 };

	buf_addf(&line, "%s %s", d->list ? "list" : "rule", d->name);
	tool_line(t, name_word(diff_names, (int)d->kind), buf_text(&line));
	buf_free(&line);
	if (d->kind == DIFF_CHANGED && !d->list) {
		print_changed(t, d, mem);
		return;
	}
	place_line(t, "-", &d->old);
	place_line(t, "+", &d->new);
	entry_line(t, "-", d->fewer, d->first_fewer);
	entry_line(t, "+", d->more, d->first_more);
}

static void print_text(const struct comparing *c, const struct policy_diff *d)
{
	for (size_t i = 0; i < d->count; i++)
		print_item(c->tool, &d->items[i], c->mem);
	if (d->count == 0)
		puts("no difference in rules and lists");
	changes_print(&c->changes, c->tool);
	print_past(c);
}

static bool name_both(struct comparing *c)
{
	if (c->tool->word_count == 2) {
		c->files[OLD] = c->tool->words[OLD];
		c->files[NEW] = c->tool->words[NEW];
		return true;
	}
	c->files[OLD] = c->conf.policy;
	c->files[NEW] = c->conf.shadow_policy;
	if (c->conf.shadow_policy[0] == '\0')
		tool_failed(EX_CONFIG, "the configuration has no "
		    "shadow-policy: name two policy files");
	return c->conf.shadow_policy[0] != '\0';
}

static bool load_both(struct comparing *c)
{
	for (int i = OLD; i < BOTH; i++) {
		struct policy_report report = { 0 };

		c->policies[i] = setup_policy(&c->conf, c->files[i], &report);
		if (c->policies[i] == NULL)
			fputs(buf_text(&report.text), stderr);
		policy_report_free(&report);
	}
	return c->policies[OLD] != NULL && c->policies[NEW] != NULL;
}

static int run_diff(struct tool *t)
{
	struct comparing c = { .tool = t };
	struct error err;
	int code = EX_CONFIG;

	if (t->word_count != 2 && t->word_count != 0)
		return tool_usage(t, "name two policy files, or none for the "
		    "policy and the shadow-policy of the configuration");
	if (!past_since(t, &c.since, &err))
		return tool_usage(t, "%s", err.text);
	c.mem = arena_new(65536);
	c.changes.mem = c.mem;
	if (tool_conf(t, &c.conf) && name_both(&c) && load_both(&c))
		code = compare_all(&c);
	if (code == EX_OK) {
		struct policy_diff d = policy_diff(c.policies[OLD],
		    c.policies[NEW], c.mem);

		if (t->json)
			print_json(&c, &d);
		else
			print_text(&c, &d);
	}
	replay_table_free(c.past);
	policy_free(c.policies[OLD]);
	policy_free(c.policies[NEW]);
	conf_free(&c.conf);
	arena_free(c.mem);
	return code;
}

const struct tool_command policy_diff_command = {
	.name = "policy diff",
	.arguments = "[OLD NEW]",
	.help = "what changes from one policy to another",
	.more = "Rules by name and lists by entry; and, of the messages and "
	    "facts given,\nthose that would be decided otherwise. With "
	    "--since or --history also past ones.\nWithout files: the policy "
	    "and the shadow-policy of the configuration.",
	.flags = {
		{ "--facts", "FILE", "facts as JSON, as check --json prints "
		  "them" },
		{ "--message", "FILE", "a message file; several may be given" },
		{ "--ip", "ADDRESS", "the client's address, for all messages" },
		{ "--from", "ADDRESS", "MAIL FROM, for all messages" },
		{ "--rcpt", "ADDRESS", "RCPT TO; may be given several times" },
		SINCE_FLAG,
		PAST_FLAG,
		{ .name = NULL },
	},
	.run = run_diff,
};
