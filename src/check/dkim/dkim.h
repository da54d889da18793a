/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim: every signature's own result and reason (RFC 6376, 8301, 8463, 8616).
 *
 * Fields are read strictly (signature.h), the most promising signatures
 * are chosen, keys are asked for at once and read strictly (key.h), the
 * mathematics is left to engines (engine.h), and what their answers mean
 * is said here. Expiry is judged by the time that is given, not by a machine's
 * clock. An engine's pass is the last word only if nothing here objects.
 */
#include <time.h>

#include "check/check.h"
#include "check/dkim/engine.h"
#include "check/dkim/library.h"

/* DKIM-Signature fields listed in the finding; more are counted. */
#define DKIM_LISTED_MAX 100

struct dkim_settings {
	enum engine engine;
	unsigned minimum_bits;
	unsigned signatures;            /* verified at the most */
	struct dkim_libraries *libraries;
	struct crypto_keys *keys;       /* NULL: each is decoded anew */
	struct log *log;                /* for disagreements in `both` */
};

struct dkim_question {
	const struct header *header;    /* complete */
	struct body *body;              /* nothing of it has come yet; the
					 * caller feeds it */
	/* Domains the message claims to be from: signatures of these, or of
	 * domains above or below, are tried first. */
	const char *const *authors;
	size_t author_count;
	time_t now;
	const char *job;                /* a name for the message; NULL: none */
};

struct dkim_work;

/*
 * Reads the signatures and starts their keys' questions; never waits. All
 * pointers are kept; `out` is complete after dkim_conclude().
 *
 * out->code is that of the signature that gives most hope, in this order:
 * pass, temperror (another time it may pass), policy (not looked at, or not
 * accepted here), neutral (could not be judged), permerror, fail. An unsigned
 * message is none.
 */
struct dkim_work *dkim_begin(struct arena *mem, struct inquiry *dns,
    const struct dkim_settings *settings, const struct dkim_question *question,
    struct dkim_finding *out);
/* The body has come. Waits for keys. Once. */
void dkim_conclude(struct dkim_work *w);
