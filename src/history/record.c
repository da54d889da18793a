/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/record.h"

#include <stdlib.h>
#include <string.h>

const struct name edits_fate_names[] = {
	{ EDITS_NONE,           "none" },
	{ EDITS_MADE,           "made" },
	{ EDITS_NOT_ALLOWED,    "not-allowed" },
	{ EDITS_REFUSED,        "refused" },
	{ 0, NULL },
};

#define TEXT(member) { #member, false, offsetof(struct record, member) }
#define NUMBER(member) { #member, true, offsetof(struct record, member) }

const struct record_column record_columns[] = {
	NUMBER(time), TEXT(id), TEXT(queue_id), TEXT(phase),
	TEXT(client_ip), TEXT(client_class), TEXT(helo),
	TEXT(mail_from), TEXT(mail_domain), NUMBER(rcpt_count), TEXT(rcpts),
	TEXT(from_domain), TEXT(from_status),
	TEXT(action), TEXT(rule), TEXT(policy), TEXT(file), NUMBER(line),
	TEXT(code), TEXT(enhanced), TEXT(reply), TEXT(edits),
	TEXT(observed), TEXT(shadow),
	TEXT(spf_result), TEXT(spf_domain), TEXT(dkim_result),
	TEXT(dmarc_result), TEXT(policy_domain), TEXT(org_domain),
	TEXT(disposition), NUMBER(spf_aligned), NUMBER(dkim_aligned),
	NUMBER(octets), NUMBER(took_us), NUMBER(waited_us), TEXT(facts),
	{ .name = NULL },
};

size_t record_column_count(void)
{
	return sizeof(record_columns) / sizeof(*record_columns) - 1;
}

static const char *copy(struct record *r, const char *text)
{
	return text == NULL ? NULL : arena_strndup(r->mem, text,
	    strnlen(text, RECORD_TEXT_MAX));
}

/* The text in the record's arena, and no longer anywhere else. */
static const char *take_text(struct record *r, char *text)
{
	const char *kept = arena_strdup(r->mem, text);

	free(text);
	return kept;
}

/* Beside the facts what else a verdict rested on: rules whose deferral was
 * used up, so that it is decided in the same way again. */
static void deferrals_used(const struct verdict *v, struct json *j)
{
	bool any = false;

	for (size_t i = 0; i < v->hit_count; i++) {
		if (v->hits[i].effect != EFFECT_WAITED)
			continue;
		if (!any)
			json_open_array(j, RECORD_DEFERRALS_USED);
		any = true;
		json_text(j, NULL, v->hits[i].rule);
	}
	if (any)
		json_close(j);
}

static const char *facts_text_of(struct record *r, const struct outcome *o)
{
	struct json *j = json_new();

	facts_json_kept(o->facts, j);
	deferrals_used(o->verdict, j);
	return take_text(r, json_finish(j, false));
}

static bool rcpts_fit(const struct path *rcpts, size_t count)
{
	size_t octets = 0;

	for (size_t i = 0; i < count; i++)
		octets += strlen(rcpts[i].text) + 3;
	return count <= RECORD_RCPTS_MAX && octets <= RECORD_RCPTS_OCTETS;
}

/* An object with one array in it, for json.h has no other document; the array
 * alone is kept. */
static const char *rcpts_text(struct record *r, const struct path *rcpts,
    size_t count)
{
	static const char before[] = "{\"a\":";
	struct json *j;
	const char *text;

	if (!rcpts_fit(rcpts, count))
		return NULL;
	j = json_new();
	json_open_array(j, "a");
	for (size_t i = 0; i < count; i++)
		json_text(j, NULL, rcpts[i].text);
	json_close(j);
	text = take_text(r, json_finish(j, false)) + sizeof(before) - 1;
	return arena_strndup(r->mem, text, strlen(text) - 1);
}

