/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay explain: why one message got what it got, from its record.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "setup/setup.h"
#include "tool/explain_text.h"
#include "tool/past.h"

static void drop_document(void *d)
{
	json_document_drop(d);
}

static const struct json_node *read_json(const char *text, struct arena *mem)
{
	struct json_document *d = text == NULL ? NULL :
	    json_read(slice_of(text), NULL);

	if (d == NULL)
		return NULL;
	arena_defer(mem, drop_document, d);
	return json_root(d);
}

static void drop_policy(void *p)
{
	policy_free(p);
}

/* The policy that decided, as it is today; NULL: it is not there, or is not
 * what it was. */
static struct policy *load_policy(const struct conf *conf,
    const struct record *r, struct arena *mem)
{
	struct policy_report report = { 0 };
	struct policy *p = r->file == NULL || r->file[0] == '\0' ? NULL :
	    setup_policy(conf, r->file, &report);

	policy_report_free(&report);
	if (p != NULL)
		arena_defer(mem, drop_policy, p);
	return p;
}

static void find_why(const struct conf *conf, const struct record *r,
    struct arena *mem, struct explain_why *out)
{
	struct trace *trace = arena_alloc(mem, sizeof(*trace));
	struct policy *p = load_policy(conf, r, mem);
	struct restored x;
	struct verdict now;
	struct error err;

	*out = (struct explain_why){ .not_computed = NULL };
	if (!restore(r, mem, &x, &err))
		out->not_computed = arena_printf(mem, "cannot be computed: %s",
		    err.text);
	else if (p == NULL)
		out->not_computed = arena_printf(mem, "cannot be computed: the "
		    "policy file %s cannot be read any more",
		    r->file != NULL ? r->file : "");
	else if (!restored_decide(&x, p, mem, &now, trace))
		out->not_computed = "cannot be computed: the policy of today "
		    "needs facts that the record lacks";
	if (out->not_computed != NULL)
		return;
	if (r->action == NULL || r->rule == NULL ||
	    strcmp(name_word(action_names, (int)now.action), r->action) != 0 ||
	    strcmp(now.rule, r->rule) != 0)
		out->remark = arena_printf(mem, "the policy was changed since: "
		    "today it says %s by %s",
		    name_word(action_names, (int)now.action), now.rule);
	nearest_find(&x, p, &now, trace, mem, &out->nearest);
}

static void columns_json(struct json *j, const struct record *r)
{
	for (const struct record_column *c = record_columns; c->name != NULL;
	    c++) {
		const void *at = (const char *)r + c->offset;

		if (strcmp(c->name, "facts") == 0 ||
		    strcmp(c->name, "rcpts") == 0)
			continue;
		if (c->is_number)
			json_number(j, c->name, *(const int64_t *)at);
		else
			json_text(j, c->name, *(const char *const *)at);
	}
}

static void why_json(struct json *j, const struct explain_why *why)
{
	json_text(j, "not_computed", why->not_computed);
	json_text(j, "remark", why->remark);
	json_open_array(j, "nearest");
	for (size_t i = 0; i < why->nearest.count; i++) {
		const struct nearest_change *c = &why->nearest.changes[i];

		json_open_object(j, NULL);
		json_text(j, "fact", c->fact);
		json_text(j, "was", c->was);
		json_text(j, "would", c->would);
		json_text(j, "action", name_word(action_names,
		    (int)c->action));
		json_text(j, "rule", c->rule);
		json_text(j, "file", c->file);
		json_number(j, "line", c->line);
		json_close(j);
	}
	json_close(j);
	json_open_array(j, "missed");
	for (size_t i = 0; i < why->nearest.miss_count; i++) {
		const struct nearest_miss *m = &why->nearest.misses[i];

		json_open_object(j, NULL);
		json_text(j, "rule", m->rule);
		json_text(j, "file", m->file);
		json_number(j, "line", m->line);
		json_text(j, "test", m->test);
		json_close(j);
	}
	json_close(j);
}

static void explain_json(struct json *j, const struct record *r,
    const struct explain_why *why, struct arena *mem)
{
	json_open_object(j, NULL);
	columns_json(j, r);
	json_part(j, "rcpts", read_json(r->rcpts, mem));
	json_part(j, "facts", read_json(r->facts, mem));
	json_part(j, "detail", read_json(r->detail, mem));
	why_json(j, why);
	json_close(j);
}

static void explain_one(const struct tool *t, const struct conf *conf,
    const struct record *r, struct json *j, struct arena *mem)
{
	const struct json_node *detail;
	struct explain_why why;

	find_why(conf, r, mem, &why);
	if (j != NULL) {
		explain_json(j, r, &why, mem);
		return;
	}
	detail = read_json(r->detail, mem);
	explain_message(t, r, detail, mem);
	explain_nearest(t, r, detail, &why, mem);
}

/* One id may have several records: refused recipients, then the message. */
static size_t explain_all(const struct tool *t, const struct conf *conf,
    struct reader *reader, struct json *j, struct error *err)
{
	struct arena *mem = arena_new(65536);
	const struct record *r;
	size_t n = 0;

	while ((r = reader_next(reader, err)) != NULL) {
		if (n++ > 0 && j == NULL)
			puts("");
		explain_one(t, conf, r, j, mem);
		arena_reset(mem);
	}
	arena_free(mem);
	return n;
}

static int explain(const struct tool *t, const struct conf *conf,
    struct reader *reader, const char *id)
{
	const struct history_query q = { .id = id, .detail = true };
	struct json *j = t->json ? json_new() : NULL;
	struct error err = { .text = "" };
	size_t n = 0;

	if (j != NULL)
		json_open_array(j, "messages");
	if (reader_ask(reader, &q, &err))
		n = explain_all(t, conf, reader, j, &err);
	if (j != NULL) {
		json_close(j);
		tool_print_json(j);
	}
	if (err.text[0] != '\0')
		return tool_failed(EX_IOERR, "history %s", err.text);
	if (n == 0)
		return tool_failed(EX_NOINPUT, "the history has no message "
		    "with the id or queue id %s", id);
	return EX_OK;
}

/* The id in what was copied around it: a whole reply, Assay-Result or log
 * line, or Postfix's answer to what it took; else what was given is the id. */
static const char *find_id(const char *text, struct arena *mem)
{
	static const char *const marks[] = { "(id ", " id=", "queued as " };
	size_t len = 0;

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *at = strstr(text, marks[i]);

		if (at == NULL)
			continue;
		at += strlen(marks[i]);
		while (ascii_alnum(at[len]))
			len++;
		if (len > 0)
			return arena_strndup(mem, at, len);
	}
	return text;
}

static int run_explain(struct tool *t)
{
	struct arena *mem;
	struct conf conf;
	struct reader *reader;
	int code;

	if (t->word_count != 1)
		return tool_usage(t, "name one id, of a reply, a header or a "
		    "log line, or a queue id");
	mem = arena_new(256);
	reader = past_open(t, &conf, &code);
	if (reader != NULL)
		code = explain(t, &conf, reader, find_id(t->words[0], mem));
	reader_close(reader);
	conf_free(&conf);
	arena_free(mem);
	return code;
}

const struct tool_command explain_command = {
	.name = "explain",
	.arguments = "ID|QUEUEID",
	.help = "why a past message got what it got",
	.more = "The id stands in the reply, in Assay-Result and in the log; "
	    "any of these\nmay be given whole, in quotes.",
	.flags = {
		PAST_FLAG,
		{ .name = NULL },
	},
	.run = run_explain,
};
