/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * deferral: the memory behind `at-most`: since when a message is deferred.
 *
 * A deferral is known by the verdict's key (policy/sample.h), not by the
 * message: the sender's next attempt has the same one. It is forgotten when
 * nobody has tried again for a day, so that the next trouble starts afresh,
 * and when DEFERRALS_MAX others have begun since: then a sender is deferred
 * longer than the policy says, but nothing gets through that should not.
 *
 * It also knows when the DNS last answered anybody: while our own resolver is
 * the sick party, a deferral says nothing about the sender and is not counted.
 *
 * Process lifetime, outlives every kit; safe from several threads.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <time.h>

#define DEFERRALS_MAX 65536
#define DEFERRAL_FORGOTTEN 86400        /* seconds without an attempt */
#define DEFERRAL_SICK 300               /* seconds without any answer */

struct deferrals;

struct deferral {
	uint64_t key;
	time_t first;                   /* when it was first deferred */
	time_t seen;                    /* the last attempt */
};

struct deferrals *deferrals_new(void);
void deferrals_free(struct deferrals *d);               /* NULL is fine */

/* How many seconds ago the message was first deferred; -1: that is not
 * remembered. An attempt in either case. */
int64_t deferrals_age(struct deferrals *d, uint64_t key, time_t now);

/* It is deferred now; what is remembered already stays. */
void deferrals_note(struct deferrals *d, uint64_t key, time_t now);

/*
 * The DNS answered a message, or all of its questions failed. True when that
 * is to be blamed on our own resolver: this message got no answer, and no
 * other one did for DEFERRAL_SICK seconds. (One sender's dead name servers
 * fail all questions of one message, too.)
 */
bool deferrals_resolver_is_sick(struct deferrals *d, bool answered,
    time_t now);

/*
 * All that is remembered, to be kept over a restart, piece by piece and in no
 * order: *at begins as 0, up to `room` are written; returns how many, 0 at the
 * end. What changes between two pieces may come twice, or not at all.
 */
size_t deferrals_list(struct deferrals *d, uint32_t *at,
    struct deferral *out, size_t room);
/* How often anything of that has changed. */
uint64_t deferrals_changes(struct deferrals *d);
/* Put one back as it was; one that is remembered already stays. */
void deferrals_restore(struct deferrals *d, const struct deferral *one);
