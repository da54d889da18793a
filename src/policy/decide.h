/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * decide: the rules of a policy, read from the top, until one ends it.
 */
#include "policy/eval.h"

/* What bears on a verdict beside the facts. */
struct circumstances {
	const struct list *const *lists;        /* instead of the policy's own,
						 * by id; or NULL */
	const struct policy_past *past;         /* or NULL */
	bool sampled;           /* every message is in every sample */
};

/* What policy_decide() promises; `trace` may be NULL. */
bool decide(const struct policy *p, const struct facts *f,
    const struct circumstances *around, enum phase phase, struct arena *mem,
    struct verdict *out, struct trace *trace);
