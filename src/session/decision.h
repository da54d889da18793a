/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * decision: one message, its recipients, one policy.
 *
 * The live session and replay both decide here, so they cannot differ.
 */
#include "facts/facts.h"
#include "mail/address.h"
#include "policy/policy.h"

/* What a decision rests on. All is borrowed. */
struct decision {
	const struct policy *policy;
	const struct facts *facts;      /* the message's, without recipients */
	enum phase phase;
	const struct path *rcpts;
	size_t rcpt_count;
	/* Is the deferral of this verdict used up (`at-most`)? Then the rule
	 * lets the message pass, and it is decided again. NULL: none ever is. */
	bool (*used_up)(void *arg, const struct verdict *v);
	void *arg;
};

/*
 * The verdict on the message; false while it cannot be said for each of its
 * recipients. A policy that names a recipient is asked once for each, and the
 * message gets what verdict_merge() says; `discards` has room for all of them.
 * The trace kept is the first recipient's; it and `discards` may be NULL.
 */
bool decision_make(const struct decision *d, struct arena *mem,
    struct verdict *out, struct trace *trace, bool *discards);
