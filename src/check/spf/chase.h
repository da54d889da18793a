/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_chase: the questions of an SPF record, asked before anybody evaluates it.
 *
 * Includes stand in includes, and hosts behind an MX: one after the other they
 * cost a round trip each. What a record will ask is asked as soon as it is
 * there, while the message still comes in. Decides nothing: the evaluation asks
 * all of it again, and counts.
 */
#include "dns/inquiry.h"
#include "mail/ip.h"

/* client: IP_NONE while it is not settled; then only the record is asked. */
void spf_chase(struct inquiry *dns, const char *domain,
    const struct ip *client);
