/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * record_detail: the JSON that explain and the reports read; see record.h.
 *
 * What goes without saying is left out, for a record is written with every
 * message: lists with nothing in them, an answer that was not waited for, the
 * response code that its status implies, and of a rule that its condition does
 * not hold.
 */
#include <string.h>

#include "base/buf.h"
#include "check/arc/arc.h"
#include "history/record.h"
#include "history/record_json.h"

static void identities(struct json *j, const struct evidence *e,
    enum phase phase)
{
	char ip[IP_TEXT_MAX];

	if (e->client_class == CLIENT_RELAY && e->peer_ip.family != IP_NONE)
		record_put(j, "relay", ip_text(&e->peer_ip, ip));
	record_put(j, "client_name", e->client_name);
	record_put(j, "why_no_client", e->why_no_client);
	if (phase >= PHASE_HELO)
		record_put(j, "helo_status", name_word(helo_status_names,
		    (int)e->helo_status));
	record_put(j, "tls", e->tls_version);
	record_put(j, "cipher", e->tls_cipher);
	record_put(j, "auth", e->auth_user);
	record_put(j, "auth_method", e->auth_method);
	record_put_if(j, "utf8", e->utf8);
}

static void author(struct json *j, const struct author *a)
{
	json_open_object(j, "author");
	record_put(j, "status", name_word(author_status_names, (int)a->status));
	record_put(j, "domain", a->domain);
	if (a->box_count > 0)
		record_put(j, "address", a->boxes[0].address);
	record_put(j, "display_address", a->display_address);
	record_put(j, "reason", a->reason);
	json_close(j);
}

static void dns_record(struct json *j, enum dns_type type,
    const struct dns_record *r)
{
	struct ip ip;
	char text[IP_TEXT_MAX];
	struct buf mx = { 0 };

	if ((type == DNS_A && r->len == 4) ||
	    (type == DNS_AAAA && r->len == 16)) {
		ip = ip_from_octets(type == DNS_A ? IP_V4 : IP_V6, r->data);
		record_put(j, NULL, ip_text(&ip, text));
	} else if (type == DNS_MX) {
		buf_addf(&mx, "%u %s", (unsigned)r->preference, r->data);
		record_put(j, NULL, buf_text(&mx));
		buf_free(&mx);
	} else {
		record_put_slice(j, NULL, (struct slice){ r->data, r->len });
	}
}

/* The response code that a status is made from, or -1: from several. */
static int usual_rcode(enum dns_status status)
{
	switch (status) {
	case DNS_FOUND:
	case DNS_NODATA:
		return 0;
	case DNS_NXDOMAIN:
		return 3;
	case DNS_FAILED:
	case DNS_TIMEOUT:
	case DNS_BOGUS:
	case DNS_REFUSED_HERE:
		break;
	}
	return -1;
}

/* `room`: octets that this message may still keep of its answers. */
static void dns_answer(struct json *j, enum dns_type type,
    const struct dns_answer *a, size_t *room)
{
	size_t i = 0;

	json_text(j, "status", name_word(dns_status_names, (int)a->status));
	if (a->rcode >= 0 && a->rcode != usual_rcode(a->status))
		json_number(j, "rcode", a->rcode);
	json_number(j, "ttl", a->ttl);
	record_put_if(j, "secure", a->secure);
	record_put_if(j, "alias", a->alias);
	if (a->count == 0)
		return;
	json_open_array(j, "records");
	for (; i < a->count && a->records[i].len < *room; i++) {
		dns_record(j, type, &a->records[i]);
		*room -= a->records[i].len + 1;
	}
	json_close(j);
	record_put_if(j, "cut", i < a->count);
}

static void journal(struct json *j, const struct inquiry *dns)
{
	size_t room = RECORD_JOURNAL_OCTETS;

	json_open_array(j, "dns");
	for (size_t i = 0; i < inquiry_journal_count(dns); i++) {
		struct journal_entry e = inquiry_journal(dns, i);

		json_open_object(j, NULL);
		record_put(j, "name", e.name);
		json_text(j, "type", name_word(dns_type_names, (int)e.type));
		if (e.waited_us > 0)
			json_number(j, "waited_us", e.waited_us);
		if (e.answer != NULL)
			dns_answer(j, e.type, e.answer, &room);
		json_close(j);
	}
	json_close(j);
}

/* `line` is room for one. */
static void tests(struct json *j, const struct trace_tests *tests,
    struct buf *line)
{
	json_open_array(j, "tests");
	for (size_t i = 0; i < tests->count; i++) {
		buf_clear(line);
		trace_test_show(&tests->items[i], line);
		record_put_slice(j, NULL, buf_slice(line));
	}
	json_close(j);
}

/* The longest part of most records. Left out, too: a file that is that of the
 * rule before, an exception that does not hold or is not there, and that a rule
 * did not fire. */
static void rules(struct json *j, const struct trace *t)
{
	const char *file = "";
	struct buf line = { 0 };

	json_open_array(j, "rules");
	for (size_t i = 0; i < t->count; i++) {
		const struct trace_step *s = &t->steps[i];

		json_open_object(j, NULL);
		record_put(j, "rule", s->rule);
		if (strcmp(s->file, file) != 0)
			record_put(j, "file", s->file);
		file = s->file;
		json_number(j, "line", s->line);
		if (s->when != TRUTH_NO)
			json_text(j, "when", name_word(truth_names,
			    (int)s->when));
		if (s->unless != TRUTH_NO)
			json_text(j, "unless", name_word(truth_names,
			    (int)s->unless));
		record_put_if(j, "fired", s->fired);
		if (s->note != NULL) {
			json_text(j, "effect", name_word(effect_names,
			    (int)s->effect));
			json_text(j, "note", s->note);
		}
		if (s->tests.count > 0)
			tests(j, &s->tests, &line);
		json_close(j);
	}
	json_close(j);
	buf_free(&line);
}

