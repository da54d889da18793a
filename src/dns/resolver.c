/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/resolver.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/slice.h"
#include "dns/dname.h"

/*
 * `asker` and `backend` are the two owners. The back end's share is held for
 * it by the resolver's list of open tickets: in the list means not answered.
 */
struct dns_ticket {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	const struct dns_answer *answer;
	const struct dns_answer *late;  /* what an impatient asker was told */
	unsigned owners;

	struct resolver *resolver;      /* valid as long as it is listed */
	struct dns_ticket *next;
	struct dns_ticket **link;       /* who points here; NULL: not listed */
	enum dns_type type;
	char name[];                    /* in the form of dname.h */
};

struct resolver {
	struct resolver_backend backend;
	pthread_mutex_t lock;
	struct dns_ticket *open;
};

static struct dns_ticket *ticket_new(struct resolver *r, const char *name,
    enum dns_type type)
{
	size_t n = strlen(name) + 1;
	struct dns_ticket *t = xcalloc(1, sizeof(*t) + n);
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->answered, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&t->lock, NULL);
	t->owners = 1;
	t->resolver = r;
	t->type = type;
	memcpy(t->name, name, n);
	return t;
}

void ticket_drop(struct dns_ticket *t)
{
	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	assert(t->owners > 0);
	bool last = --t->owners == 0;

	pthread_mutex_unlock(&t->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->answered);
	answer_drop(t->answer);
	answer_drop(t->late);
	free(t);
}

static void list_ticket(struct resolver *r, struct dns_ticket *t)
{
	pthread_mutex_lock(&r->lock);
	t->owners++;
	t->next = r->open;
	t->link = &r->open;
	if (t->next != NULL)
		t->next->link = &t->next;
	r->open = t;
	pthread_mutex_unlock(&r->lock);
}

static void unlist_ticket(struct resolver *r, struct dns_ticket *t)
{
	pthread_mutex_lock(&r->lock);
	assert(t->link != NULL);        /* answered twice */
	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	t->link = NULL;
	t->next = NULL;
	pthread_mutex_unlock(&r->lock);
}

static void tell(struct dns_ticket *t, const struct dns_answer *a)
{
	pthread_mutex_lock(&t->lock);
	assert(t->answer == NULL);
	t->answer = a;
	pthread_cond_broadcast(&t->answered);
	pthread_mutex_unlock(&t->lock);
}

void ticket_answer(struct dns_ticket *t, const struct dns_answer *a)
{
	struct dns_cache *cache = t->resolver->backend.cache;

	if (cache != NULL)
		dns_cache_put(cache, t->name, t->type, a, clock_monotonic_us());
	unlist_ticket(t->resolver, t);
	tell(t, a);
	ticket_drop(t);
}

/* Octets that no record of a mail domain is ever kept under. */
static bool has_control(const struct dname *d)
{
	for (size_t at = 0; d->wire[at] != 0; at += d->wire[at] + 1u)
		for (size_t i = 1; i <= d->wire[at]; i++)
			if (d->wire[at + i] < ' ' || d->wire[at + i] == 0x7f)
				return true;
	return false;
}

struct dns_ticket *resolver_start(struct resolver *r, const char *name,
    enum dns_type type)
{
	struct dns_ticket *t;
	struct dname d;
	char text[DNAME_TEXT_MAX];

	if (!dname_parse(slice_of(name), &d) || has_control(&d)) {
		t = ticket_new(r, "", type);
		tell(t, answer_done(answer_new(DNS_REFUSED_HERE, -1, 0)));
		return t;
	}
	dname_text(&d, text);
	t = ticket_new(r, text, type);
	list_ticket(r, t);
	r->backend.start(r->backend.self, t, text, type);
	return t;
}

const struct dns_answer *ticket_wait(struct dns_ticket *t, int64_t deadline_us)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline_us / 1000000),
		.tv_nsec = (long)(deadline_us % 1000000) * 1000,
	};
	const struct dns_answer *a;

	pthread_mutex_lock(&t->lock);
	while (t->answer == NULL && pthread_cond_timedwait(&t->answered,
	    &t->lock, &until) == 0)
		;
	a = t->answer;
	if (a == NULL) {
		if (t->late == NULL)
			t->late = answer_done(answer_new(DNS_TIMEOUT, -1, 0));
		a = t->late;
	}
	pthread_mutex_unlock(&t->lock);
	return a;
}

const struct dns_answer *ticket_peek(struct dns_ticket *t)
{
	pthread_mutex_lock(&t->lock);
	const struct dns_answer *a = t->answer;

	pthread_mutex_unlock(&t->lock);
	return a;
}

const struct dns_answer *resolver_known(struct resolver *r, const char *name,
    enum dns_type type)
{
	return r->backend.cache == NULL ? NULL : dns_cache_get(
	    r->backend.cache, name, type, clock_monotonic_us());
}

struct resolver *resolver_new(struct resolver_backend backend)
{
	struct resolver *r = xcalloc(1, sizeof(*r));

	r->backend = backend;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	r->backend.stop(r->backend.self);
	while (r->open != NULL)
		ticket_answer(r->open,
		    answer_done(answer_new(DNS_FAILED, -1, 0)));
	dns_cache_free(r->backend.cache);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
