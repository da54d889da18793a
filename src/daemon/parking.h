/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * parking: a number for each connection of an MTA while it has no client, and
 * libmilter may keep no pointer for us: at the end of a connection it warns of
 * one, in the system's log, and it does not tell an end from a pause.
 *
 * No number gets lost, for who answers an MTA other than agreed upon is taken
 * to answer something else. The rows are as many as there were addresses of
 * connections, which malloc uses again and again. For any thread.
 */
#include <stdint.h>

struct parking;

struct parking *parking_new(void);
void parking_free(struct parking *p);                   /* NULL is fine */

/* The connection is only compared, never looked into; it may be gone, and its
 * address be another's. */
void parking_put(struct parking *p, const void *connection, uintptr_t number);
/* The last one that was put there; 0: none. */
uintptr_t parking_look(struct parking *p, const void *connection);
