/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * message: a message file (.eml) in memory, cut as a milter would see it.
 */
#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "mail/header.h"

struct message {
	struct header header;
	struct slice body;      /* line ends CRLF */
	const char *mbox_from;  /* a leading "From " line, or NULL */
};

/*
 * Cut raw bytes into header and body. Bare LF line ends become CRLF when the
 * file has no CRLF at all (a file kept the Unix way), otherwise bytes stay as
 * they are. A line in the header that is neither a field nor a fold ends the
 * header, as MTAs do it. Never fails; everything lives in mem.
 */
void message_cut(struct arena *mem, struct slice raw, struct message *out);

/* Read all of a file; at most max octets, more is an error. */
bool message_read(struct arena *mem, FILE *in, size_t max, struct slice *out,
    struct error *err);
