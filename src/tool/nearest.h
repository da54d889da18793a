/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * nearest: which single fact, had it been another, would have changed the
 * verdict? Found by trying, with the policy itself.
 *
 * Facts with words are tried with each word, yes/no the other way round, sets
 * of words with each word alone and with none, everything else as absent and
 * with the texts that the trace shows it was compared with. Other facts stay
 * as they were, though in the world some would have changed, too.
 */
#include "history/restore.h"

struct nearest_change {
	const char *fact;
	const char *was;                /* "absent" when it was */
	const char *would;              /* or several: "pass, neutral" */
	enum action action;
	const char *rule, *file;
	unsigned line;
};

/* A rule above the one that decided, which one test has kept from holding: a
 * test that no value can be found for, because a list or a pattern answers. */
struct nearest_miss {
	const char *rule, *file;
	unsigned line;
	const char *test;               /* with its answer and the value */
};

struct nearest {
	struct nearest_change *changes; /* those of another action first */
	size_t count;
	struct nearest_miss *misses;
	size_t miss_count;
};

/* `now`: the verdict of this policy on x as it is, with its trace. */
void nearest_find(const struct restored *x, const struct policy *p,
    const struct verdict *now, const struct trace *trace, struct arena *mem,
    struct nearest *out);
