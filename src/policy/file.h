/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * file: a whole file in memory, when it is no larger than it may be.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* How a file looks from outside. What was not there looks like all zeroes. */
struct file_look {
	uint64_t device, inode;
	int64_t octets;
	int64_t changed_s, changed_ns;  /* content, or anything else of it */
	int64_t modified_s, modified_ns;
};

struct file_seen {
	char *path;
	struct file_look look;
};

struct file_look file_look(const char *path);
bool file_looks_same(const struct file_look *a, const struct file_look *b);

/* Appends to *out. Only regular files: a pipe would make a reload wait. */
bool file_read(const char *path, size_t max, struct buf *out,
    struct error *err);
