/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/eval.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "mail/domain.h"
#include "policy/pattern.h"

const struct name truth_names[] = {
	{ TRUTH_NO,             "no" },
	{ TRUTH_UNKNOWN,        "unknown" },
	{ TRUTH_YES,            "yes" },
	{ 0, NULL },
};

static enum truth truth_not(enum truth t)
{
	switch (t) {
	case TRUTH_NO:
		return TRUTH_YES;
	case TRUTH_UNKNOWN:
		break;
	case TRUTH_YES:
		return TRUTH_NO;
	}
	return TRUTH_UNKNOWN;
}

/* The value at hand: a fact's, a header's, or one item of a set. */
struct asked {
	enum fact_type type;
	const char *text;       /* TEXT, DOMAIN, ADDRESS */
	const struct fact_value *value;
	int word;
};

static const struct list *list_of(const struct eval *v, const struct test *t)
{
	if (t->list_id == LIST_NOT_NAMED)
		return t->list;
	if (v->lists != NULL && v->lists[t->list_id] != NULL)
		return v->lists[t->list_id];
	return v->policy->lists_by_id[t->list_id];
}

/* What day it is for this message: entries of lists expire. */
static int64_t now_of(const struct eval *v)
{
	return v->facts->now != 0 ? v->facts->now :
	    (int64_t)clock_now(&(struct clock){ 0 });
}

/* The domain of an address in house form. Ours nearly always is already; a
 * recipient stands as it was given. */
static const char *domain_behind(const struct eval *v, const char *at)
{
	return at == NULL ? NULL : domain_normalise(v->mem, slice_of(at + 1));
}

static bool address_in(const struct eval *v, const struct list *l,
    const char *address)
{
	const char *at = strrchr(address, '@');

	if (at == NULL)
		return false;
	return list_has_address(l, (struct slice){ address,
	    (size_t)(at - address) }, domain_behind(v, at), now_of(v));
}

static bool address_is(const struct eval *v, const struct test *t,
    const char *address)
{
	const char *at = strrchr(address, '@');
	const char *wanted = strrchr(t->text_value, '@');
	const char *domain = domain_behind(v, at);

	return domain != NULL &&
	    at - address == wanted - t->text_value &&
	    strncasecmp(address, t->text_value,
	    (size_t)(at - address)) == 0 &&
	    strcmp(domain, wanted + 1) == 0;
}

static bool equal(const struct eval *v, const struct test *t,
    const struct asked *a)
{
	switch (a->type) {
	case FACT_WORD:
		return a->word == t->words[0];
	case FACT_TEXT:
		return strcasecmp(a->text, t->texts[0]) == 0;
	case FACT_DOMAIN:
		return domain_equal(a->text, t->text_value);
	case FACT_ADDRESS:
		return address_is(v, t, a->text);
	case FACT_IP:
		return ip_equal(&a->value->ip, &t->ip);
	case FACT_NUMBER:
		return a->value->number == t->number;
	case FACT_YES_NO:
		return a->value->yes == t->yes;
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		break;
	}
	return false;
}

static bool text_in(const struct test *t, const char *text)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcasecmp(t->texts[i], text) == 0)
			return true;
	return false;
}

static bool word_in(const struct test *t, int word)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->words[i] == word)
			return true;
	return false;
}

static bool contained(const struct eval *v, const struct test *t,
    const struct asked *a)
{
	switch (a->type) {
	case FACT_WORD:
		return word_in(t, a->word);
	case FACT_TEXT:
		return text_in(t, a->text);
	case FACT_DOMAIN:
		return list_has_domain(list_of(v, t), a->text, now_of(v));
	case FACT_ADDRESS:
		return address_in(v, list_of(v, t), a->text);
	case FACT_IP:
		return list_has_ip(list_of(v, t), &a->value->ip, now_of(v));
	case FACT_NUMBER:
	case FACT_YES_NO:
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		break;
	}
	return false;
}

static bool matches(const struct eval *v, const struct test *t,
    const struct asked *a)
{
	enum pattern_result r = pattern_match(t->pattern, a->text);

	if (r == PATTERN_LIMIT)
		atomic_fetch_add_explicit(&v->policy->counts->pattern_limits,
		    1, memory_order_relaxed);
	return r == PATTERN_YES;
}

/* Asked of a value that is there. */
static bool holds(const struct eval *v, const struct test *t,
    const struct asked *a)
{
	switch (t->op) {
	case OP_IS:
		return a->value->yes;
	case OP_EQ:
		return equal(v, t, a);
	case OP_NE:
		return !equal(v, t, a);
	case OP_LT:
		return a->value->number < t->number;
	case OP_LE:
		return a->value->number <= t->number;
	case OP_GT:
		return a->value->number > t->number;
	case OP_GE:
		return a->value->number >= t->number;
	case OP_IN:
		return contained(v, t, a);
	case OP_NOT_IN:
		return !contained(v, t, a);
	case OP_MATCHES:
		return glob_match(t->text_value, a->text);
	case OP_REGEX:
		return matches(v, t, a);
	}
	return false;
}

static enum truth of_bool(bool yes)
{
	return yes ? TRUTH_YES : TRUTH_NO;
}

