/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_fetch: the texts of a walk: names made by macros, records, explanations.
 *
 * What the DNS holds becomes a record here, and what a record says becomes a
 * name to ask for. Both engines come this way.
 */
#include "check/spf/dns.h"

/* What an engine concludes. */
struct spf_outcome {
	enum auth_code code;
	const struct spf_directive *matched;    /* NULL: none did */
	const char *domain;             /* of the record that decided */
	struct spf_record record;       /* whose exp= counts (6.2) */
};

/*
 * The record of a domain (4.3 to 4.6), any text: YES, NO for result none.
 * Starts what it foresees that the record will ask.
 */
enum spf_step spf_fetch(struct spf_walk *w, const char *domain,
    struct spf_record *out);

/*
 * The target-name of a domain-spec (4.8), as octets; absent: the domain
 * itself. NO: it cannot match anything (RFC 8616 section 4).
 */
enum spf_step spf_target(struct spf_walk *w, const char *domain,
    struct slice spec, const char **out);

/* The explanation of a fail (6.2), or NULL; never changes a result. */
const char *spf_explain(struct spf_walk *w, const struct spf_outcome *o);
