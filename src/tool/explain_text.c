/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/explain_text.h"

#include <inttypes.h>
#include <string.h>

#include "tool/explain_methods.h"
#include "tool/past.h"

/* Lines of the last section that are shown. */
#define NEAREST_SHOWN 15

static const char *text(const struct json_node *n, const char *key)
{
	return json_member_text(n, key);
}

static const char *or_unknown(const char *s)
{
	return s != NULL ? s : "unknown";
}

/* "a, b, c" of an array of texts; NULL when there is none. */
static const char *joined(const struct json_node *list, struct arena *mem)
{
	struct buf b = { 0 };
	const char *all;

	if (json_count(list) == 0)
		return NULL;
	for (size_t i = 0; i < json_count(list); i++) {
		const char *item = json_read_text(json_item(list, i));

		buf_addf(&b, "%s%s", i > 0 ? ", " : "",
		    item != NULL ? item : "?");
	}
	all = arena_strdup(mem, buf_text(&b));
	buf_free(&b);
	return all;
}

static const char *rcpts_line(const struct record *r, struct arena *mem)
{
	struct json_document *d = r->rcpts == NULL ? NULL :
	    json_read(slice_of(r->rcpts), NULL);
	const char *all = d == NULL ? NULL : joined(json_root(d), mem);

	json_document_drop(d);
	if (all == NULL)
		return arena_printf(mem, "%" PRId64 " recipients",
		    r->rcpt_count);
	return all;
}

/* Refused at connect or HELO: there is no message. */
static bool of_session(const struct record *r)
{
	const struct name *phase = r->phase == NULL ? NULL :
	    name_find(phase_names, r->phase);

	return phase != NULL && phase->code < PHASE_MAIL;
}

static void envelope(const struct tool *t, const struct record *r,
    struct arena *mem)
{
	if (of_session(r))
		return;
	tool_line(t, "mail from", arena_printf(mem, "<%s>",
	    r->mail_from != NULL ? r->mail_from : ""));
	tool_line(t, "rcpt to", rcpts_line(r, mem));
}

static const char *class_line(const struct record *r)
{
	if (r->client_class != NULL)
		return r->client_class;
	return of_session(r) ? "not certain before MAIL" : "unknown";
}

static void identities(const struct tool *t, const struct record *r,
    const struct json_node *d, struct arena *mem)
{
	const char *name = text(d, "client_name");
	const struct json_node *author = json_member(d, "author");

	tool_line(t, "client", arena_printf(mem, "%s%s%s%s, class %s",
	    r->client_ip != NULL ? r->client_ip : "unknown",
	    name != NULL ? " (" : "", name != NULL ? name : "",
	    name != NULL ? ")" : "",
	    class_line(r)));
	tool_line(t, "  no client", text(d, "why_no_client"));
	tool_line(t, "  by relay", text(d, "relay"));
	tool_line(t, "helo", r->helo);
	tool_line(t, "  form", text(d, "helo_status"));
	tool_line(t, "tls", text(d, "tls"));
	tool_line(t, "login", text(d, "auth"));
	envelope(t, r, mem);
	tool_line(t, "header from", text(author, "address"));
	tool_line(t, "  domain", r->from_domain);
	tool_line(t, "  status", r->from_status);
	tool_line(t, "  reason", text(author, "reason"));
	tool_line(t, "  also shows", text(author, "display_address"));
	if (r->octets > 0)
		tool_line(t, "size", arena_printf(mem, "%" PRId64 " octets",
		    r->octets));
}

static void question(const struct tool *t, const struct json_node *q,
    struct arena *mem)
{
	const struct json_node *records = json_member(q, "records");
	const char *status = text(q, "status"), *type = text(q, "type");
	const char *name = text(q, "name");
	int64_t rcode = json_member_number(q, "rcode", -1);
	int64_t waited = json_member_number(q, "waited_us", 0);

	tool_line(t, "", arena_printf(mem, "%-5s %s", type != NULL ? type : "?",
	    name != NULL ? name : "?"));
	if (status == NULL) {
		tool_line(t, "", "      asked beforehand, not needed");
		return;
	}
	tool_line(t, "", arena_printf(mem, "      %s%s, ttl %" PRId64
	    " s, waited %" PRId64 ".%03" PRId64 " ms%s", status, rcode < 0 ? "" :
	    arena_printf(mem, ", rcode %" PRId64, rcode),
	    json_member_number(q, "ttl", 0), waited / 1000, waited % 1000,
	    json_member_yes_no(q, "secure", false) ? ", DNSSEC" : ""));
	for (size_t i = 0; i < json_count(records); i++)
		tool_line(t, "", arena_printf(mem, "      = %s",
		    or_unknown(json_read_text(json_item(records, i)))));
	if (json_member_yes_no(q, "cut", false))
		tool_line(t, "", "      (and more, not kept)");
}

