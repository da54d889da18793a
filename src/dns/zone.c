/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/zone.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "dns/zone_text.h"

#define NEGATIVE_TTL 300u
#define CHAIN_MAX 16
#define RCODE_SERVFAIL 2
#define RCODE_NXDOMAIN 3
#define RCODE_REFUSED 5

/* An answer whose time has not come. */
struct delayed {
	struct delayed *next;
	int64_t due_us;
	struct dns_ticket *ticket;
	const struct dns_answer *answer;
};

struct zone {
	struct zone_tree tree;

	/* Only with a DELAY somewhere: the thread that waits for all. */
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct delayed *queue;          /* by due time */
	bool stopping;
};

/* --- what the zone says --- */

struct walk {
	enum zone_mood mood;
	const struct zone_node *node;   /* where it ended; NULL: no such name */
	int64_t delay_us;
	uint32_t ttl;                   /* the least on the way */
	bool secure, alias, endless;
};

static const struct zone_record *first_of(const struct zone_node *n,
    enum dns_type type)
{
	const struct zone_record *r = n->records;

	while (r != NULL && r->type != type)
		r = r->next;
	return r;
}

/* One name: what answers for it, and what was said about it by name. */
static void visit(const struct zone *z, const struct dname *name,
    struct walk *w)
{
	const struct zone_node *own = zone_tree_find(&z->tree, name);
	const struct zone_node *n = own;

	if (n == NULL || !n->exists)
		n = zone_tree_wildcard(&z->tree, name);
	w->node = n;
	w->mood = n == NULL ? MOOD_ANSWERS : n->mood;
	w->delay_us += own != NULL && own->delay_us > 0 ? own->delay_us :
	    n != NULL ? n->delay_us : 0;
	w->secure = w->secure && ((own != NULL && own->secure) ||
	    (n != NULL && n->secure));
}

static struct walk walk(const struct zone *z, const char *text,
    enum dns_type type)
{
	struct walk w = { .secure = true, .ttl = UINT32_MAX };
	struct dname name;

	if (!dname_parse(slice_of(text), &name))
		return w;
	for (int links = 0; ; links++) {
		visit(z, &name, &w);
		if (w.node == NULL || w.mood != MOOD_ANSWERS)
			return w;
		const struct zone_record *cname = first_of(w.node, DNS_CNAME);

		w.alias = w.alias || cname != NULL;
		if (cname == NULL || first_of(w.node, type) != NULL)
			return w;
		if (cname->ttl < w.ttl)
			w.ttl = cname->ttl;
		w.endless = links == CHAIN_MAX ||
		    !dname_parse((struct slice){ cname->data, cname->len },
		    &name);
		if (w.endless)
			return w;
	}
}

static struct dns_answer *answer_of_node(const struct walk *w,
    enum dns_type type)
{
	const struct zone_record *r = w->node == NULL ? NULL :
	    first_of(w->node, type);
	uint32_t ttl = w->ttl;

	if (r == NULL && ttl > NEGATIVE_TTL)
		ttl = NEGATIVE_TTL;
	for (const struct zone_record *i = r; i != NULL; i = i->next)
		if (i->type == type && i->ttl < ttl)
			ttl = i->ttl;
	struct dns_answer *a = answer_new(w->node == NULL ? DNS_NXDOMAIN :
	    DNS_FOUND, w->node == NULL ? RCODE_NXDOMAIN : 0, ttl);

	for (; r != NULL; r = r->next)
		if (r->type == type)
			answer_put(a, r->data, r->len, r->preference);
	return a;
}

/* NULL for the mood that never answers. */
static const struct dns_answer *answer_of(const struct walk *w,
    enum dns_type type)
{
	struct dns_answer *a = NULL;

	switch (w->mood) {
	case MOOD_ANSWERS:
		a = w->endless ? answer_new(DNS_FAILED, RCODE_SERVFAIL, 0) :
		    answer_of_node(w, type);
		break;
	case MOOD_SERVFAIL:
		a = answer_new(DNS_FAILED, RCODE_SERVFAIL, 0);
		break;
	case MOOD_REFUSED:
		a = answer_new(DNS_FAILED, RCODE_REFUSED, 0);
		break;
	case MOOD_BOGUS:
		a = answer_new(DNS_BOGUS, RCODE_SERVFAIL, 0);
		break;
	case MOOD_NXDOMAIN:
		a = answer_new(DNS_NXDOMAIN, RCODE_NXDOMAIN, NEGATIVE_TTL);
		break;
	case MOOD_TIMEOUT:
		return NULL;
	}
	a->alias = w->alias;
	a->secure = w->secure && !dns_is_trouble(a);
	return answer_done(a);
}

