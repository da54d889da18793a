/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * parking: a number for each connection of an MTA while it has no client, and
 * libmilter may keep no pointer for us: at the end of a connection it warns of
 * one, in the system's log, and it does not tell an end from a pause.
 *
 * The place is limited. A number that gets lost because others' connections end
 * during the pause is taken to be that of the last of them, for all connections
 * of an MTA agree upon the same; and libmilter itself keeps to what was agreed,
 * whatever we think it was. For any thread.
 */
#include <stdint.h>

struct parking;

struct parking *parking_new(void);
void parking_free(struct parking *p);                   /* NULL is fine */

/* The connection is only compared, never looked into; it may be gone, and its
 * address be another's. */
void parking_put(struct parking *p, const void *connection, uintptr_t number);
/* The last one that was put there, else the last one of anybody; 0: there has
 * been none. */
uintptr_t parking_look(struct parking *p, const void *connection);