static void questions(const struct tool *t, const struct record *r,
    const struct json_node *d, struct arena *mem)
{
	const struct json_node *dns = json_member(d, "dns");

	tool_line(t, "dns", arena_printf(mem, "%zu questions, %" PRId64
	    ".%03" PRId64 " ms waited for", json_count(dns),
	    r->waited_us / 1000, r->waited_us % 1000));
	for (size_t i = 0; i < json_count(dns); i++)
		question(t, json_item(dns, i), mem);
}

static void tests(const struct tool *t, const struct json_node *step,
    struct arena *mem)
{
	const struct json_node *list = json_member(step, "tests");

	for (size_t i = 0; i < json_count(list); i++)
		tool_line(t, "", arena_printf(mem, "    %s",
		    or_unknown(json_read_text(json_item(list, i)))));
}

static const char *holds(const struct json_node *step, struct arena *mem)
{
	const char *note = text(step, "note");

	return note == NULL ? "holds" : arena_printf(mem, "holds, %s", note);
}

static void rules(const struct tool *t, const struct json_node *d,
    struct arena *mem)
{
	const struct json_node *list = json_member(d, "rules");
	const char *file = NULL;        /* said where it is another one */

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json_node *s = json_item(list, i);
		bool fired = json_member_yes_no(s, "fired", false);
		const char *when = text(s, "when");
		const char *unless = text(s, "unless");

		if (text(s, "file") != NULL)
			file = text(s, "file");
		tool_line(t, i == 0 ? "rules" : "", arena_printf(mem,
		    "%s %s:%" PRId64 " %s: %s", fired ? "*" : " ",
		    or_unknown(file),
		    json_member_number(s, "line", 0),
		    or_unknown(text(s, "rule")), fired ? holds(s, mem) :
		    text(s, "note") != NULL ? text(s, "note") :
		    unless != NULL && strcmp(unless, "yes") == 0 ? "excepted by its unless" :
		    when == NULL || strcmp(when, "no") == 0 ?
		    "does not hold" :
		    "cannot be said"));
		tests(t, s, mem);
	}
}

static void fields(const struct tool *t, const struct json_node *headers,
    const char *what, struct arena *mem)
{
	const struct json_node *list = json_member(headers, what);

	for (size_t i = 0; i < json_count(list); i++)
		tool_line(t, i == 0 ? what : "", arena_printf(mem, "%s: %s",
		    or_unknown(text(json_item(list, i), "name")),
		    or_unknown(text(json_item(list, i), "value"))));
}

static void told(const struct tool *t, const struct record *r,
    struct arena *mem)
{
	if (r->edits != NULL && strcmp(r->edits, "refused") == 0)
		tool_line(t, "told the MTA", "to try again (451): it refused "
		    "a change of the message");
	else if (r->code != NULL)
		tool_line(t, "told the MTA", arena_printf(mem, "%s %s %s",
		    r->code, or_unknown(r->enhanced), or_unknown(r->reply)));
	else
		tool_line(t, "told the MTA", r->reply != NULL ?
		    arena_printf(mem, "%s: %s", or_unknown(r->action),
		    r->reply) : r->action != NULL &&
		    strcmp(r->action, "tag") == 0 ?
		    "accept, with the changes below" : or_unknown(r->action));
	if (r->edits != NULL && strcmp(r->edits, "not-allowed") == 0)
		tool_line(t, "  but", "this MTA does not let us change all "
		    "that was to be changed");
}

static const char *with_version(struct arena *mem, const char *policy,
    const struct json_node *n)
{
	const char *version = text(n, "version");

	return policy == NULL || version == NULL ? policy :
	    arena_printf(mem, "%s, version %s", policy, version);
}

static void shadow(const struct tool *t, const struct json_node *s,
    struct arena *mem)
{
	const char *action = text(s, "action"), *rule = text(s, "rule");

	if (action == NULL || rule == NULL)
		return;
	tool_line(t, "shadow", arena_printf(mem, "%s by %s%s", action, rule,
	    json_member_yes_no(s, "differs", false) ? "" : ", no difference"));
	tool_line(t, "  policy", with_version(mem, text(s, "policy"), s));
}