/* --- answers that take their time --- */

static void queue_put(struct zone *z, struct delayed *d)
{
	struct delayed **at = &z->queue;

	pthread_mutex_lock(&z->lock);
	while (*at != NULL && (*at)->due_us <= d->due_us)
		at = &(*at)->next;
	d->next = *at;
	*at = d;
	pthread_cond_signal(&z->changed);
	pthread_mutex_unlock(&z->lock);
}

static void wait_for_due(struct zone *z)
{
	if (z->queue == NULL) {
		pthread_cond_wait(&z->changed, &z->lock);
		return;
	}
	struct timespec until = {
		.tv_sec = (time_t)(z->queue->due_us / 1000000),
		.tv_nsec = (long)(z->queue->due_us % 1000000) * 1000,
	};

	pthread_cond_timedwait(&z->changed, &z->lock, &until);
}

static void *run_delays(void *arg)
{
	struct zone *z = arg;

	pthread_mutex_lock(&z->lock);
	while (!z->stopping) {
		struct delayed *d = z->queue;

		if (d == NULL || d->due_us > clock_monotonic_us()) {
			wait_for_due(z);
			continue;
		}
		z->queue = d->next;
		pthread_mutex_unlock(&z->lock);
		ticket_answer(d->ticket, d->answer);
		free(d);
		pthread_mutex_lock(&z->lock);
	}
	pthread_mutex_unlock(&z->lock);
	return NULL;
}

static bool start_delays(struct zone *z, struct error *err)
{
	int e = pthread_create(&z->thread, NULL, run_delays, z);

	if (e != 0)
		return error_set(err, "no thread: %s", strerror(e));
	z->threaded = true;
	return true;
}

/* --- the back end --- */

static void zone_start(void *self, struct dns_ticket *t, const char *name,
    enum dns_type type)
{
	struct zone *z = self;
	struct walk w = walk(z, name, type);
	const struct dns_answer *a = answer_of(&w, type);

	if (a == NULL)
		return;         /* resolver_drop() answers it */
	if (w.delay_us == 0) {
		ticket_answer(t, a);
		return;
	}
	struct delayed *d = xcalloc(1, sizeof(*d));

	*d = (struct delayed){
		.due_us = clock_monotonic_us() + w.delay_us,
		.ticket = t, .answer = a,
	};
	queue_put(z, d);
}

static void zone_stop(void *self)
{
	struct zone *z = self;

	if (z->threaded) {
		pthread_mutex_lock(&z->lock);
		z->stopping = true;
		pthread_cond_signal(&z->changed);
		pthread_mutex_unlock(&z->lock);
		pthread_join(z->thread, NULL);
	}
	for (struct delayed *d = z->queue, *next; d != NULL; d = next) {
		next = d->next;
		answer_drop(d->answer);
		free(d);
	}
	pthread_cond_destroy(&z->changed);
	pthread_mutex_destroy(&z->lock);
	zone_tree_free(&z->tree);
	free(z);
}

static struct zone *zone_new(void)
{
	struct zone *z = xcalloc(1, sizeof(*z));
	pthread_condattr_t attr;

	pthread_mutex_init(&z->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&z->changed, &attr);
	pthread_condattr_destroy(&attr);
	return z;
}

struct resolver *zone_resolver(struct slice text, const char *origin,
    struct error *err)
{
	struct zone *z = zone_new();

	if (!zone_text_read(&z->tree, text, origin, err) ||
	    (z->tree.delays && !start_delays(z, err))) {
		zone_stop(z);
		return NULL;
	}
	return resolver_new((struct resolver_backend){
		.self = z, .start = zone_start, .stop = zone_stop,
	});
}

static bool read_file(const char *path, struct buf *out, struct error *err)
{
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n;

	if (f == NULL)
		return error_set(err, "%s: %s", path, strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(out, piece, n);
	bool ok = !ferror(f) ||
	    error_set(err, "%s: %s", path, strerror(errno));

	fclose(f);
	return ok;
}

struct resolver *zone_resolver_file(const char *path, struct error *err)
{
	struct buf text = { 0 };
	struct resolver *r = NULL;

	if (read_file(path, &text, err))
		r = zone_resolver(buf_slice(&text), path, err);
	buf_free(&text);
	return r;
}
