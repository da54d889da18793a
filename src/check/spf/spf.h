/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf: check_host() of RFC 7208 for the HELO and the MAIL FROM identity.
 *
 * libspf2 is the engine, behind a strict record grammar of ours (record.h)
 * and our DNS layer: no text reaches the library that the grammar has not
 * accepted, and what the library cannot express goes to our own evaluator.
 */
#include "check/check.h"

struct spf_question {
	struct ip client;               /* IP_NONE: result none */
	const char *domain;             /* house form; NULL: none */
	const char *local;              /* NULL or "": postmaster (4.3) */
	const char *helo;               /* for the h macro; NULL: unknown */
	const char *receiver;           /* for the r macro */
	time_t now;                     /* for the t macro */
	enum spf_scope scope;
};

struct spf_settings {
	enum engine engine;
	unsigned void_lookups;
	struct log *log;                /* for disagreements in `both` */
};

void spf_evaluate(struct arena *mem, struct inquiry *dns,
    const struct spf_settings *settings, const struct spf_question *question,
    struct spf_identity *out);
