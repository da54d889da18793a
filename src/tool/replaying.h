/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * replaying: past messages, decided once more from their records.
 */
#include <stdbool.h>
#include <stdint.h>

#include "history/reader.h"
#include "policy/policy.h"
#include "tool/replay_table.h"

/* All is borrowed. */
struct replaying {
	const struct policy *policy;
	const struct policy *against;   /* NULL: what was decided */
	struct reader *reader;
	struct replay_table *table;     /* filled */
	bool bar;                       /* show how far it is, on stderr */
	int64_t total, done;            /* start as 0 */
};

bool replaying_run(struct replaying *r, int64_t since, struct error *err);
