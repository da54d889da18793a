/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/parse.h"
#include "policy/parser.h"

const struct name op_names[] = {
	{ OP_IS,        "is" },
	{ OP_EQ,        "==" },
	{ OP_NE,        "!=" },
	{ OP_LT,        "<" },
	{ OP_LE,        "<=" },
	{ OP_GT,        ">" },
	{ OP_GE,        ">=" },
	{ OP_IN,        "in" },
	{ OP_NOT_IN,    "not in" },
	{ OP_MATCHES,   "matches" },
	{ OP_REGEX,     "~" },
	{ 0, NULL },
};

static struct expr *new_expr(struct parser *p, enum expr_kind kind)
{
	struct expr *e = arena_alloc(p->policy->mem, sizeof(*e));

	e->kind = kind;
	e->offset = p->now.offset;
	return e;
}

static bool take_op(struct parser *p, enum test_op *op)
{
	static const struct {
		enum token_kind kind;
		enum test_op op;
	} signs[] = {
		{ TOKEN_EQ, OP_EQ }, { TOKEN_NE, OP_NE }, { TOKEN_LT, OP_LT },
		{ TOKEN_LE, OP_LE }, { TOKEN_GT, OP_GT }, { TOKEN_GE, OP_GE },
		{ TOKEN_TILDE, OP_REGEX },
	};

	*op = OP_IS;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (p->now.kind == signs[i].kind) {
			*op = signs[i].op;
			parser_take(p);
			return true;
		}
	if (parser_accept_word(p, "in"))
		*op = OP_IN;
	else if (parser_accept_word(p, "matches"))
		*op = OP_MATCHES;
	else if (parser_accept_word(p, "not")) {
		*op = OP_NOT_IN;
		return parser_accept_word(p, "in") ||
		    parser_expected(p, "\"in\" after \"not\"");
	} else if (parser_is(p, TOKEN_ASSIGN)) {
		parser_expected(p, "an operator");
		report_hint(p->report, "write \"==\"");
		return false;
	}
	return true;
}

static const char *const op_wants[] = {
	[OP_IS] = "", [OP_EQ] = "a value", [OP_NE] = "a value",
	[OP_LT] = "a number", [OP_LE] = "a number", [OP_GT] = "a number",
	[OP_GE] = "a number", [OP_IN] = "a list or a set in braces",
	[OP_NOT_IN] = "a list or a set in braces",
	[OP_MATCHES] = "a glob in quotes",
	[OP_REGEX] = "a regular expression in quotes",
};

/* Source text with every run of blanks and comments as one blank. */
static const char *as_written(struct parser *p, size_t from, size_t to)
{
	struct slice s = slice_sub(p->policy->source.text, from, to - from);
	char *out = arena_alloc(p->policy->mem, s.len + 1);
	bool quoted = false, comment = false;
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (quoted && c == '\\' && i + 1 < s.len) {
			out[n++] = c;
			out[n++] = s.data[++i];
			continue;
		}
		if (comment)
			comment = c != '\n';
		else if (!quoted && c == '#')
			comment = true;
		else if (quoted || (c != ' ' && c != '\t' && c != '\n' &&
		    c != '\r'))
			out[n++] = c;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
		if (!comment && c == '"')
			quoted = !quoted;
	}
	return out;
}

static bool test_parts(struct parser *p, struct test *t)
{
	if (parser_accept_word(p, "any"))
		t->quantifier = QUANTIFIER_ANY;
	else if (parser_accept_word(p, "all"))
		t->quantifier = QUANTIFIER_ALL;
	if (!parser_subject(p, &t->subject))
		return false;
	t->op_offset = p->now.offset;
	if (!take_op(p, &t->op))
		return false;
	return t->op == OP_IS ||
	    parser_value(p, op_wants[t->op], &t->value);
}

static struct expr *parse_test(struct parser *p)
{
	struct expr *e = new_expr(p, EXPR_TEST);

	e->test = arena_alloc(p->policy->mem, sizeof(*e->test));
	e->test->list_id = LIST_NOT_NAMED;
	if (!test_parts(p, e->test))
		return NULL;
	e->test->text = as_written(p, e->offset, p->last_end);
	return e;
}

static struct expr *parse_not(struct parser *p);
static struct expr *parse_or(struct parser *p);

static struct expr *parse_factor(struct parser *p)
{
	struct expr *e;

	if (parser_is_word(p, "not")) {
		e = new_expr(p, EXPR_NOT);
		parser_take(p);
		e->first = parse_not(p);
		return e->first == NULL ? NULL : e;
	}
	if (!parser_accept(p, TOKEN_OPEN_PAREN))
		return parse_test(p);
	e = parse_or(p);
	if (e == NULL || !parser_expect(p, TOKEN_CLOSE_PAREN,
	    "\"and\", \"or\" or \")\""))
		return NULL;
	return e;
}

/* The one place where recursion is counted: every cycle passes here. */
static struct expr *parse_not(struct parser *p)
{
	struct expr *e;

	if (p->depth >= DEPTH_MAX) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "more than %d conditions inside one another", DEPTH_MAX);
		return NULL;
	}
	p->depth++;
	e = parse_factor(p);
	p->depth--;
	return e;
}

/* One operand, or a node that has them all. */
static struct expr *parse_chain(struct parser *p, const char *word,
    enum expr_kind kind, struct expr *(*operand)(struct parser *))
{
	struct expr *chain = new_expr(p, kind), **tail = &chain->first;

	do {
		*tail = operand(p);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
	} while (parser_accept_word(p, word));
	return chain->first->next == NULL ? chain->first : chain;
}

static struct expr *parse_and(struct parser *p)
{
	return parse_chain(p, "and", EXPR_AND, parse_not);
}

static struct expr *parse_or(struct parser *p)
{
	return parse_chain(p, "or", EXPR_OR, parse_and);
}

struct expr *parse_expr(struct parser *p)
{
	return parse_or(p);
}
