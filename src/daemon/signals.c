/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* Signal handlers can reach nothing but globals. */
static volatile sig_atomic_t want_reload, want_stop;
static volatile sig_atomic_t pipe_in = -1, pipe_out = -1;

static const int handled[] = { SIGHUP, SIGUSR1, SIGTERM, SIGINT };

bool signals_open(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	pipe_out = ends[0];
	pipe_in = ends[1];
	return true;
}

void signals_wake(void)
{
	int saved = errno;

	if (write(pipe_in, "", 1) < 0)
		errno = saved;          /* full: the reader is awake anyway */
}

static void on_signal(int sig)
{
	if (sig == SIGHUP || sig == SIGUSR1)
		want_reload = 1;
	else
		want_stop = 1;
	signals_wake();
}

static void set_mask(int how)
{
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++)
		sigaddset(&signals, handled[i]);
	pthread_sigmask(how, &signals, NULL);
}

void signals_block(void)
{
	/* A log or an MTA that went away is an error of one write. */
	signal(SIGPIPE, SIG_IGN);
	set_mask(SIG_BLOCK);
}

void signals_accept(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++)
		sigaction(handled[i], &action, NULL);
	set_mask(SIG_UNBLOCK);
}

void signals_wait(int ms)
{
	struct pollfd p = { .fd = pipe_out, .events = POLLIN };
	char drain[64];

	if (poll(&p, 1, ms) > 0)
		while (read(pipe_out, drain, sizeof(drain)) > 0)
			;
}

enum wish signals_wish(void)
{
	if (want_stop)
		return WISH_STOP;
	if (!want_reload)
		return WISH_NOTHING;
	want_reload = 0;
	return WISH_RELOAD;
}
