/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/logic.h"

#include <string.h>

#define ABSENT_BIT (UINT64_C(1) << 63)
#define CODES 62                /* codes of words that fit the mask */
#define CLAIMS 64               /* more are not remembered */

/* "fact == text", "fact in list", or their negations. */
struct claim {
	enum fact fact;
	const char *text;       /* NULL: the list */
	size_t list_id;
	bool holds;
};

/* What is left of each fact's values after the conditions read so far. */
struct state {
	uint64_t words[FACT_COUNT];     /* also yes/no: bits 1 and 0 */
	int64_t low[FACT_COUNT], high[FACT_COUNT];
	bool absent[FACT_COUNT];        /* of numbers */
	struct claim claims[CLAIMS];
	size_t claim_count;
	const char *culprit;
};

static void state_start(struct state *s)
{
	s->claim_count = 0;
	s->culprit = NULL;
	for (int i = 0; i < FACT_COUNT; i++) {
		s->words[i] = UINT64_MAX;
		s->low[i] = INT64_MIN;
		s->high[i] = INT64_MAX;
		s->absent[i] = true;
	}
}

static uint64_t all_words(const struct name *words)
{
	uint64_t all = ABSENT_BIT;

	for (; words->word != NULL; words++)
		if (words->code >= 0 && words->code < CODES)
			all |= UINT64_C(1) << words->code;
	return all;
}

static bool narrow(struct state *s, enum fact fact, uint64_t to)
{
	s->words[fact] &= to;
	return s->words[fact] != 0;
}

static bool narrow_words(struct state *s, const struct test *t, bool negate)
{
	enum fact fact = t->subject.fact;
	uint64_t some = 0, all = all_words(fact_defs[fact].words);

	for (size_t i = 0; i < t->count; i++)
		if (t->words[i] >= 0 && t->words[i] < CODES)
			some |= UINT64_C(1) << t->words[i];
	if ((t->op == OP_NE || t->op == OP_NOT_IN) != negate)
		some = ~some;
	return narrow(s, fact, some & all);
}

static bool narrow_yes_no(struct state *s, const struct test *t, bool negate)
{
	uint64_t bit = UINT64_C(1) << (t->op == OP_IS || t->yes ? 1 : 0);
	uint64_t all = ABSENT_BIT | 3;

	return narrow(s, t->subject.fact,
	    all & ((t->op == OP_NE) != negate ? ~bit : bit));
}

/* An absent number is not less, equal or greater than anything. */
static bool narrow_number(struct state *s, const struct test *t, bool negate)
{
	static const enum test_op opposite[] = {
		[OP_EQ] = OP_NE, [OP_NE] = OP_EQ, [OP_LT] = OP_GE,
		[OP_LE] = OP_GT, [OP_GT] = OP_LE, [OP_GE] = OP_LT,
	};
	enum fact f = t->subject.fact;
	enum test_op op = negate ? opposite[t->op] : t->op;
	int64_t n = t->number, low = INT64_MIN, high = INT64_MAX;

	if (op == OP_EQ || op == OP_GE)
		low = n;
	if (op == OP_EQ || op == OP_LE)
		high = n;
	if (op == OP_GT)
		low = n == INT64_MAX ? n : n + 1;
	if (op == OP_LT)
		high = n == INT64_MIN ? n : n - 1;
	if ((t->op == OP_NE) == negate)
		s->absent[f] = false;
	s->low[f] = low > s->low[f] ? low : s->low[f];
	s->high[f] = high < s->high[f] ? high : s->high[f];
	if (op == OP_NE && s->low[f] == n && s->high[f] == n)
		return s->absent[f];
	return s->low[f] <= s->high[f] || s->absent[f];
}

/* Two claims about one fact that cannot both be. */
static bool at_odds(const struct claim *a, const struct claim *b)
{
	if (a->fact != b->fact || (a->text == NULL) != (b->text == NULL))
		return false;
	if (a->text == NULL)
		return a->list_id == b->list_id && a->holds != b->holds;
	if (strcmp(a->text, b->text) == 0)
		return a->holds != b->holds;
	return a->holds && b->holds;
}

static bool add_claim(struct state *s, const struct test *t, bool negate)
{
	struct claim new = {
		.fact = t->subject.fact,
		.list_id = t->list_id,
		.holds = (t->op == OP_EQ || t->op == OP_IN) != negate,
	};

	if (t->op == OP_EQ || t->op == OP_NE)
		new.text = t->text_value;
	for (size_t i = 0; i < s->claim_count; i++)
		if (at_odds(&s->claims[i], &new))
			return false;
	if (s->claim_count < CLAIMS)
		s->claims[s->claim_count++] = new;
	return true;
}

static bool is_claim(const struct test *t)
{
	switch (t->op) {
	case OP_EQ:
	case OP_NE:
		return t->text_value != NULL;
	case OP_IN:
	case OP_NOT_IN:
		return t->list_id != LIST_NOT_NAMED;
	case OP_IS:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
	case OP_MATCHES:
	case OP_REGEX:
		break;
	}
	return false;
}

