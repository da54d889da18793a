/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/lex.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* Where the first octet stands that begins no character. */
static bool not_utf8(struct slice text, size_t *at)
{
	struct slice rest = text;

	while (rest.len > 0) {
		*at = text.len - rest.len;
		if (utf8_take(&rest) == UTF8_BAD)
			return true;
	}
	return false;
}

/* The part from `from` on is the text of one file. */
static bool check_text(const struct source *s, size_t from,
    struct policy_report *r)
{
	struct slice text = slice_sub(s->text, from, SIZE_MAX);
	const char *nul = text.len == 0 ? NULL :
	    memchr(text.data, '\0', text.len);
	size_t at = 0;

	if (nul != NULL) {
		report_error(r, s, from + (size_t)(nul - text.data),
		    "a NUL octet: this is not a text file");
		return false;
	}
	if (not_utf8(text, &at)) {
		report_error(r, s, from + at, "not UTF-8: octet 0x%02x begins "
		    "no character", (unsigned char)text.data[at]);
		return false;
	}
	return true;
}

bool lex_start_at(struct lexer *l, const struct source *s, size_t from,
    struct policy_report *r)
{
	*l = (struct lexer){ .source = s, .report = r, .at = from,
	    .end = s->text.len, .line = 1, .fresh = true };
	if (s->text.len > POLICY_OCTETS_MAX) {
		report_error(r, s, 0, "the file has %zu octets, more than "
		    "the %d a policy may have", s->text.len, POLICY_OCTETS_MAX);
		return false;
	}
	if (!check_text(s, from, r))
		return false;
	/* Editors of some systems put a byte order mark in front. */
	if (l->end - from >= 3 &&
	    memcmp(s->text.data + from, "\xef\xbb\xbf", 3) == 0)
		l->at += 3;
	return true;
}

bool lex_start(struct lexer *l, const struct source *s,
    struct policy_report *r)
{
	return lex_start_at(l, s, 0, r);
}

static bool word_octet(char c)
{
	return ascii_alnum(c) || (c != '\0' && strchr("._-%", c) != NULL);
}

static char peek(const struct lexer *l, size_t ahead)
{
	return ahead < l->end - l->at ?
	    l->source->text.data[l->at + ahead] : '\0';
}

static void skip_blanks(struct lexer *l)
{
	for (;;) {
		char c = peek(l, 0);

		if (c == '#') {
			while (l->at < l->end && peek(l, 0) != '\n')
				l->at++;
		} else if (c == '\n') {
			l->line++;
			l->fresh = true;
			l->at++;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			l->at++;
		} else {
			return;
		}
	}
}

/* Longer signs first. */
static const struct sign {
	const char *text;
	enum token_kind kind;
} signs[] = {
	{ "==", TOKEN_EQ },             { "!=", TOKEN_NE },
	{ "<=", TOKEN_LE },             { ">=", TOKEN_GE },
	{ "<",  TOKEN_LT },             { ">",  TOKEN_GT },
	{ "{",  TOKEN_OPEN_BRACE },     { "}",  TOKEN_CLOSE_BRACE },
	{ "(",  TOKEN_OPEN_PAREN },     { ")",  TOKEN_CLOSE_PAREN },
	{ "~",  TOKEN_TILDE },          { "=",  TOKEN_ASSIGN },
	{ ",",  TOKEN_COMMA },
};

static bool take_sign(struct lexer *l, struct token *t)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		const struct sign *s = &signs[i];
		size_t len = strlen(s->text);

		if (peek(l, 0) != s->text[0] ||
		    (len == 2 && peek(l, 1) != s->text[1]))
			continue;
		t->kind = s->kind;
		l->at += len;
		return true;
	}
	return false;
}

static bool control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* Leaves the lexer behind the closing quote, or at the end of the line. */
static void take_string(struct lexer *l, struct token *t)
{
	size_t begin = ++l->at;

	t->kind = TOKEN_STRING;
	while (peek(l, 0) != '"') {
		char c = peek(l, 0);

		if (c == '\n' || c == '\0' ||
		    (c == '\r' && peek(l, 1) == '\n')) {
			report_error(l->report, l->source, t->offset,
			    "this string has no closing quote");
			t->kind = TOKEN_BAD;
			return;
		}
		if (control(c) && t->kind != TOKEN_BAD) {
			report_error(l->report, l->source, l->at,
			    "a control character (0x%02x) in a string",
			    (unsigned char)c);
			t->kind = TOKEN_BAD;
		}
		if (c == '\\' && (peek(l, 1) == '"' || peek(l, 1) == '\\'))
			l->at++;
		l->at++;
	}
	t->text = slice_sub(l->source->text, begin, l->at - begin);
	l->at++;
}

