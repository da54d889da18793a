/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/dkim.h"

#include <string.h>

#include "check/dkim/digest.h"
#include "check/dkim/work.h"

/* RFC 6008 3 */
#define B_SHOWN_MIN 8
#define B_SHOWN_MAX 64

const struct name dkim_names[] = {
	{ AUTH_NONE,      "none" },
	{ AUTH_PASS,      "pass" },
	{ AUTH_FAIL,      "fail" },
	{ AUTH_NEUTRAL,   "neutral" },
	{ AUTH_POLICY,    "policy" },
	{ AUTH_TEMPERROR, "temperror" },
	{ AUTH_PERMERROR, "permerror" },
	{ 0, NULL },
};

const struct name dkim_cause_names[] = {
	{ DKIM_CAUSE_NONE,       "none" },
	{ DKIM_CAUSE_BODY,       "body" },
	{ DKIM_CAUSE_HEADER,     "header" },
	{ DKIM_CAUSE_SYNTAX,     "syntax" },
	{ DKIM_CAUSE_NO_KEY,     "no-key" },
	{ DKIM_CAUSE_REVOKED,    "revoked" },
	{ DKIM_CAUSE_KEY_SYNTAX, "key-syntax" },
	{ DKIM_CAUSE_WEAK,       "weak" },
	{ DKIM_CAUSE_ALGORITHM,  "algorithm" },
	{ DKIM_CAUSE_EXPIRED,    "expired" },
	{ DKIM_CAUSE_DNS,        "dns" },
	{ DKIM_CAUSE_LENGTH,     "length" },
	{ DKIM_CAUSE_LIMIT,      "limit" },
	{ DKIM_CAUSE_ENGINE,     "engine" },
	{ 0, NULL },
};

/* What an engine's answer means. */
static const struct {
	enum auth_code code;
	enum dkim_cause cause;
	const char *reason;
} meaning[] = {
	[DKIM_OPINION_NONE] = { AUTH_NEUTRAL, DKIM_CAUSE_ENGINE,
	    "the signature could not be judged" },
	[DKIM_OPINION_PASS] = { AUTH_PASS, DKIM_CAUSE_NONE, NULL },
	[DKIM_OPINION_BODY] = { AUTH_FAIL, DKIM_CAUSE_BODY,
	    "the body was altered" },
	[DKIM_OPINION_HEADER] = { AUTH_FAIL, DKIM_CAUSE_HEADER,
	    "signed header fields were altered, or it was signed with another "
	    "key" },
	[DKIM_OPINION_LENGTH] = { AUTH_PERMERROR, DKIM_CAUSE_LENGTH,
	    "the body is shorter than l=" },
	[DKIM_OPINION_TROUBLE] = { AUTH_TEMPERROR, DKIM_CAUSE_ENGINE,
	    "the signature cannot be judged now" },
};

/* The less hope, the higher. */
static const unsigned char despair[] = {
	[AUTH_PASS] = 0, [AUTH_TEMPERROR] = 1, [AUTH_POLICY] = 2,
	[AUTH_NEUTRAL] = 3, [AUTH_PERMERROR] = 4, [AUTH_FAIL] = 5,
	[AUTH_SOFTFAIL] = 6, [AUTH_NONE] = 7,
};

static const struct dkim_engine *const engines[] = {
	&dkim_library_engine, &dkim_native_engine,
};

/* The engines that get it: the first of the mode's that can, or all. */
static const struct {
	size_t first, last;             /* in engines[] */
	bool all;
} modes[] = {
	[ENGINE_LIBRARY] = { 0, 1, false },
	[ENGINE_NATIVE]  = { 1, 1, false },
	[ENGINE_BOTH]    = { 0, 1, true },
};

static void hand_out(struct dkim_work *w, struct candidate *c)
{
	size_t first = modes[w->settings->engine].first;
	size_t last = modes[w->settings->engine].last;
	bool given = false;

	for (size_t e = first; e <= last; e++) {
		struct run *r = &w->runs[e];
		struct dkim_task *t = &r->tasks[r->count];

		*t = (struct dkim_task){ .sig = &c->sig, .field = c->field,
			.selected = c->selected };
		if (!engines[e]->can(t, w->question->header))
			continue;
		c->tasks[e] = t;
		r->count++;
		given = true;
		if (!modes[w->settings->engine].all)
			break;
	}
	if (!given)
		dkim_refuse(c, DKIM_CAUSE_ENGINE,
		    c->sig.not_for_library != NULL ? c->sig.not_for_library :
		    "no engine can judge it");
}

static void start_engines(struct dkim_work *w)
{
	for (size_t e = 0; e < 2; e++) {
		w->runs[e].engine = engines[e];
		w->runs[e].tasks = arena_array(w->mem, w->count + 1,
		    sizeof(struct dkim_task));
	}
	for (size_t i = 0; i < w->count; i++)
		if (w->candidates[i].live)
			hand_out(w, &w->candidates[i]);
	for (size_t e = 0; e < 2; e++) {
		struct run *r = &w->runs[e];

		if (r->count > 0)
			r->state = r->engine->begin(&w->setup, r->tasks,
			    r->count);
	}
}

struct dkim_work *dkim_begin(struct arena *mem, struct inquiry *dns,
    const struct dkim_settings *settings, const struct dkim_question *question,
    struct dkim_finding *out)
{
	struct dkim_work *w = arena_alloc(mem, sizeof(*w));
	const char *job = question->job != NULL ? question->job : "message";

