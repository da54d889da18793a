/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * decide: the rules of a policy, read from the top, until one ends it.
 */
#include "policy/eval.h"

/*
 * What policy_decide() promises. `lists` stand in for the policy's own where
 * they are not NULL; `trace` may be NULL.
 */
bool decide(const struct policy *p, const struct facts *f,
    const struct list *const *lists, enum phase phase, struct arena *mem,
    struct verdict *out, struct trace *trace);
