/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * wire: the MTA's side of the milter protocol, version 6, on one connection.
 * Shares no code with libmilter. What the filter has agreed to is neither sent
 * nor waited for; replies that are missing, late or unknown are an error of the
 * connection and never a wait without end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "bench/macros.h"

/* Commands of the protocol, as they stand on the wire. */
enum wire_command {
	WIRE_CONNECT = 'C', WIRE_HELO = 'H', WIRE_MAIL = 'M', WIRE_RCPT = 'R',
	WIRE_DATA = 'T', WIRE_HEADER = 'L', WIRE_EOH = 'N', WIRE_BODY = 'B',
	WIRE_EOM = 'E',
};

/* What the filter says; everything that ends a message is an end. */
enum wire_answer {
	WIRE_CONTINUE = 'c', WIRE_ACCEPT = 'a', WIRE_REJECT = 'r',
	WIRE_TEMPFAIL = 't', WIRE_DISCARD = 'd', WIRE_REPLY = 'y',
	WIRE_SKIP = 's', WIRE_BROKEN = 0,
};

/* A field that the filter adds: to be put before or behind the others. */
struct wire_added {
	bool on_top;
	char *name, *value;
};

struct wire {
	int fd;
	uint32_t steps;                 /* agreed: SMFIP_* */
	struct macro_lists macros;
	struct buf out;                 /* not written yet */
	unsigned char in[4096];
	size_t in_at, in_len;
	struct buf packet;              /* the one just read */
	struct wire_added *added;
	size_t added_count;
};

/* Starts as { .fd = -1 }. "unix:/path" or "inet:PORT@ADDRESS". Negotiates,
 * offering all steps; `bare`: none of them, as an old MTA would. */
bool wire_open(struct wire *w, const char *address, bool bare);
/* Says good-bye; frees everything. */
void wire_close(struct wire *w);
/* As an MTA that dies: wire_close() will have nobody to say it to. */
void wire_hang_up(struct wire *w);

/* Macros for the command that comes next: of those known (name, value or NULL,
 * ..., NULL) the ones that the filter is to be told then. */
void wire_macros(struct wire *w, enum wire_command c,
    const char *const *pairs);

/*
 * One command, its data put together by the caller, and the answer to it.
 * WIRE_CONTINUE also where no answer was agreed upon, or no such command; after
 * WIRE_EOM `added` holds the filter's fields.
 */
enum wire_answer wire_say(struct wire *w, enum wire_command c,
    const void *data, size_t n);

/* What nobody waits for an answer to goes out now, too. */
bool wire_push(struct wire *w);

/* The message under way ends here; nobody answers to that. */
bool wire_abort(struct wire *w);

/* True: the values of fields keep their leading blank. */
bool wire_keeps_blank(const struct wire *w);
