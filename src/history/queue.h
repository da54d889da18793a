/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * queue: records that wait to be written, in order. Bounded by their number
 * and by the memory they hold. Starts as { 0 }; takes no lock of its own.
 */
#include <stdbool.h>
#include <stddef.h>

#include "history/record.h"

struct queue {
	struct record **ring;
	size_t room, first, waiting;
	size_t octets;                  /* of the records that wait */
};

/* Takes over the record. False: there is no room, and it stays the caller's. */
bool queue_push(struct queue *q, struct record *r, size_t most);

/* The first records, at most so many; they stay until queue_shift(). */
size_t queue_look(const struct queue *q, struct record **batch, size_t most);

/* These were looked at and are the caller's now. */
void queue_shift(struct queue *q, size_t n);

/* Drop what waits; how many that were. The queue starts anew. */
size_t queue_clear(struct queue *q);
