/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * list_inside: what list.c and list_find.c know of a list.
 */
#include "base/arena.h"
#include "policy/list.h"

/* Entries of one kind, sorted once the list is sealed; of those with the same
 * meaning only the first, the others hang on it. */
struct entries {
	struct list_entry **items;
	size_t count;
	size_t room;
};

struct list {
	struct arena *mem;
	struct entries kinds[LIST_NETWORK + 1];
	struct list_entry *first, *last;
	size_t total;
	/* Prefix lengths in use, so that a look-up tries no others. */
	bool prefixes_v4[33], prefixes_v6[129];
	bool sealed;
};

int compare_entries(const struct list_entry *a, const struct list_entry *b);
/* "Boss@example.com" as it is kept and looked up: at most `room` octets with
 * the NUL, else false. */
bool address_key(char *out, size_t room, struct slice local,
    const char *domain);
