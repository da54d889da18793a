/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/unbound.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <unbound.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dns/unbound_answer.h"
#include "dns/unbound_channel.h"
#include "dns/unbound_context.h"

#define DEFAULT_QUERY_MS 5000
#define LOOK_EVERY_US 1000000           /* at resolv.conf */
/*
 * What libunbound is asked and no server answers costs 11 KB and stays with it
 * for minutes. So a context with so many questions that nobody waits for any
 * more is replaced by a fresh one, and there is an end to questions at once: a
 * DNS that is away, or senders whose servers are silent, must not fill memory.
 */
#define OVERDUE_MAX 1000
#define OPEN_MAX 4000

struct unbound {
	struct unbound_settings settings;
	struct log *log;
	struct dns_cache *cache;        /* the resolver's */
	int64_t query_us;

	pthread_mutex_t lock;
	struct channel *channels;
	struct stat resolv_conf;        /* as it was read */
	int64_t looked_us;
	bool stopping;

	bool threaded;
	pthread_t pump;
	int wake;                       /* eventfd: look again */
	struct pollfd *fds;             /* the pump's own */
	struct channel **polled;
};

/* --- resolv.conf --- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void wake_pump(struct unbound *u)
{
	const uint64_t one = 1;

	/* It can only fail when it is awake already. */
	if (write(u->wake, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN || errno == EINTR);
}

/* Under the lock: new questions go to a fresh context from now on. */
static bool renew(struct unbound *u, struct error *err)
{
	struct channel *fresh = channel_new(&u->settings, err);

	if (fresh == NULL)
		return false;
	fresh->next = u->channels;
	u->channels = fresh;
	wake_pump(u);
	return true;
}

/* Under the lock, at most once a second: has resolv.conf changed? */
static void look_at_resolv_conf(struct unbound *u)
{
	int64_t now = clock_monotonic_us();
	struct stat st;
	struct error err = { "" };

	if (!u->settings.from_resolv_conf ||
	    now - u->looked_us < LOOK_EVERY_US)
		return;
	u->looked_us = now;
	if (stat(u->settings.resolv_conf, &st) == 0 &&
	    same_file(&st, &u->resolv_conf))
		return;
	if (unbound_settings_reread(&u->settings, u->log, &u->resolv_conf,
	    &err) && renew(u, &err)) {
		dns_cache_flush(u->cache);
		log_say(u->log, LOG_LEVEL_INFO, "resolver: %s has changed",
		    u->settings.resolv_conf);
		return;
	}
	u->resolv_conf = (struct stat){ 0 };    /* so that it is tried again */
	log_say_rarely(u->log, LOG_LEVEL_WARNING, "%s; the old servers stay",
	    err.text);
}

/* --- asking --- */

/* In the pump's thread; libunbound holds no lock here. */
static void on_answer(void *arg, int error, struct ub_result *res)
{
	struct question *q = arg;
	struct unbound *u = q->owner;

	pthread_mutex_lock(&u->lock);
	struct dns_ticket *ticket = q->ticket;

	question_unlink(q);
	pthread_mutex_unlock(&u->lock);
	if (ticket != NULL)
		ticket_answer(ticket, unbound_answer(error, res, q->type));
	ub_resolve_free(res);
	free(q);
}

/* Under the lock. */
static void replace_channel(struct unbound *u)
{
	const struct channel *c = u->channels;
	struct error err = { "" };

	if (!c->broken && c->overdue_count < OVERDUE_MAX)
		return;
	if (!c->broken)
		log_say_rarely(u->log, LOG_LEVEL_WARNING, "resolver: %d "
		    "questions were not answered in time", OVERDUE_MAX);
	if (!renew(u, &err))            /* else its time limit answers */
		log_say_rarely(u->log, LOG_LEVEL_ERROR, "%s", err.text);
}