/* On one line: a fold is one blank, as it is read. */
static void field(struct json *j, const char *name, unsigned index,
    const char *value)
{
	struct buf line = { 0 };

	value += value[0] == ' ';
	while (*value != '\0') {
		size_t n = strcspn(value, "\r\n");

		buf_add(&line, value, n);
		if (value[n] == '\0')
			break;
		buf_addc(&line, ' ');
		value += n + strspn(value + n, "\r\n");
		value += strspn(value, " \t");
	}
	json_open_object(j, NULL);
	record_put(j, "name", name);
	json_number(j, "index", index);
	record_put(j, "value", buf_text(&line));
	json_close(j);
	buf_free(&line);
}

static void fields(struct json *j, const struct outcome *o)
{
	json_open_object(j, "headers");
	record_open_list(j, "removed", o->removed_count);
	for (size_t i = 0; i < o->removed_count && i < RECORD_FIELDS_MAX; i++)
		field(j, o->removed[i].name, o->removed[i].index,
		    o->removed[i].value);
	record_close_list(j, o->removed_count);
	record_open_list(j, "changed", o->changed_count);
	for (size_t i = 0; i < o->changed_count && i < RECORD_FIELDS_MAX; i++)
		field(j, o->changed[i].name, o->changed[i].index,
		    o->changed[i].value);
	record_close_list(j, o->changed_count);
	record_open_list(j, "added", o->added_count);
	for (size_t i = 0; i < o->added_count && i < RECORD_FIELDS_MAX; i++)
		field(j, o->added[i].name, o->added[i].index,
		    o->added[i].value);
	record_close_list(j, o->added_count);
	json_close(j);
}

/* What rules would have done that only observe, or have a sample without this
 * message; of every recipient, where the trace has the first one's only. */
static void observed(struct json *j, const struct verdict *v)
{
	size_t count = 0;

	for (size_t i = 0; i < v->hit_count; i++) {
		if (!effect_would(v->hits[i].effect))
			continue;
		if (count++ == 0)
			json_open_array(j, "observed");
		json_open_object(j, NULL);
		record_put(j, "rule", v->hits[i].rule);
		json_text(j, "action", v->hits[i].action);
		json_text(j, "why", name_word(effect_names,
		    (int)v->hits[i].effect));
		json_close(j);
	}
	record_close_list(j, count);
}

/* The shadow policy's verdict, also where it is no other. */
static void shadow(struct json *j, const struct shadow_outcome *s)
{
	if (s == NULL)
		return;
	json_open_object(j, "shadow");
	json_text(j, "action", name_word(action_names, (int)s->verdict->action));
	record_put(j, "rule", s->verdict->rule);
	record_put(j, "file", s->verdict->file);
	json_number(j, "line", s->verdict->line);
	record_put(j, "policy", s->policy);
	record_put(j, "version", s->version);
	record_put_if(j, "differs", s->differs);
	json_close(j);
}

/* RFC 8617 7.2.2: what of ARC stood behind a local policy. */
static void override_comment(struct json *j, const struct outcome *o)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < o->verdict->override_count; i++)
		if (o->verdict->overrides[i] == OVERRIDE_LOCAL_POLICY)
			arc_comment(&o->findings->arc, &text);
	if (text.len > 0)
		record_put(j, "override_comment", buf_text(&text));
	buf_free(&text);
}

static void marks(struct json *j, const struct outcome *o)
{
	record_put(j, "version", o->policy_version);
	shadow(j, o->shadow);
	record_open_list(j, "rcpts_removed", o->removed_rcpt_count);
	for (size_t i = 0; i < o->removed_rcpt_count &&
	    i < RECORD_RCPTS_MAX; i++)
		record_put(j, NULL, o->removed_rcpts[i]);
	record_close_list(j, o->removed_rcpt_count);
	if (o->sealed > 0)
		json_number(j, "sealed", o->sealed);
	record_put(j, "unsealed", o->unsealed);
	record_open_list(j, "notes", o->verdict->log_count);
	for (size_t i = 0; i < o->verdict->log_count; i++)
		record_put(j, NULL, o->verdict->log_notes[i]);
	record_close_list(j, o->verdict->log_count);
	record_open_list(j, "overrides", o->verdict->override_count);
	for (size_t i = 0; i < o->verdict->override_count; i++)
		json_text(j, NULL, name_word(override_names,
		    (int)o->verdict->overrides[i]));
	record_close_list(j, o->verdict->override_count);
	override_comment(j, o);
	observed(j, o->verdict);
}

char *record_detail(const struct outcome *o, enum edits_fate edits)
{
	struct json *j = json_new();

	identities(j, o->evidence, o->phase);
	if (o->phase >= PHASE_HEADERS)
		author(j, &o->evidence->author);
	record_findings(j, o);
	journal(j, o->dns);
	rules(j, o->trace);
	if (edits != EDITS_NONE)
		fields(j, o);
	marks(j, o);
	return json_finish(j, false);
}
