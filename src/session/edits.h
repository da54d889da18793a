/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * edits: what the verdict changes in the message: forged fields out, result
 * fields in, marks of the policy on, our seal on top.
 */
#include "session/transaction.h"

/* Fields that we write, and what of them others must not have written. The
 * name without blanks around it. */
bool edits_is_our_name(struct slice name);
bool edits_is_forged(const struct transaction *t, struct slice name,
    struct slice value);

/* Fills removals, changes, additions and removed recipients. `discards[i]`:
 * recipient i is to be removed. */
void edits_prepare(struct transaction *t, struct outcome *o,
    const bool *discards);
