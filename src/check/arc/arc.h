/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * arc: is the Authenticated Received Chain whole? (RFC 8617 5.2)
 *
 * Every trouble is "fail", that of the DNS too (5.2.1): a chain that cannot be
 * proved is treated like none. What the sealers found (ARC-Authentication-
 * Results) is not read here; whom to believe is policy's business.
 *
 * What a stranger can make us do is bounded: 50 sets, a handful of different
 * l=, one question for each key, and a chain whose form is wrong costs neither
 * questions nor mathematics.
 */
#include <time.h>

#include "check/body.h"
#include "check/check.h"
#include "check/crypto.h"

struct arc_question {
	const struct header *header;    /* complete */
	struct body *body;              /* nothing of it has come yet; the
					 * caller feeds it */
	unsigned minimum_bits;          /* of RSA keys, RFC 8301 */
	struct crypto_keys *keys;       /* NULL: none are remembered */
	time_t now;
};

struct arc_work;

/*
 * Reads the sets and starts their keys' questions; never waits. All pointers
 * are kept; `out` is complete after arc_conclude().
 *
 * out->sealers are of seals that verified before the first that did not, the
 * newest first; oldest_pass is known for a chain that passes, unless the header
 * is so large that fifty signatures over it are too much to ask.
 */
struct arc_work *arc_begin(struct arena *mem, struct inquiry *dns,
    const struct arc_question *question, struct arc_finding *out);
/* The body has come. Waits for keys. Once. */
void arc_conclude(struct arc_work *w);

/* RFC 8617 7.2.2: what a report says of a chain that passed, "arc=pass
 * as[1].d=... as[1].s=... remote-ip[1]=..."; nothing of any other. */
void arc_comment(const struct arc_finding *f, struct buf *out);
