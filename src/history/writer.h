/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * writer: rows in, old rows out. One thread; the SQL of the store.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "history/record.h"
#include "session/deferral.h"

struct writer;

struct writer *writer_open(const char *path, struct error *err);
void writer_close(struct writer *w);                    /* NULL is fine */

enum written {
	WRITTEN_ALL,
	WRITTEN_NOTHING_YET,    /* locked, or the disk is full: try again */
	WRITTEN_NEVER,          /* this will not get better */
};

/* All of them in one transaction, or none. */
enum written writer_put(struct writer *w, struct record *const *records,
    size_t count, struct error *err);

/* These instead of those that the file remembers; all of them, or none. */
bool writer_put_deferrals(struct writer *w, struct deferrals *d,
    struct error *err);

/*
 * Remove some of what is older than `before`, or too much for `octets`, and
 * give the room back. A piece at a time: *more says whether to call again.
 * Answers how many rows went, -1 on trouble.
 */
long writer_prune(struct writer *w, int64_t before, int64_t octets, bool *more,
    struct error *err);
