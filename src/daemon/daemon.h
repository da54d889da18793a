/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * daemon: what assayd holds while it runs; main.c makes it, serve.c waits with
 * it, reload.c exchanges parts of it. One thread's alone, but for what is said
 * to be atomic.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "daemon/service.h"
#include "setup/setup.h"

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
	int64_t looked_us;              /* when at them, last; monotonic */
	int64_t expired_day;            /* when lists were looked at for it */
	bool milter_gone;               /* atomic: smfi_main() came back */
};

/* The file to read; NULL: none was named, and the usual one is missing. */
const char *daemon_conf_path(const struct options *o);

/* Each line as a line of the log; frees the lines. */
void daemon_say_lines(struct log *log, enum log_level level,
    struct buf *lines);
