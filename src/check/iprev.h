/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * iprev: forward-confirmed reverse DNS (RFC 8601 section 3). At most ten PTR
 * names are followed; a client whose address is not known is `none`.
 */
#include "check/check.h"

/* Ask early: the connection's inquiry, at connect. */
void iprev_prefetch(struct inquiry *dns, const struct ip *client);
void iprev_evaluate(struct arena *mem, struct inquiry *dns,
    const struct ip *client, struct iprev_finding *out);
