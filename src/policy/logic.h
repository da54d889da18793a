/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * logic: what can be said about a rule without a message.
 *
 * Simple contradictions only: a fact that would have to have two values. A
 * rule of which nothing is said may still be one that never holds.
 */
#include "policy/tree.h"

/* True when no message can ever meet it; *fact is the name that cannot be. */
bool logic_never_holds(const struct rule *r, const char **fact);
/* True when every message meets it. */
bool logic_always_holds(const struct rule *r);
/* Can reading come past this rule when nothing later than `phase` is known? */
bool logic_passable(const struct rule *r, enum phase phase);

/*
 * Give each early rule its stage: the first phase at which all its own facts
 * are certain and reading can come past every rule above it. It never fires
 * earlier; for a message for which a rule above waits, later.
 */
void logic_stages(struct rule *rules);
