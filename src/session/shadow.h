/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * shadow: what the shadow policy would have said of the same message. Nothing
 * follows from it but its place in log and record.
 */
#include "session/transaction.h"

/*
 * NULL: there is no shadow policy, or it cannot say yet. `acted` is the verdict
 * that counts; `rcpt` the recipient it is about, or NULL for the message.
 */
const struct shadow_outcome *shadow_decide(struct transaction *t,
    const struct verdict *acted, const struct path *rcpt);
