/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Cases that are made: each tag in six ways, each change in each form. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "canonical.h"

#define CASES_MAX 1000

struct case_list {
	struct arena *mem;
	struct dkim_case *cases;        /* CASES_MAX of them */
	size_t count;
};

static void add(struct case_list *l, const char *table,
    const struct dkim_case *c)
{
	if (l->count == CASES_MAX) {
		printf("too many cases\n");
		exit(1);
	}
	l->cases[l->count] = *c;
	l->cases[l->count++].label = arena_printf(l->mem, "%s: %s", table,
	    c->label);
}

/* Of as many octets in either form. */
#define L26 "Hi.\r\n\r\nWe lost the game.\r\n"

/* Each tag of a signature, and what its absence means. */
static const struct tag_row {
	const char *name, *value;
	bool required, may_be_empty;
	const char *empty;              /* the clause about an empty value */
} tag_rows[] = {
	{ "v", "1", true, false, "6376 3.5: 1*DIGIT" },
	{ "a", "{a}", true, false, "6376 3.5: sig-a-tag-alg" },
	{ "c", "{c}", true, false, "6376 3.5: sig-c-tag-alg" },
	{ "d", "example.com", true, false, "6376 3.5: domain-name" },
	{ "s", "sel", true, false, "6376 3.1: selector" },
	{ "h", "{h}", true, false, "6376 3.5: MUST NOT be empty" },
	{ "i", "@example.com", false, false, "6376 3.5: \"@\" domain-name" },
	{ "l", "26", false, false, "6376 3.5: 1*76DIGIT" },
	{ "q", "dns/txt", false, false, "6376 3.5: sig-q-tag-method" },
	{ "t", "1699999999", false, false, "6376 3.5: 1*12DIGIT" },
	{ "x", "1700000001", false, false, "6376 3.5: 1*12DIGIT" },
	{ "z", "From:x", false, true, "6376 3.5: for diagnosis only" },
	{ "zz", "1", false, true, "6376 3.2: unknown, ignored" },
	{ "bh", "{bh}", true, false, "6376 3.5: base64string" },
	{ "b", "{b}", true, false, "6376 3.5: base64string" },
};
enum { TAGS = sizeof(tag_rows) / sizeof(tag_rows[0]) };

enum change { MISSING, TWICE, BLANKS, CAPITAL, EMPTY, FIRST };

static void add_tag(struct buf *out, const struct tag_row *t,
    enum change change)
{
	char name[8];

	snprintf(name, sizeof(name), "%s", t->name);
	if (change == CAPITAL)
		for (char *c = name; *c != '\0'; c++)
			*c = (char)(*c - 'a' + 'A');
	buf_addf(out, change == BLANKS ? "\r\n\t%s\r\n =\t \r\n %s ;" :
	    " %s=%s;", name, change == EMPTY ? "" : t->value);
}

/* The list with one tag changed; the others are as they should be. */
static const char *tag_list(struct case_list *l, size_t which,
    enum change change)
{
	struct buf out = { 0 };
	const char *text;

	if (change == FIRST)
		add_tag(&out, &tag_rows[which], change);
	for (size_t i = 0; i < TAGS; i++) {
		if (i != which)
			add_tag(&out, &tag_rows[i], MISSING);
		else if (change != MISSING && change != FIRST)
			add_tag(&out, &tag_rows[i], change);
		if (i == which && change == TWICE)
			add_tag(&out, &tag_rows[i], change);
	}
	text = arena_strdup(l->mem, buf_text(&out));
	buf_free(&out);
	return text;
}

static void add_tags(struct case_list *l)
{
	static const struct {
		const char *label, *why;
		bool spoils_all, spoils_required;
	} changes[] = {
		[MISSING] = { "missing", "6376 3.5: REQUIRED, or a default",
		    false, true },
		[TWICE] = { "twice", "6376 3.2: the entire list is invalid",
		    true, true },
		[BLANKS] = { "in blanks", "6376 3.2: FWS around name and value",
		    false, false },
		[CAPITAL] = { "in capitals", "6376 3.2: names are "
		    "case-sensitive, so it is an unknown tag", false, true },
		[EMPTY] = { "empty", NULL, true, true },
		[FIRST] = { "first", "6376 3.2: order has no meaning", false,
		    false },
	};

	for (size_t i = 0; i < TAGS; i++) {
		for (int n = MISSING; n <= FIRST; n++) {
			const struct tag_row *t = &tag_rows[i];
			bool bad = changes[n].spoils_all || (t->required &&
			    changes[n].spoils_required);
			struct dkim_case c = {
				.why = changes[n].why, SYNTAX,
				.label = arena_printf(l->mem, "%s= %s",
				    t->name, changes[n].label),
				.sig = tag_list(l, i, (enum change)n),
			};

			if (n == EMPTY) {
				c.why = t->empty;
				bad = !t->may_be_empty;
			}
			/* c= is not required, but its default is not what
			 * the signer did */
			if (t->name[0] == 'c' && (n == MISSING ||
			    n == CAPITAL)) {
				c.form = "ss";
				c.body = SLICE(L26);
				bad = false;
			}
			if (!bad) {
				c.code = AUTH_PASS;
				c.cause = DKIM_CAUSE_NONE;
			}
			add(l, "tag", &c);
		}
	}
}

static const char *const case_forms[] = { "rr", "rs", "sr", "ss" };

/* Each change in both forms: c=relaxed forgives what c=simple does not. */
static void add_changes(struct case_list *l)
{
	for (size_t i = 0; i < sizeof(case_header_changes) /
	    sizeof(case_header_changes[0]); i++) {
		const struct case_change *h = &case_header_changes[i];

		for (size_t f = 0; f < 4; f += 3) {
			struct dkim_case c = { .why = h->why,
				.form = case_forms[f],
				.fields = { FROM, TO, { "Subject", h->was } },
				.got = { FROM, TO, { "Subject", h->is } },
				BAD_HEADER };

			c.label = arena_printf(l->mem, "%s, %s", h->label,
			    f == 0 ? "relaxed" : "simple");
			if (f == 0 ? h->relaxed : h->simple) {
				c.code = AUTH_PASS;
				c.cause = DKIM_CAUSE_NONE;
			}
			add(l, "header", &c);
		}
	}
}

static void add_bodies(struct case_list *l, const struct case_change *rows,
    size_t count, bool split)
{
	for (size_t i = 0; i < count * 4; i++) {
		const struct case_change *r = &rows[i / 4];
		const char *form = case_forms[i % 4];
		bool relaxed = form[1] == 'r';
		struct dkim_case c = { .why = r->why, .form = form,
			.body = r->was, .got_body = r->is, .split = split,
			BAD_BODY };

		/* the header's form matters to pieces only */
		if (!split && (i % 4 == 1 || i % 4 == 2))
			continue;
		c.label = arena_printf(l->mem, "%s, %s", r->label, form);
		if (relaxed ? r->relaxed : r->simple) {
			c.code = AUTH_PASS;
			c.cause = DKIM_CAUSE_NONE;
		}
		add(l, split ? "split" : "body", &c);
	}
}
