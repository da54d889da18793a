/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * replay_table: what a replay has found, counted with examples, and printed.
 */
#include <stdint.h>

#include "base/json.h"
#include "policy/verdict.h"

struct decided {
	enum action action;
	const char *rule;
};

struct replay_title {
	const char *policy, *against;   /* against NULL: the records */
	int64_t since;
};

struct replay_table;

struct replay_table *replay_table_new(void);
void replay_table_free(struct replay_table *t);         /* NULL is fine */

/* Texts are copied. */
void replay_count(struct replay_table *t, const char *id, struct decided was,
    struct decided is);
/* `rule` and `test`: where reading stopped; NULL: the record itself cannot be
 * read, or lacks its recipients. */
void replay_cannot_say(struct replay_table *t, const char *id,
    const char *rule, const char *test);

void replay_print(const struct replay_table *t,
    const struct replay_title *title);
/* Members of the open object. */
void replay_json(const struct replay_table *t,
    const struct replay_title *title, struct json *j);
void replay_print_json(const struct replay_table *t,
    const struct replay_title *title);
