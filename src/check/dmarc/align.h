/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dmarc_align: Identifier Alignment (RFC 9989 4.4, 4.10.2) of everything that
 * was authenticated with the author's domain.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "check/dmarc/walk.h"
#include "dns/inquiry.h"

enum dmarc_fit {
	DMARC_FIT_NO,
	DMARC_FIT_YES,
	DMARC_FIT_UNKNOWN,      /* a DNS failure, or more than we look at */
};

struct dmarc_identifier {
	const char *domain;             /* house form */
	bool dkim;                      /* otherwise SPF */
	bool strict;                    /* adkim=s or aspf=s, as it applies */
	/* Filled by dmarc_align(): */
	enum dmarc_fit fit;
	const char *why;                /* half a sentence */
	struct dmarc_walk *walk;        /* NULL: it needed none */
};

/*
 * Decide all of ids. Those that need a walk walk side by side; of them at most
 * `limit` different domains, the others are UNKNOWN. A walk that could not
 * change whether a method has an aligned identifier is not made.
 */
void dmarc_align(struct arena *mem, struct inquiry *dns,
    const struct dmarc_walk *author, struct dmarc_identifier *ids,
    size_t count, unsigned limit);

/* "DNS timeout at _dmarc.example.com" */
const char *dmarc_trouble(struct arena *mem, enum dns_status status,
    const char *name);
