/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compiler.h"

#include <string.h>
#include <strings.h>

#include "policy/lex.h"
#include "policy/parse.h"
#include "policy/pattern.h"

#define BIT(op) (1U << (op))
#define EQUALITY (BIT(OP_EQ) | BIT(OP_NE))
#define MEMBERSHIP (BIT(OP_IN) | BIT(OP_NOT_IN))
#define PATTERNS (BIT(OP_MATCHES) | BIT(OP_REGEX))
#define ORDER (BIT(OP_LT) | BIT(OP_LE) | BIT(OP_GT) | BIT(OP_GE))

/* What may be asked of a value. */
static const struct {
	const char *what;
	unsigned ops;
	const char *hint;
} types[] = {
	[FACT_WORD] = { "a word", EQUALITY | MEMBERSHIP,
	    "words are compared with ==, !=, in and not in" },
	[FACT_TEXT] = { "a text", EQUALITY | MEMBERSHIP | PATTERNS,
	    "texts are compared with ==, !=, in, not in, matches and ~" },
	[FACT_DOMAIN] = { "a domain", EQUALITY | MEMBERSHIP | PATTERNS,
	    "domains are compared with ==, !=, in, not in, matches and ~" },
	[FACT_ADDRESS] = { "an address", EQUALITY | MEMBERSHIP | PATTERNS,
	    "addresses are compared with ==, !=, in, not in, matches and ~" },
	[FACT_IP] = { "an IP address", EQUALITY | MEMBERSHIP,
	    "IP addresses are compared with ==, !=, in and not in" },
	[FACT_NUMBER] = { "a number", EQUALITY | ORDER,
	    "numbers are compared with ==, !=, <, <=, > and >=" },
	[FACT_YES_NO] = { "yes or no", EQUALITY | BIT(OP_IS),
	    "write the fact alone, or == yes, == no" },
};

enum fact_type subject_element(const struct subject *s)
{
	if (s->type == FACT_DOMAIN_SET)
		return FACT_DOMAIN;
	return s->type == FACT_WORD_SET ? FACT_WORD : s->type;
}

const struct name *subject_words(const struct subject *s)
{
	return fact_defs[s->fact].words;
}

static bool add_header(struct compiler *c, const char *name, size_t offset)
{
	struct policy *p = c->policy;
	const char **more;

	if (!c->asking)
		return true;
	for (size_t i = 0; i < p->header_count; i++)
		if (strcasecmp(p->headers[i], name) == 0)
			return true;
	if (p->header_count == HEADERS_MAX) {
		compiler_error(c, offset, "a policy asks for at most %d "
		    "different header fields", HEADERS_MAX);
		return false;
	}
	more = arena_array(p->mem, p->header_count + 1, sizeof(*more));
	if (p->header_count > 0)
		memcpy(more, p->headers, p->header_count * sizeof(*more));
	more[p->header_count++] = name;
	p->headers = more;
	return true;
}

static bool unknown_fact(struct compiler *c, const struct subject *s)
{
	struct closest near;

	compiler_error(c, s->offset, "unknown fact \"%s\"", s->name);
	if (compile_find_list(c, s->name) != NULL) {
		report_hint(c->report, "\"%s\" is a list: it stands behind "
		    "\"in\"", s->name);
		return false;
	}
	closest_start(&near, s->name);
	for (int i = 0; i < FACT_COUNT; i++)
		closest_offer(&near, fact_defs[i].name);
	report_meant(c->report, &near);
	return false;
}

enum phase subject_phase(const struct subject *s)
{
	enum phase asked = PHASE_MAIL;  /* whom a list is not asked about, the
					 * class of the client says */
	enum phase named;

	if (s->lookup != NULL) {
		named = fact_defs[fact_find(name_word(lookup_subject_names,
		    (int)s->lookup->subject))].phase;
		return named > asked ? named : asked;
	}
	return s->header != NULL ? PHASE_HEADERS : fact_defs[s->fact].phase;
}

void compiler_waits(struct compiler *c, enum phase phase, const char *what,
    size_t offset)
{
	if (c->latest != NULL && phase <= c->phase)
		return;
	c->phase = phase;
	c->latest = what;
	c->latest_offset = offset;
}

