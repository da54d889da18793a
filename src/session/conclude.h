/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * conclude: the end of message, in order: finish, gather, decide, stamp,
 * outcome. And the shorter way of an early verdict.
 */
#include "session/outcome.h"
#include "session/transaction.h"

const struct outcome *conclude(struct transaction *t);

/*
 * The verdict of an `early` rule at the phase the transaction is in, or NULL.
 * `rcpt`: the recipient just named, or NULL. Only refusals are answered: an
 * early accept has nothing to tell the MTA. Before MAIL it is the verdict on
 * whatever message might follow.
 */
const struct verdict *conclude_early(struct transaction *t,
    const struct path *rcpt);

/* Does the MTA wait for a word at this phase, and might an early rule have one
 * to say? */
bool conclude_is_due(const struct connection *c, enum phase phase);

/* The one line per message; `o` may also be of an early refusal. */
void conclude_log(struct transaction *t, const struct outcome *o);