static void verdict(const struct tool *t, const struct record *r,
    const struct json_node *d, struct arena *mem)
{
	const struct json_node *headers = json_member(d, "headers");

	tool_result(t, "verdict", r->action);
	tool_line(t, "  rule", arena_printf(mem, "%s (%s:%" PRId64 ")",
	    or_unknown(r->rule), or_unknown(r->file), r->line));
	tool_line(t, "  policy", with_version(mem, r->policy, d));
	told(t, r, mem);
	tool_line(t, "would have", r->observed != NULL ? arena_printf(mem,
	    "%s (only watched, or outside of a sample)", r->observed) : NULL);
	shadow(t, json_member(d, "shadow"), mem);
	tool_line(t, "override", joined(json_member(d, "overrides"), mem));
	tool_line(t, "  comment", text(d, "override_comment"));
	tool_line(t, "notes", joined(json_member(d, "notes"), mem));
	tool_line(t, "rcpt removed", joined(json_member(d, "rcpts_removed"),
	    mem));
	fields(t, headers, "removed", mem);
	fields(t, headers, "changed", mem);
	fields(t, headers, "added", mem);
	tool_line(t, "not sealed", text(d, "unsealed"));
	tool_line(t, "time spent", arena_printf(mem, "%" PRId64 ".%03" PRId64
	    " ms, of it %" PRId64 ".%03" PRId64 " ms for the DNS",
	    r->took_us / 1000, r->took_us % 1000, r->waited_us / 1000,
	    r->waited_us % 1000));
}

/* Which phase of an early refusal; and what it was of. */
static const char *decided_at(const struct record *r, struct arena *mem)
{
	const struct name *phase = r->phase == NULL ? NULL :
	    name_find(phase_names, r->phase);

	if (phase == NULL || phase->code > PHASE_RCPT)
		return NULL;
	return arena_printf(mem, "%s, by an early rule: the %s was refused",
	    r->phase, phase->code < PHASE_MAIL ? "session" :
	    phase->code == PHASE_MAIL ? "message" : "recipient");
}

void explain_message(const struct tool *t, const struct record *r,
    const struct json_node *detail, struct arena *mem)
{
	char when[PAST_TIME_MAX];

	tool_line(t, "id", r->id);
	tool_line(t, "queue id", r->queue_id);
	tool_line(t, "in short", arena_printf(mem, "%s by %s (%s:%" PRId64 ")",
	    or_unknown(r->action), or_unknown(r->rule), or_unknown(r->file),
	    r->line));
	tool_line(t, "received", arena_printf(mem, "%s UTC",
	    past_time(r->time, when)));
	tool_line(t, "decided at", decided_at(r, mem));
	identities(t, r, detail, mem);
	if (detail == NULL)
		tool_line(t, "detail", "is lost");
	questions(t, r, detail, mem);
	explain_methods(t, detail, mem);
	rules(t, detail, mem);
	verdict(t, r, detail, mem);
}

/* Without a policy the trace still says on what the rule rested. */
static void from_trace(const struct tool *t, const struct record *r,
    const struct json_node *detail, struct arena *mem)
{
	const struct json_node *list = json_member(detail, "rules");

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json_node *s = json_item(list, i);
		const char *rule = text(s, "rule");

		if (rule == NULL || r->rule == NULL ||
		    strcmp(rule, r->rule) != 0)
			continue;
		tool_line(t, "", "the rule rested on");
		tests(t, s, mem);
	}
}

static void change(const struct tool *t, const struct nearest_change *c,
    struct arena *mem)
{
	tool_line(t, "", arena_printf(mem, "%s = %s instead of %s: %s by %s "
	    "(%s:%u)", c->fact, c->would, c->was,
	    name_word(action_names, (int)c->action), c->rule, c->file,
	    c->line));
}

void explain_nearest(const struct tool *t, const struct record *r,
    const struct json_node *detail, const struct explain_why *why,
    struct arena *mem)
{
	const struct nearest *n = &why->nearest;

	tool_line(t, "otherwise", why->not_computed != NULL ?
	    why->not_computed : "one fact alone would have changed it:");
	tool_line(t, "  but", why->remark);
	if (why->not_computed != NULL) {
		from_trace(t, r, detail, mem);
		return;
	}
	for (size_t i = 0; i < n->count && i < NEAREST_SHOWN; i++)
		change(t, &n->changes[i], mem);
	if (n->count > NEAREST_SHOWN)
		tool_line(t, "", arena_printf(mem, "and %zu more (--json has "
		    "them all)", n->count - NEAREST_SHOWN));
	if (n->count == 0)
		tool_line(t, "", "none of those that can be tried");
	for (size_t i = 0; i < n->miss_count; i++)
		tool_line(t, i == 0 ? "missed" : "", arena_printf(mem,
		    "%s (%s:%u) by %s", n->misses[i].rule, n->misses[i].file,
		    n->misses[i].line, n->misses[i].test));
}
