/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assayd: reads its configuration, opens its socket, and serves an MTA until
 * it is told to stop. Signals: HUP and USR1 reload, TERM and INT stop.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "daemon/listen.h"
#include "daemon/milter.h"
#include "daemon/service.h"
#include "setup/setup.h"

/* Signal handlers can reach nothing but globals. */
static volatile sig_atomic_t want_reload, want_stop;
static volatile sig_atomic_t wake_fd = -1;

struct options {
	const char *conf;
	const char *zone;
	bool check_only;
};

struct daemon {
	struct options options;
	struct conf conf;
	struct log *log;
	struct service *service;
	struct watch *watch;            /* the files of the policies */
	int64_t looked_us;              /* when at them, last */
	int64_t expired_day;            /* when lists were looked at for it */
	int wake[2];                    /* pipe: handlers write, main reads */
	bool milter_gone;               /* atomic: smfi_main() came back */
};

static void usage(FILE *out)
{
	fputs("usage: assayd [-c FILE] [-f] [-n] [-z ZONE] [-V] [-h]\n"
	    "  -c FILE  configuration (default " ASSAY_CONF_DIR "/assay.conf)\n"
	    "  -f       stay in the foreground (always so)\n"
	    "  -n       check configuration, policy, lists and expectations, "
	    "then exit\n"
	    "  -z ZONE  answer the DNS from this zone file, for tests\n"
	    "  -V       print the version\n", out);
}

/* -1: go on; else the exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "c:fnz:Vh")) != -1) {
		switch (c) {
		case 'c':
			o->conf = optarg;
			break;
		case 'f':
			break;
		case 'n':
			o->check_only = true;
			break;
		case 'z':
			o->zone = optarg;
			break;
		case 'V':
			puts("assayd " ASSAY_VERSION);
			return EX_OK;
		case 'h':
			usage(stdout);
			return EX_OK;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	usage(stderr);
	return EX_USAGE;
}

/* Each line as a line of the log. */
static void say_lines(struct log *log, enum log_level level, struct buf *lines)
{
	struct slice rest = buf_slice(lines);

	while (rest.data != NULL && rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		log_say(log, level, "%.*s", (int)line.len, line.data);
	}
	buf_free(lines);
}

static void say_problems(struct log *log, struct buf *problems)
{
	say_lines(log, LOG_LEVEL_ERROR, problems);
}

static const char *conf_path(const struct options *o)
{
	if (o->conf != NULL)
		return o->conf;
	return access(conf_default_path, F_OK) == 0 ? conf_default_path : NULL;
}

static void on_signal(int sig)
{
	int saved = errno;

	if (sig == SIGHUP || sig == SIGUSR1)
		want_reload = 1;
	else
		want_stop = 1;
	if (write(wake_fd, "", 1) < 0)
		errno = saved;          /* full: the reader is awake anyway */
	errno = saved;
}

static void *run_milter(void *arg)
{
	struct daemon *d = arg;

	milter_run();
	__atomic_store_n(&d->milter_gone, true, __ATOMIC_RELEASE);
	if (write(d->wake[1], "", 1) < 0)
		return NULL;
	return NULL;
}

/* What a running daemon cannot change is said, not ignored. */
static void compare_fixed(struct daemon *d, const struct conf *fresh)
{
	if (strcmp(d->conf.socket, fresh->socket) != 0 ||
	    strcmp(d->conf.socket_owner, fresh->socket_owner) != 0 ||
	    strcmp(d->conf.socket_group, fresh->socket_group) != 0 ||
	    d->conf.socket_mode != fresh->socket_mode ||
	    strcmp(d->conf.user, fresh->user) != 0 ||
	    d->conf.log_target != fresh->log_target ||
	    d->conf.log_format != fresh->log_format ||
	    d->conf.drain_ms != fresh->drain_ms)
		log_say(d->log, LOG_LEVEL_WARNING, "socket, user, log and "
		    "limits.drain change with the next start, not with a "
		    "reload");
}

/* A new store for a new path; else what the old one is to keep. */
static bool reload_store(struct daemon *d, const struct conf *fresh,
    struct buf *problems)
{
	struct store *old = service_store(d->service), *store;
	struct store_limits limits = setup_store_limits(fresh);
	struct error err;

	if (old != NULL && strcmp(store_path(old), fresh->history) == 0) {
		store_set_limits(old, &limits);
		return true;
	}
	if (!setup_store(fresh, d->log, &store, &err)) {
		buf_addf(problems, "%s\n", err.text);
		return false;
	}
	service_set_store(d->service, store);
	return true;
}

