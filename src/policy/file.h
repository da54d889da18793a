/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * file: a whole file in memory, when it is no larger than it may be.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Appends to *out. Only regular files: a pipe would make a reload wait. */
bool file_read(const char *path, size_t max, struct buf *out,
    struct error *err);
