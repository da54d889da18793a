/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * outcome: what was decided about one message, complete: what to tell the MTA,
 * what to change in the header, and all that explain, log and history want to
 * know. Borrowed from the message's arena.
 */
#include <stddef.h>
#include <stdint.h>

#include "check/check.h"
#include "facts/facts.h"
#include "policy/policy.h"

struct field_removal {
	const char *name;
	unsigned index;                 /* libmilter's: 1.. per name */
	const char *value;              /* unfolded, for people */
};

struct field_addition {
	unsigned index;                 /* place from the top, 0 the very top */
	const char *name;
	const char *value;              /* folded with CRLF, leading blank */
};

struct field_change {
	const char *name;
	unsigned index;
	const char *value;
};

/* What the shadow policy would have done. */
struct shadow_outcome {
	const struct verdict *verdict;
	const struct trace *trace;
	const char *policy, *version;
	bool differs;                   /* in action or rule */
};

/* "reject:spoof", where that is another decision; else nothing. NULL is fine. */
void shadow_difference(const struct shadow_outcome *s, struct buf *out);

struct outcome {
	const char *id;
	enum phase phase;               /* EOM, or that of an early refusal:
					 * before MAIL, of a whole session */
	/* The recipient an early refusal is about; NULL: the message. */
	const struct path *rcpt;
	const struct verdict *verdict;
	const struct evidence *evidence;
	const struct findings *findings;
	const struct facts *facts;      /* the message's, without recipients */
	const struct trace *trace;
	struct inquiry *dns;            /* the journal */
	const char *policy;             /* its name */
	const char *policy_version;     /* of its text and lists */
	const struct shadow_outcome *shadow;    /* NULL: none, or undecided */

	/* To be applied in this order: removals stand highest index first. */
	const struct field_removal *removed;
	size_t removed_count;
	const struct field_change *changed;
	size_t changed_count;
	const struct field_addition *added;     /* top of the message first */
	size_t added_count;
	/* The first so many are a seal, which covers what is done below it. */
	size_t sealed_fields;
	const char *const *removed_rcpts;       /* verbatim, with <> */
	size_t removed_rcpt_count;

	unsigned sealed;                /* instance of our ARC set, or 0 */
	const char *unsealed;           /* why there is none, though we seal */

	int64_t took_us;                /* from MAIL FROM to here */
	int64_t waited_us;              /* of it, for the DNS */
};
