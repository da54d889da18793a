/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * arc_verify: the signatures of a sound chain, one by one: was this
 * ARC-Message-Signature made over this message (RFC 8617 4.1.2), and this
 * ARC-Seal over these sets (5.1.1)?
 *
 * What signatures have in common is done once: a key's question, a body hash,
 * the sets that seals cover. Lives in the message's arena.
 */
#include "check/arc/arc.h"
#include "check/arc/chain.h"

struct arc_verifier;

/* The chain has no fault, and at least one set. Starts the keys' questions; all
 * pointers are kept. */
struct arc_verifier *arc_verifier_new(struct arena *mem, struct inquiry *dns,
    const struct arc_question *question, const struct arc_chain *chain);
/* NULL: it verifies. Else why not, said without naming the field. After the
 * end of the body; may wait for a key. */
const char *arc_why_bad_message(struct arc_verifier *v, unsigned instance);
const char *arc_why_bad_seal(struct arc_verifier *v, unsigned instance);

/* Of the keys that were needed so far: did the DNS fail for one? */
bool arc_key_missed(const struct arc_verifier *v);