/* Under the lock. */
static bool too_many_open(const struct unbound *u)
{
	size_t open = 0;

	for (const struct channel *c = u->channels; c != NULL; c = c->next)
		open += c->open_count;
	if (open >= OPEN_MAX)
		log_say_rarely(u->log, LOG_LEVEL_WARNING, "resolver: %d "
		    "questions are open; others fail at once", OPEN_MAX);
	return open >= OPEN_MAX;
}

static void fail(struct question *q)
{
	ticket_answer(q->ticket, answer_done(answer_new(DNS_FAILED, -1, 0)));
	free(q);
}

/*
 * The lock is held over ub_resolve_async(): the answer may come before it
 * returns, and the channel must not go meanwhile.
 */
static void unbound_start(void *self, struct dns_ticket *t, const char *name,
    enum dns_type type)
{
	struct unbound *u = self;
	struct question *q = xcalloc(1, sizeof(*q));

	q->owner = u;
	q->ticket = t;
	q->type = type;
	pthread_mutex_lock(&u->lock);
	look_at_resolv_conf(u);
	replace_channel(u);
	if (too_many_open(u)) {
		pthread_mutex_unlock(&u->lock);
		fail(q);
		return;
	}
	struct channel *c = u->channels;
	bool asleep = c->open == NULL;

	q->due_us = clock_monotonic_us() + u->query_us;
	int e = channel_ask(c, q, name, on_answer);

	pthread_mutex_unlock(&u->lock);
	if (e != UB_NOERROR) {
		log_say_rarely(u->log, LOG_LEVEL_ERROR,
		    "resolver: libunbound: %s", ub_strerror(e));
		fail(q);
	} else if (asleep) {
		wake_pump(u);           /* there is something to be due */
	}
}

/* --- the pump --- */

/* Who is to be polled, and how long at most; the number of descriptors. */
static size_t gather(struct unbound *u, int *timeout_ms)
{
	int64_t due = INT64_MAX;
	size_t n = 1;

	for (const struct channel *c = u->channels; c != NULL; c = c->next)
		n++;
	u->fds = xrealloc(u->fds, n, sizeof(*u->fds));
	u->polled = xrealloc(u->polled, n, sizeof(*u->polled));
	u->fds[0] = (struct pollfd){ .fd = u->wake, .events = POLLIN };
	n = 1;
	for (struct channel *c = u->channels; c != NULL; c = c->next) {
		u->fds[n] = (struct pollfd){
			.fd = c->broken ? -1 : ub_fd(c->ctx),
			.events = POLLIN,
		};
		u->polled[n++] = c;
		if (c->open != NULL && c->open->due_us < due)
			due = c->open->due_us;
	}
	int64_t ms = due == INT64_MAX ? -1 :
	    (due - clock_monotonic_us()) / 1000 + 1;

	*timeout_ms = due == INT64_MAX ? -1 : ms < 0 ? 0 :
	    ms > INT_MAX ? INT_MAX : (int)ms;
	return n;
}

static void process(struct unbound *u, size_t n)
{
	uint64_t times;

	/* Not blocking; that it was awake is all there is to know. */
	if (u->fds[0].revents != 0 && read(u->wake, &times, sizeof(times)) < 0)
		assert(errno == EAGAIN || errno == EINTR);
	for (size_t i = 1; i < n; i++) {
		if (u->fds[i].revents == 0)
			continue;
		int e = (u->fds[i].revents & POLLIN) != 0 ?
		    ub_process(u->polled[i]->ctx) : UB_PIPE;

		if (e == UB_NOERROR)
			continue;
		/* Its questions run into their time limit, new ones do not. */
		pthread_mutex_lock(&u->lock);
		u->polled[i]->broken = e == UB_PIPE;
		pthread_mutex_unlock(&u->lock);
		log_say_rarely(u->log, LOG_LEVEL_ERROR,
		    "resolver: libunbound: %s", ub_strerror(e));
	}
}

