/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * kit: all that a decision needs and that no message may change.
 *
 * Built by setup from files, immutable, counted: a reload builds a new one and
 * swaps a pointer, connections finish with the one they began with. Process
 * lifetime, shared by all threads.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/log.h"
#include "check/check.h"
#include "dns/inquiry.h"
#include "dns/resolver.h"
#include "mail/ip.h"
#include "policy/policy.h"

struct deferrals;

struct network_list {
	struct network *items;
	size_t count;
};

struct session_limits {
	unsigned header_fields;         /* kept per message */
	unsigned header_octets;
	unsigned recipients;
};

struct session_options {
	const char *authserv_id;        /* house form */
	struct network_list local_networks;
	struct network_list trusted_relays;
	struct session_limits limits;
	struct inquiry_limits dns;
	bool received_spf;              /* also write Received-SPF */
};

/* The kit owns every member but the log and the memory of deferrals; of the
 * resolver it owns a reference. */
struct kit {
	int references;                 /* atomic; kit_ref() and kit_drop() only */
	struct arena *mem;              /* strings and tables of the options */
	struct session_options options;
	struct clock clock;
	struct resolver *resolver;
	/* What it was made from: the same text means the same resolver (setup).
	 * NULL: not to be shared. */
	const char *resolver_source;
	struct check_env *checks;
	struct policy *policy;
	struct policy *shadow;          /* decides without effect; NULL: none */
	/* Borrowed from who serves, before the kit is shared; NULL: deferrals
	 * are not remembered, so they never end. */
	struct deferrals *deferrals;
	struct log *log;                /* borrowed, may be NULL */
};

/* One reference, the caller's; every member but mem still to be filled. */
struct kit *kit_new(void);
struct kit *kit_ref(struct kit *k);
/* How often each rule of the policy acted, to the log. */
void kit_tell_hits(const struct kit *k);
void kit_drop(struct kit *k);                           /* NULL is fine */

bool network_list_contains(const struct network_list *l, const struct ip *a);
