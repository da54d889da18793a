/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/parser.h"

#include <string.h>

static const char *const keywords[] = {
	"list", "from", "rule", "early", "when", "unless", "default", "expect",
	"by", "accept", "reject", "tempfail", "discard", "quarantine", "tag",
	"header", "subject", "log", "and", "or", "not", "in", "matches", "any",
	"all", "observe", "sample", "at-most", "count", "include", "report",
	"unsafe", "dnsbl", "rhsbl", NULL,
};

static bool one_of(struct slice word, const char *const *table)
{
	for (; *table != NULL; table++)
		if (slice_is(word, *table))
			return true;
	return false;
}

bool word_is_keyword(struct slice word)
{
	return one_of(word, keywords);
}

/* So that a brace that is never closed can be named. */
static void count_braces(struct parser *p)
{
	if (p->now.kind == TOKEN_OPEN_BRACE) {
		if (p->braces++ == 0)
			p->outer_line = p->now.line;
		p->inner_line = p->now.line;
	} else if (p->now.kind == TOKEN_CLOSE_BRACE && p->braces > 0) {
		p->braces--;
	}
}

void parser_take(struct parser *p)
{
	count_braces(p);
	p->last_end = p->now.end;
	p->now = lex_next(&p->lexer);
}

bool parser_is(const struct parser *p, enum token_kind kind)
{
	return p->now.kind == kind;
}

bool parser_is_word(const struct parser *p, const char *word)
{
	return p->now.kind == TOKEN_WORD && slice_is(p->now.text, word);
}

bool parser_accept(struct parser *p, enum token_kind kind)
{
	if (p->now.kind != kind)
		return false;
	parser_take(p);
	return true;
}

bool parser_accept_word(struct parser *p, const char *word)
{
	if (!parser_is_word(p, word))
		return false;
	parser_take(p);
	return true;
}

bool parser_at_statement(const struct parser *p)
{
	static const char *const statements[] = {
		"list", "rule", "default", "expect", "include", NULL,
	};

	return p->now.kind == TOKEN_WORD && one_of(p->now.text, statements);
}

bool parser_at_keyword(const struct parser *p)
{
	return p->now.kind == TOKEN_WORD && word_is_keyword(p->now.text);
}

/* A slip of the finger where a word of the language was wanted. */
static void meant_keyword(struct parser *p, const char *what)
{
	struct closest c;
	const char *word;

	if (p->now.kind != TOKEN_WORD)
		return;
	word = arena_strndup(p->policy->mem, p->now.text.data,
	    p->now.text.len);
	closest_start(&c, word);
	for (size_t i = 0; keywords[i] != NULL; i++)
		if (strstr(what, keywords[i]) != NULL)
			closest_offer(&c, keywords[i]);
	report_meant(p->report, &c);
}

bool parser_expected(struct parser *p, const char *what)
{
	if (p->now.kind == TOKEN_BAD)
		return false;
	report_error(p->report, &p->policy->source, p->now.offset,
	    "expected %s, found %s", what,
	    token_name(p->policy->mem, &p->now));
	meant_keyword(p, what);
	if (p->braces > 0 && (p->now.kind == TOKEN_END || (p->now.first &&
	    parser_at_statement(p))))
		report_hint(p->report, "the \"{\" in line %u is not closed",
		    p->braces == 1 ? p->outer_line : p->inner_line);
	return false;
}

bool parser_expect(struct parser *p, enum token_kind kind, const char *what)
{
	return parser_accept(p, kind) || parser_expected(p, what);
}

static bool name_octets(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_alnum(s.data[i]) && s.data[i] != '-' &&
		    s.data[i] != '_')
			return false;
	return true;
}

bool parser_name(struct parser *p, const char *what, const char **name,
    size_t *offset)
{
	if (p->now.kind != TOKEN_WORD)
		return parser_expected(p, what);
	if (word_is_keyword(p->now.text)) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "\"%.*s\" is a word of the language, it cannot be %s",
		    (int)p->now.text.len, p->now.text.data, what);
		return false;
	}
	if (!name_octets(p->now.text) || p->now.text.len > 64) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "%s is made of letters, digits, \"-\" and \"_\", 64 at "
		    "most", what);
		return false;
	}
	*name = arena_strndup(p->policy->mem, p->now.text.data,
	    p->now.text.len);
	*offset = p->now.offset;
	parser_take(p);
	return true;
}

static void take_literal(struct parser *p, struct literal *out)
{
	*out = (struct literal){ .raw = p->now.text, .offset = p->now.offset,
	    .quoted = p->now.kind == TOKEN_STRING };
	out->text = arena_strndup(p->policy->mem, p->now.text.data,
	    p->now.text.len);
	parser_take(p);
}

