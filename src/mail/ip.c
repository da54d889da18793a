/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/ip.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct ip ip_from_octets(enum ip_family family, const void *octets)
{
	struct ip a = { .family = family };

	switch (family) {
	case IP_NONE:
		break;
	case IP_V4:
		memcpy(a.octets, octets, 4);
		break;
	case IP_V6:
		memcpy(a.octets, octets, 16);
		/* RFC 4291 2.5.5.2: a socket of both families talks so. */
		if (memcmp(a.octets, mapped, sizeof(mapped)) == 0)
			return ip_from_octets(IP_V4, a.octets + 12);
		break;
	}
	return a;
}

struct ip ip_from_sockaddr(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa == NULL)
		return (struct ip){ .family = IP_NONE };
	/* Copied: the caller's memory need not be aligned for these types. */
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		return ip_from_octets(IP_V4, &in.sin_addr);
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		return ip_from_octets(IP_V6, &in6.sin6_addr);
	default:
		return (struct ip){ .family = IP_NONE };
	}
}

static struct slice without_brackets(struct slice s)
{
	if (s.len >= 2 && s.data[0] == '[' && s.data[s.len - 1] == ']')
		return slice_sub(s, 1, s.len - 2);
	return s;
}

/* The address as it is written: a mapped one stays IPv6. */
static bool parse_as_written(struct slice text, struct ip *out)
{
	char plain[INET6_ADDRSTRLEN];

	*out = (struct ip){ .family = IP_NONE };
	text = without_brackets(text);
	bool tagged = slice_starts_nocase(text, "IPv6:");

	if (tagged)
		text = slice_sub(text, 5, text.len);
	/* inet_pton() would stop at a NUL and call the rest unseen. */
	if (text.len == 0 || text.len >= sizeof(plain) ||
	    memchr(text.data, '\0', text.len) != NULL)
		return false;
	memcpy(plain, text.data, text.len);
	plain[text.len] = '\0';

	if (!tagged && inet_pton(AF_INET, plain, out->octets) == 1) {
		out->family = IP_V4;
		return true;
	}
	if (inet_pton(AF_INET6, plain, out->octets) == 1) {
		out->family = IP_V6;
		return true;
	}
	memset(out->octets, 0, sizeof(out->octets));
	return false;
}

bool ip_parse(struct slice text, struct ip *out)
{
	if (!parse_as_written(text, out))
		return false;
	*out = ip_from_octets(out->family, out->octets);
	return true;
}

/*
 * RFC 5952, which inet_ntop() of glibc follows but for one thing: it writes
 * ::192.0.2.1 for what is no mapped address, as section 5 permits.
 */
const char *ip_text(const struct ip *a, char out[IP_TEXT_MAX])
{
	out[0] = '\0';
	switch (a->family) {
	case IP_NONE:
		break;
	case IP_V4:
		inet_ntop(AF_INET, a->octets, out, IP_TEXT_MAX);
		break;
	case IP_V6:
		inet_ntop(AF_INET6, a->octets, out, IP_TEXT_MAX);
		break;
	}
	return out;
}

static unsigned family_bits(enum ip_family family)
{
	return family == IP_V4 ? 32 : family == IP_V6 ? 128 : 0;
}

int ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->octets, b->octets, family_bits(a->family) / 8);
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return ip_compare(a, b) == 0;
}

bool ip_is_loopback(const struct ip *a)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	switch (a->family) {
	case IP_NONE:
		return false;
	case IP_V4:
		return a->octets[0] == 127;
	case IP_V6:
		return memcmp(a->octets, loopback6, 16) == 0;
	}
	return false;
}

/* In decimal, and a dot. */
static char *put_octet(char *at, uint8_t octet)
{
	if (octet >= 100)
		*at++ = (char)('0' + octet / 100);
	if (octet >= 10)
		*at++ = (char)('0' + octet / 10 % 10);
	*at++ = (char)('0' + octet % 10);
	*at++ = '.';
	return at;
}

const char *ip_reverse_name(const struct ip *a, char out[IP_REVERSE_MAX])
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *o = a->octets;
	char *at = out;

	out[0] = '\0';
	switch (a->family) {
	case IP_NONE:
		break;
	case IP_V4:
		for (size_t i = 4; i-- > 0;)
			at = put_octet(at, o[i]);
		memcpy(at, "in-addr.arpa", sizeof("in-addr.arpa"));
		break;
	case IP_V6:
		for (size_t i = 16; i-- > 0;) {
			*at++ = hex[o[i] & 15];
			*at++ = '.';
			*at++ = hex[o[i] >> 4];
			*at++ = '.';
		}
		memcpy(at, "ip6.arpa", sizeof("ip6.arpa"));
		break;
	}
	return out;
}

bool ip_same_prefix(const struct ip *a, const struct ip *b, unsigned prefix)
{
	if (a->family != b->family || a->family == IP_NONE ||
	    prefix > family_bits(a->family))
		return false;
	unsigned whole = prefix / 8;
	unsigned mask = 0xff00u >> prefix % 8 & 0xff;

	if (memcmp(a->octets, b->octets, whole) != 0)
		return false;
	return mask == 0 || ((a->octets[whole] ^ b->octets[whole]) & mask) == 0;
}

static bool host_bits_are_zero(const struct network *n)
{
	for (unsigned i = n->prefix; i < family_bits(n->base.family); i++) {
		if (n->base.octets[i / 8] & 0x80 >> i % 8)
			return false;
	}
	return true;
}

/*
 * ::ffff:192.0.2.0/120 is 192.0.2.0/24. A prefix that reaches into the mapping
 * itself leaves bits of it beyond, so it has been refused before.
 */
static void unmap(struct network *n)
{
	struct ip plain = ip_from_octets(n->base.family, n->base.octets);

	if (plain.family == n->base.family)
		return;
	assert(n->prefix >= 96);
	*n = (struct network){ plain, n->prefix - 96 };
}

/* For messages: what of an untrusted text fits into "%.*s". */
static int shown(struct slice s)
{
	return s.len > 100 ? 100 : (int)s.len;
}

bool network_parse(struct slice text, struct network *out, struct error *err)
{
	struct slice rest = text;
	struct slice address = slice_cut(&rest, '/');
	unsigned long long prefix;

	*out = (struct network){ .prefix = 0 };
	/* "[2001:db8::]/32" and "[2001:db8::/32]" are both met. */
	if (address.len > 0 && address.data[0] == '[' && rest.len > 0 &&
	    rest.data[rest.len - 1] == ']') {
		address = slice_sub(address, 1, address.len);
		rest.len--;
	}
	if (!parse_as_written(address, &out->base))
		return error_set(err, "not an address or network: %.*s",
		    shown(text), text.len == 0 ? "" : text.data);
	prefix = family_bits(out->base.family);
	if (rest.data != NULL && (!slice_number(rest, &prefix) ||
	    prefix > family_bits(out->base.family)))
		return error_set(err, "not a prefix length: %.*s",
		    shown(text), text.data);
	out->prefix = (unsigned)prefix;
	if (!host_bits_are_zero(out))
		return error_set(err, "bits are set beyond the prefix: %.*s",
		    shown(text), text.data);
	unmap(out);
	return true;
}

bool network_contains(const struct network *n, const struct ip *a)
{
	return ip_same_prefix(&n->base, a, n->prefix);
}