/* Everything new, or everything as it was. */
static void reload(struct daemon *d)
{
	struct watch *watch = watch_new();
	struct buf problems = { 0 };
	struct conf fresh;
	struct kit *kit = NULL;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_monotonic_us());
	if (conf_read(&fresh, conf_path(&d->options), &problems))
		kit = setup_kit_watched(&fresh, d->options.zone, d->log,
		    &problems, watch);
	if (kit != NULL && !reload_store(d, &fresh, &problems)) {
		kit_drop(kit);
		kit = NULL;
	}
	if (kit != NULL) {
		compare_fixed(d, &fresh);
		log_say(d->log, LOG_LEVEL_INFO, "reloaded: policy %s (%s), "
		    "%zu rules", policy_name(kit->policy),
		    policy_version(kit->policy),
		    policy_rule_count(kit->policy));
		service_swap(d->service, kit);
	} else {
		watch_join(watch, d->watch);
		log_say(d->log, LOG_LEVEL_ERROR,
		    "not reloaded, everything stays as it was:");
		say_problems(d->log, &problems);
	}
	watch_free(d->watch);
	d->watch = watch;
	buf_free(&problems);
	conf_free(&fresh);
	sd_notify(0, "READY=1");
}

/* How often files are looked at. A change is read at the second look, so that
 * a file is not read while it is written. */
#define LOOK_MS 2000

static void look_at_files(struct daemon *d)
{
	int64_t now = clock_monotonic_us();
	const char *changed;

	if (now - d->looked_us < LOOK_MS * 1000)
		return;
	d->looked_us = now;
	changed = watch_changed(d->watch);
	if (changed == NULL)
		return;
	log_say(d->log, LOG_LEVEL_INFO, "%s has changed: reloading", changed);
	reload(d);
}

/* Once a day what a list believes may be over. The start has said it already,
 * and so does a reload. */
static void look_at_days(struct daemon *d)
{
	int64_t now = (int64_t)clock_now(&(struct clock){ 0 });
	struct buf said = { 0 };
	struct kit *kit;

	if (now / 86400 == d->expired_day)
		return;
	if (d->expired_day != 0) {
		kit = service_kit(d->service);
		policy_expired(kit->policy, now, &said);
		kit_drop(kit);
		say_lines(d->log, LOG_LEVEL_WARNING, &said);
	}
	d->expired_day = now / 86400;
}

/* Sleep until a signal, until the watchdog wants to hear from us, or until the
 * files are to be looked at. */
static void nap(struct daemon *d, int watchdog_ms)
{
	struct pollfd p = { .fd = d->wake[0], .events = POLLIN };
	char drain[64];
	int wait = watchdog_ms < 0 || watchdog_ms > LOOK_MS ? LOOK_MS :
	    watchdog_ms;

	if (poll(&p, 1, wait) > 0)
		while (read(d->wake[0], drain, sizeof(drain)) > 0)
			;
	sd_notify(0, "WATCHDOG=1");
}

static int watchdog_interval(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? (int)(usec / 3000) : -1;
}

static bool milter_is_gone(struct daemon *d)
{
	return __atomic_load_n(&d->milter_gone, __ATOMIC_ACQUIRE);
}

/*
 * Block, start smfi_main() in its thread (it inherits the mask), then unblock
 * here: Linux gives a process signal to the main thread first whenever that
 * thread accepts it, so libmilter's own signal thread, which would take HUP
 * for "stop", never sees one.
 */
static bool start_milter(struct daemon *d, pthread_t *thread)
{
	struct sigaction action = { .sa_handler = on_signal };
	static const int handled[] = { SIGHUP, SIGUSR1, SIGTERM, SIGINT };
	sigset_t signals;
	bool good;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++)
		sigaddset(&signals, handled[i]);
	/* A log or an MTA that went away is an error of one write. */
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	good = pthread_create(thread, NULL, run_milter, d) == 0;
	for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++)
		sigaction(handled[i], &action, NULL);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	return good;
}

