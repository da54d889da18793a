/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * load: plays messages to milters as an MTA does, several sessions at a time,
 * and says what it cost: latency here, CPU and memory of the milters from the
 * kernel.
 *
 * Closed loop: a session begins its next message when the last one is answered.
 * Open loop (-r): messages come at a rate. The whole transaction counts from
 * when the message was due, and if no session was free by then, the wait counts
 * for the end of message, too; so a filter that stands still is not spared the
 * messages that it kept from being sent.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/cost.h"
#include "bench/play.h"

#define SESSIONS_MAX 1024

struct options {
	struct players players;
	struct cost_pids pids;
	const char *list;
	size_t sessions, per_session, warm, messages;
	size_t first;                   /* number of the first message */
	size_t break_off;               /* one of so many; 0: none */
	double rate;                    /* a second; 0: closed loop */
};

struct sample {
	int64_t whole_us, eom_us;
};

/* One run: what the sessions share. */
struct run {
	const struct options *o;
	const struct letters *letters;
	size_t total;
	int64_t began_us;
	struct sample *samples;
	atomic_size_t next, accepted, refused, broken, broken_off, found;
};

static void usage(void)
{
	fputs("usage: load -m MILTER... -l LIST [-p PID...] [-s SESSIONS] "
	    "[-k MESSAGES-A-SESSION] [-n MESSAGES] [-w WARM-UP] [-r RATE] "
	    "[-f FIRST-NUMBER] [-x BREAK-OFF-ONE-OF] [-g WORD] [-b]\n", stderr);
	exit(64);
}

static bool take_option(struct options *o, int c, const char *value)
{
	switch (c) {
	case 'm':
		if (o->players.count == PLAY_MILTERS_MAX)
			return false;
		o->players.milters[o->players.count++] = value;
		return true;
	case 'p': return cost_pids_add(&o->pids, value);
	case 'l': o->list = value; return true;
	case 's': o->sessions = (size_t)atol(value); return true;
	case 'k': o->per_session = (size_t)atol(value); return true;
	case 'n': o->messages = (size_t)atol(value); return true;
	case 'w': o->warm = (size_t)atol(value); return true;
	case 'f': o->first = (size_t)atol(value); return true;
	case 'x': o->break_off = (size_t)atol(value); return true;
	case 'r': o->rate = atof(value); return true;
	case 'g': o->players.word = value; return true;
	case 'b': o->players.bare = true; return true;
	default: return false;
	}
}

static struct options read_options(int argc, char **argv)
{
	struct options o = { .sessions = 1, .per_session = 1, .messages = 100 };
	int c;

	while ((c = getopt(argc, argv, "m:p:l:s:k:n:w:r:f:x:g:b")) != -1)
		if (!take_option(&o, c, optarg))
			usage();
	if (o.players.count == 0 || o.list == NULL || o.sessions == 0 ||
	    o.sessions > SESSIONS_MAX || o.per_session == 0)
		usage();
	return o;
}

/* --- sessions --- */

/* How late it is already; 0: it was waited for. */
static int64_t wait_until(int64_t due_us)
{
	int64_t left = due_us - clock_monotonic_us();

	if (left <= 0)
		return -left;
	usleep((useconds_t)left);
	return 0;
}

static void count_end(struct run *r, const struct session *s,
    enum play_end end)
{
	switch (end) {
	case PLAY_ACCEPTED:
		r->accepted++;
		break;
	case PLAY_REFUSED:
		r->refused++;
		break;
	case PLAY_BROKEN:
		r->broken++;
		usleep(10000);
		break;
	}
	r->found += s->found;
}

static bool is_broken_off(const struct run *r, size_t n)
{
	return r->o->break_off > 0 && n % r->o->break_off == 0;
}

static void play_one(struct run *r, struct session *s, size_t n)
{
	const struct letter *l = &r->letters->items[n % r->letters->count];
	size_t number = r->o->first + n;
	int64_t began = clock_monotonic_us(), late = 0;
	enum play_end end = PLAY_BROKEN;

	if (r->o->rate > 0) {
		began = r->began_us + (int64_t)((double)n * 1e6 / r->o->rate);
		late = wait_until(began);
	}
	s->eom_us = 0;
	if (!s->open && !session_open(s, l, number)) {
		count_end(r, s, PLAY_BROKEN);
	} else if (is_broken_off(r, n)) {
		session_break_off(s, l, number, n / r->o->break_off % 2 == 0);
		r->broken_off++;
	} else {
		end = session_play(s, l, number);
		count_end(r, s, end);
	}
	r->samples[n].whole_us = clock_monotonic_us() - began;
	r->samples[n].eom_us = s->eom_us + late;
}

