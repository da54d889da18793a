/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * expect: a policy's own expectations, run.
 */
#include "policy/tree.h"

/* True when it came out as expected; `got` says how it did come out. */
bool expect_run(const struct policy *p, const struct expectation *x,
    struct arena *mem, struct buf *got);

/* "reject by forged-own-domain" */
void expect_name(const struct expectation *x, struct buf *out);

/* Run all and report those that fail; false when one did. */
bool expect_check(const struct policy *p, struct policy_report *report);
