/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/deferral.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

#define BUCKETS (2 * DEFERRALS_MAX)
#define NOBODY UINT32_MAX
/* Seconds since 1970, as far as 2106; `seen` of one that is free: FREE. */
#define FREE UINT32_MAX

struct entry {
	uint32_t key[2];                /* as octets: no padding */
	uint32_t first, seen;
	uint32_t next;                  /* in its bucket */
};

/* A ring: the oldest entry is the one whose place is needed next. */
struct deferrals {
	pthread_mutex_t lock;
	uint64_t secret;                /* nobody can fill one bucket */
	uint32_t buckets[BUCKETS];
	struct entry entries[DEFERRALS_MAX];
	uint32_t used;                  /* entries that were ever used */
	uint32_t at;                    /* the place that comes next */
	uint64_t changes;
	time_t answered;                /* when the DNS last answered anybody */
};

struct deferrals *deferrals_new(void)
{
	struct deferrals *d = xcalloc(1, sizeof(*d));

	pthread_mutex_init(&d->lock, NULL);
	if (getrandom(&d->secret, sizeof(d->secret), 0) !=
	    (ssize_t)sizeof(d->secret))
		d->secret = (uint64_t)(uintptr_t)d ^ (uint64_t)time(NULL);
	for (size_t i = 0; i < BUCKETS; i++)
		d->buckets[i] = NOBODY;
	return d;
}

void deferrals_free(struct deferrals *d)
{
	if (d == NULL)
		return;
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static uint64_t key_of(const struct entry *e)
{
	uint64_t key;

	memcpy(&key, e->key, sizeof(key));
	return key;
}

static uint32_t packed_time(time_t at)
{
	return at < 0 ? 0 : at < FREE ? (uint32_t)at : FREE - 1;
}

static uint32_t *bucket_of(struct deferrals *d, uint64_t key)
{
	uint64_t h = (key ^ d->secret) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ (h >> 32)) * (d->secret | 1);
	return &d->buckets[(h >> 32) % BUCKETS];
}

/* The link that leads to the entry of this key, or to nobody. */
static uint32_t *link_to(struct deferrals *d, uint64_t key)
{
	uint32_t *at = bucket_of(d, key);

	while (*at != NOBODY && key_of(&d->entries[*at]) != key)
		at = &d->entries[*at].next;
	return at;
}

static void forget(struct deferrals *d, uint32_t *link)
{
	struct entry *e = &d->entries[*link];

	*link = e->next;
	e->seen = FREE;
	d->changes++;
}

static uint32_t take_place(struct deferrals *d)
{
	uint32_t i = d->at;

	if (i == d->used)
		d->used++;
	else if (d->entries[i].seen != FREE)
		forget(d, link_to(d, key_of(&d->entries[i])));
	d->at = (i + 1) % DEFERRALS_MAX;
	return i;
}

static void remember(struct deferrals *d, const struct deferral *one)
{
	uint32_t i = take_place(d), *bucket = bucket_of(d, one->key);
	struct entry *e = &d->entries[i];

	memcpy(e->key, &one->key, sizeof(e->key));
	e->first = packed_time(one->first);
	e->seen = packed_time(one->seen);
	e->next = *bucket;
	*bucket = i;
	d->changes++;
}

static void try_again(struct deferrals *d, struct entry *e, time_t now)
{
	uint32_t seen = packed_time(now);

	d->changes += e->seen != seen;
	e->seen = seen;
}

/* The entry, unless nobody tried for too long. A clock that was set back makes
 * nothing old. */
static struct entry *find(struct deferrals *d, uint64_t key, time_t now)
{
	uint32_t *link = link_to(d, key);

	if (*link == NOBODY)
		return NULL;
	if (now - (time_t)d->entries[*link].seen <= DEFERRAL_FORGOTTEN)
		return &d->entries[*link];
	forget(d, link);
	return NULL;
}

int64_t deferrals_age(struct deferrals *d, uint64_t key, time_t now)
{
	int64_t age = -1;
	struct entry *e;

	pthread_mutex_lock(&d->lock);
	e = find(d, key, now);
	if (e != NULL) {
		age = now > e->first ? now - e->first : 0;
		try_again(d, e, now);
	}
	pthread_mutex_unlock(&d->lock);
	return age;
}

void deferrals_note(struct deferrals *d, uint64_t key, time_t now)
{
	const struct deferral one = { .key = key, .first = now, .seen = now };
	struct entry *e;

	pthread_mutex_lock(&d->lock);
	e = find(d, key, now);
	if (e == NULL)
		remember(d, &one);
	else
		try_again(d, e, now);
	pthread_mutex_unlock(&d->lock);
}

bool deferrals_resolver_is_sick(struct deferrals *d, bool answered,
    time_t now)
{
	bool sick;

	pthread_mutex_lock(&d->lock);
	if (answered)
		d->answered = now;
	sick = now - d->answered > DEFERRAL_SICK;
	pthread_mutex_unlock(&d->lock);
	return sick;
}

static struct deferral unpacked(const struct entry *e)
{
	return (struct deferral){ .key = key_of(e), .first = e->first,
	    .seen = e->seen };
}

size_t deferrals_list(struct deferrals *d, uint32_t *at,
    struct deferral *out, size_t room)
{
	size_t n = 0;

	pthread_mutex_lock(&d->lock);
	for (; *at < d->used && n < room; ++*at)
		if (d->entries[*at].seen != FREE)
			out[n++] = unpacked(&d->entries[*at]);
	pthread_mutex_unlock(&d->lock);
	return n;
}

uint64_t deferrals_changes(struct deferrals *d)
{
	uint64_t n;

	pthread_mutex_lock(&d->lock);
	n = d->changes;
	pthread_mutex_unlock(&d->lock);
	return n;
}

void deferrals_restore(struct deferrals *d, const struct deferral *one)
{
	pthread_mutex_lock(&d->lock);
	if (*link_to(d, one->key) == NOBODY)
		remember(d, one);
	pthread_mutex_unlock(&d->lock);
}
