/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/conclude.h"

#include "base/clock.h"
#include "facts/gather.h"
#include "session/decision.h"
#include "session/edits.h"
#include "session/ruling.h"
#include "session/shadow.h"

/* Those that can be finished at this phase; some wait for the DNS. */
static void finish_checks(struct transaction *t, enum phase phase)
{
	for (size_t i = 0; checks[i] != NULL; i++) {
		enum phase ready = checks[i]->ready;

		if (!t->evidence.client_settled && ready < PHASE_HEADERS)
			ready = PHASE_HEADERS;
		if (t->finished[i] || ready > phase)
			continue;
		checks[i]->finish(t->states[i]);
		t->finished[i] = true;
	}
}

static void gather_facts(struct transaction *t)
{
	struct gathering g = {
		.mem = t->mem,
		.evidence = &t->evidence,
		.findings = &t->findings,
		.phase = t->phase,
		.finished = t->finished,
	};

	g.headers = t->asked.headers;
	g.header_count = t->asked.header_count;
	gather(&g, &t->facts);
}

/* A reply line of RFC 5321 has 512 octets with its codes and CRLF. */
#define REPLY_TEXT_MAX 440

/* The decision id goes with the reply, so that a sender can quote it. */
static void name_decision(struct transaction *t, struct verdict *v)
{
	if (v->action != ACTION_REJECT && v->action != ACTION_TEMPFAIL)
		return;
	v->text = arena_printf(t->mem, "%.*s (id %s)", REPLY_TEXT_MAX,
	    v->text != NULL ? v->text : "refused by policy", t->id);
}

/* With every fact closed a policy always decides: it has a default. */
static struct verdict *decide(struct transaction *t, struct trace *trace,
    bool *discards)
{
	const struct decision d = {
		.policy = t->kit->policy,
		.facts = &t->facts,
		.phase = t->phase,
		.rcpts = t->rcpts,
		.rcpt_count = t->evidence.rcpt_kept,
	};
	struct verdict *v = arena_alloc(t->mem, sizeof(*v));

	facts_close(&t->facts);
	ruling_act(t, d, v, trace, discards);
	return v;
}

static struct outcome *new_outcome(struct transaction *t,
    const struct verdict *v, const struct trace *trace)
{
	struct outcome *o = arena_alloc(t->mem, sizeof(*o));

	*o = (struct outcome){
		.id = t->id,
		.phase = t->phase,
		.verdict = v,
		.evidence = &t->evidence,
		.findings = &t->findings,
		.facts = &t->facts,
		.trace = trace,
		.dns = t->examination.dns,
		.policy = policy_name(t->kit->policy),
		.policy_version = policy_version(t->kit->policy),
		.took_us = clock_monotonic_us() - t->began_us,
		.waited_us = inquiry_waited_us(t->examination.dns),
	};
	return o;
}

const struct outcome *conclude(struct transaction *t)
{
	struct trace *trace = arena_alloc(t->mem, sizeof(*trace));
	bool *discards = arena_array(t->mem, t->evidence.rcpt_kept + 1,
	    sizeof(*discards));
	struct verdict *v;
	struct outcome *o;

	finish_checks(t, PHASE_EOM);
	gather_facts(t);
	v = decide(t, trace, discards);
	name_decision(t, v);
	o = new_outcome(t, v, trace);
	o->shadow = shadow_decide(t, v, NULL);
	edits_prepare(t, o, discards);
	conclude_log(t, o);
	return o;
}

bool conclude_is_due(const struct connection *c, enum phase phase)
{
	return !c->deaf[phase] && policy_early(c->kit->policy, phase);
}

const struct verdict *conclude_early(struct transaction *t,
    const struct path *rcpt)
{
	struct decision d;
	struct facts view;
	struct verdict *v;
	struct trace *trace;
	struct outcome *o;

	if (!conclude_is_due(t->connection, t->phase))
		return NULL;
	finish_checks(t, t->phase);
	gather_facts(t);
	view = t->facts;
	if (rcpt != NULL)
		gather_recipient(&view, rcpt);
	v = arena_alloc(t->mem, sizeof(*v));
	trace = arena_alloc(t->mem, sizeof(*trace));
	d = (struct decision){ .policy = t->kit->policy, .facts = &view,
	    .phase = t->phase };
	if (!ruling_act(t, d, v, trace, NULL))
		return NULL;
	name_decision(t, v);
	o = new_outcome(t, v, trace);
	o->shadow = shadow_decide(t, v, rcpt);
	if (rcpt != NULL)
		o->rcpt = arena_memdup(t->mem, rcpt, sizeof(*rcpt));
	t->refusal = o;
	conclude_log(t, o);
	/* At RCPT one recipient is refused, else all there is. */
	t->over = rcpt == NULL;
	return v;
}

/* What the phase does not know yet is not told. */
static void log_identities(struct log_line *line, const struct evidence *e,
    enum phase phase, const struct path *rcpt)
{
	char text[IP_TEXT_MAX];

