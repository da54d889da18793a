/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/parking.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

#define FIRST_ROWS 256                  /* a power of two, as all of them */

struct place {
	const void *connection;         /* NULL: free */
	uintptr_t number;
};

struct parking {
	pthread_mutex_t lock;
	struct place *rows;             /* open addressing, half of it free */
	size_t row_count;
	size_t taken;
};

struct parking *parking_new(void)
{
	struct parking *p = xcalloc(1, sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	p->row_count = FIRST_ROWS;
	p->rows = xcalloc(p->row_count, sizeof(*p->rows));
	return p;
}

void parking_free(struct parking *p)
{
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p->rows);
	free(p);
}

/* Where it stands, or would. */
static struct place *place_of(const struct parking *p, const void *connection)
{
	/* The low bits of an address say little. */
	uint64_t hash = (uintptr_t)connection * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(hash >> 32) & (p->row_count - 1);

	while (p->rows[i].connection != NULL &&
	    p->rows[i].connection != connection)
		i = (i + 1) & (p->row_count - 1);
	return &p->rows[i];
}

static void grow(struct parking *p)
{
	struct place *old = p->rows;
	size_t count = p->row_count;

	p->row_count = 2 * count;
	p->rows = xcalloc(p->row_count, sizeof(*p->rows));
	for (size_t i = 0; i < count; i++)
		if (old[i].connection != NULL)
			*place_of(p, old[i].connection) = old[i];
	free(old);
}

void parking_put(struct parking *p, const void *connection, uintptr_t number)
{
	struct place *at;

	pthread_mutex_lock(&p->lock);
	at = place_of(p, connection);
	if (at->connection == NULL && 2 * ++p->taken > p->row_count) {
		grow(p);
		at = place_of(p, connection);
	}
	*at = (struct place){ connection, number };
	pthread_mutex_unlock(&p->lock);
}

uintptr_t parking_look(struct parking *p, const void *connection)
{
	uintptr_t number;

	pthread_mutex_lock(&p->lock);
	number = place_of(p, connection)->number;
	pthread_mutex_unlock(&p->lock);
	return number;
}
