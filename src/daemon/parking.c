/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/parking.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"

/* A pause is short: others would have to end meanwhile, and in this row. */
#define ROWS 1024

struct place {
	const void *connection;         /* NULL: free */
	uintptr_t number;
};

struct parking {
	pthread_mutex_t lock;
	uintptr_t last;                 /* anybody's */
	struct place rows[ROWS];
};

struct parking *parking_new(void)
{
	struct parking *p = xcalloc(1, sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void parking_free(struct parking *p)
{
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* The low bits of an address say little. */
static struct place *place_of(struct parking *p, const void *connection)
{
	uint64_t hash = (uintptr_t)connection * 0x9e3779b97f4a7c15u;

	return &p->rows[(hash >> 32) % ROWS];
}

void parking_put(struct parking *p, const void *connection, uintptr_t number)
{
	pthread_mutex_lock(&p->lock);
	*place_of(p, connection) = (struct place){ connection, number };
	p->last = number;
	pthread_mutex_unlock(&p->lock);
}

uintptr_t parking_look(struct parking *p, const void *connection)
{
	const struct place *at;
	uintptr_t number;

	pthread_mutex_lock(&p->lock);
	at = place_of(p, connection);
	number = at->connection == connection ? at->number : p->last;
	pthread_mutex_unlock(&p->lock);
	return number;
}
