/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_record: the text of an SPF record, read strictly (RFC 7208 3 to 7.1).
 *
 * The whole record is checked before anything in it means anything (4.6).
 * Knows no DNS. What comes out is safe to walk: prefixes are in range,
 * domain-specs can be expanded, nothing but printable ASCII is left.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "check/findings.h"
#include "mail/ip.h"

enum spf_mechanism {
	SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6,
	SPF_EXISTS,
};

struct spf_directive {
	enum auth_code code;            /* by its qualifier, 4.6.2 */
	enum spf_mechanism mechanism;
	struct slice domain;            /* domain-spec; absent: this domain */
	struct ip address;              /* ip4, ip6 */
	unsigned prefix4, prefix6;      /* 32 and 128 when not given */
	struct slice text;              /* the whole term, for people */
};

struct spf_record {
	struct spf_directive *directives;
	size_t count;
	bool has_all;                   /* then redirect has no meaning (5.1) */
	struct slice redirect, exp;     /* domain-specs, or absent */
};

/* Does this TXT record begin with the version section? (4.5) */
bool spf_record_is(struct slice text);

/*
 * Read a record for which spf_record_is() holds; false with the reason: that
 * is a permerror. Slices point into text.
 */
bool spf_record_parse(struct arena *mem, struct slice text,
    struct spf_record *out, struct error *err);

/* Does this mechanism cause DNS queries, so that it counts? (4.6.4) */
bool spf_mechanism_asks(enum spf_mechanism m);
