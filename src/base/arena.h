/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * arena: memory that lives exactly as long as one connection or one message.
 *
 * Everything allocated here dies together in arena_reset(); nothing is freed
 * one by one. Handles of foreign libraries (DKIM *, SPF_request_t *) join the
 * same lifetime through arena_defer(). An arena belongs to one thread at a
 * time.
 *
 * Allocation does not fail: when memory is gone the process aborts, systemd
 * restarts it and the MTA answers 4xx meanwhile.
 */
#include <stddef.h>

struct arena;

/* Nothing but itself: the first block comes with the first allocation. */
struct arena *arena_new(size_t first_block);
void arena_free(struct arena *a);                       /* NULL is fine */

void *arena_alloc(struct arena *a, size_t size);        /* zeroed, aligned */
void *arena_array(struct arena *a, size_t count, size_t size);  /* checked */
void *arena_memdup(struct arena *a, const void *bytes, size_t n);
char *arena_strdup(struct arena *a, const char *s);     /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* All of these texts, one after the other; NULL ends them. */
char *arena_concat(struct arena *a, const char *first, ...)
	__attribute__((sentinel));

/* Run fn(arg) at the next reset, last deferred first. */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

/* Run what was deferred, then give back all memory: what is idle costs next to
 * nothing, and the blocks of a message serve the next one, whoever sends it. */
void arena_reset(struct arena *a);

/* Octets handed out since the last reset. */
size_t arena_used(const struct arena *a);
