/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/serve.h"

#include <pthread.h>
#include <sysexits.h>

#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "daemon/heap.h"
#include "daemon/listen.h"
#include "daemon/milter.h"
#include "daemon/reload.h"
#include "daemon/signals.h"

#define KNOCK_MS 20

static void *run_milter(void *arg)
{
	struct daemon *d = arg;

	milter_run();
	__atomic_store_n(&d->milter_gone, true, __ATOMIC_RELEASE);
	signals_wake();
	return NULL;
}

static bool milter_is_gone(struct daemon *d)
{
	return __atomic_load_n(&d->milter_gone, __ATOMIC_ACQUIRE);
}

static bool start_milter(struct daemon *d, pthread_t *thread)
{
	bool good;

	signals_block();
	good = pthread_create(thread, NULL, run_milter, d) == 0;
	signals_accept();
	return good;
}

static int watchdog_interval(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? (int)(usec / 3000) : -1;
}

/* Until told to stop, or until there is nothing left to serve. */
static void wait_for_end(struct daemon *d)
{
	int watchdog = watchdog_interval();
	int nap = watchdog < 0 || watchdog > LOOK_MS ? LOOK_MS : watchdog;
	int64_t trimmed_us = clock_monotonic_us();

	while (!milter_is_gone(d)) {
		signals_wait(nap);
		sd_notify(0, "WATCHDOG=1");
		switch (signals_wish()) {
		case WISH_STOP:
			return;
		case WISH_RELOAD:
			reload(d);
			break;
		case WISH_NOTHING:
			break;
		}
		reload_look(d);
		heap_trim(clock_monotonic_us(), &trimmed_us);
	}
}

static void *stop_milter(void *arg)
{
	(void)arg;
	milter_stop();
	return NULL;
}

/*
 * smfi_stop() waits until libmilter looks up from waiting for the next client,
 * up to five seconds in which the MTA would wait as well. So somebody knocks;
 * more than once, since libmilter may already have been on its way back.
 */
static void end_milter(struct daemon *d, pthread_t milter)
{
	pthread_t thread;
	bool own = pthread_create(&thread, NULL, stop_milter, NULL) == 0;

	if (!own)
		milter_stop();
	while (!milter_is_gone(d)) {
		listen_knock(&d->conf);
		signals_wait(KNOCK_MS);
	}
	if (own)
		pthread_join(thread, NULL);
	pthread_join(milter, NULL);
}

int serve(struct daemon *d)
{
	pthread_t thread;
	bool gone;

	if (!start_milter(d, &thread)) {
		log_say(d->log, LOG_LEVEL_ERROR, "cannot start a thread");
		return EX_OSERR;
	}
	sd_notifyf(0, "READY=1\nSTATUS=serving on %s", d->conf.socket);
	wait_for_end(d);
	gone = milter_is_gone(d);
	sd_notify(0, "STOPPING=1");
	/* libmilter serves nobody once it is told to stop, so wait before. */
	if (!gone && !service_drain(d->service, d->conf.drain_ms))
		log_say(d->log, LOG_LEVEL_WARNING, "stopping with messages still "
		    "under way; their senders will try again");
	end_milter(d, thread);
	service_tell_hits(d->service);
	service_set_store(d->service, NULL);
	log_say(d->log, gone ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
	    gone ? "libmilter stopped serving" : "stopped");
	return gone ? EX_SOFTWARE : EX_OK;
}
