/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/crew.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

/* One thread; its own, but `lock` guards it while it is in `idle`. */
struct member {
	pthread_t thread;
	void *(*task)(void *);          /* NULL: none */
	void *arg;
	pthread_cond_t called;
	struct member *next;            /* idle, too, and for longer */
};

/* libmilter hands nothing of ours to these calls. The last to become idle is
 * the first to be called: it is the one whose memory is warm, and those that
 * are too many are left alone until they go. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct member *idle;

static void leave(struct member *m)
{
	for (struct member **at = &idle; *at != NULL; at = &(*at)->next)
		if (*at == m) {
			*at = m->next;
			return;
		}
}

/* False: nobody called for too long. */
static bool wait_for_task(struct member *m)
{
	struct timespec until;
	int e = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CREW_PATIENCE_S;
	pthread_mutex_lock(&lock);
	m->next = idle;
	idle = m;
	while (m->task == NULL && e == 0)
		e = pthread_cond_clockwait(&m->called, &lock, CLOCK_MONOTONIC,
		    &until);
	if (m->task == NULL)
		leave(m);
	pthread_mutex_unlock(&lock);
	return m->task != NULL;
}

static void *serve(void *arg)
{
	struct member *m = arg;

	m->thread = pthread_self();
	do {
		void *(*task)(void *) = m->task;

		m->task = NULL;
		task(m->arg);
	} while (wait_for_task(m));
	pthread_cond_destroy(&m->called);
	free(m);
	return NULL;
}

static bool call_idle(pthread_t *thread, void *(*task)(void *), void *arg)
{
	struct member *m;

	pthread_mutex_lock(&lock);
	m = idle;
	if (m != NULL) {
		idle = m->next;
		*thread = m->thread;
		m->arg = arg;
		m->task = task;
		pthread_cond_signal(&m->called);
	}
	pthread_mutex_unlock(&lock);
	return m != NULL;
}

int crew_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*task)(void *), void *arg)
{
	struct member *m;
	int e;

	if (attributes == NULL && call_idle(thread, task, arg))
		return 0;
	m = xcalloc(1, sizeof(*m));
	m->task = task;
	m->arg = arg;
	pthread_cond_init(&m->called, NULL);
	e = pthread_create(thread, attributes, serve, m);
	if (e == 0) {
		pthread_detach(*thread);
	} else {
		pthread_cond_destroy(&m->called);
		free(m);
	}
	return e;
}

int crew_detach(pthread_t thread)
{
	(void)thread;
	return 0;
}
