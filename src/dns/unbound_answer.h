/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * unbound_answer: what libunbound hands over, as an answer of ours. Every
 * octet of it came from the network.
 */
#include "dns/answer.h"

struct ub_result;

/* error: as given to the callback; res may be NULL and stays the caller's. */
const struct dns_answer *unbound_answer(int error, const struct ub_result *res,
    enum dns_type type);