static bool compile_header(struct compiler *c, struct subject *s)
{
	const char *bad;

	if (!header_name_valid(s->header, &bad)) {
		compiler_error(c, s->header_offset,
		    "not the name of a header field");
		return false;
	}
	s->type = FACT_TEXT;
	if (!add_header(c, s->header, s->header_offset))
		return false;
	compiler_waits(c, PHASE_HEADERS, "header(...)", s->offset);
	return true;
}

bool compile_subject(struct compiler *c, struct subject *s)
{
	if (s->header != NULL)
		return compile_header(c, s);
	if (s->looks_up)
		return compile_lookup(c, s);
	s->fact = fact_find(s->name);
	if (s->fact == FACT_COUNT)
		return unknown_fact(c, s);
	s->type = fact_defs[s->fact].type;
	compiler_uses(c, s->fact, s->name, s->offset);
	return true;
}

/* A set has many values or none: say which of them are meant. */
static bool check_quantifier(struct compiler *c, const struct test *t)
{
	bool set = t->subject.fact != FACT_COUNT &&
	    fact_is_set(t->subject.fact);

	if (set && t->quantifier == QUANTIFIER_NONE) {
		compiler_error(c, t->subject.offset, "%s is a set: say which "
		    "of it is meant", t->subject.name);
		report_hint(c->report, "write \"any %s\" or \"all %s\"",
		    t->subject.name, t->subject.name);
		return false;
	}
	if (!set && t->quantifier != QUANTIFIER_NONE) {
		compiler_error(c, t->subject.offset, "%s is not a set, "
		    "\"any\" and \"all\" do not apply", t->subject.name);
		return false;
	}
	return true;
}

static bool check_op(struct compiler *c, const struct test *t,
    enum fact_type type)
{
	if (types[type].ops & BIT(t->op))
		return true;
	if (t->op == OP_IS)
		compiler_error(c, t->subject.offset, "%s is %s, not a "
		    "condition by itself", t->subject.name, types[type].what);
	else
		compiler_error(c, t->op_offset, "\"%s\" cannot be asked of "
		    "%s, which is %s", name_word(op_names, (int)t->op),
		    t->subject.name, types[type].what);
	report_hint(c->report, "%s", types[type].hint);
	return false;
}

static bool is_membership(const struct test *t)
{
	return t->op == OP_IN || t->op == OP_NOT_IN;
}

static bool check_braces(struct compiler *c, const struct test *t)
{
	if (!t->value.braces || is_membership(t))
		return true;
	compiler_error(c, t->value.offset, "one value is compared with \"%s\"",
	    name_word(op_names, (int)t->op));
	report_hint(c->report, "for one of several write \"in\"");
	return false;
}

/* in NAME, not in NAME */
static bool named_list(struct compiler *c, struct test *t,
    enum fact_type type)
{
	const struct literal *l = t->value.first;
	const struct list_def *d;
	struct closest near;

	if (l->quoted || type == FACT_WORD || type == FACT_TEXT) {
		compiler_error(c, l->offset, "expected a set in braces%s",
		    type == FACT_WORD || type == FACT_TEXT ? "" :
		    " or the name of a list");
		report_hint(c->report, l->quoted ? "write { \"%s\" }" :
		    "lists hold domains, addresses and networks, not %ss",
		    l->quoted ? l->text : name_word(fact_type_names, type));
		return false;
	}
	d = compile_find_list(c, l->text);
	if (d != NULL) {
		t->list_id = d->id;
		return true;
	}
	compiler_error(c, l->offset, "unknown list \"%s\"", l->text);
	closest_start(&near, l->text);
	for (d = c->policy->lists; d != NULL; d = d->next)
		closest_offer(&near, d->name);
	report_meant(c->report, &near);
	return false;
}

static bool set_of_names(struct compiler *c, struct test *t,
    enum fact_type type)
{
	struct list *list = compile_set(c, &t->value);

	t->list = list;
	if (list == NULL)
		return false;
	if (type == FACT_IP ? list_has_names(list) : list_has_networks(list)) {
		compiler_error(c, t->value.offset, "%s is %s: some of these "
		    "it can never be", t->subject.name, types[type].what);
		return false;
	}
	return true;
}

static bool set_of_words(struct compiler *c, struct test *t)
{
	int *words = arena_array(c->policy->mem, t->value.count,
	    sizeof(*words));
	bool ok = true;

	for (const struct literal *l = t->value.first; l != NULL; l = l->next)
		if (!compile_word(c, l, t->subject.name,
		    subject_words(&t->subject), &words[t->count++]))
			ok = false;
	t->words = words;
	return ok;
}

