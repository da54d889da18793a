/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/resolver.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
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
	struct chase *chase;            /* one reference, or NULL */
	enum dns_type type;
	char name[];                    /* in the form of dname.h */
};

/* Owned by the tickets of its questions. */
struct chase {
	struct resolver *resolver;
	const struct chaser *chaser;
	atomic_uint owners;
	atomic_uint left;               /* questions it may still ask */
	alignas(max_align_t) unsigned char about[];
};

struct resolver {
	struct resolver_backend backend;
	atomic_uint owners;
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

static struct chase *chase_ref(struct chase *c)
{
	if (c != NULL)
		atomic_fetch_add(&c->owners, 1);
	return c;
}

static void chase_drop(struct chase *c)
{
	if (c != NULL && atomic_fetch_sub(&c->owners, 1) == 1)
		free(c);
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
	chase_drop(t->chase);
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
	/* What failed is not shown; nor is anything once the back end has
	 * stopped, for then everything fails. */
	if (t->chase != NULL && a->status == DNS_FOUND)
		t->chase->chaser->show(t->chase, t->name, t->type, a);
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

/* The form of dname.h, or false for what is not asked. */
static bool form_of(const char *name, char text[DNAME_TEXT_MAX])
{
	struct dname d;

	if (!dname_parse(slice_of(name), &d) || has_control(&d))
		return false;
	dname_text(&d, text);
	return true;
}

/* Takes over the reference to the chase. */
static struct dns_ticket *start(struct resolver *r, const char *name,
    enum dns_type type, struct chase *chase)
{
	struct dns_ticket *t;
	char text[DNAME_TEXT_MAX];

	if (!form_of(name, text)) {
		chase_drop(chase);
		t = ticket_new(r, "", type);
		tell(t, answer_done(answer_new(DNS_REFUSED_HERE, -1, 0)));
		return t;
	}
	t = ticket_new(r, text, type);
	t->chase = chase;
	list_ticket(r, t);
	r->backend.start(r->backend.self, t, text, type);
	return t;
}

struct dns_ticket *resolver_start(struct resolver *r, const char *name,
    enum dns_type type)
{
	return start(r, name, type, NULL);
}

struct dns_ticket *resolver_chase(struct resolver *r, const char *name,
    enum dns_type type, const struct chaser *chaser, const void *about,
    size_t about_len)
{
	struct chase *c = NULL;

	if (r->backend.cache != NULL) {
		c = xcalloc(1, sizeof(*c) + about_len);
		c->resolver = r;
		c->chaser = chaser;
		atomic_init(&c->owners, 1);
		atomic_init(&c->left, chaser->questions);
		memcpy(c->about, about, about_len);
	}
	return start(r, name, type, c);
}

void chase_on(struct chase *c, const char *name, enum dns_type type)
{
	const struct dns_answer *known;
	char text[DNAME_TEXT_MAX];
	unsigned left = atomic_load(&c->left);

	while (left > 0 &&
	    !atomic_compare_exchange_weak(&c->left, &left, left - 1))
		;
	if (left == 0 || !form_of(name, text))
		return;
	known = resolver_known(c->resolver, text, type);
	if (known == NULL)
		ticket_drop(start(c->resolver, text, type, chase_ref(c)));
	else if (known->status == DNS_FOUND)
		c->chaser->show(c, text, type, known);
	answer_drop(known);
}

const void *chase_about(const struct chase *c)
{
	return c->about;
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
	atomic_init(&r->owners, 1);
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

struct resolver *resolver_ref(struct resolver *r)
{
	atomic_fetch_add(&r->owners, 1);
	return r;
}

void resolver_drop(struct resolver *r)
{
	if (r == NULL || atomic_fetch_sub(&r->owners, 1) > 1)
		return;
	r->backend.stop(r->backend.self);
	while (r->open != NULL)
		ticket_answer(r->open,
		    answer_done(answer_new(DNS_FAILED, -1, 0)));
	dns_cache_free(r->backend.cache);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
