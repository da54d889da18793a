/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * name: tables that tie an enum to the words people and protocols use for it.
 *
 * Every wire-visible word comes from such a table, so that header, log, JSON,
 * policy and configuration spell a thing the same way. Tables end with
 * { 0, NULL }.
 */
#include <stddef.h>

#include "base/slice.h"

struct name {
	int code;
	const char *word;
};

/* The row of this word (ASCII case ignored), or NULL. */
const struct name *name_find(const struct name *table, const char *word);
const struct name *name_find_slice(const struct name *table, struct slice word);

/* The word of this code. A code without a row is our bug: asserts. */
const char *name_word(const struct name *table, int code);

/*
 * For "did you mean": feed candidates, then ask for the best. Only a candidate
 * near enough to be a typing slip is ever answered.
 */
struct closest {
	const char *wanted;
	const char *best;       /* borrowed from the candidate; NULL: nothing near */
	size_t distance;
};

void closest_start(struct closest *c, const char *wanted);
void closest_offer(struct closest *c, const char *candidate);