	*w = (struct dkim_work){
		.mem = mem, .dns = dns, .settings = settings,
		.question = question, .out = out,
		.setup = {
			.mem = mem, .header = question->header,
			.body = question->body,
			.job = arena_strdup(mem, job),
			.libraries = settings->libraries,
			.keys = settings->keys,
			.minimum_bits = settings->minimum_bits,
		},
	};
	*out = (struct dkim_finding){ .code = AUTH_NONE };
	dkim_choose(w);
	for (size_t i = 0; i < w->count; i++)
		if (w->candidates[i].live)
			dkim_key_prefetch(dns, w->candidates[i].sig.key_name);
	dkim_select_fields(w);
	start_engines(w);
	return w;
}

/* One key record is read once, however many signatures name it. */
static struct dkim_key *key_of(struct dkim_work *w, const struct candidate *c)
{
	struct dkim_key *key;

	for (const struct candidate *o = w->candidates; o < c; o++)
		if (o->key != NULL &&
		    strcmp(o->sig.key_name, c->sig.key_name) == 0)
			return o->key;
	key = arena_alloc(w->mem, sizeof(*key));
	dkim_key_fetch(w->mem, w->dns, c->sig.key_name, key);
	return key;
}

static void fetch_key(struct dkim_work *w, struct candidate *c)
{
	enum dkim_cause cause;
	const char *reason;

	c->key = key_of(w, c);
	c->out->secure = c->key->secure;
	c->out->testing = c->key->testing;
	c->out->key_bits = c->key->bits;
	if (c->key->cause != DKIM_CAUSE_NONE) {
		dkim_refuse(c, c->key->cause, c->key->reason);
		return;
	}
	cause = dkim_key_serves(c->key, &c->sig, w->settings->minimum_bits,
	    &reason);
	if (cause != DKIM_CAUSE_NONE) {
		dkim_refuse(c, cause, reason);
		return;
	}
	for (size_t e = 0; e < 2; e++)
		if (c->tasks[e] != NULL)
			c->tasks[e]->key = c->key;
}

static bool judged(const struct dkim_task *t)
{
	return t != NULL && t->opinion != DKIM_OPINION_NONE &&
	    t->opinion != DKIM_OPINION_TROUBLE;
}

/* When engines differ, the answer that is no pass is taken, and somebody
 * should know. */
static const struct dkim_task *settle(struct dkim_work *w, struct candidate *c)
{
	struct dkim_task *a = c->tasks[0], *b = c->tasks[1];
	bool pass_a, pass_b;

	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	if (!judged(a) || !judged(b))
		return judged(b) ? b : a;
	pass_a = a->opinion == DKIM_OPINION_PASS;
	pass_b = b->opinion == DKIM_OPINION_PASS;
	if (pass_a != pass_b) {
		dkim_libraries_disagreed(w->settings->libraries);
		log_say_rarely(w->settings->log, LOG_LEVEL_WARNING,
		    "%s: DKIM engines disagree about d=%s s=%s: %s says %s",
		    w->setup.job, c->sig.domain, c->sig.selector,
		    engines[pass_a ? 0 : 1]->name, "pass");
	}
	return pass_a ? b : a;
}

static void conclude(struct dkim_work *w, struct candidate *c)
{
	const struct dkim_task *t = settle(w, c);
	uint64_t octets;

	c->out->code = meaning[t->opinion].code;
	c->out->cause = meaning[t->opinion].cause;
	c->out->reason = meaning[t->opinion].reason;
	if (t->why != NULL && (t->opinion == DKIM_OPINION_NONE ||
	    t->opinion == DKIM_OPINION_TROUBLE))
		c->out->reason = t->why;
	if (c->out->code != AUTH_PASS || !c->sig.has_length)
		return;
	/* RFC 6376 8.2: whoever appends to the body speaks with the signer's
	 * name. */
	octets = body_octets(w->question->body, dkim_body_part(&c->sig).form);
	if (octets == c->sig.length)
		return;
	c->out->code = octets > c->sig.length ? AUTH_POLICY : AUTH_PERMERROR;
	c->out->cause = DKIM_CAUSE_LENGTH;
	c->out->reason = octets < c->sig.length ?
	    meaning[DKIM_OPINION_LENGTH].reason :
	    arena_printf(w->mem, "%llu octets of the body are not signed (l=)",
		(unsigned long long)(octets - c->sig.length));
}

/* The shortest beginning that no other signature's b= has (RFC 6008 3). */
static void shorten_b(struct dkim_work *w, struct candidate *c)
{
	size_t shown = B_SHOWN_MIN;

	if (c->sig.b_text == NULL)
		return;
	for (size_t i = 0; i < w->count; i++) {
		const char *other = w->candidates[i].sig.b_text;

		if (&w->candidates[i] == c || other == NULL)
			continue;
		while (shown < B_SHOWN_MAX &&
		    strncmp(c->sig.b_text, other, shown) == 0)
			shown++;
	}
	c->out->b = arena_strndup(w->mem, c->sig.b_text,
	    strnlen(c->sig.b_text, shown));
}

void dkim_conclude(struct dkim_work *w)
{
	body_end(w->question->body);
	for (size_t i = 0; i < w->count; i++)
		if (w->candidates[i].live)
			fetch_key(w, &w->candidates[i]);
	for (size_t e = 0; e < 2; e++)
		if (w->runs[e].count > 0)
			w->runs[e].engine->finish(w->runs[e].state);
	for (size_t i = 0; i < w->count; i++) {
		struct candidate *c = &w->candidates[i];

		if (c->live)
			conclude(w, c);
		shorten_b(w, c);
		if (i == 0 || despair[c->out->code] < despair[w->out->code])
			w->out->code = c->out->code;
	}
}
