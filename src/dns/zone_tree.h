/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * zone_tree: the names of a zone, what they hold, and which of them exist.
 * Following CNAMEs and waiting is left to zone.c. Nothing changes once it is
 * read, so threads may share it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/dname.h"

struct zone_record {
	struct zone_record *next;       /* of this name, in file order */
	enum dns_type type;
	uint32_t ttl;
	uint16_t preference;
	size_t len;
	char *data;                     /* as in struct dns_record */
};

enum zone_mood {
	MOOD_ANSWERS, MOOD_SERVFAIL, MOOD_REFUSED, MOOD_TIMEOUT, MOOD_BOGUS,
	MOOD_NXDOMAIN,
};

struct zone_node {
	struct dname name;
	bool exists;            /* has records, a STATUS, or names below it */
	bool secure;
	enum zone_mood mood;
	int64_t delay_us;
	struct zone_record *records;
};

struct zone_tree {
	void *root;             /* of tsearch(3) */
	bool delays;            /* is there any DELAY at all */
};

void zone_tree_free(struct zone_tree *t);        /* not t itself */

/* --- building --- */

/* The node of this name, made if need be; that alone lets no name exist. */
struct zone_node *zone_tree_node(struct zone_tree *t, const struct dname *name);
/* Makes all names above it exist too, empty as they may be (RFC 4592 2.2.2). */
void zone_tree_exist(struct zone_tree *t, const struct dname *name);
/* Takes over the record. */
void zone_node_append(struct zone_node *n, struct zone_record *fresh);

/* --- asking --- */

/* Just this name, or NULL. */
const struct zone_node *zone_tree_find(const struct zone_tree *t,
    const struct dname *name);
/* The node that answers for an absent name by RFC 4592 3.3.1, or NULL. */
const struct zone_node *zone_tree_wildcard(const struct zone_tree *t,
    const struct dname *name);
