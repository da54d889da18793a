/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * unbound: the back end that asks the network, by libunbound.
 *
 * One context in asynchronous mode and one pump thread; equal questions under
 * way are joined and answers cached by libunbound; the small cache in front of
 * it (cache.h) is for what every message asks. ub_resolve() is never used.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "dns/resolver.h"

struct unbound_options {
	/* "192.0.2.1", "192.0.2.1@5353", "2001:db8::1@53"; none: those of
	 * resolv_conf, which is re-read when it changes (looked at with a
	 * question nobody has an answer to, at most once a second; while it is
	 * missing or cannot be read, the old servers stay). */
	const char *const *servers;
	size_t server_count;
	const char *resolv_conf;        /* NULL: /etc/resolv.conf */
	size_t cache_octets;            /* 0: what libunbound takes (8 MB) */
	unsigned query_ms;      /* answer DNS_TIMEOUT after this (0: 5000) */
	bool dnssec;            /* validate, with the trust anchor file below */
	const char *trust_anchor;       /* NULL: /usr/share/dns/root.key */
	bool private_zones;     /* ask also for names libunbound answers by
				 * itself (RFC 6303 reverse zones, .test) */
};

/* Options are copied; log (or NULL) must outlive the resolver. NULL and err for
 * a server that is no address, a missing resolv.conf or trust anchor. */
struct resolver *unbound_resolver(const struct unbound_options *o,
    struct log *log, struct error *err);
