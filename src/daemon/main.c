/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assayd: reads its configuration, opens its socket, and serves an MTA until
 * it is told to stop.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/heap.h"
#include "daemon/listen.h"
#include "daemon/milter.h"
#include "daemon/serve.h"
#include "daemon/signals.h"

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

void daemon_say_lines(struct log *log, enum log_level level, struct buf *lines)
{
	struct slice rest = buf_slice(lines);

	while (rest.data != NULL && rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		log_say(log, level, "%.*s", (int)line.len, line.data);
	}
	buf_free(lines);
}

const char *daemon_conf_path(const struct options *o)
{
	if (o->conf != NULL)
		return o->conf;
	return access(conf_default_path, F_OK) == 0 ? conf_default_path : NULL;
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
	if (!signals_open())
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

int main(int argc, char **argv)
{
	struct daemon d = { 0 };
	struct buf problems = { 0 };
	struct kit *kit = NULL;
	int code = read_options(argc, argv, &d.options);

	if (code >= 0)
		return code;
	heap_limit();
	if (conf_read(&d.conf, daemon_conf_path(&d.options), &problems)) {
		d.log = log_open(d.options.check_only ? LOG_TARGET_STDERR :
		    d.conf.log_target, d.conf.log_format, "assayd");
		d.watch = watch_new();
		kit = setup_kit(&(struct setup){
			.conf = &d.conf, .zone = d.options.zone,
			.log = d.log, .watch = d.watch,
		}, &problems);
	} else {
		d.log = log_open(LOG_TARGET_STDERR, LOG_FORMAT_LOGFMT, "assayd");
	}
	if (kit == NULL)
		code = EX_CONFIG;
	else
		code = d.options.check_only ? check_only(&d, kit) : run(&d, kit);
	daemon_say_lines(d.log, LOG_LEVEL_ERROR, &problems);
	conf_free(&d.conf);
	watch_free(d.watch);
	/* Threads of libmilter's pool may outlive smfi_main() and still use the
	 * service and the log, so those end with the process. */
	if (d.service == NULL)
		log_free(d.log);
	return code;
}
