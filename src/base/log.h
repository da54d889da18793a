/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * log: what the operator reads.
 *
 * Two kinds of lines: sentences (log_say) for events of the daemon, and one
 * line of key=value pairs for each message (struct log_line). Targets are
 * stderr (journald's priority prefix "<N>" when JOURNAL_STREAM names it) and
 * syslog (facility mail); formats are logfmt and JSON. Foreign bytes cannot
 * start a new line or a new pair: values are quoted and escaped here, nowhere
 * else, and cut after 512 octets. A sentence is the pairs level= and msg=.
 * Safe from several threads.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/name.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG };
enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG, LOG_TARGET_NONE };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

extern const struct name log_target_names[];
extern const struct name log_format_names[];

struct log;

struct log *log_open(enum log_target target, enum log_format format,
    const char *ident);
void log_free(struct log *l);                           /* NULL is fine */

/* One sentence. l may be NULL: then nothing is said. */
void log_say(struct log *l, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same sentence (same format string) at most once a minute; how many were
 * left out is added to the next one. For trouble that a stranger can cause.
 * fmt is a literal, and kept.
 */
void log_say_rarely(struct log *l, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One line of pairs. `lead` (a queue id) is printed bare before the pairs in
 * logfmt, so that grep finds it; in JSON it is the member "queue_id". */
struct log_line {
	struct buf text;
	enum log_format format;
};

void log_line_begin(struct log_line *line, const struct log *l,
    const char *lead);                                  /* NULL: no lead */
/* A NULL value writes nothing. */
void log_line_text(struct log_line *line, const char *key, const char *value);
void log_line_number(struct log_line *line, const char *key, int64_t value);
void log_line_end(struct log_line *line, struct log *l);        /* writes, frees */
