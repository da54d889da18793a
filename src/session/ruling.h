/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * ruling: a decision on live mail. Deferrals whose time is up (`at-most`) let
 * the message pass; what the MTA is told is counted and remembered.
 */
#include "session/decision.h"
#include "session/transaction.h"

/* As decision_make(), with the memory of deferrals; leaves no trace in it. */
bool ruling_make(struct transaction *t, struct decision d,
    struct verdict *out, struct trace *trace, bool *discards);

/*
 * The same, for a verdict that is acted on. Before the end of the message that
 * is a refusal; false also when it is none.
 */
bool ruling_act(struct transaction *t, struct decision d,
    struct verdict *out, struct trace *trace, bool *discards);
