/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * play: one SMTP session as milters see it. Several milters form a chain as in
 * Postfix: each command goes to one after the other, then the whole message to
 * each, with the fields that those before it have added.
 *
 * "%n" in a letter's names and fields stands for the number of the message, so
 * that one letter can come from a new domain each time.
 */
#include "base/arena.h"
#include "bench/letters.h"
#include "bench/wire.h"

#define PLAY_MILTERS_MAX 4

struct players {
	const char *milters[PLAY_MILTERS_MAX];
	size_t count;
	bool bare;                      /* offers no option of the protocol */
	const char *word;               /* looked for in what they add */
};

/* Starts as { .players = ... }; belongs to one thread. */
struct session {
	const struct players *players;
	struct wire wires[PLAY_MILTERS_MAX];
	bool open;
	struct arena *mem;              /* of one message */
	struct letter_field *fields;    /* with what was added */
	size_t count, room;
	char queue_id[24], sender[160], name[160];
	/* Of the last message: */
	int64_t eom_us;                 /* waited for answers to its end */
	bool found;                     /* the word was added */
};

enum play_end { PLAY_ACCEPTED, PLAY_REFUSED, PLAY_BROKEN };

/* Connects, negotiates, says CONNECT and HELO of this letter. */
bool session_open(struct session *s, const struct letter *l, size_t n);
/* Broken: the session is closed then. */
enum play_end session_play(struct session *s, const struct letter *l,
    size_t n);
/* Ends in the midst of the body: by an abort, or with `hangs_up` by a
 * connection that is gone. */
void session_break_off(struct session *s, const struct letter *l, size_t n,
    bool hangs_up);
/* Says good-bye; s may be opened again. */
void session_close(struct session *s);
/* Also frees. */
void session_end(struct session *s);