/* Signs of other languages, and what to write instead. */
static const struct {
	char sign;
	const char *instead;
} strangers[] = {
	{ '&',  "write \"and\"" },
	{ '|',  "write \"or\"" },
	{ '!',  "write \"not\", or \"!=\"" },
	{ ';',  "nothing ends a line here" },
	{ '/',  "comments begin with \"#\"; addresses and networks stand in "
	    "quotes" },
	{ '\'', "strings stand in double quotes" },
	{ '@',  "addresses stand in quotes" },
	{ ':',  "addresses stand in quotes" },
	{ '[',  "sets stand in { }" },
};

/* How many octets one complaint is about: "&&" is one slip, not two. */
static size_t stranger_octets(const struct lexer *l, uint32_t *c)
{
	struct slice rest = slice_sub(l->source->text, l->at,
	    l->end - l->at);
	size_t n;

	*c = utf8_take(&rest);
	n = l->end - rest.len - l->at;
	if (*c < 0x80)
		while (peek(l, n) == (char)*c ||
		    (*c == '/' && peek(l, n) == '*'))
			n++;
	return n;
}

static void take_stranger(struct lexer *l, struct token *t)
{
	uint32_t c;
	size_t n = stranger_octets(l, &c);

	t->kind = TOKEN_BAD;
	if (c < ' ' || c == 0x7f)
		report_error(l->report, l->source, l->at,
		    "a control character (0x%02x)", (unsigned)c);
	else
		report_error(l->report, l->source, l->at, "unexpected \"%.*s\"",
		    n > 60 ? 60 : (int)n, l->source->text.data + l->at);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		if (c == (unsigned char)strangers[i].sign)
			report_hint(l->report, "%s", strangers[i].instead);
	l->at += n;
	/* What follows was meant as a comment. */
	while (c == '/' && n > 1 && l->at < l->end && peek(l, 0) != '\n')
		l->at++;
}

struct token lex_next(struct lexer *l)
{
	struct token t = { .kind = TOKEN_END };

	skip_blanks(l);
	t.offset = l->at;
	t.line = l->line;
	t.first = l->fresh;
	l->fresh = false;
	if (l->at == l->end)
		;
	else if (peek(l, 0) == '"')
		take_string(l, &t);
	else if (word_octet(peek(l, 0))) {
		t.kind = TOKEN_WORD;
		while (word_octet(peek(l, 0)))
			l->at++;
	} else if (!take_sign(l, &t)) {
		take_stranger(l, &t);
	}
	t.end = l->at;
	if (t.kind != TOKEN_STRING)
		t.text = slice_sub(l->source->text, t.offset, t.end - t.offset);
	return t;
}

const char *token_name(struct arena *mem, const struct token *t)
{
	int len = t->text.len > 60 ? 60 : (int)t->text.len;

	switch (t->kind) {
	case TOKEN_END:
		return "the end of the file";
	case TOKEN_STRING:
		return arena_printf(mem, "the string \"%.*s\"", len,
		    t->text.data);
	case TOKEN_BAD:
	case TOKEN_WORD:
	case TOKEN_OPEN_BRACE:
	case TOKEN_CLOSE_BRACE:
	case TOKEN_OPEN_PAREN:
	case TOKEN_CLOSE_PAREN:
	case TOKEN_EQ:
	case TOKEN_NE:
	case TOKEN_LE:
	case TOKEN_LT:
	case TOKEN_GE:
	case TOKEN_GT:
	case TOKEN_TILDE:
	case TOKEN_ASSIGN:
	case TOKEN_COMMA:
		break;
	}
	return arena_printf(mem, "\"%.*s\"", len, t->text.data);
}

const char *lex_text(const struct source *s, struct policy_report *r,
    struct arena *mem, struct slice raw)
{
	char *out = arena_alloc(mem, raw.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.data[i];

		if (c == '\\') {
			c = i + 1 < raw.len ? raw.data[i + 1] : '\0';
			if (c != '"' && c != '\\') {
				report_error(r, s,
				    (size_t)(raw.data - s->text.data) + i,
				    "a backslash stands before \" and \\ only");
				return NULL;
			}
			i++;
		}
		out[n++] = c;
	}
	return out;
}

const char *lex_pattern(struct arena *mem, struct slice raw)
{
	char *out = arena_alloc(mem, raw.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.len; i++) {
		if (raw.data[i] == '\\' && i + 1 < raw.len) {
			/* A pair stays together: "\\\"" keeps its meaning. */
			if (raw.data[i + 1] != '"')
				out[n++] = '\\';
			i++;
		}
		out[n++] = raw.data[i];
	}
	return out;
}

size_t lex_pattern_offset(struct slice raw, size_t at)
{
	size_t i = 0, n = 0;

	while (i < raw.len && n < at) {
		size_t pair = raw.data[i] == '\\' && i + 1 < raw.len ? 2 : 1;

		n += pair == 2 && raw.data[i + 1] != '"' ? 2 : 1;
		i += pair;
	}
	return i;
}
