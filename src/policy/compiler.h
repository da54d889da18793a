/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * compiler: what the compile_*.c files share. Functions answer false once the
 * problem has been reported.
 */
#include "policy/tree.h"

struct compiler {
	struct policy *policy;
	struct policy_report *report;
	bool asking;            /* facts named now are facts a message needs */
	/* Of the rule at hand: its latest fact so far, and where it stands. */
	enum phase phase;
	const char *latest;
	size_t latest_offset;
	bool asks_rcpt;         /* it names rcpt.address or rcpt.domain */
};

void compiler_error(struct compiler *c, size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void compiler_warning(struct compiler *c, size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A rule, text or reply names this fact. */
void compiler_uses(struct compiler *c, enum fact fact, const char *name,
    size_t offset);

/* The same for what is no fact of the table. */
void compiler_waits(struct compiler *c, enum phase phase, const char *what,
    size_t offset);

/* compile_lookup.c: dnsbl() and rhsbl() */
bool compile_lookup(struct compiler *c, struct subject *s);

/* compile_lists.c */
bool compile_lists(struct compiler *c, const struct policy_extra *extra);
struct list_def *compile_find_list(struct compiler *c, const char *name);
/* Entries of a set in braces as a sealed list, or NULL. */
struct list *compile_set(struct compiler *c, const struct value *v);

/* compile_value.c: one literal as a value of the type, or false. */
bool compile_word(struct compiler *c, const struct literal *l,
    const char *fact, const struct name *words, int *code);
bool compile_text(struct compiler *c, const struct literal *l,
    const char **out);
bool compile_domain(struct compiler *c, const struct literal *l,
    const char **out);
bool compile_address(struct compiler *c, const struct literal *l,
    const char **out);
bool compile_ip(struct compiler *c, const struct literal *l, struct ip *out);
bool compile_number(struct compiler *c, const struct literal *l,
    int64_t *out);
bool compile_yes_no(struct compiler *c, const struct literal *l, bool *out);

/* compile_test.c */
bool compile_subject(struct compiler *c, struct subject *s);
bool compile_expr(struct compiler *c, struct expr *e);
const struct name *subject_words(const struct subject *s);
enum fact_type subject_element(const struct subject *s);

/* compile_deed.c */
bool compile_deed(struct compiler *c, struct rule *r);
bool header_name_valid(const char *name, const char **bad);

/* compile_expect.c */
bool compile_expectation(struct compiler *c, struct expectation *x);
