/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/parse.h"
#include "policy/parser.h"

static bool take_outcome(struct parser *p, struct expectation *x)
{
	const struct name *n;

	if (parser_accept_word(p, "log")) {
		x->wants_log = true;
		return true;
	}
	if (parser_accept_word(p, "observe")) {
		x->wants_observe = true;
		return true;
	}
	n = p->now.kind == TOKEN_WORD ?
	    name_find_slice(action_names, p->now.text) : NULL;
	if (n == NULL)
		return parser_expected(p, "accept, tag, quarantine, tempfail, "
		    "reject, discard, log or observe");
	x->action = (enum action)n->code;
	parser_take(p);
	return true;
}

static bool take_rule(struct parser *p, struct expectation *x)
{
	x->not_rule = parser_accept_word(p, "not");
	if (!parser_accept_word(p, "by"))
		return !x->not_rule || parser_expected(p, "\"by\"");
	x->rule_offset = p->now.offset;
	if (!x->not_rule && parser_accept_word(p, "default")) {
		x->rule = "default";
		return true;
	}
	return parser_name(p, "the name of a rule", &x->rule,
	    &x->rule_offset);
}

/* past RULE: as if the message had been deferred by it long enough. */
static bool take_past(struct parser *p, struct expectation *x)
{
	return !parser_accept_word(p, "past") ||
	    parser_name(p, "the name of a rule", &x->past, &x->past_offset);
}

static bool take_given(struct parser *p, struct given *g)
{
	if (!parser_subject(p, &g->subject))
		return false;
	if (parser_is(p, TOKEN_EQ)) {
		parser_expected(p, "\"=\"");
		report_hint(p->report, "an expectation gives values with "
		    "\"=\"; \"==\" compares");
		return false;
	}
	return parser_expect(p, TOKEN_ASSIGN, "\"=\"") &&
	    parser_value(p, "a value", &g->value);
}

static bool take_givens(struct parser *p, struct expectation *x)
{
	struct given **tail = &x->givens;

	if (!parser_expect(p, TOKEN_OPEN_BRACE, "\"{\""))
		return false;
	while (!parser_is(p, TOKEN_CLOSE_BRACE)) {
		*tail = arena_alloc(p->policy->mem, sizeof(**tail));
		if (!take_given(p, *tail))
			return false;
		tail = &(*tail)->next;
	}
	parser_take(p);
	return true;
}

bool parse_expectation(struct parser *p)
{
	struct expectation *x = arena_alloc(p->policy->mem, sizeof(*x));
	struct expectation **tail = &p->policy->expectations;

	x->offset = p->now.offset;
	x->file = source_name(&p->policy->source, x->offset);
	x->line = p->now.line;
	if (!take_outcome(p, x) || !take_rule(p, x))
		return false;
	if ((x->wants_log || x->wants_observe) &&
	    (x->rule == NULL || x->not_rule)) {
		report_error(p->report, &p->policy->source, x->offset,
		    "\"expect %s\" needs \"by\" and the name of a rule",
		    x->wants_log ? "log" : "observe");
		return false;
	}
	if (!take_past(p, x))
		return false;
	if (!take_givens(p, x))
		return false;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = x;
	p->policy->expectation_count++;
	return true;
}
