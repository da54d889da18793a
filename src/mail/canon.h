/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * canon: line ends made whole before anybody hashes a body.
 *
 * Whatever the pieces in which a body arrives, the same bytes come out: a bare
 * CR or a bare LF becomes CRLF, and a body that does not end in CRLF gets one.
 * One struct per body and consumer; starts as { 0 } plus the sink.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct crlf_stream {
	void (*sink)(void *arg, const void *bytes, size_t n);
	void *arg;
	bool held_cr;           /* a CR ended the last piece */
	bool open_line;         /* bytes since the last line end */
};

void crlf_feed(struct crlf_stream *s, const void *bytes, size_t n);
void crlf_end(struct crlf_stream *s);
