/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/parse.h"

#include "policy/include.h"
#include "policy/parser.h"

static bool parse_list(struct parser *p)
{
	struct list_def *d = arena_alloc(p->policy->mem, sizeof(*d)), **tail;

	if (!parser_name(p, "the name of a list", &d->name, &d->offset))
		return false;
	if (parser_accept_word(p, "from")) {
		d->from_file = true;
		d->entries.first = arena_alloc(p->policy->mem,
		    sizeof(*d->entries.first));
		d->entries.count = 1;
		if (!parser_string(p, "a file name in quotes",
		    d->entries.first))
			return false;
		d->entries.first->text = include_path(p,
		    d->entries.first->text);
	} else if (!parser_is(p, TOKEN_OPEN_BRACE)) {
		return parser_expected(p, "\"{\" or \"from\"");
	} else if (!parser_value(p, "\"{\"", &d->entries)) {
		return false;
	}
	d->id = p->policy->list_count++;
	for (tail = &p->policy->lists; *tail != NULL;)
		tail = &(*tail)->next;
	*tail = d;
	return true;
}

static bool parse_default(struct parser *p)
{
	struct rule *r = arena_alloc(p->policy->mem, sizeof(*r));
	size_t at = p->now.offset;

	r->name = "default";
	r->offset = at;
	r->file = source_name(&p->policy->source, at);
	r->line = source_line(&p->policy->source, at);
	if (!parse_action(p, "accept, reject, tempfail, discard or quarantine",
	    &r->deed))
		return false;
	if (!r->deed.final) {
		report_error(p->report, &p->policy->source, at,
		    "default needs a final action: accept, reject, tempfail, "
		    "discard or quarantine");
		return false;
	}
	if (p->policy->fallback != NULL) {
		report_error(p->report, &p->policy->source, at,
		    "a second default; the first one is in %s",
		    source_where(&p->policy->source,
		    p->policy->fallback->offset, at, p->policy->mem));
		return false;
	}
	p->policy->fallback = r;
	return true;
}

static bool rule_or_late(struct parser *p)
{
	if (p->policy->fallback != NULL) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "this rule can never be reached: default in %s ends "
		    "the policy", source_where(&p->policy->source,
		    p->policy->fallback->offset, p->now.offset,
		    p->policy->mem));
		return false;
	}
	return parse_rule(p);
}

static const struct statement {
	const char *word;
	bool (*parse)(struct parser *);
} statements[] = {
	{ "list",       parse_list },
	{ "rule",       rule_or_late },
	{ "default",    parse_default },
	{ "expect",     parse_expectation },
	{ "include",    parse_include },
};

static const struct statement *statement_at(const struct parser *p)
{
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (parser_is_word(p, statements[i].word))
			return &statements[i];
	return NULL;
}

/* After a slip: to the next line that begins with a statement. */
static void recover(struct parser *p)
{
	while (!parser_is(p, TOKEN_END) &&
	    !(p->now.first && parser_at_statement(p)))
		parser_take(p);
}

static bool too_many(struct parser *p)
{
	const struct policy *policy = p->policy;

	if (policy->rule_count <= RULES_MAX &&
	    policy->list_count <= LISTS_MAX &&
	    policy->expectation_count <= EXPECTATIONS_MAX)
		return false;
	report_error(p->report, &policy->source, p->now.offset, "too much: a "
	    "policy has at most %d rules, %d lists and %d expectations",
	    RULES_MAX, LISTS_MAX, EXPECTATIONS_MAX);
	return true;
}

static bool parse_statement(struct parser *p)
{
	const struct statement *s = statement_at(p);

	p->braces = 0;
	if (s == NULL)
		return parser_expected(p, "list, rule, default, expect or "
		    "include");
	parser_take(p);
	return s->parse(p);
}

void parse_statements(struct parser *p)
{
	while (!parser_is(p, TOKEN_END)) {
		/* What could not be read must not be skipped twice. */
		size_t at = p->now.offset;

		if (!parse_statement(p)) {
			if (p->now.offset == at)
				parser_take(p);
			recover(p);
		}
		if (too_many(p))
			break;
	}
}

bool policy_parse(struct policy *policy, struct policy_report *report)
{
	struct parser p = { .policy = policy, .report = report };
	size_t errors = report->errors, end = policy->source.text.len;
	struct opened outermost;

	if (!lex_start(&p.lexer, &policy->source, report))
		return false;
	include_start(&p, &outermost);
	parser_take(&p);
	parse_statements(&p);
	/* Only when the rest was understood: it may be what was not read. */
	if (report->errors == errors && policy->fallback == NULL)
		report_error(report, &policy->source, end,
		    "the policy has no default");
	return report->errors == errors;
}