static void take_evidence(struct record *r, const struct outcome *o)
{
	const struct evidence *e = o->evidence;
	char ip[IP_TEXT_MAX];

	r->time = (int64_t)e->received;
	r->queue_id = copy(r, e->queue_id);
	if (e->client_ip.family != IP_NONE)
		r->client_ip = arena_strdup(r->mem, ip_text(&e->client_ip, ip));
	if (o->phase >= PHASE_MAIL)     /* he may log in before */
		r->client_class = name_word(client_class_names,
		    (int)e->client_class);
	r->helo = copy(r, e->helo);
	r->mail_from = copy(r, e->mail.text);
	r->mail_domain = copy(r, e->mail.domain);
	if (o->rcpt != NULL) {
		r->rcpt_count = 1;
		r->rcpts = rcpts_text(r, o->rcpt, 1);
	} else {
		r->rcpt_count = (int64_t)e->rcpt_count;
		r->rcpts = rcpts_text(r, e->rcpts, e->rcpt_kept);
	}
	r->octets = message_octets(e);
	if (o->phase < PHASE_HEADERS)
		return;
	r->from_domain = copy(r, e->author.domain);
	r->from_status = name_word(author_status_names, (int)e->author.status);
}

/* NULL for nothing. */
static const char *finish_text(struct record *r, struct buf *b)
{
	const char *kept = b->len == 0 ? NULL : copy(r, buf_text(b));

	buf_free(b);
	return kept;
}

static void take_verdict(struct record *r, const struct outcome *o,
    enum edits_fate edits)
{
	const struct verdict *v = o->verdict;
	struct buf observed = { 0 }, shadow = { 0 };

	r->action = name_word(action_names, (int)v->action);
	r->rule = copy(r, v->rule);
	r->policy = copy(r, o->policy);
	r->file = copy(r, v->file);
	r->line = v->line;
	r->code = copy(r, v->code);
	r->enhanced = copy(r, v->enhanced);
	r->reply = copy(r, v->text);
	r->edits = name_word(edits_fate_names, (int)edits);
	verdict_observed(v, &observed);
	r->observed = finish_text(r, &observed);
	shadow_difference(o->shadow, &shadow);
	r->shadow = finish_text(r, &shadow);
}

/* A result counts when its fact is known: before, the finding is empty. */
static void take_results(struct record *r, const struct outcome *o)
{
	const struct fact_value *f = o->facts->values;
	const struct dmarc_finding *d = &o->findings->dmarc;

	if (f[FACT_SPF_RESULT].state == FACT_KNOWN) {
		r->spf_result = name_word(spf_names,
		    (int)o->findings->spf.mailfrom.code);
		r->spf_domain = copy(r, o->findings->spf.mailfrom.domain);
	}
	if (f[FACT_DKIM_RESULT].state == FACT_KNOWN)
		r->dkim_result = name_word(dkim_names,
		    (int)o->findings->dkim.code);
	if (f[FACT_DMARC_RESULT].state != FACT_KNOWN)
		return;
	r->dmarc_result = name_word(dmarc_names, (int)d->code);
	r->policy_domain = copy(r, d->policy_domain);
	r->org_domain = copy(r, d->org_domain);
	if (d->policy_domain != NULL && d->disposition != DMARC_POLICY_ABSENT)
		r->disposition = name_word(dmarc_policy_names,
		    (int)d->disposition);
	r->spf_aligned = d->spf_aligned;
	r->dkim_aligned = d->dkim_aligned;
}

struct record *record_make(const struct outcome *o, enum edits_fate edits)
{
	struct arena *mem;
	struct record *r;

	if (o->phase == PHASE_NONE)
		return NULL;
	mem = arena_new(8192);
	r = arena_alloc(mem, sizeof(*r));
	r->mem = mem;
	r->id = copy(r, o->id);
	r->phase = name_word(phase_names, (int)o->phase);
	take_evidence(r, o);
	take_verdict(r, o, edits);
	take_results(r, o);
	r->took_us = o->took_us;
	r->waited_us = o->waited_us;
	r->facts = facts_text_of(r, o);
	r->detail = take_text(r, record_detail(o, edits));
	return r;
}

void record_drop(struct record *r)
{
	if (r != NULL)
		arena_free(r->mem);
}
