/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay lists suggest: who seems to forward mail to us, with the evidence.
 * Nothing is changed.
 */
#include <sysexits.h>

#include "base/clock.h"
#include "history/forwarders.h"
#include "policy/file.h"
#include "policy/list.h"
#include "tool/past.h"
#include "tool/tool.h"

/* Marks of the verdict that make a message count. */
static const enum action told[] = { ACTION_TAG, ACTION_QUARANTINE,
	ACTION_REJECT };

static void texts_json(struct json *j, const char *key,
    const struct forwarder_texts *t)
{
	json_open_array(j, key);
	for (size_t i = 0; i < t->count; i++)
		json_text(j, NULL, t->items[i]);
	json_close(j);
}

static void forwarder_json(struct json *j, const struct forwarder *w)
{
	json_open_object(j, NULL);
	json_text(j, "client", w->client);
	json_number(j, "messages", w->messages);
	json_number(j, "authors", w->authors);
	json_number(j, "dmarc_failed", w->dmarc_failed);
	json_open_object(j, "actions");
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		json_number(j, name_word(action_names, (int)told[i]),
		    w->actions[told[i]]);
	json_close(j);
	json_open_object(j, "signs");
	for (int i = 0; i < FORWARDER_SIGNS; i++)
		json_number(j, name_word(forwarded_names, i), w->signs[i]);
	json_close(j);
	texts_json(j, "names", &w->names);
	texts_json(j, "mail_domains", &w->senders);
	texts_json(j, "author_domains", &w->examples);
	texts_json(j, "examples", &w->ids);
	json_close(j);
}

static void print_json(const struct forwarder *list, size_t n, int64_t since)
{
	struct json *j = json_new();

	if (since != 0)
		json_number(j, "since", since);
	json_open_array(j, "forwarders");
	for (size_t i = 0; i < n; i++)
		forwarder_json(j, &list[i]);
	json_close(j);
	tool_print_json(j);
}

static void texts_line(const struct tool *t, const char *name,
    const struct forwarder_texts *texts, const char *end)
{
	struct buf line = { 0 };

	for (size_t i = 0; i < texts->count; i++)
		buf_addf(&line, "%s%s", i > 0 ? " " : "", texts->items[i]);
	buf_adds(&line, end);
	if (texts->count > 0)
		tool_line(t, name, buf_text(&line));
	buf_free(&line);
}

static void add_count(struct buf *line, const char *word, int64_t n)
{
	if (n > 0)
		buf_addf(line, "%s%s %lld", line->len > 0 ? ", " : "", word,
		    (long long)n);
}

static void counts_lines(const struct tool *t, const struct forwarder *w)
{
	struct buf signs = { 0 }, trouble = { 0 };

	for (int i = 0; i < FORWARDER_SIGNS; i++)
		add_count(&signs, name_word(forwarded_names, i), w->signs[i]);
	tool_line(t, "signs", buf_text(&signs));
	add_count(&trouble, "dmarc fail", w->dmarc_failed);
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		add_count(&trouble, name_word(action_names, (int)told[i]),
		    w->actions[told[i]]);
	tool_line(t, "trouble", buf_text(&trouble));
	buf_free(&signs);
	buf_free(&trouble);
}

static void print_one(const struct tool *t, const struct forwarder *w)
{
	struct buf line = { 0 };

	buf_addf(&line, "%s: %lld messages of %lld author domains", w->client,
	    (long long)w->messages, (long long)w->authors);
	tool_line(t, "client", buf_text(&line));
	buf_free(&line);
	texts_line(t, "name", &w->names, " (confirmed)");
	texts_line(t, "mail domain", &w->senders, " (SPF passed)");
	counts_lines(t, w);
	texts_line(t, "authors", &w->examples,
	    (size_t)w->authors > w->examples.count ? " ..." : "");
	texts_line(t, "examples", &w->ids, "");
	puts("");
}

static void print_text(const struct tool *t, const struct forwarder *list,
    size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_one(t, &list[i]);
	printf("%zu likely forwarders\n", n);
	if (n > 0)
		puts("who is to be trusted: assay lists accept ADDRESS "
		    "--list FILE --owner NAME --why TEXT");
}

/* What the file of --list holds is known already. */
static int read_known(const struct tool *t, struct list *known)
{
	const char *path = tool_value(t, "--list");
	struct policy_report report = { 0 };
	struct source s = { .name = path };
	struct buf text = { 0 };
	struct error err;
	int code = EX_OK;

	if (path == NULL) {
		list_seal(known);
		return EX_OK;
	}
	if (!file_read(path, LIST_FILE_OCTETS_MAX, &text, &err))
		return tool_failed(EX_NOINPUT, "%s", err.text);
	s.text = buf_slice(&text);
	list_read(known, &s, (int64_t)clock_now(&(struct clock){ 0 }),
	    &report);
	if (report.errors > 0) {
		fputs(buf_text(&report.text), stderr);
		code = EX_CONFIG;
	}
	list_seal(known);
	policy_report_free(&report);
	buf_free(&text);
	return code;
}

static bool is_known(const struct list *known, const struct record *row)
{
	struct ip ip;

	return row->client_ip != NULL &&
	    ip_parse(slice_of(row->client_ip), &ip) &&
	    list_has_ip(known, &ip, (int64_t)clock_now(&(struct clock){ 0 }));
}

static bool read_history(struct reader *reader, int64_t since,
    const struct list *known, struct forwarders *f, struct error *err)
{
	const struct history_query q = { .since = since };
	const struct record *row;

	if (!reader_ask(reader, &q, err))
		return false;
	while ((row = reader_next(reader, err)) != NULL)
		if (!is_known(known, row))
			forwarders_look(f, row);
	return err->text[0] == '\0';
}

static int suggest(const struct tool *t, struct reader *reader, int64_t since)
{
	struct forwarders *f = forwarders_new();
	struct list *known = list_new();
	struct error err = { .text = "" };
	const struct forwarder *list;
	size_t n;
	int code = read_known(t, known);

	if (code == EX_OK && !read_history(reader, since, known, f, &err)) {
		code = tool_failed(EX_IOERR, "history %s", err.text);
	} else if (code == EX_OK) {
		list = forwarders_list(f, &n);
		if (t->json)
			print_json(list, n, since);
		else
			print_text(t, list, n);
	}
	list_free(known);
	forwarders_free(f);
	return code;
}

static int run_suggest(struct tool *t)
{
	struct reader *reader;
	struct conf conf;
	struct error err;
	int64_t since;
	int code;

	if (t->word_count > 0)
		return tool_usage(t, "no argument is expected");
	if (!past_since(t, &since, &err))
		return tool_usage(t, "%s", err.text);
	reader = past_open(t, &conf, &code);
	if (reader != NULL)
		code = suggest(t, reader, since);
	reader_close(reader);
	conf_free(&conf);
	return code;
}

const struct tool_command lists_suggest_command = {
	.name = "lists suggest",
	.arguments = "",
	.help = "likely forwarders in the history, with the evidence",
	.more = "Clients whose messages bore verified signs of a forwarder and "
	    "failed DMARC, or\nwere marked or refused. Nothing is changed.",
	.flags = {
		SINCE_FLAG,
		{ "--list", "FILE", "leave out what this list holds already" },
		PAST_FLAG,
		{ .name = NULL },
	},
	.run = run_suggest,
};