bool parser_string(struct parser *p, const char *what, struct literal *out)
{
	if (p->now.kind != TOKEN_STRING)
		return parser_expected(p, what);
	take_literal(p, out);
	out->text = lex_text(&p->policy->source, p->report, p->policy->mem,
	    out->raw);
	return out->text != NULL;
}

bool parser_word(struct parser *p, const char *what, struct literal *out)
{
	if (p->now.kind != TOKEN_WORD || parser_at_keyword(p))
		return parser_expected(p, what);
	take_literal(p, out);
	return true;
}

static bool value_in_braces(struct parser *p, struct value *out)
{
	struct literal **tail = &out->first;

	out->braces = true;
	while (!parser_is(p, TOKEN_CLOSE_BRACE)) {
		if (parser_is(p, TOKEN_COMMA)) {
			report_error(p->report, &p->policy->source,
			    p->now.offset, "no commas here: blanks stand "
			    "between the entries");
			return false;
		}
		if (!parser_is(p, TOKEN_WORD) && !parser_is(p, TOKEN_STRING))
			return parser_expected(p, "an entry or \"}\"");
		*tail = arena_alloc(p->policy->mem, sizeof(**tail));
		take_literal(p, *tail);
		tail = &(*tail)->next;
		out->count++;
	}
	parser_take(p);
	if (out->count == 0) {
		report_error(p->report, &p->policy->source, out->offset,
		    "an empty set");
		return false;
	}
	return true;
}

/* Where a value has to stand, "reject" is a word like any other; these few
 * say that the value was left out. */
static bool value_left_out(struct parser *p)
{
	static const char *const others[] = {
		"and", "or", "not", "in", "matches", "when", "unless", NULL,
	};

	return parser_is(p, TOKEN_WORD) && one_of(p->now.text, others);
}

bool parser_value(struct parser *p, const char *what, struct value *out)
{
	*out = (struct value){ .offset = p->now.offset };
	if (parser_accept(p, TOKEN_OPEN_BRACE))
		return value_in_braces(p, out);
	if ((!parser_is(p, TOKEN_STRING) && !parser_is(p, TOKEN_WORD)) ||
	    value_left_out(p))
		return parser_expected(p, what);
	out->first = arena_alloc(p->policy->mem, sizeof(*out->first));
	take_literal(p, out->first);
	out->count = 1;
	return true;
}

/* header("Name"): the word "header" also begins a part of an action, so the
 * parenthesis is what tells. */
static bool header_subject(struct parser *p, struct subject *out)
{
	struct literal name = { 0 };

	if (!parser_expect(p, TOKEN_OPEN_PAREN, "\"(\"") ||
	    !parser_string(p, "the name of a field in quotes", &name) ||
	    !parser_expect(p, TOKEN_CLOSE_PAREN, "\")\""))
		return false;
	out->header = name.text;
	out->header_offset = name.offset;
	return true;
}

/* dnsbl("zone"), rhsbl("zone"), rhsbl("zone", fact) */
static bool lookup_subject(struct parser *p, struct subject *out)
{
	bool domains = strcmp(out->name, "rhsbl") == 0;

	out->looks_up = true;
	if (!parser_expect(p, TOKEN_OPEN_PAREN, "\"(\"") ||
	    !parser_string(p, "the zone of a DNS list in quotes", &out->zone))
		return false;
	if (domains && parser_accept(p, TOKEN_COMMA)) {
		if (!parser_is(p, TOKEN_WORD))
			return parser_expected(p, "the fact that is looked "
			    "up");
		take_literal(p, &out->of);
	}
	return parser_expect(p, TOKEN_CLOSE_PAREN, domains &&
	    out->of.text == NULL ? "\",\" or \")\"" : "\")\"");
}

bool parser_subject(struct parser *p, struct subject *out)
{
	static const char *const subjects[] = {
		"header", "subject", "dnsbl", "rhsbl", NULL,
	};

	*out = (struct subject){ .offset = p->now.offset,
	    .fact = FACT_COUNT };
	if (!parser_is(p, TOKEN_WORD) || (parser_at_keyword(p) &&
	    !one_of(p->now.text, subjects)))
		return parser_expected(p, "a fact");
	out->name = arena_strndup(p->policy->mem, p->now.text.data,
	    p->now.text.len);
	parser_take(p);
	if (strcmp(out->name, "dnsbl") == 0 || strcmp(out->name, "rhsbl") == 0)
		return lookup_subject(p, out);
	return strcmp(out->name, "header") != 0 || header_subject(p, out);
}
