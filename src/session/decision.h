/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * decision: the policy, asked about one message: for each recipient where it
 * wants that, and again without a deferral whose time is up (`at-most`).
 */
#include "session/transaction.h"

/* At the end of the message; there always is a verdict. `discards[i]` is set
 * for recipients to be removed. The trace is the first recipient's. */
struct verdict *decision_final(struct transaction *t, struct trace *trace,
    bool *discards);

/* On one view of the facts, by the policy that acts or another one; false
 * while it is open. `trace` may be NULL. */
bool decision_by(struct transaction *t, const struct policy *p,
    const struct facts *f, struct verdict *out, struct trace *trace);

/* The MTA is told this verdict: count its rules, remember its deferral. */
void decision_made(struct transaction *t, const struct verdict *v);
