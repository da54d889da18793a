/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * buf: a growing byte string. Starts as { 0 }; owns its bytes until
 * buf_detach(). Once written, data is NUL-terminated at data[len] and fits
 * any C function; buf_text() is the reader that also works on an empty one.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf {
	char *data;
	size_t len;
	size_t room;
};

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_adds(struct buf *b, const char *s);
/* n more octets, which the caller writes, all of them. */
char *buf_extend(struct buf *b, size_t n);
/* From now on this many octets fit without another allocation. */
void buf_reserve(struct buf *b, size_t n);
void buf_addc(struct buf *b, char c);
void buf_add_number(struct buf *b, int64_t n);           /* in decimal */
void buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *buf_text(const struct buf *b);      /* "" when nothing is there */
struct slice buf_slice(const struct buf *b);    /* borrowed until next change */
void buf_clear(struct buf *b);                  /* keeps the room */
char *buf_detach(struct buf *b);        /* the caller frees; b starts anew */
void buf_free(struct buf *b);