static int serve(struct daemon *d)
{
	int watchdog = watchdog_interval();
	pthread_t thread;
	bool gone;

	if (!start_milter(d, &thread)) {
		log_say(d->log, LOG_LEVEL_ERROR, "cannot start a thread");
		return EX_OSERR;
	}
	sd_notifyf(0, "READY=1\nSTATUS=serving on %s", d->conf.socket);
	while (!want_stop && !milter_is_gone(d)) {
		nap(d, watchdog);
		if (want_reload) {
			want_reload = 0;
			reload(d);
		}
		look_at_files(d);
		look_at_days(d);
	}
	gone = milter_is_gone(d);
	sd_notify(0, "STOPPING=1");
	/* libmilter serves nobody once it is told to stop, so wait before. */
	if (!gone && !service_drain(d->service, d->conf.drain_ms))
		log_say(d->log, LOG_LEVEL_WARNING, "stopping with messages still "
		    "under way; their senders will try again");
	milter_stop();
	pthread_join(thread, NULL);
	service_tell_hits(d->service);
	service_set_store(d->service, NULL);
	log_say(d->log, gone ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
	    gone ? "libmilter stopped serving" : "stopped");
	return gone ? EX_SOFTWARE : EX_OK;
}

static bool open_pipe(struct daemon *d)
{
	if (pipe2(d->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	wake_fd = d->wake[1];
	return true;
}

static void say_start(const struct daemon *d, const struct kit *kit)
{
	log_say(d->log, LOG_LEVEL_INFO, "assayd " ASSAY_VERSION " serves %s as "
	    "%s; policy %s, %zu rules", d->conf.socket, d->conf.authserv_id,
	    policy_name(kit->policy), policy_rule_count(kit->policy));
}

/* The kit is the service's from here on. */
static int run(struct daemon *d, struct kit *kit)
{
	struct error err = { .text = "" };
	struct store *store;
	int code = EX_OSERR;

	d->service = service_new(kit, d->log);
	if (!open_pipe(d))
		error_set(&err, "no pipe: %s", strerror(errno));
	else if (milter_register(d->service, &err) &&
	    listen_open(&d->conf, &err) && become_user(&d->conf, &err)) {
		/* The history belongs to the user we are now. */
		if (setup_store(&d->conf, d->log, &store, &err)) {
			service_set_store(d->service, store);
			say_start(d, kit);
			code = serve(d);
		} else {
			code = EX_CONFIG;
		}
		listen_close(&d->conf);
	}
	if (err.text[0] != '\0')
		log_say(d->log, LOG_LEVEL_ERROR, "%s", err.text);
	return code;
}

static int check_only(const struct daemon *d, struct kit *kit)
{
	struct error err;

	if (!listen_check(&d->conf, &err) ||
	    !setup_store_check(&d->conf, &err)) {
		log_say(d->log, LOG_LEVEL_ERROR, "%s", err.text);
		kit_drop(kit);
		return EX_CONFIG;
	}
	printf("%s: good; policy %s, %zu rules, all expectations hold\n",
	    d->conf.file != NULL ? d->conf.file : "(defaults)",
	    policy_name(kit->policy), policy_rule_count(kit->policy));
	kit_drop(kit);
	return EX_OK;
}

/*
 * glibc gives threads heaps of their own, eight for each core, and what one
 * thread frees serves only those that share its heap: every heap grows to the
 * largest that one of libmilter's threads ever needed. Two keep threads out of
 * each other's way well enough, since a message allocates in large blocks.
 */
#define HEAPS 2

int main(int argc, char **argv)
{
	struct daemon d = { .wake = { -1, -1 } };
	struct buf problems = { 0 };
	struct kit *kit = NULL;
	int code = read_options(argc, argv, &d.options);

	if (code >= 0)
		return code;
	mallopt(M_ARENA_MAX, HEAPS);
	if (conf_read(&d.conf, conf_path(&d.options), &problems)) {
		d.log = log_open(d.options.check_only ? LOG_TARGET_STDERR :
		    d.conf.log_target, d.conf.log_format, "assayd");
		d.watch = watch_new();
		kit = setup_kit_watched(&d.conf, d.options.zone, d.log,
		    &problems, d.watch);
	} else {
		d.log = log_open(LOG_TARGET_STDERR, LOG_FORMAT_LOGFMT, "assayd");
	}
	if (kit == NULL)
		code = EX_CONFIG;
	else
		code = d.options.check_only ? check_only(&d, kit) : run(&d, kit);
	say_problems(d.log, &problems);
	conf_free(&d.conf);
	watch_free(d.watch);
	/* Threads of libmilter's pool may outlive smfi_main() and still use the
	 * service and the log, so those end with the process. */
	if (d.service == NULL)
		log_free(d.log);
	return code;
}
