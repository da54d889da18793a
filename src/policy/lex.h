/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * lex: a policy's text, cut into words, strings and signs.
 *
 * Words are letters, digits and . _ - %; strings stand in double quotes on one
 * line; a comment runs from # to the end of its line. Tokens borrow from the
 * source. What cannot be a token is reported here, once, and comes out as
 * TOKEN_BAD.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "policy/report.h"

/* Larger files are no policies. */
#define POLICY_OCTETS_MAX (1024 * 1024)

enum token_kind {
	TOKEN_END, TOKEN_BAD, TOKEN_WORD, TOKEN_STRING,
	TOKEN_OPEN_BRACE, TOKEN_CLOSE_BRACE, TOKEN_OPEN_PAREN,
	TOKEN_CLOSE_PAREN, TOKEN_EQ, TOKEN_NE, TOKEN_LE, TOKEN_LT, TOKEN_GE,
	TOKEN_GT, TOKEN_TILDE, TOKEN_ASSIGN, TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	struct slice text;      /* of a string: between the quotes */
	size_t offset;          /* of the first octet, the quote included */
	size_t end;             /* behind the last one */
	unsigned line;
	bool first;             /* on its line */
};

struct lexer {
	const struct source *source;
	struct policy_report *report;
	size_t at;
	size_t end;             /* of the file that is read */
	unsigned line;
	bool fresh;             /* nothing but blanks on this line so far */
};

/* False, and reported, when the file as a whole cannot be a policy: too large,
 * NUL octets, not UTF-8. */
bool lex_start(struct lexer *l, const struct source *s,
    struct policy_report *r);
/* The same for the file that stands in the source from here to its end. */
bool lex_start_at(struct lexer *l, const struct source *s, size_t from,
    struct policy_report *r);

struct token lex_next(struct lexer *l);

/* How a message speaks of a token: `"word"`, `the string "..."`, `"{"`. */
const char *token_name(struct arena *mem, const struct token *t);

/*
 * What a string means, given what stands between its quotes in the source:
 * \" is a quote, \\ a backslash. NULL, and reported, for any other backslash.
 */
const char *lex_text(const struct source *s, struct policy_report *r,
    struct arena *mem, struct slice raw);

/*
 * What a pattern means: \" is a quote; any other backslash stays, it belongs
 * to the pattern. lex_pattern_offset() finds an octet of the result in the
 * source again.
 */
const char *lex_pattern(struct arena *mem, struct slice raw);
size_t lex_pattern_offset(struct slice raw, size_t at);