static enum truth eval_set(const struct eval *v, const struct test *t,
    const struct fact_value *value)
{
	const bool any = t->quantifier == QUANTIFIER_ANY;
	const struct name *words = fact_defs[t->subject.fact].words;
	bool word_set = t->subject.type == FACT_WORD_SET;

	if (value->state != FACT_KNOWN || value->set.count == 0)
		return TRUTH_NO;
	for (size_t i = 0; i < value->set.count; i++) {
		struct asked a = {
			.type = word_set ? FACT_WORD : FACT_DOMAIN,
			.text = value->set.items[i],
			.word = -1,
		};
		const struct name *n = word_set ?
		    name_find(words, a.text) : NULL;

		if (n != NULL)
			a.word = n->code;
		if (holds(v, t, &a) == any)
			return of_bool(any);
	}
	return of_bool(!any);
}

static enum truth eval_value(const struct eval *v, const struct test *t,
    const struct fact_value *value)
{
	struct asked a = { .type = t->subject.type, .value = value };

	if (value->state != FACT_KNOWN)
		return of_bool(t->op == OP_NE || t->op == OP_NOT_IN);
	switch (a.type) {
	case FACT_WORD:
		a.word = value->word;
		break;
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
		a.text = value->text;
		break;
	case FACT_IP:
	case FACT_NUMBER:
	case FACT_YES_NO:
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		break;
	}
	return of_bool(holds(v, t, &a));
}

/* A trace is read by people: what is long is cut. */
#define SHOWN_MAX 120

static void note(const struct eval *v, const struct test *t, enum truth truth,
    const char *shown)
{
	struct trace_tests *pen = v->pen;

	if (pen->count == pen->room) {
		size_t room = pen->room == 0 ? 4 : 2 * pen->room;
		struct trace_test *more = arena_array(v->mem, room,
		    sizeof(*more));

		if (pen->count > 0)
			memcpy(more, pen->items, pen->count * sizeof(*more));
		pen->items = more;
		pen->room = room;
	}
	pen->items[pen->count++] = (struct trace_test){
		.text = t->text,
		.truth = truth,
		.value = strnlen(shown, SHOWN_MAX + 1) <= SHOWN_MAX ? shown :
		    arena_strndup(v->mem, shown, SHOWN_MAX),
	};
}

void trace_test_show(const struct trace_test *t, struct buf *out)
{
	buf_adds(out, t->text);
	buf_adds(out, ": ");
	buf_adds(out, name_word(truth_names, (int)t->truth));
	buf_adds(out, " (");
	buf_adds(out, t->value);
	buf_addc(out, ')');
}

static const char *shown_value(const struct eval *v, const struct test *t,
    const struct fact_value *value)
{
	const char *text;

	if (value->state == FACT_UNKNOWN)
		return "not known yet";
	if (value->state == FACT_KNOWN && t->subject.lookup != NULL)
		return value->yes ? "listed" : "not listed";
	if (t->subject.fact == FACT_COUNT)
		return value->state == FACT_KNOWN ? value->text : "absent";
	text = facts_render(v->mem, v->facts, t->subject.fact);
	if (text == NULL)
		return "absent";
	return *text == '\0' ? "empty" : text;
}

static enum truth eval_test(const struct eval *v, const struct test *t)
{
	/* A header field or a look-up is no fact of the table. */
	struct fact_value header = { .state = FACT_UNKNOWN };
	const struct fact_value *value = &header;
	enum truth truth = TRUTH_UNKNOWN;

	if (t->subject.lookup != NULL)
		header.state = facts_lookup(v->facts, t->subject.lookup->name,
		    &header.yes);
	else if (t->subject.fact == FACT_COUNT)
		header.text = facts_header(v->facts, t->subject.header,
		    &header.state);
	else
		value = &v->facts->values[t->subject.fact];
	if (value->state != FACT_UNKNOWN)
		truth = t->quantifier == QUANTIFIER_NONE ?
		    eval_value(v, t, value) : eval_set(v, t, value);
	if (v->pen != NULL)
		note(v, t, truth, shown_value(v, t, value));
	return truth;
}

/* "and" ends at a NO, "or" at a YES; one UNKNOWN makes the rest unsure. */
static enum truth eval_chain(const struct eval *v, const struct expr *e,
    enum truth settles)
{
	enum truth sum = truth_not(settles);

	for (const struct expr *x = e->first; x != NULL; x = x->next) {
		enum truth t = eval_expr(v, x);

		if (t == settles)
			return t;
		if (t == TRUTH_UNKNOWN)
			sum = t;
	}
	return sum;
}

enum truth eval_expr(const struct eval *v, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_AND:
		return eval_chain(v, e, TRUTH_NO);
	case EXPR_OR:
		return eval_chain(v, e, TRUTH_YES);
	case EXPR_NOT:
		return truth_not(eval_expr(v, e->first));
	case EXPR_TEST:
		break;
	}
	return eval_test(v, e->test);
}

enum truth eval_rule(const struct eval *v, const struct rule *r,
    enum truth *when, enum truth *unless)
{
	*when = r->when == NULL ? TRUTH_YES : eval_expr(v, r->when);
	*unless = TRUTH_NO;
	if (*when != TRUTH_NO && r->unless != NULL)
		*unless = eval_expr(v, r->unless);
	if (*when == TRUTH_NO || *unless == TRUTH_YES)
		return TRUTH_NO;
	return *when == TRUTH_YES && *unless == TRUTH_NO ? TRUTH_YES :
	    TRUTH_UNKNOWN;
}
