/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/queue.h"

#include <stdlib.h>

#include "base/mem.h"

/* Memory of the records that wait, whatever their number. */
#define QUEUE_OCTETS ((size_t)128 << 20)

static struct record *at(const struct queue *q, size_t i)
{
	return q->ring[(q->first + i) % q->room];
}

static size_t octets_of(const struct record *r)
{
	return arena_used(r->mem) + sizeof(*r);
}

static void grow(struct queue *q)
{
	size_t room = q->room == 0 ? 64 : 2 * q->room;
	struct record **more = xcalloc(room, sizeof(struct record *));

	for (size_t i = 0; i < q->waiting; i++)
		more[i] = at(q, i);
	free(q->ring);
	q->ring = more;
	q->room = room;
	q->first = 0;
}

bool queue_push(struct queue *q, struct record *r, size_t most)
{
	size_t octets = octets_of(r);

	if (q->waiting >= most || q->octets + octets > QUEUE_OCTETS)
		return false;
	if (q->waiting == q->room)
		grow(q);
	q->ring[(q->first + q->waiting++) % q->room] = r;
	q->octets += octets;
	return true;
}

size_t queue_look(const struct queue *q, struct record **batch, size_t most)
{
	size_t n = q->waiting < most ? q->waiting : most;

	for (size_t i = 0; i < n; i++)
		batch[i] = at(q, i);
	return n;
}

void queue_shift(struct queue *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		q->octets -= octets_of(at(q, i));
	if (n > 0)
		q->first = (q->first + n) % q->room;
	q->waiting -= n;
}

size_t queue_clear(struct queue *q)
{
	size_t n = q->waiting;

	for (size_t i = 0; i < n; i++)
		record_drop(at(q, i));
	free(q->ring);
	*q = (struct queue){ 0 };
	return n;
}