	if (e->client_ip.family != IP_NONE)
		log_line_text(line, "client", ip_text(&e->client_ip, text));
	if (e->client_class == CLIENT_RELAY)
		log_line_text(line, "relay", ip_text(&e->peer_ip, text));
	if (phase >= PHASE_MAIL)
		log_line_text(line, "class",
		    name_word(client_class_names, e->client_class));
	log_line_text(line, "helo", e->helo);
	if (phase < PHASE_MAIL)
		return;
	log_line_text(line, "auth", e->auth_user);
	log_line_text(line, "from", e->mail.text != NULL ? e->mail.text : "");
	if (rcpt != NULL)
		log_line_text(line, "to", rcpt->text);
	log_line_number(line, "rcpts", (int64_t)e->rcpt_count);
	if (phase >= PHASE_HEADERS)
		log_line_text(line, "header.from", e->author.domain != NULL ?
		    e->author.domain : name_word(author_status_names,
		    e->author.status));
}

static void log_results(struct log_line *line, const struct transaction *t)
{
	static const enum fact shown[] = {
		FACT_IPREV_RESULT, FACT_SPF_RESULT, FACT_SPF_DOMAIN,
		FACT_SPF_HELO, FACT_DKIM_RESULT, FACT_DKIM_DOMAINS,
		FACT_DKIM_REASON, FACT_ARC_RESULT, FACT_DMARC_RESULT,
		FACT_DMARC_POLICY, FACT_DMARC_DISCOVERY, FACT_DMARC_REASON,
		FACT_FORWARDED_BY,
	};

	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		const char *text = facts_render(t->mem, &t->facts, shown[i]);

		if (text != NULL && text[0] != '\0')    /* an empty set */
			log_line_text(line, fact_defs[shown[i]].name, text);
	}
	if (t->evidence.forged_results > 0)
		log_line_number(line, "forged",
		    (int64_t)t->evidence.forged_results);
}

/* All in one pair: a name stands once in a line. */
static void log_notes(struct log_line *line, const struct verdict *v)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < v->log_count; i++)
		buf_addf(&all, "%s%s", i > 0 ? "; " : "", v->log_notes[i]);
	if (v->log_count > 0)
		log_line_text(line, "note", buf_text(&all));
	buf_free(&all);
}

static void log_hits(struct log_line *line, const struct verdict *v)
{
	struct buf would = { 0 }, waited = { 0 };

	verdict_observed(v, &would);
	verdict_waited(v, &waited);
	if (would.len > 0)
		log_line_text(line, "observed", buf_text(&would));
	if (waited.len > 0)
		log_line_text(line, "deferred", buf_text(&waited));
	buf_free(&would);
	buf_free(&waited);
}

static void log_counts(struct log_line *line, const struct policy *p,
    const struct verdict *v)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < v->count_count; i++) {
		buf_addf(&all, "%s%s", i > 0 ? "," : "",
		    policy_counter(p, v->counts[i]).rule);
	}
	if (all.len > 0)
		log_line_text(line, "count", buf_text(&all));
	buf_free(&all);
}

static void log_overrides(struct log_line *line, const struct verdict *v)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < v->override_count; i++)
		buf_addf(&all, "%s%s", i > 0 ? "," : "",
		    name_word(override_names, (int)v->overrides[i]));
	if (all.len > 0)
		log_line_text(line, "override", buf_text(&all));
	buf_free(&all);
}

/* The recipient the line is about: the one just refused, or the first. */
static const struct path *logged_rcpt(const struct transaction *t)
{
	const struct evidence *e = &t->evidence;

	if (e->rcpt_kept == 0)
		return NULL;
	return &e->rcpts[t->phase == PHASE_RCPT ? e->rcpt_kept - 1 : 0];
}

static void log_shadow(struct log_line *line, const struct shadow_outcome *s)
{
	struct buf text = { 0 };

	shadow_difference(s, &text);
	if (text.len > 0)
		log_line_text(line, "shadow", buf_text(&text));
	buf_free(&text);
}

static void log_verdict(struct log_line *line, const struct policy *p,
    const struct outcome *o)
{
	const struct verdict *v = o->verdict;

	log_line_text(line, "action", name_word(action_names, v->action));
	log_line_text(line, "rule", v->rule);
	log_line_text(line, "policy", o->policy);
	log_line_text(line, "version", o->policy_version);
	log_line_number(line, "line", v->line);
	log_notes(line, v);
	log_hits(line, v);
	log_counts(line, p, v);
	log_overrides(line, v);
	log_shadow(line, o->shadow);
	if (o->sealed > 0)
		log_line_number(line, "sealed", o->sealed);
	log_line_text(line, "unsealed", o->unsealed);
	log_line_text(line, "id", o->id);
	log_line_number(line, "size", message_octets(o->evidence));
	log_line_number(line, "ms", o->took_us / 1000);
	log_line_number(line, "dns_ms", o->waited_us / 1000);
	if (inquiry_out_of_time(o->dns))
		log_line_text(line, "limit", "resolver.budget");
	else if (inquiry_out_of_questions(o->dns))
		log_line_text(line, "limit", "resolver.questions");
}

void conclude_log(struct transaction *t, const struct outcome *o)
{
	struct log_line line;

	if (t->kit->log == NULL)
		return;
	log_line_begin(&line, t->kit->log, t->evidence.queue_id);
	if (t->phase < PHASE_EOM)
		log_line_text(&line, "at", name_word(phase_names, t->phase));
	log_identities(&line, &t->evidence, t->phase, logged_rcpt(t));
	log_results(&line, t);
	log_verdict(&line, t->kit->policy, o);
	log_line_end(&line, t->kit->log);
}
