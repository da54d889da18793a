/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * audit: what is wrong with the lists of a policy that loads without a word.
 * Lists grow for years; nobody dares to take an entry out.
 */
#include "policy/policy.h"

enum audit_kind {
	AUDIT_DANGEROUS,        /* it lets in, or keeps out, far too much */
	AUDIT_EXPIRED,          /* its day is over: it matches nothing */
	AUDIT_ENDING,           /* its day is within AUDIT_ENDING_DAYS */
	AUDIT_SHADOWED,         /* a wider entry holds all of it */
	AUDIT_DUPLICATE,        /* it stands in the list twice */
	AUDIT_STALE,            /* not hit for AUDIT_STALE_DAYS */
	AUDIT_NEVER_HIT,
	AUDIT_UNUSED,           /* a list that no rule asks */
};
extern const struct name audit_names[];

#define AUDIT_ENDING_DAYS 30
#define AUDIT_STALE_DAYS 90

struct audit_finding {
	enum audit_kind kind;
	const char *list;
	const char *file;
	unsigned line;
	const char *entry;              /* NULL: about the list as a whole */
	const char *owner, *why, *until;        /* NULL: not said */
	const char *about;              /* a sentence without its full stop */
};

/*
 * What messages have hit, counted by the entries of two policies of the same
 * text: messages of the last AUDIT_STALE_DAYS by the one that is audited, older
 * ones by this other one.
 */
struct audit_memory {
	const struct policy *older;
};

struct audit {
	struct audit_finding *findings; /* in the order of lists and entries */
	size_t count;
	size_t lists, entries;
	size_t unknown;                 /* entries whose use nobody knows */
};

/* `memory` is NULL when nobody remembers messages: then the use of every entry
 * is unknown. */
struct audit policy_audit(const struct policy *p, int64_t now,
    const struct audit_memory *memory, struct arena *mem);
