/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * parser: what the parse_*.c files share. Functions answer false, or NULL,
 * once the problem has been reported.
 */
#include "policy/lex.h"
#include "policy/tree.h"

/* A file that is being read; the innermost stands first. */
struct opened {
	const char *real;       /* its path without links, or NULL */
	const char *prefix;     /* its folder from the policy's, or NULL */
	struct opened *outer;
};

struct parser {
	struct policy *policy;
	struct policy_report *report;
	struct lexer lexer;
	struct token now;       /* the token to be read next */
	size_t last_end;        /* end of the token read last */
	unsigned depth;
	unsigned braces;        /* open in this statement */
	unsigned outer_line, inner_line;        /* where they were opened */
	struct opened *file;
	unsigned include_depth;
	const char **included;  /* real paths of all files so far */
	size_t *included_at;    /* and where they were named */
	size_t include_count;
};

void parser_take(struct parser *p);             /* go on to the next token */
bool parser_is(const struct parser *p, enum token_kind kind);
bool parser_is_word(const struct parser *p, const char *word);
/* Take it if it is there. */
bool parser_accept(struct parser *p, enum token_kind kind);
bool parser_accept_word(struct parser *p, const char *word);

/* "expected WHAT, found ..." at the current token; silent when the lexer has
 * complained about it already. Always false. */
bool parser_expected(struct parser *p, const char *what);
bool parser_expect(struct parser *p, enum token_kind kind, const char *what);

/* A name that the policy gives: letters, digits, _ and -. */
bool parser_name(struct parser *p, const char *what, const char **name,
    size_t *offset);
bool parser_string(struct parser *p, const char *what, struct literal *out);
/* A bare word that is none of the language. */
bool parser_word(struct parser *p, const char *what, struct literal *out);
/* A word, a string, or several in braces. */
bool parser_value(struct parser *p, const char *what, struct value *out);
bool parser_subject(struct parser *p, struct subject *out);
bool parser_at_keyword(const struct parser *p);
bool parser_at_statement(const struct parser *p);

bool word_is_keyword(struct slice word);

struct expr *parse_expr(struct parser *p);
bool parse_rule(struct parser *p);
/* "sample N%" and "at-most TIME", which stand among the actions. */
bool parse_at_setting(const struct parser *p);
bool parse_setting(struct parser *p, struct rule *r);
/* One action, final or not, into the deed. */
bool parse_action(struct parser *p, const char *wanted, struct deed *out);
bool parse_expectation(struct parser *p);
/* To the end of the file at hand; problems are reported. */
void parse_statements(struct parser *p);
