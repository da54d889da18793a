/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/compiler.h"
#include "policy/logic.h"
#include "policy/trust.h"

void compiler_error(struct compiler *c, size_t offset, const char *fmt, ...)
{
	char reason[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	report_error(c->report, &c->policy->source, offset, "%s", reason);
}

void compiler_warning(struct compiler *c, size_t offset, const char *fmt, ...)
{
	char reason[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	report_warning(c->report, &c->policy->source, offset, "%s", reason);
}

void compiler_uses(struct compiler *c, enum fact fact, const char *name,
    size_t offset)
{
	if (!c->asking)
		return;
	if (fact == FACT_RCPT_ADDRESS || fact == FACT_RCPT_DOMAIN) {
		c->policy->per_recipient = true;
		c->asks_rcpt = true;
	}
	if (c->latest != NULL && fact_defs[fact].phase <= c->phase)
		return;
	c->phase = fact_defs[fact].phase;
	c->latest = name;
	c->latest_offset = offset;
}

/* After RCPT nothing that we say comes early. */
static const char *when_known(enum phase phase)
{
	return phase == PHASE_HEADERS ? "when the header is complete" :
	    "at the end of the message";
}

/* Refusing is all that can be done before the message is there: an early
 * accept would let it pass unchecked and unstamped. */
static bool check_early(struct compiler *c, const struct rule *r)
{
	if (!r->early)
		return true;
	if (!r->deed.final || (r->deed.action != ACTION_REJECT &&
	    r->deed.action != ACTION_TEMPFAIL)) {
		compiler_error(c, r->offset, "an early rule can only reject "
		    "or tempfail");
		return false;
	}
	if (r->phase <= PHASE_RCPT)
		return true;
	compiler_error(c, c->latest_offset, "%s is known only %s, too late "
	    "for an early rule", c->latest, when_known(r->phase));
	return false;
}

/* What the key of a sample or a deferral is made of has to be known too; see
 * sample.h. An early rule does without the author. */
static void use_key(struct compiler *c, const struct rule *r)
{
	const struct setting *s = r->sample.value != 0 ? &r->sample :
	    &r->at_most;
	enum fact last = r->early ? FACT_MAIL_ADDRESS : FACT_FROM_DOMAIN;

	if (s->value != 0)
		compiler_uses(c, last, fact_defs[last].name, s->offset);
	if (s->value != 0 && c->asks_rcpt)
		compiler_uses(c, FACT_RCPT_ADDRESS, "rcpt.address", s->offset);
}

static bool check_settings(struct compiler *c, const struct rule *r)
{
	if (r->observe && r->sample.value != 0)
		compiler_warning(c, r->sample.offset, "this sample has no "
		    "effect: the rule only observes");
	if (r->at_most.value == 0 || (r->deed.final &&
	    r->deed.action == ACTION_TEMPFAIL))
		return true;
	compiler_error(c, r->at_most.offset, "at-most bounds a deferral, and "
	    "this rule has no \"tempfail\"");
	return false;
}

static bool compile_rule(struct compiler *c, struct rule *r)
{
	bool ok = true;

	c->phase = PHASE_CONNECT;
	c->latest = NULL;
	c->asks_rcpt = false;
	if (r->when != NULL)
		ok = compile_expr(c, r->when);
	if (r->unless != NULL)
		ok = compile_expr(c, r->unless) && ok;
	ok = compile_deed(c, r) && ok;
	use_key(c, r);
	r->phase = c->phase;
	r->asks_rcpt = c->asks_rcpt;
	return ok && check_early(c, r) && check_settings(c, r);
}

static bool check_name(struct compiler *c, const struct rule *r)
{
	for (const struct rule *o = c->policy->rules; o != r; o = o->next)
		if (strcmp(o->name, r->name) == 0) {
			compiler_error(c, r->offset, "a second rule \"%s\"; "
			    "the first one is in %s", r->name,
			    source_where(&c->policy->source, o->offset,
			    r->offset, c->policy->mem));
			return false;
		}
	return true;
}

static bool compile_rules(struct compiler *c)
{
	bool ok = true;

	for (struct rule *r = c->policy->rules; r != NULL; r = r->next) {
		if (!check_name(c, r))
			ok = false;
		if (!compile_rule(c, r))
			ok = false;
	}
	c->phase = PHASE_CONNECT;
	c->latest = NULL;
	c->policy->fallback->index = c->policy->rule_count;
	return compile_deed(c, c->policy->fallback) && ok;
}

static bool check_holds(struct compiler *c, const struct rule *r)
{
	const char *fact = NULL;

	if (!logic_never_holds(r, &fact))
		return true;
	compiler_error(c, r->offset, "rule %s can never hold: no value of %s "
	    "meets all its conditions", r->name, fact);
	return false;
}

/* Does reading go on behind it for some of the messages it holds for? */
static bool lets_some_pass(const struct rule *r)
{
	return r->observe || r->at_most.value != 0 ||
	    (r->sample.value != 0 && r->sample.value < SAMPLE_ALL);
}

/* Rules behind one that always ends the reading. */
static bool check_reach(struct compiler *c, const struct rule *r)
{
	const struct rule *after = r->next;

	if (after == NULL || !r->deed.final || lets_some_pass(r) ||
	    !logic_always_holds(r))
		return true;
	compiler_error(c, after->offset, "rule %s can never be reached: rule "
	    "%s in %s always ends the reading", after->name, r->name,
	    source_where(&c->policy->source, r->offset, after->offset,
	    c->policy->mem));
	return false;
}

/* An early rule waits for every rule above it. */
static void check_waits(struct compiler *c, const struct rule *r)
{
	const struct rule *o = c->policy->rules;

	if (!r->early || r->stage <= PHASE_RCPT)
		return;
	while (logic_passable(o, PHASE_RCPT))
		o = o->next;
	compiler_warning(c, r->offset, "rule %s never fires early: rule %s in "
	    "%s, above it, is decided only %s", r->name, o->name,
	    source_where(&c->policy->source, o->offset, r->offset,
	    c->policy->mem), when_known(logic_passable(o, PHASE_HEADERS) ?
	    PHASE_HEADERS : PHASE_EOM));
}

static bool check_order(struct compiler *c)
{
	bool ok = true;

	for (const struct rule *r = c->policy->rules; r != NULL; r = r->next) {
		if (!check_holds(c, r) || !trust_check(c, r))
			ok = false;
		if (!check_reach(c, r))
			return false;
		check_waits(c, r);
	}
	return ok;
}

bool policy_compile(struct policy *p, const struct policy_extra *extra,
    struct policy_report *report)
{
	struct compiler c = { .policy = p, .report = report, .asking = true };
	bool ok = compile_lists(&c, extra);

	ok = compile_rules(&c) && ok;
	/* An expectation brings its own facts; it asks for none. */
	c.asking = false;
	for (struct expectation *x = p->expectations; x != NULL; x = x->next)
		if (!compile_expectation(&c, x))
			ok = false;
	if (!ok)
		return false;
	logic_stages(p->rules);
	return check_order(&c);
}
