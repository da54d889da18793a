/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * arc_seal: one more ARC set, ours, for a message that goes on (RFC 8617 5.1).
 *
 * What comes in is the header as it will be sent, with all that we change, and
 * what validation found in the message as it came. Sealing is never needed for
 * a message to be delivered: whatever stands against it is a reason, not an
 * error.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "check/arc/chain.h"
#include "check/body.h"
#include "check/check.h"
#include "check/findings.h"
#include "mail/header.h"

struct seal_options {
	const char *domain, *selector;  /* d= and s=, house form */
	const char *key_file;
	uid_t owner;                    /* may own the file, besides root and
					 * the user we run as */
	const char *const *fields;      /* to be signed; From is, always */
	size_t field_count;
};

/* Key and options. Process lifetime, shared by all threads. */
struct sealer;

/* Copies the options. NULL: err says what is wrong with the key file. A key
 * that is short but can be used is a warning in the log. */
struct sealer *sealer_new(const struct seal_options *o, struct log *log,
    struct error *err);
void sealer_free(struct sealer *s);                     /* NULL is fine */

/* Of check.c: NULL when nothing is to be sealed. */
struct sealer *check_env_sealer(const struct check_env *env);

/* May it be signed? Not Authentication-Results, not a field of ARC (RFC 8617
 * 4.1.2), not Return-Path (RFC 6376 5.4). */
bool seal_field_check(const char *name, struct error *err);

/*
 * The names for h=, with colons between: each field of the options as often as
 * this header has it, From once more, so that nobody can add another author.
 */
const char *sealer_names(const struct sealer *s, struct arena *mem,
    const struct header *h);

/* The hash for bh=: to be wanted before the body comes, and there after its
 * end. NULL: it was not, or OpenSSL could not. Lives in mem. */
void seal_want(struct body *b);
const unsigned char *seal_body_hash(const struct body *b, struct arena *mem);

struct seal_request {
	const struct header *header;    /* as sent, all but the new set */
	const struct arc_finding *found;        /* as received, with body_hash */
	const char *names;              /* h= */
	const char *results;            /* the value of our own Authentication-
					 * Results, folded or not */
	time_t now;
	/* All tags by the alphabet and in one line: the form in which sealers
	 * can be compared. Else i= comes first (RFC 8617 4.1.2, 4.1.3), and
	 * lines are folded before column 78. */
	bool sorted;
};

enum seal_answer {
	SEAL_DONE,
	SEAL_NOT_ALLOWED,       /* by the rules; reason says which */
	SEAL_TROUBLE,           /* should have been; reason says why not */
};

struct seal {
	enum seal_answer answer;
	const char *reason;             /* NULL when done */
	unsigned instance;
	const char *values[ARC_PARTS];  /* starting with a blank, folded with
					 * CRLF, without final CRLF */
};

void arc_seal(const struct sealer *s, struct arena *mem,
    const struct seal_request *r, struct seal *out);
