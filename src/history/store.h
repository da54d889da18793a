/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * store: the history, written.
 *
 * One SQLite file, one thread that writes it. Whoever has a record puts it into
 * a queue and goes on: mail never waits for a disk. The queue is bounded; what
 * does not fit is left out, counted, and now and then said in the log. Trouble
 * of the disk (full, locked) is waited out with the queue as the buffer.
 *
 * What is older than `days` goes, and the oldest go when the file would become
 * larger than `octets`. Process lifetime; safe from several threads.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "history/record.h"
#include "session/deferral.h"

struct store_limits {
	long days;
	int64_t octets;         /* of the file, without its log of the moment */
	size_t queue;           /* records that wait */
};

struct store_counts {
	unsigned long written;
	unsigned long left_out; /* the queue was full */
	unsigned long lost;     /* could not be written */
	unsigned long expired;  /* removed: too old, or too many */
};

struct store;

/* The path is copied, the log borrowed. NULL: err names the path and says why;
 * a file that is no history, or a newer one, is left as it is. */
struct store *store_open(const char *path, const struct store_limits *limits,
    struct log *log, struct error *err);

/* Write what is waiting, then stop. What cannot be written at once is counted
 * as lost and said. NULL is fine. */
void store_close(struct store *s);

/* Takes over the record. False: it was left out. NULL is left out silently. */
bool store_keep(struct store *s, struct record *r);

/*
 * Keep this memory over a restart: what the file remembers is put into it now,
 * and what it holds is written every minute and at the end. Borrowed until
 * store_close(). False: err says why the file's could not be read; it is
 * written all the same.
 */
bool store_remember(struct store *s, struct deferrals *d, struct error *err);

const char *store_path(const struct store *s);
void store_set_limits(struct store *s, const struct store_limits *limits);
struct store_counts store_counts(struct store *s);

/* Could store_open() work? Nothing is made or changed; for `assayd -n`. */
bool store_check(const char *path, struct error *err);
