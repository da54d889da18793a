/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * counts: how often each rule of a policy in use held, and each counter.
 *
 * A tally may belong to several policies: one that takes the place of another
 * goes on with the tallies of the rules that are the same, while connections
 * that began with the old policy still count in them.
 */
#include "policy/tree.h"

struct tally {
	atomic_uint references;
	int64_t since;                  /* when it began */
	atomic_ulong acted, observed, waited;
};

/* For a policy that is loaded: all at nothing. */
void counts_start(struct policy *p);
void counts_free(struct policy_counts *c);
