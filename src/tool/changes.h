/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * changes: messages decided twice, counted by what was and what would be, with
 * examples.
 */
#include "policy/policy.h"
#include "tool/tool.h"

#define CHANGE_EXAMPLES 3

struct change {
	enum action old_action, new_action;
	const char *old_rule, *new_rule;
	size_t count;
	const char *examples[CHANGE_EXAMPLES];
};

/* Starts as { .mem = ... }. */
struct changes {
	struct arena *mem;
	struct change *items;
	size_t count, room;
	size_t total, same;
};

/* What is kept of the verdicts is copied; `example` names the message. */
void changes_add(struct changes *c, const struct verdict *old,
    const struct verdict *new, const char *example);

/* Members of the open object; nothing when no message was compared. */
void changes_json(const struct changes *c, struct json *j);
void changes_print(const struct changes *c, const struct tool *t);
