/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * arc_chain: the ARC sets of a message, read and put in order (RFC 8617 4.2,
 * 5.2 steps 1 to 3). No DNS, no mathematics: what is sound here may still be
 * forged, what is not sound is a failed chain and costs nothing more.
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "check/dkim/signature.h"
#include "mail/header.h"

#define ARC_SETS_MAX 50         /* RFC 8617 4.2.1 */

/* In the order in which a seal covers them (5.1.1). */
enum arc_part { ARC_RESULTS, ARC_MESSAGE, ARC_SEAL, ARC_PARTS };
extern const struct name arc_part_names[];      /* the names of the fields */

struct arc_field {
	size_t field;                   /* where it stands in the header */
	unsigned count;                 /* of this kind in this set */
	/* Well-formed, or of a cause that is not SYNTAX; not for RESULTS. */
	struct dkim_sig_parsed *sig;
};

struct arc_set {
	struct arc_field parts[ARC_PARTS];
};

struct arc_chain {
	unsigned count;         /* sets, 50 at the most; 0 without a fault:
				 * there is no chain */
	struct arc_set *sets;   /* instance i at sets[i - 1] */
	/* NULL: sets 1 to count are complete, each field stands there once,
	 * and cv= is what it must be. Else why the chain has failed; only
	 * count may be looked at then. */
	const char *fault;
};

void arc_chain_read(struct arena *mem, const struct header *header,
    struct arc_chain *out);

/* i= at the front of an ARC-Authentication-Results value; 0: there is none of
 * 1 to 50. What follows its ";" is not looked at. */
unsigned arc_instance(struct slice value);
