/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * ip: addresses and networks of both families.
 *
 * An IPv4-mapped IPv6 address (::ffff:192.0.2.1) becomes IPv4 at every door,
 * so nothing behind them meets one. struct ip is a plain value.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip {
	enum ip_family family;  /* IP_NONE: no address known */
	uint8_t octets[16];     /* network order; 4 used for IPv4 */
};

struct network {
	struct ip base;         /* host bits are zero */
	unsigned prefix;        /* 0..32 or 0..128 */
};

#define IP_TEXT_MAX 46          /* with the NUL */
#define IP_REVERSE_MAX 80

/* "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1", with or without []. */
bool ip_parse(struct slice text, struct ip *out);
struct ip ip_from_octets(enum ip_family family, const void *octets);
/* From a struct sockaddr; a family other than INET and INET6 gives IP_NONE. */
struct sockaddr;
struct ip ip_from_sockaddr(const struct sockaddr *sa);
const char *ip_text(const struct ip *a, char out[IP_TEXT_MAX]); /* RFC 5952 */
bool ip_equal(const struct ip *a, const struct ip *b);
int ip_compare(const struct ip *a, const struct ip *b);
bool ip_is_loopback(const struct ip *a);

/* "1.2.0.192.in-addr.arpa", nibbles under ip6.arpa; no trailing dot. */
const char *ip_reverse_name(const struct ip *a, char out[IP_REVERSE_MAX]);

/* "192.0.2.0/24", "2001:db8::/32", a bare address; IPv6 also in []. Host bits
 * that are set are an error: it is nearly always a typing slip. */
bool network_parse(struct slice text, struct network *out, struct error *err);
bool network_contains(const struct network *n, const struct ip *a);
/* The bits below prefix are compared, whatever they hold beyond it. */
bool ip_same_prefix(const struct ip *a, const struct ip *b, unsigned prefix);
