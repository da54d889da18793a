/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/service.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "daemon/parking.h"
#include "session/deferral.h"

struct service {
	pthread_mutex_t lock;
	pthread_cond_t idle;            /* under_way became 0 */
	pthread_rwlock_t store_lock;    /* of the pointer, held while in use */
	struct store *store;            /* NULL: no history */
	struct kit *kit;
	struct deferrals *deferrals;    /* of all kits, one after another */
	struct parking *parking;
	struct log *log;
	unsigned long under_way;
	bool draining;
	bool told[NEWS_COUNT];
};

struct service *service_new(struct kit *kit, struct log *log)
{
	struct service *s = xcalloc(1, sizeof(*s));
	pthread_condattr_t attr;

	pthread_mutex_init(&s->lock, NULL);
	pthread_rwlock_init(&s->store_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->idle, &attr);
	pthread_condattr_destroy(&attr);
	s->deferrals = deferrals_new();
	kit->deferrals = s->deferrals;
	s->parking = parking_new();
	s->kit = kit;
	s->log = log;
	return s;
}

void service_free(struct service *s)
{
	if (s == NULL)
		return;
	store_close(s->store);
	kit_drop(s->kit);
	deferrals_free(s->deferrals);
	parking_free(s->parking);
	pthread_rwlock_destroy(&s->store_lock);
	pthread_cond_destroy(&s->idle);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct log *service_log(const struct service *s)
{
	return s->log;
}

struct parking *service_parking(struct service *s)
{
	return s->parking;
}

struct kit *service_kit(struct service *s)
{
	struct kit *k;

	pthread_mutex_lock(&s->lock);
	k = kit_ref(s->kit);
	pthread_mutex_unlock(&s->lock);
	return k;
}

void service_swap(struct service *s, struct kit *kit)
{
	struct kit *old;

	/* Nobody but us changes s->kit, and connections only count in it. */
	policy_keep_counts(kit->policy, s->kit->policy);
	kit->deferrals = s->deferrals;
	pthread_mutex_lock(&s->lock);
	old = s->kit;
	s->kit = kit;
	pthread_mutex_unlock(&s->lock);
	kit_tell_hits(old);
	kit_drop(old);                  /* perhaps the last reference: no lock */
}

void service_tell_hits(struct service *s)
{
	struct kit *k = service_kit(s);

	kit_tell_hits(k);
	kit_drop(k);
}

bool service_message_begins(struct service *s)
{
	bool welcome;

	pthread_mutex_lock(&s->lock);
	welcome = !s->draining;
	if (welcome)
		s->under_way++;
	pthread_mutex_unlock(&s->lock);
	return welcome;
}

void service_message_ends(struct service *s)
{
	pthread_mutex_lock(&s->lock);
	if (--s->under_way == 0)
		pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

bool service_drain(struct service *s, int64_t milliseconds)
{
	struct timespec until;
	bool empty;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += milliseconds % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->lock);
	s->draining = true;
	while (s->under_way > 0 && pthread_cond_timedwait(&s->idle, &s->lock,
	    &until) == 0)
		;
	empty = s->under_way == 0;
	pthread_mutex_unlock(&s->lock);
	return empty;
}

bool service_is_news(struct service *s, enum service_news news)
{
	return !__atomic_exchange_n(&s->told[news], true, __ATOMIC_RELAXED);
}

void service_set_store(struct service *s, struct store *store)
{
	struct store *old;
	struct error err;

	if (store != NULL && !store_remember(store, s->deferrals, &err))
		log_say(s->log, LOG_LEVEL_WARNING, "history: deferrals are not "
		    "remembered: %s", err.text);
	pthread_rwlock_wrlock(&s->store_lock);
	old = s->store;
	s->store = store;
	pthread_rwlock_unlock(&s->store_lock);
	store_close(old);               /* it writes: no lock */
}

struct store *service_store(struct service *s)
{
	struct store *store;

	pthread_rwlock_rdlock(&s->store_lock);
	store = s->store;
	pthread_rwlock_unlock(&s->store_lock);
	return store;
}

void service_keep(struct service *s, const struct outcome *o,
    enum edits_fate edits)
{
	pthread_rwlock_rdlock(&s->store_lock);
	if (s->store != NULL)
		store_keep(s->store, record_make(o, edits));
	pthread_rwlock_unlock(&s->store_lock);
}
