/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/cache.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

/* 4096 answers of at most 1.5 KB each; nearly all have a tenth of it. */
#define SHARDS 16
#define ROWS 64                         /* of a shard */
#define PLACES 4                        /* of a row */
#define OCTETS_MAX 1536

#define TTL_MAX 86400                   /* RFC 8767 4 says a week at most */

struct place {
	const struct dns_answer *answer;        /* NULL: free */
	char *name;
	uint64_t hash;
	enum dns_type type;
	int64_t until_us, used_us;
};

struct shard {
	pthread_mutex_t lock;
	struct place rows[ROWS][PLACES];
};

struct dns_cache {
	uint64_t seed;
	struct shard shards[SHARDS];
};

struct dns_cache *dns_cache_new(void)
{
	struct dns_cache *c = xcalloc(1, sizeof(*c));

	/* Nobody shall know which names push out which. */
	if (getrandom(&c->seed, sizeof(c->seed), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(c->seed))
		c->seed = (uint64_t)(uintptr_t)c;
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&c->shards[i].lock, NULL);
	return c;
}

static void clear(struct place *p)
{
	answer_drop(p->answer);
	free(p->name);
	*p = (struct place){ .answer = NULL };
}

void dns_cache_flush(struct dns_cache *c)
{
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *s = &c->shards[i];

		pthread_mutex_lock(&s->lock);
		for (size_t k = 0; k < ROWS * PLACES; k++)
			clear(&s->rows[k / PLACES][k % PLACES]);
		pthread_mutex_unlock(&s->lock);
	}
}

void dns_cache_free(struct dns_cache *c)
{
	if (c == NULL)
		return;
	dns_cache_flush(c);
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_destroy(&c->shards[i].lock);
	free(c);
}

static uint64_t hash_of(const struct dns_cache *c, const char *name,
    enum dns_type type)
{
	uint64_t hash = c->seed ^ (uint64_t)type;

	for (; *name != '\0'; name++) {
		hash ^= (unsigned char)*name;
		hash *= 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash ^ hash >> 32;
}

static struct shard *shard_of(struct dns_cache *c, uint64_t hash)
{
	return &c->shards[hash % SHARDS];
}

/* Lock held. */
static struct place *row_of(struct shard *s, uint64_t hash)
{
	return s->rows[hash / SHARDS % ROWS];
}

static struct place *find(struct place *row, uint64_t hash, const char *name,
    enum dns_type type)
{
	for (size_t i = 0; i < PLACES; i++)
		if (row[i].answer != NULL && row[i].hash == hash &&
		    row[i].type == type && strcmp(row[i].name, name) == 0)
			return &row[i];
	return NULL;
}

const struct dns_answer *dns_cache_get(struct dns_cache *c, const char *name,
    enum dns_type type, int64_t now_us)
{
	uint64_t hash = hash_of(c, name, type);
	struct shard *s = shard_of(c, hash);
	const struct dns_answer *a = NULL;

	pthread_mutex_lock(&s->lock);
	struct place *p = find(row_of(s, hash), hash, name, type);

	if (p != NULL && p->until_us > now_us) {
		a = answer_ref(p->answer);
		p->used_us = now_us;
	}
	pthread_mutex_unlock(&s->lock);
	return a;
}

static bool is_small(const struct dns_answer *a, const char *name)
{
	size_t octets = strlen(name);

	for (size_t i = 0; i < a->count && octets <= OCTETS_MAX; i++)
		octets += a->records[i].len + sizeof(a->records[i]);
	return octets <= OCTETS_MAX;
}

/* Its old place, else one that is free or over, else the one that has not been
 * used for longest. */
static struct place *place_for(struct place *row, uint64_t hash,
    const char *name, enum dns_type type, int64_t now_us)
{
	struct place *p = find(row, hash, name, type);

	if (p != NULL)
		return p;
	p = row;
	for (size_t i = 0; i < PLACES; i++) {
		if (row[i].answer == NULL || row[i].until_us <= now_us)
			return &row[i];
		if (row[i].used_us < p->used_us)
			p = &row[i];
	}
	return p;
}

void dns_cache_put(struct dns_cache *c, const char *name, enum dns_type type,
    const struct dns_answer *a, int64_t now_us)
{
	uint32_t ttl = a->ttl < TTL_MAX ? a->ttl : TTL_MAX;
	uint64_t hash = hash_of(c, name, type);
	struct shard *s = shard_of(c, hash);

	if (ttl == 0 || dns_is_trouble(a) || a->status == DNS_REFUSED_HERE ||
	    !is_small(a, name))
		return;
	pthread_mutex_lock(&s->lock);
	struct place *p = place_for(row_of(s, hash), hash, name, type, now_us);

	clear(p);
	*p = (struct place){
		.answer = answer_ref(a), .name = xstrdup(name), .hash = hash,
		.type = type, .used_us = now_us,
		.until_us = now_us + ttl * (int64_t)1000000,
	};
	pthread_mutex_unlock(&s->lock);
}
