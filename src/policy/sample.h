/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * sample: what makes two attempts to send one message the same.
 *
 * The key of a message for a rule is a hash of the rule's name, the sender of
 * the envelope (the HELO name when there is none) and the author's domain, and
 * of the recipient for a rule that asks for one. All of these are the same
 * when the sender tries again, from whatever host; an `early` rule does
 * without the author, who is not known to it yet. No secret goes in: the same
 * message has the same key on every host, after every restart and in replay.
 */
#include "policy/tree.h"

/* False while a fact that belongs to the key is not known yet. */
bool sample_key(const struct rule *r, const struct facts *f, uint64_t *key);

/* Is a message of this key in the sample of the rule? */
bool sample_holds(const struct rule *r, uint64_t key);