static bool narrow_test(struct state *s, const struct test *t, bool negate)
{
	bool possible = true;

	if (t->quantifier != QUANTIFIER_NONE || t->subject.fact == FACT_COUNT)
		return true;
	switch (t->subject.type) {
	case FACT_WORD:
		possible = narrow_words(s, t, negate);
		break;
	case FACT_YES_NO:
		possible = narrow_yes_no(s, t, negate);
		break;
	case FACT_NUMBER:
		possible = narrow_number(s, t, negate);
		break;
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
	case FACT_IP:
		possible = !is_claim(t) || add_claim(s, t, negate);
		break;
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		break;
	}
	if (!possible && s->culprit == NULL)
		s->culprit = t->subject.name;
	return possible;
}

/* "not (a or b)" is "not a and not b". */
static bool is_choice(const struct expr *e, bool negate)
{
	return e->kind == (negate ? EXPR_AND : EXPR_OR);
}

/* Everything that has to be true at once; choices are left for later. */
static bool narrow_all(struct state *s, const struct expr *e, bool negate)
{
	if (e->kind == EXPR_TEST)
		return narrow_test(s, e->test, negate);
	if (e->kind == EXPR_NOT)
		return narrow_all(s, e->first, !negate);
	if (is_choice(e, negate))
		return true;
	for (const struct expr *x = e->first; x != NULL; x = x->next)
		if (!narrow_all(s, x, negate))
			return false;
	return true;
}

static bool possible(struct state *s, const struct expr *e, bool negate);

/* Of every choice, one branch at least must be possible beside the rest. */
static bool choices_open(struct state *s, const struct expr *e, bool negate)
{
	if (e->kind == EXPR_TEST)
		return true;
	if (e->kind == EXPR_NOT)
		return choices_open(s, e->first, !negate);
	for (const struct expr *x = e->first; x != NULL; x = x->next) {
		struct state branch;

		if (!is_choice(e, negate)) {
			if (!choices_open(s, x, negate))
				return false;
			continue;
		}
		branch = *s;
		if (possible(&branch, x, negate))
			return true;
		s->culprit = branch.culprit;
	}
	return !is_choice(e, negate);
}

static bool possible(struct state *s, const struct expr *e, bool negate)
{
	return narrow_all(s, e, negate) && choices_open(s, e, negate);
}

bool logic_never_holds(const struct rule *r, const char **fact)
{
	struct state s;
	bool can;

	state_start(&s);
	can = (r->when == NULL || narrow_all(&s, r->when, false)) &&
	    (r->unless == NULL || narrow_all(&s, r->unless, true)) &&
	    (r->when == NULL || choices_open(&s, r->when, false)) &&
	    (r->unless == NULL || choices_open(&s, r->unless, true));
	*fact = can ? NULL : s.culprit;
	return !can;
}

bool logic_always_holds(const struct rule *r)
{
	struct state s;

	state_start(&s);
	if (r->when != NULL && possible(&s, r->when, true))
		return false;
	state_start(&s);
	return r->unless == NULL || !possible(&s, r->unless, false);
}

/* Could the condition come out as `truth` with these facts alone? Both sides
 * of every test that can be answered count as possible. */
static bool can_be(const struct expr *e, bool truth, enum phase phase)
{
	if (e->kind == EXPR_TEST)
		return phase >= subject_phase(&e->test->subject);
	if (e->kind == EXPR_NOT)
		return can_be(e->first, !truth, phase);
	/* One NO settles "and", one YES settles "or". */
	for (const struct expr *x = e->first; x != NULL; x = x->next)
		if (can_be(x, truth, phase) != (truth == (e->kind == EXPR_AND)))
			return truth != (e->kind == EXPR_AND);
	return truth == (e->kind == EXPR_AND);
}

bool logic_passable(const struct rule *r, enum phase phase)
{
	/* What only observes changes nothing: nobody waits for it. */
	if (r->observe)
		return true;
	if (r->when != NULL && can_be(r->when, false, phase))
		return true;
	if (r->unless != NULL && can_be(r->unless, true, phase))
		return true;
	/* An early rule may let a message pass that it holds for: one outside
	 * its sample, or one it has deferred for long enough. */
	return (!r->deed.final || (r->early && (r->sample.value != 0 ||
	    r->at_most.value != 0))) &&
	    (r->when == NULL || can_be(r->when, true, phase)) &&
	    (r->unless == NULL || can_be(r->unless, false, phase));
}

void logic_stages(struct rule *rules)
{
	enum phase reached = PHASE_CONNECT;

	for (struct rule *r = rules; r != NULL; r = r->next) {
		r->stage = !r->early ? PHASE_EOM :
		    r->phase > reached ? r->phase : reached;
		while (reached < PHASE_EOM && !logic_passable(r, reached))
			reached++;
	}
}
