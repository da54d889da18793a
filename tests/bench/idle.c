/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idle: opens many sessions and leaves them open, then plays messages in each
 * of them; says after each step what memory the filter has, one line of JSON
 * with its name.
 *
 * usage: idle -m MILTER... -l LIST [-p PID...] [-s SESSIONS] [-k ROUNDS]
 *     [-t SECONDS] [-H]
 * -t: memory is looked at so long after the step, when all is quiet again.
 * -H: only hold the sessions open, until standard input ends.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench/cost.h"
#include "bench/play.h"

#define THREADS 8

struct idle {
	struct players players;
	struct cost_pids pids;
	struct letters letters;
	const char *list;
	struct session *sessions;
	size_t count, rounds;
	unsigned settle_s;
	bool hold_only;
	size_t turn;                    /* of messages; 0: none yet */
	atomic_size_t next, failed;
};

static void usage(void)
{
	fputs("usage: idle -m MILTER... -l LIST [-p PID...] [-s SESSIONS] "
	    "[-k ROUNDS] [-t SECONDS] [-H]\n", stderr);
	exit(64);
}

static bool take_option(struct idle *x, int c, const char *value)
{
	switch (c) {
	case 'm':
		if (x->players.count == PLAY_MILTERS_MAX)
			return false;
		x->players.milters[x->players.count++] = value;
		return true;
	case 'p': return cost_pids_add(&x->pids, value);
	case 'l': x->list = value; return true;
	case 's': x->count = (size_t)atol(value); return true;
	case 'k': x->rounds = (size_t)atol(value); return true;
	case 't': x->settle_s = (unsigned)atol(value); return true;
	case 'H': x->hold_only = true; return true;
	default: return false;
	}
}

static bool play_in(struct idle *x, size_t i)
{
	struct session *s = &x->sessions[i];
	size_t n = x->turn * x->count + i;
	const struct letter *l = &x->letters.items[n % x->letters.count];

	if (x->turn == 0) {
		s->players = &x->players;
		return session_open(s, l, n);
	}
	return s->open && session_play(s, l, n) != PLAY_BROKEN;
}

static void *work(void *arg)
{
	struct idle *x = arg;
	size_t i;

	while ((i = x->next++) < x->count)
		if (!play_in(x, i))
			x->failed++;
	return NULL;
}

/* The same in each session, some sessions at a time. */
static void in_all(struct idle *x)
{
	pthread_t threads[THREADS];

	x->next = 0;
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, x) != 0)
			abort();
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void tell(struct idle *x, const char *step)
{
	struct cost c;

	sleep(x->settle_s);
	c = cost_now(&x->pids);
	printf("{\"step\": \"%s\", \"rss_kb\": %ld, \"pss_kb\": %ld, "
	    "\"peak_kb\": %ld, \"threads\": %ld, \"fds\": %ld, "
	    "\"failed\": %zu}\n", step, c.rss_kb, c.pss_kb, c.peak_kb,
	    c.threads, c.fds, (size_t)x->failed);
	fflush(stdout);
}

static void close_all(struct idle *x)
{
	for (size_t i = 0; i < x->count; i++)
		session_end(&x->sessions[i]);
	free(x->sessions);
}

static void measure(struct idle *x)
{
	char step[64];

	tell(x, "before");
	in_all(x);
	tell(x, "open");
	for (x->turn = 1; x->turn <= x->rounds; x->turn++) {
		in_all(x);
		snprintf(step, sizeof(step), "after %zu", x->turn);
		tell(x, step);
	}
	close_all(x);
	tell(x, "closed");
}

int main(int argc, char **argv)
{
	struct rlimit files = { 8192, 8192 };
	struct idle x = { .count = 1000, .rounds = 1, .settle_s = 1 };
	struct error err = { "" };
	int c;

	while ((c = getopt(argc, argv, "m:p:l:s:k:t:H")) != -1)
		if (!take_option(&x, c, optarg))
			usage();
	if (x.players.count == 0 || x.list == NULL)
		usage();
	if (!letters_read(x.list, &x.letters, &err)) {
		fprintf(stderr, "idle: %s\n", err.text);
		return 1;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	x.sessions = xcalloc(x.count + 1, sizeof(*x.sessions));
	if (!x.hold_only) {
		measure(&x);
		return 0;
	}
	in_all(&x);
	tell(&x, "open");
	while (getchar() != EOF)
		;
	close_all(&x);
	return 0;
}