static void *run_session(void *arg)
{
	struct run *r = arg;
	struct session s = { .players = &r->o->players };
	size_t n;

	for (size_t k = 0; (n = r->next++) < r->total; k++) {
		if (k % r->o->per_session == 0)
			session_close(&s);
		play_one(r, &s, n);
	}
	session_end(&s);
	return NULL;
}

static void run_all(struct run *r)
{
	pthread_t threads[SESSIONS_MAX];

	r->samples = xcalloc(r->total + 1, sizeof(*r->samples));
	r->began_us = clock_monotonic_us();
	for (size_t i = 0; i < r->o->sessions; i++)
		if (pthread_create(&threads[i], NULL, run_session, r) != 0)
			abort();
	for (size_t i = 0; i < r->o->sessions; i++)
		pthread_join(threads[i], NULL);
}

/* --- the report --- */

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report_times(const char *name, const struct run *r, bool whole)
{
	static const int percents[] = { 50, 90, 95, 99 };
	int64_t *all = xcalloc(r->total + 1, sizeof(*all));

	for (size_t i = 0; i < r->total; i++)
		all[i] = whole ? r->samples[i].whole_us :
		    r->samples[i].eom_us;
	qsort(all, r->total, sizeof(*all), compare);
	printf(", \"%s\": {", name);
	for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++)
		printf("\"p%d\": %.3f, ", percents[i], (double)all[(r->total -
		    1) * (size_t)percents[i] / 100] / 1000);
	printf("\"max\": %.3f}", (double)all[r->total - 1] / 1000);
	free(all);
}

static void report(const struct run *r, struct cost before, struct cost after,
    double own_cpu_s, int64_t took_us)
{
	double n = (double)r->total;

	printf("{\"messages\": %zu, \"accepted\": %zu, \"refused\": %zu, "
	    "\"broken\": %zu, \"broken_off\": %zu, \"found\": %zu", r->total,
	    (size_t)r->accepted, (size_t)r->refused, (size_t)r->broken,
	    (size_t)r->broken_off, (size_t)r->found);
	printf(", \"per_second\": %.1f, \"cpu_ms\": %.4f, \"user_ms\": %.4f, "
	    "\"system_ms\": %.4f, \"load_cpu_ms\": %.4f", n * 1e6 /
	    (double)took_us, (after.cpu_s - before.cpu_s) * 1000 / n,
	    (after.user_s - before.user_s) * 1000 / n,
	    (after.system_s - before.system_s) * 1000 / n,
	    own_cpu_s * 1000 / n);
	printf(", \"peak_kb\": %ld, \"rss_kb\": %ld, \"pss_kb\": %ld, "
	    "\"threads\": %ld, \"fds\": %ld, \"waits\": %.2f", after.peak_kb,
	    after.rss_kb, after.pss_kb, after.threads, after.fds,
	    (double)(after.waits - before.waits) / n);
	report_times("transaction_ms", r, true);
	report_times("eom_ms", r, false);
	puts("}");
}

int main(int argc, char **argv)
{
	struct options o = read_options(argc, argv);
	struct letters letters = { 0 };
	struct error err = { "" };
	struct run warm = { .o = &o, .letters = &letters, .total = o.warm };
	struct run run = { .o = &o, .letters = &letters, .total = o.messages };
	struct cost before;
	double own;
	int64_t began;

	if (!letters_read(o.list, &letters, &err)) {
		fprintf(stderr, "load: %s\n", err.text);
		return 1;
	}
	if (warm.total > 0)
		run_all(&warm);
	before = cost_now(&o.pids);
	own = cost_own_cpu_s();
	began = clock_monotonic_us();
	run_all(&run);
	began = clock_monotonic_us() - began;
	own = cost_own_cpu_s() - own;
	report(&run, before, cost_now(&o.pids), own, began);
	return 0;
}
