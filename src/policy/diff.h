/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * diff: two policies side by side, rule by rule and list by list.
 *
 * Rules are known by their names and compared word by word: blanks, comments
 * and the place in the file make no difference, the order among the others
 * does. Lists are compared by what is in them, wherever it was read from.
 */
#include "policy/policy.h"

enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED, DIFF_MOVED };
extern const struct name diff_names[];

struct diff_place {
	const char *file;
	unsigned line;
	const char *text;               /* the words of the rule, one blank
					 * between them; NULL: of a list,
					 * and of what only moved */
};

struct diff_item {
	enum diff_kind kind;
	bool list;                      /* a list, else a rule */
	const char *name;
	struct diff_place old, new;     /* file NULL: it is not there */
	/* Of a list that changed: how many, and the first of them. */
	size_t more, fewer;
	const char *first_more, *first_fewer;
};

struct policy_diff {
	struct diff_item *items;
	size_t count;
};

/* The words of a rule from its name on, or of the action of `default`. */
struct rule;
const char *policy_rule_text(struct arena *mem, const struct policy *p,
    const struct rule *r);

/* A rule that changed and moved is two items. */
struct policy_diff policy_diff(const struct policy *old,
    const struct policy *new, struct arena *mem);