/* One ticket whose question is overdue, or NULL. */
static struct dns_ticket *next_overdue(struct unbound *u)
{
	int64_t now = clock_monotonic_us();
	struct dns_ticket *t = NULL;

	pthread_mutex_lock(&u->lock);
	for (struct channel *c = u->channels; c != NULL && t == NULL;
	    c = c->next) {
		if (c->open != NULL && c->open->due_us <= now)
			t = question_give_up(c->open);
	}
	pthread_mutex_unlock(&u->lock);
	return t;
}

/* An older channel nobody waits for, taken off the list; or NULL. */
static struct channel *next_finished(struct unbound *u)
{
	struct channel *done = NULL;

	pthread_mutex_lock(&u->lock);
	for (struct channel **at = &u->channels->next; *at != NULL;
	    at = &(*at)->next) {
		if ((*at)->open == NULL) {
			done = *at;
			*at = done->next;
			break;
		}
	}
	pthread_mutex_unlock(&u->lock);
	return done;
}

static void *run_pump(void *arg)
{
	struct unbound *u = arg;

	for (;;) {
		struct dns_ticket *t;
		struct channel *c;
		int timeout_ms;

		pthread_mutex_lock(&u->lock);
		bool stopping = u->stopping;
		size_t n = gather(u, &timeout_ms);

		pthread_mutex_unlock(&u->lock);
		if (stopping)
			return NULL;
		if (poll(u->fds, n, timeout_ms) > 0)
			process(u, n);
		while ((t = next_overdue(u)) != NULL)
			ticket_answer(t,
			    answer_done(answer_new(DNS_TIMEOUT, -1, 0)));
		while ((c = next_finished(u)) != NULL)
			channel_free(c);
	}
}

static bool start_pump(struct unbound *u, struct error *err)
{
	sigset_t all, old;

	u->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (u->wake < 0)
		return error_set(err, "resolver: %s", strerror(errno));
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int e = pthread_create(&u->pump, NULL, run_pump, u);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e != 0)
		return error_set(err, "resolver: %s", strerror(e));
	u->threaded = true;
	return true;
}

/* --- beginning and end --- */

static void unbound_stop(void *self)
{
	struct unbound *u = self;

	if (u->threaded) {
		pthread_mutex_lock(&u->lock);
		u->stopping = true;
		pthread_mutex_unlock(&u->lock);
		wake_pump(u);
		pthread_join(u->pump, NULL);
	}
	for (struct channel *c = u->channels, *next; c != NULL; c = next) {
		next = c->next;
		channel_free(c);
	}
	if (u->wake >= 0)
		close(u->wake);
	free(u->fds);
	free(u->polled);
	pthread_mutex_destroy(&u->lock);
	unbound_settings_clear(&u->settings);
	free(u);
}

static bool prepare(struct unbound *u, const struct unbound_options *o,
    struct error *err)
{
	if (!unbound_settings_init(&u->settings, o, err))
		return false;
	if (u->settings.from_resolv_conf &&
	    !unbound_settings_reread(&u->settings, u->log, &u->resolv_conf,
	    err))
		return false;
	u->looked_us = clock_monotonic_us();
	u->channels = channel_new(&u->settings, err);
	return u->channels != NULL && start_pump(u, err);
}

struct resolver *unbound_resolver(const struct unbound_options *o,
    struct log *log, struct error *err)
{
	struct unbound *u = xcalloc(1, sizeof(*u));

	u->log = log;
	u->wake = -1;
	u->query_us = (o->query_ms != 0 ? o->query_ms : DEFAULT_QUERY_MS) *
	    (int64_t)1000;
	pthread_mutex_init(&u->lock, NULL);
	u->cache = dns_cache_new();
	if (!prepare(u, o, err)) {
		dns_cache_free(u->cache);
		unbound_stop(u);
		return NULL;
	}
	return resolver_new((struct resolver_backend){
		.self = u, .start = unbound_start, .stop = unbound_stop,
		.cache = u->cache,
	});
}
