/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dnsbl: DNS lists of addresses and domains (RFC 5782), those that the policy
 * asks and no others.
 *
 * A list that cannot be reached, or that answers that it does not answer us,
 * lists nobody: the result is unknown, and the latter is said in the log.
 * Local and authenticated clients are not looked up.
 */
#include "check/check.h"

/* The name to be asked, or NULL when the list cannot hold such a thing. */
const char *dnsbl_question(struct arena *mem, const struct lookup *l,
    const struct ip *client, const char *domain);

/* What an answer means; *refused is set when the list does not answer us. */
enum listed dnsbl_reads(const struct lookup *l, const struct dns_answer *a,
    bool *refused);

/* Ask early: the connection's inquiry, at connect. */
void dnsbl_prefetch(struct arena *mem, struct inquiry *dns,
    const struct lookup *lookups, size_t count, const struct ip *client);