static bool set_of_texts(struct compiler *c, struct test *t)
{
	const char **texts = arena_array(c->policy->mem, t->value.count,
	    sizeof(*texts));
	bool ok = true;

	for (const struct literal *l = t->value.first; l != NULL; l = l->next)
		if (!compile_text(c, l, &texts[t->count++]))
			ok = false;
	t->texts = texts;
	return ok;
}

static bool compile_membership(struct compiler *c, struct test *t,
    enum fact_type type)
{
	if (!t->value.braces)
		return named_list(c, t, type);
	if (type == FACT_WORD)
		return set_of_words(c, t);
	if (type == FACT_TEXT)
		return set_of_texts(c, t);
	return set_of_names(c, t, type);
}

/* Texts that differ in case only are one claim for logic.c. */
static const char *lower(struct compiler *c, const char *s)
{
	char *out = arena_strdup(c->policy->mem, s);

	for (char *at = out; at != NULL && *at != '\0'; at++)
		*at = ascii_lower(*at);
	return out;
}

static bool compile_comparison(struct compiler *c, struct test *t,
    enum fact_type type)
{
	const struct literal *l = t->value.first;
	char ip[IP_TEXT_MAX];

	switch (type) {
	case FACT_WORD:
		return set_of_words(c, t);
	case FACT_TEXT:
		if (!set_of_texts(c, t))
			return false;
		t->text_value = lower(c, t->texts[0]);
		return true;
	case FACT_DOMAIN:
		return compile_domain(c, l, &t->text_value);
	case FACT_ADDRESS:
		return compile_address(c, l, &t->text_value);
	case FACT_IP:
		if (!compile_ip(c, l, &t->ip))
			return false;
		t->text_value = arena_strdup(c->policy->mem,
		    ip_text(&t->ip, ip));
		return true;
	case FACT_NUMBER:
		return compile_number(c, l, &t->number);
	case FACT_YES_NO:
		return compile_yes_no(c, l, &t->yes);
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		break;
	}
	return false;
}

static void drop_pattern(void *pattern)
{
	pattern_free(pattern);
}

static bool compile_pattern(struct compiler *c, struct test *t)
{
	const struct literal *l = t->value.first;
	const char *text = lex_pattern(c->policy->mem, l->raw);
	struct pattern *p;
	struct error err;
	size_t at = 0;

	p = pattern_compile(text, &at, &err);
	if (p == NULL) {
		/* The quote stands before the pattern. */
		compiler_error(c, l->offset + 1 +
		    lex_pattern_offset(l->raw, at), "%s", err.text);
		return false;
	}
	arena_defer(c->policy->mem, drop_pattern, p);
	t->pattern = p;
	return true;
}

static bool compile_glob(struct compiler *c, struct test *t,
    enum fact_type type)
{
	const struct literal *l = t->value.first;

	t->text_value = lex_pattern(c->policy->mem, l->raw);
	for (const char *s = t->text_value; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80 && type == FACT_DOMAIN) {
			compiler_error(c, l->offset, "domains are matched in "
			    "their ASCII form (xn--...)");
			return false;
		}
	if (strlen(t->text_value) <= PATTERN_OCTETS_MAX)
		return true;
	compiler_error(c, l->offset, "a glob has at most %d octets",
	    PATTERN_OCTETS_MAX);
	return false;
}

static bool compile_test(struct compiler *c, struct test *t)
{
	enum fact_type type;

	if (!compile_subject(c, &t->subject) || !check_quantifier(c, t))
		return false;
	type = subject_element(&t->subject);
	if (!check_op(c, t, type) || !check_braces(c, t))
		return false;
	if (t->op == OP_IS)
		return true;
	if (is_membership(t))
		return compile_membership(c, t, type);
	if (t->op != OP_MATCHES && t->op != OP_REGEX)
		return compile_comparison(c, t, type);
	if (!t->value.first->quoted) {
		compiler_error(c, t->value.offset,
		    "a pattern stands in quotes");
		return false;
	}
	return t->op == OP_REGEX ? compile_pattern(c, t) :
	    compile_glob(c, t, type);
}

bool compile_expr(struct compiler *c, struct expr *e)
{
	bool ok = true;

	if (e->kind == EXPR_TEST)
		return compile_test(c, e->test);
	for (struct expr *x = e->first; x != NULL; x = x->next)
		if (!compile_expr(c, x))
			ok = false;
	return ok;
}
