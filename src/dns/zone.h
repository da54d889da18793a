/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * zone: the back end that answers from a file; for tests and offline checks.
 *
 * Lines of RFC 1035 master format with absolute names (a trailing dot is
 * optional), `name [ttl] [IN] TYPE data`, types A AAAA MX TXT PTR CNAME NS SOA,
 * TXT as quoted strings, \DDD and \" escapes in names and strings, ";" and "#"
 * comments, parentheses over lines for SOA. A string over 255 octets is split
 * as it would be on the wire; of a SOA only the primary's name is kept. TTL is
 * 3600 where none is written, 300 for what is not there. Beside them:
 *
 *	name STATUS servfail|refused|timeout|bogus|nxdomain
 *	name DELAY 50ms                 (or s)
 *	name SECURE
 *
 * A name that is absent is NXDOMAIN; one with other types, or with names below
 * it, is NODATA. "*.example.com" is a wildcard (RFC 4592). CNAMEs are followed;
 * a loop or a chain of more than 16 is DNS_FAILED; a target that is absent is
 * NXDOMAIN with `alias` set. STATUS timeout never answers until the asker's
 * deadline. DELAY is waited for without holding up other questions. DELAY and
 * SECURE alone let no name exist. With a CNAME delays add up, and the answer is
 * secure if every name on the way is.
 */
#include "base/error.h"
#include "base/slice.h"
#include "dns/resolver.h"

/* `origin` names the text in errors: "origin:line: reason". */
struct resolver *zone_resolver(struct slice text, const char *origin,
    struct error *err);
struct resolver *zone_resolver_file(const char *path, struct error *err);
