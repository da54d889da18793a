/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim.h"

#include <stdlib.h>
#include <string.h>

#include "mail/canon.h"
#include "mail/canonical.h"
#include "mail/domain.h"

/* Clocks of strangers differ by so much. */
#define GRACE 300
/* Each different l= costs a pass over the body. */
#define LENGTHS_MAX 4
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

/* What a signature gets that is turned away without, or before, any
 * mathematics (RFC 8601 2.7.1, RFC 8301 3). */
static const enum auth_code refusal[] = {
	[DKIM_CAUSE_SYNTAX]     = AUTH_PERMERROR,
	[DKIM_CAUSE_NO_KEY]     = AUTH_PERMERROR,
	[DKIM_CAUSE_REVOKED]    = AUTH_PERMERROR,
	[DKIM_CAUSE_KEY_SYNTAX] = AUTH_PERMERROR,
	[DKIM_CAUSE_WEAK]       = AUTH_PERMERROR,
	[DKIM_CAUSE_ALGORITHM]  = AUTH_PERMERROR,
	[DKIM_CAUSE_EXPIRED]    = AUTH_PERMERROR,
	[DKIM_CAUSE_DNS]        = AUTH_TEMPERROR,
	[DKIM_CAUSE_LIMIT]      = AUTH_POLICY,
	[DKIM_CAUSE_ENGINE]     = AUTH_NEUTRAL,
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

/* One DKIM-Signature field. */
struct candidate {
	struct dkim_sig_parsed sig;
	struct dkim_signature *out;
	size_t field;
	unsigned rank;                  /* how promising */
	bool live;                      /* to be verified, so far */
	const size_t *selected;
	struct dkim_key *key;
	struct dkim_task *tasks[2];     /* by engine; NULL: not given to it */
};

/* One engine at work on this message. */
struct run {
	const struct dkim_engine *engine;
	void *state;
	struct dkim_task *tasks;
	size_t count;
};

/* How long the body is in one canonical form. */
struct measure {
	struct canonical_body body;
	uint64_t octets;
};

struct dkim_work {
	struct arena *mem;
	struct inquiry *dns;
	const struct dkim_settings *settings;
	const struct dkim_question *question;
	struct dkim_finding *out;
	struct dkim_setup setup;
	struct candidate *candidates;   /* top of the message first */
	size_t count;
	struct run runs[2];
	struct crlf_stream body;
	struct measure measures[2];     /* by enum dkim_folding */
	bool measure[2];                /* some l= must be compared */
};

static void refuse(struct candidate *c, enum dkim_cause cause,
    const char *reason)
{
	c->live = false;
	c->out->code = refusal[cause];
	c->out->cause = cause;
	c->out->reason = reason;
}

/* RFC 6376 3.5: t= in the future and x= in the past; both MAY, and do here. */
static void check_time(struct candidate *c, time_t now)
{
	uint64_t t = now < 0 ? 0 : (uint64_t)now;

	if (c->sig.has_expiry && c->sig.expiry + GRACE < t)
		refuse(c, DKIM_CAUSE_EXPIRED, "the signature has expired");
	else if (c->sig.has_time && c->sig.time > t + GRACE)
		refuse(c, DKIM_CAUSE_EXPIRED, "it was signed in the future");
}

static unsigned rank(const struct dkim_question *q, const char *domain)
{
	unsigned best = 0;

	for (size_t i = 0; i < q->author_count; i++) {
		const char *author = q->authors[i];
		unsigned here = 0;

		if (domain_equal(author, domain))
			here = 2;
		else if (domain_is_below(author, domain) ||
		    domain_is_below(domain, author))
			here = 1;
		best = here > best ? here : best;
	}
	return best;
}

static void read_field(struct dkim_work *w, struct candidate *c, size_t field)
{
	struct dkim_sig_parsed *sig = &c->sig;

	dkim_sig_parse(w->mem, DKIM_KIND_SIGNATURE,
	    w->question->header->fields[field].value, sig);
	c->field = field;
	c->out->domain = sig->domain;
	c->out->selector = sig->selector;
	c->out->identity = sig->identity;
	c->out->algorithm = sig->algorithm_text;
	c->live = true;
	if (sig->cause != DKIM_CAUSE_NONE) {
		refuse(c, sig->cause, sig->reason);
		return;
	}
	c->rank = rank(w->question, sig->domain);
	check_time(c, w->question->now);
}

static bool is_signature(const struct field *f)
{
	return slice_is_nocase(slice_trim(f->name), "DKIM-Signature");
}

static void collect(struct dkim_work *w)
{
	const struct header *h = w->question->header;
	size_t total = 0;

	for (size_t i = 0; i < h->count; i++)
		total += is_signature(&h->fields[i]);
	w->out->count = total > DKIM_LISTED_MAX ? DKIM_LISTED_MAX : total;
	w->out->ignored = total - w->out->count;
	w->out->signatures = arena_array(w->mem, w->out->count + 1,
	    sizeof(*w->out->signatures));
	w->candidates = arena_array(w->mem, w->out->count + 1,
	    sizeof(*w->candidates));
	for (size_t i = 0; i < h->count && w->count < w->out->count; i++) {
		struct candidate *c = &w->candidates[w->count];

		if (!is_signature(&h->fields[i]))
			continue;
		c->out = &w->out->signatures[w->count++];
		read_field(w, c, i);
	}
}

static int compare_promise(const void *a, const void *b)
{
	const struct candidate *x = *(struct candidate *const *)a;
	const struct candidate *y = *(struct candidate *const *)b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? 1 : -1;
	return (x->field > y->field) - (x->field < y->field);
}

/* Is its l= one more that costs? */
static bool new_length(struct candidate *const *chosen, size_t count,
    const struct candidate *c)
{
	if (!c->sig.has_length)
		return false;
	for (size_t i = 0; i < count; i++)
		if (chosen[i]->live && chosen[i]->sig.has_length &&
		    chosen[i]->sig.length == c->sig.length &&
		    chosen[i]->sig.body_folding == c->sig.body_folding)
			return false;
	return true;
}

/* The most promising ones, as many as are allowed. */
static void choose(struct dkim_work *w)
{
	struct candidate **order = arena_array(w->mem, w->count + 1,
	    sizeof(struct candidate *));
	size_t live = 0, taken = 0, lengths = 0;

	for (size_t i = 0; i < w->count; i++)
		if (w->candidates[i].live)
			order[live++] = &w->candidates[i];
	if (live > 0)
		qsort(order, live, sizeof(struct candidate *), compare_promise);
	for (size_t i = 0; i < live; i++) {
		bool another = new_length(order, i, order[i]);

		if (taken == w->settings->signatures) {
			refuse(order[i], DKIM_CAUSE_LIMIT,
			    "not evaluated: too many signatures");
		} else if (another && lengths == LENGTHS_MAX) {
			refuse(order[i], DKIM_CAUSE_LIMIT,
			    "not evaluated: too many different l=");
		} else {
			taken++;
			lengths += another;
			w->measure[order[i]->sig.body_folding] |=
			    order[i]->sig.has_length;
		}
	}
}

/* Which fields it covers; some fields nobody can sign for. */
static void select_fields(struct dkim_work *w)
{
	const struct header *h = w->question->header;
	struct dkim_index *index = NULL;

	for (size_t i = 0; i < w->count; i++) {
		struct candidate *c = &w->candidates[i];

		if (!c->live)
			continue;
		if (index == NULL)
			index = dkim_index_new(w->mem, h);
		c->selected = dkim_select(index, &c->sig, c->field);
		for (size_t k = 0; c->live && k < c->sig.name_count; k++)
			if (c->selected[k] != DKIM_NO_FIELD &&
			    !dkim_field_is_plain(
				h->fields[c->selected[k]].value))
				refuse(c, DKIM_CAUSE_SYNTAX, "a signed field "
				    "holds control characters");
	}
}

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
		refuse(c, DKIM_CAUSE_ENGINE, c->sig.not_for_library != NULL ?
		    c->sig.not_for_library : "no engine can judge it");
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

static void count(void *arg, const void *bytes, size_t n)
{
	struct measure *m = arg;

	(void)bytes;
	m->octets += n;
}

static void start_measures(struct dkim_work *w)
{
	static const enum canonical_form forms[] = {
		[DKIM_FOLDING_SIMPLE] = CANONICAL_SIMPLE,
		[DKIM_FOLDING_RELAXED] = CANONICAL_RELAXED,
	};

	for (size_t f = 0; f < 2; f++) {
		struct measure *m = &w->measures[f];

		m->body.form = forms[f];
		m->body.out = (struct canonical_sink){ count, m };
	}
}

static void sink(void *arg, const void *bytes, size_t n)
{
	struct dkim_work *w = arg;

	if (n == 0)
		return;
	for (size_t f = 0; f < 2; f++)
		if (w->measure[f])
			canonical_body_feed(&w->measures[f].body, bytes, n);
	for (size_t e = 0; e < 2; e++)
		if (w->runs[e].count > 0)
			w->runs[e].engine->body(w->runs[e].state, bytes, n);
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
			.job = arena_strdup(mem, job),
			.libraries = settings->libraries,
			.minimum_bits = settings->minimum_bits,
		},
		.body = { .sink = sink, .arg = w },
	};
	*out = (struct dkim_finding){ .code = AUTH_NONE };
	collect(w);
	choose(w);
	for (size_t i = 0; i < w->count; i++)
		if (w->candidates[i].live)
			dkim_key_prefetch(dns, w->candidates[i].sig.key_name);
	select_fields(w);
	start_engines(w);
	start_measures(w);
	return w;
}

void dkim_feed(struct dkim_work *w, const void *bytes, size_t n)
{
	if (w->runs[0].count + w->runs[1].count > 0)
		crlf_feed(&w->body, bytes, n);
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
		refuse(c, c->key->cause, c->key->reason);
		return;
	}
	cause = dkim_key_serves(c->key, &c->sig, w->settings->minimum_bits,
	    &reason);
	if (cause != DKIM_CAUSE_NONE) {
		refuse(c, cause, reason);
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
	octets = w->measures[c->sig.body_folding].octets;
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
	crlf_end(&w->body);
	for (size_t f = 0; f < 2; f++)
		if (w->measure[f])
			canonical_body_end(&w->measures[f].body);
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
