/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * edits: what the verdict changes in the message: forged fields out, result
 * fields in, marks of the policy on, our seal on top.
 */
#include "session/transaction.h"

/* Fills removals, changes, additions and removed recipients. `discards[i]`:
 * recipient i is to be removed. */
void edits_prepare(struct transaction *t, struct outcome *o,
    const bool *discards);
