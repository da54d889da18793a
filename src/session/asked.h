/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * asked: what the policy, and the shadow policy beside it, want to know of a
 * message beyond the facts that every message has.
 */
#include "session/kit.h"

struct asked {
	const char *const *headers;     /* of header("...") */
	size_t header_count;
	const struct lookup *lookups;   /* of dnsbl("..."), rhsbl("...") */
	size_t lookup_count;
};

struct asked asked_of(struct arena *mem, const struct kit *kit);
