/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/spf.h"

#include <string.h>

#include "check/spf/chase.h"
#include "check/spf/library.h"
#include "check/spf/native.h"

/* RFC 8601 section 2.7.2, RFC 7208 section 2.6. */
const struct name spf_names[] = {
	{ AUTH_NONE,      "none" },
	{ AUTH_PASS,      "pass" },
	{ AUTH_FAIL,      "fail" },
	{ AUTH_SOFTFAIL,  "softfail" },
	{ AUTH_NEUTRAL,   "neutral" },
	{ AUTH_POLICY,    "policy" },
	{ AUTH_TEMPERROR, "temperror" },
	{ AUTH_PERMERROR, "permerror" },
	{ 0, NULL },
};

const struct name spf_scope_names[] = {
	{ SPF_SCOPE_MAILFROM, "mailfrom" },
	{ SPF_SCOPE_HELO,     "helo" },
	{ 0, NULL },
};

/* What is shown of a directive, which may be as long as a record. */
#define MECHANISM_MAX 255

/* One engine's run, from the beginning. */
struct run {
	struct spf_walk walk;
	struct spf_outcome outcome;
};

static void run_native(struct run *r, struct arena *mem, struct inquiry *dns,
    const struct spf_settings *settings, const struct spf_question *question)
{
	spf_walk_start(&r->walk, mem, dns, settings, question);
	spf_native(&r->walk, &r->outcome);
}

/* False: not for the library. */
static bool run_library(struct run *r, struct arena *mem, struct inquiry *dns,
    const struct spf_settings *settings, const struct spf_question *question)
{
	const char *why;                /* nothing an operator can act on */

	spf_walk_start(&r->walk, mem, dns, settings, question);
	return spf_library(&r->walk, &r->outcome, &why);
}

static const struct run *choose(const struct run *library,
    const struct run *native, const struct spf_settings *settings,
    const struct spf_question *question)
{
	enum auth_code l = library->outcome.code, n = native->outcome.code;
	char client[IP_TEXT_MAX];

	if (l == n)
		return native;
	log_say_rarely(settings->log, LOG_LEVEL_WARNING, "spf: the engines "
	    "disagree about %s from %s: library %s, native %s",
	    question->domain, ip_text(&question->client, client),
	    name_word(spf_names, (int)l), name_word(spf_names, (int)n));
	return n == AUTH_PASS ? library : native;
}

static void report(struct run *r, const char *domain, struct spf_identity *out)
{
	const struct spf_outcome *o = &r->outcome;
	struct spf_walk *w = &r->walk;

	*out = (struct spf_identity){
		.code = o->code,
		.domain = domain,
		.local_part_used = w->local_part_used,
		.lookups = w->terms,
		.void_lookups = w->voids,
	};
	if (o->matched != NULL)
		out->mechanism = arena_strndup(w->mem, o->matched->text.data,
		    o->matched->text.len < MECHANISM_MAX ?
		    o->matched->text.len : MECHANISM_MAX);
	if (o->code == AUTH_NONE || o->code == AUTH_TEMPERROR ||
	    o->code == AUTH_PERMERROR)
		out->reason = w->reason;
	out->explanation = spf_explain(w, o);
}

/* What is none without asking anybody; the sentence, or NULL. */
static const char *not_checked(const struct spf_question *q)
{
	if (q->client.family == IP_NONE)
		return "the client's address is not known";
	/* It never came from outside; the library would pass it unseen. */
	if (ip_is_loopback(&q->client))
		return "loopback client";
	if (q->domain == NULL)
		return "no domain name to ask for";
	return NULL;
}

void spf_evaluate(struct arena *mem, struct inquiry *dns,
    const struct spf_settings *settings, const struct spf_question *question,
    struct spf_identity *out)
{
	const char *why = not_checked(question);
	struct run library, native;
	bool has_library = false;

	if (why != NULL) {
		*out = (struct spf_identity){ .code = AUTH_NONE,
		    .domain = question->domain, .reason = why };
		return;
	}
	if (settings->engine != ENGINE_NATIVE)
		has_library = run_library(&library, mem, dns, settings,
		    question);
	if (has_library && settings->engine == ENGINE_LIBRARY) {
		report(&library, question->domain, out);
		return;
	}
	run_native(&native, mem, dns, settings, question);
	if (has_library && choose(&library, &native, settings, question) ==
	    &library)
		report(&library, question->domain, out);
	else
		report(&native, question->domain, out);
}

/* --- the check --- */

static void *spf_open(struct examination *x)
{
	return x;
}

/* A null sender stands behind its HELO (2.4). */
static enum spf_scope mailfrom_scope(const struct evidence *e)
{
	return e->mail.status == PATH_NULL ? SPF_SCOPE_HELO :
	    SPF_SCOPE_MAILFROM;
}

static bool is_asked(const struct evidence *e)
{
	if (client_exempt(e) != NULL)
		return false;
	return !e->client_settled || e->client_ip.family != IP_NONE;
}

static void spf_reach(void *state, enum phase phase)
{
	struct examination *x = state;
	const struct evidence *e = x->evidence;

	if (phase != PHASE_MAIL || !is_asked(e))
		return;
	if (e->helo_domain != NULL)
		spf_chase(x->dns, e->helo_domain, &e->client_ip);
	if (e->mail.domain != NULL)
		spf_chase(x->dns, e->mail.domain, &e->client_ip);
}

static void evaluate(struct examination *x, enum spf_scope scope,
    struct spf_identity *out)
{
	const struct evidence *e = x->evidence;
	const struct check_options *o = check_env_options(x->env);
	struct spf_settings settings = {
		.engine = o->spf_engine,
		.void_lookups = o->spf_void_lookups,
		.log = check_env_log(x->env),
	};
	struct spf_question q = {
		.client = e->client_ip,
		.domain = e->helo_domain,
		.helo = e->helo,
		.receiver = o->authserv_id,
		.now = e->received,
		.scope = scope,
	};

	if (scope == SPF_SCOPE_MAILFROM) {
		q.domain = e->mail.domain;
		q.local = e->mail.local;
	}
	spf_evaluate(x->mem, x->dns, &settings, &q, out);
	if (e->client_ip.family == IP_NONE && e->why_no_client != NULL)
		out->reason = e->why_no_client;
}

static void spf_finish(void *state)
{
	struct examination *x = state;
	struct spf_finding *f = &x->findings->spf;
	const char *exempt = client_exempt(x->evidence);

	f->mailfrom_scope = mailfrom_scope(x->evidence);
	if (exempt != NULL) {
		f->helo = (struct spf_identity){ .reason = exempt };
		f->mailfrom = f->helo;
		return;
	}
	evaluate(x, SPF_SCOPE_HELO, &f->helo);
	if (f->mailfrom_scope == SPF_SCOPE_HELO)
		f->mailfrom = f->helo;          /* the same question */
	else
		evaluate(x, SPF_SCOPE_MAILFROM, &f->mailfrom);
}

const struct check spf_check = {
	.name = "spf",
	.ready = PHASE_MAIL,
	.open = spf_open,
	.reach = spf_reach,
	.finish = spf_finish,
};
