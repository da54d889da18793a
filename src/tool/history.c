/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay history: search the records, one line each.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "mail/domain.h"
#include "mail/ip.h"
#include "tool/past.h"

#define USUAL_LIMIT 100

struct search {
	struct history_query query;
	unsigned long long limit;       /* 0: all */
	char client[IP_TEXT_MAX];
};

static bool read_action(const char *text, struct error *err)
{
	struct closest near;

	if (text == NULL || name_find(action_names, text) != NULL)
		return true;
	closest_start(&near, text);
	for (const struct name *n = action_names; n->word != NULL; n++)
		closest_offer(&near, n->word);
	if (near.best != NULL)
		return error_set(err, "no action is called \"%s\"; did you mean "
		    "%s?", text, near.best);
	return error_set(err, "no action is called \"%s\"", text);
}

static bool read_client(const char *text, struct search *out, struct error *err)
{
	struct ip ip;

	if (text == NULL)
		return true;
	if (!ip_parse(slice_of(text), &ip))
		return error_set(err, "--client %s is no address", text);
	out->query.client = ip_text(&ip, out->client);
	return true;
}

static bool read_domain(const char *text, struct arena *mem, struct search *out,
    struct error *err)
{
	if (text == NULL)
		return true;
	out->query.domain = domain_normalise(mem, slice_of(text));
	return out->query.domain != NULL || error_set(err,
	    "--domain %s is no domain name", text);
}

static bool read_search(const struct tool *t, struct arena *mem,
    struct search *out, struct error *err)
{
	const char *limit = tool_value(t, "--limit");
	const char *action = tool_value(t, "--action");

	*out = (struct search){ .limit = USUAL_LIMIT };
	out->query.newest_first = true;
	out->query.rule = tool_value(t, "--rule");
	out->query.observed = tool_value(t, "--observed");
	out->query.shadow = tool_value(t, "--shadow") != NULL;
	if (!read_action(action, err) ||
	    !read_client(tool_value(t, "--client"), out, err) ||
	    !read_domain(tool_value(t, "--domain"), mem, out, err) ||
	    !past_since(t, &out->query.since, err))
		return false;
	if (action != NULL)
		out->query.action = name_find(action_names, action)->word;
	if (limit != NULL && !slice_number(slice_of(limit), &out->limit))
		return error_set(err, "--limit %s is no number", limit);
	return true;
}

static void print_line(const struct record *r, struct arena *mem)
{
	char when[PAST_TIME_MAX];

	printf("%s %s %-11s %-10s %-20s client=%s from=%s header.from=%s "
	    "spf=%s dkim=%s dmarc=%s", past_time(r->time, when),
	    past_clean(mem, r->id), past_clean(mem, r->queue_id),
	    past_clean(mem, r->action), past_clean(mem, r->rule),
	    past_clean(mem, r->client_ip), past_clean(mem, r->mail_from),
	    past_clean(mem, r->from_domain), past_clean(mem, r->spf_result),
	    past_clean(mem, r->dkim_result), past_clean(mem, r->dmarc_result));
	if (r->phase != NULL && strcmp(r->phase, "eom") != 0)
		printf(" at=%s", r->phase);
	if (r->observed != NULL)
		printf(" observed=%s", past_clean(mem, r->observed));
	if (r->shadow != NULL)
		printf(" shadow=%s", past_clean(mem, r->shadow));
	putchar('\n');
}

static void print_json(struct json *j, const struct record *r)
{
	json_open_object(j, NULL);
	json_number(j, "time", r->time);
	json_text(j, "id", r->id);
	json_text(j, "queue_id", r->queue_id);
	json_text(j, "phase", r->phase);
	json_text(j, "client", r->client_ip);
	json_text(j, "class", r->client_class);
	json_text(j, "helo", r->helo);
	json_text(j, "mail_from", r->mail_from);
	json_number(j, "rcpt_count", r->rcpt_count);
	json_text(j, "from_domain", r->from_domain);
	json_text(j, "spf", r->spf_result);
	json_text(j, "dkim", r->dkim_result);
	json_text(j, "dmarc", r->dmarc_result);
	json_text(j, "action", r->action);
	json_text(j, "rule", r->rule);
	json_text(j, "policy", r->policy);
	json_text(j, "observed", r->observed);
	json_text(j, "shadow", r->shadow);
	json_close(j);
}

static int print_rows(const struct tool *t, struct reader *r,
    const struct search *s)
{
	struct json *j = t->json ? json_new() : NULL;
	struct arena *mem = arena_new(4096);
	const struct record *row;
	struct error err;
	unsigned long long n = 0;

	if (j != NULL)
		json_open_array(j, "messages");
	while ((s->limit == 0 || n < s->limit) &&
	    (row = reader_next(r, &err)) != NULL) {
		n++;
		if (j != NULL)
			print_json(j, row);
		else
			print_line(row, mem);
		arena_reset(mem);
	}
	arena_free(mem);
	if (j != NULL) {
		json_close(j);
		tool_print_json(j);
	}
	return err.text[0] == '\0' ? EX_OK :
	    tool_failed(EX_IOERR, "history %s", err.text);
}

static int search(struct tool *t, struct arena *mem)
{
	struct search s;
	struct conf conf;
	struct reader *r;
	struct error err = { .text = "" };
	int code;

	if (!read_search(t, mem, &s, &err))
		return tool_usage(t, "%s", err.text);
	r = past_open(t, &conf, &code);
	if (r != NULL)
		code = reader_ask(r, &s.query, &err) ? print_rows(t, r, &s) :
		    tool_failed(EX_IOERR, "history %s", err.text);
	reader_close(r);
	conf_free(&conf);
	return code;
}

static int run_history(struct tool *t)
{
	struct arena *mem;
	int code;

	if (t->word_count > 0)
		return tool_usage(t, "no argument is expected");
	mem = arena_new(1024);
	code = search(t, mem);
	arena_free(mem);
	return code;
}

const struct tool_command history_command = {
	.name = "history",
	.arguments = "",
	.help = "search the records of past messages, the newest first",
	.more = "Conditions are joined by \"and\". Times are UTC.",
	.flags = {
		SINCE_FLAG,
		{ "--rule", "RULE", "decided by this rule" },
		{ "--action", "ACTION", "accept, tag, quarantine, tempfail, "
		  "reject, discard" },
		{ "--domain", "DOMAIN", "of the author or MAIL FROM, or below" },
		{ "--client", "ADDRESS", "from this client" },
		{ "--observed", "RULE", "this rule would have acted, if it "
		  "did" },
		{ "--shadow", NULL, "the shadow policy would have decided "
		  "otherwise" },
		{ "--limit", "NUMBER", "no more lines (default 100; 0: all)" },
		PAST_FLAG,
		{ .name = NULL },
	},
	.run = run_history,
};
