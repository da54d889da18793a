/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * restore: a record, turned back into what a decision rests on, and decided
 * again by any policy.
 *
 * Facts that the record lacks are unknown, so a policy that needs them cannot
 * say. Nothing is guessed.
 */
#include <stdbool.h>

#include "base/error.h"
#include "history/record.h"
#include "policy/policy.h"

struct restored {
	struct facts facts;
	enum phase phase;
	const char *rcpts;              /* as in the record; borrowed */
	/* Rules that let the message pass because their deferral was used up:
	 * they do so again. */
	const char **past;
	size_t past_count;
};

/* Everything lives in mem, but rcpts. False: the row is damaged. */
bool restore(const struct record *r, struct arena *mem, struct restored *out,
    struct error *err);

/*
 * The verdict of this policy, recipients as in a live session. False: it cannot
 * be said from this record. `trace` may be NULL.
 */
bool restored_decide(const struct restored *x, const struct policy *p,
    struct arena *mem, struct verdict *out, struct trace *trace);
