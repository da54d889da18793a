/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/unbound_answer.h"

#include <string.h>

#include <unbound.h>

#include "base/buf.h"
#include "dns/dname.h"

#define RCODE_NOERROR 0
#define RCODE_NXDOMAIN 3
#define HEADER_OCTETS 12

struct octets {
	const unsigned char *data;
	size_t len;
};

static unsigned get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* --- is there a CNAME in the answer section? --- */

/* The octets a name takes in a packet; 0 if it runs out of it. */
static size_t skip_name(struct octets packet, size_t at)
{
	size_t start = at;

	while (at < packet.len) {
		unsigned n = packet.data[at];

		if (n == 0)
			return at + 1 - start;
		if (n >= 0xc0)          /* a pointer ends a name */
			return at + 2 - start;
		at += n + 1u;
	}
	return 0;
}

/*
 * An answer to a name begins at that name, so a CNAME among the answers, also
 * one made from a DNAME, says that the name asked for is an alias.
 */
static bool has_cname(struct octets packet)
{
	if (packet.data == NULL || packet.len < HEADER_OCTETS)
		return false;
	unsigned questions = get16(packet.data + 4);
	unsigned answers = get16(packet.data + 6);
	size_t at = HEADER_OCTETS;

	for (unsigned i = 0; i < questions + answers; i++) {
		size_t name = skip_name(packet, at);
		size_t fixed = i < questions ? 4 : 10;

		if (name == 0 || at + name + fixed > packet.len)
			return false;
		at += name;
		if (i >= questions) {
			if (get16(packet.data + at) == DNS_CNAME)
				return true;
			fixed += get16(packet.data + at + 8);
		}
		at += fixed;
	}
	return false;
}

/* --- rdata, type by type; false: not what the type must be --- */

static bool put_octets(struct dns_answer *a, struct octets r)
{
	answer_put(a, r.data, r.len, 0);
	return true;
}

static bool put_a(struct dns_answer *a, struct octets r)
{
	return r.len == 4 && put_octets(a, r);
}

static bool put_aaaa(struct dns_answer *a, struct octets r)
{
	return r.len == 16 && put_octets(a, r);
}

static bool put_name_of(struct dns_answer *a, struct octets r, size_t after,
    uint16_t preference)
{
	struct dname d;
	char text[DNAME_TEXT_MAX];
	size_t used = dname_read(r.data, r.len, &d);

	if (used == 0 || used + after > r.len ||
	    (after == 0 && used != r.len))
		return false;
	answer_put(a, text, dname_text(&d, text), preference);
	return true;
}

static bool put_name(struct dns_answer *a, struct octets r)
{
	return put_name_of(a, r, 0, 0);
}

static bool put_soa(struct dns_answer *a, struct octets r)
{
	return put_name_of(a, r, 1 + 5 * 4, 0);
}

static bool put_mx(struct dns_answer *a, struct octets r)
{
	if (r.len < 3)
		return false;
	return put_name_of(a, (struct octets){ r.data + 2, r.len - 2 }, 0,
	    (uint16_t)get16(r.data));
}

static bool put_txt(struct dns_answer *a, struct octets r)
{
	struct buf joined = { 0 };
	size_t at = 0;

	while (at < r.len && r.data[at] < r.len - at) {
		buf_add(&joined, r.data + at + 1, r.data[at]);
		at += r.data[at] + 1u;
	}
	bool whole = at == r.len && r.len > 0;

	if (whole)
		answer_put(a, buf_text(&joined), joined.len, 0);
	buf_free(&joined);
	return whole;
}

static const struct {
	enum dns_type type;
	bool (*put)(struct dns_answer *a, struct octets r);
} readers[] = {
	{ DNS_A,        put_a },
	{ DNS_NS,       put_name },
	{ DNS_CNAME,    put_name },
	{ DNS_SOA,      put_soa },
	{ DNS_PTR,      put_name },
	{ DNS_MX,       put_mx },
	{ DNS_TXT,      put_txt },
	{ DNS_AAAA,     put_aaaa },
};

static bool put_records(struct dns_answer *a, const struct ub_result *res,
    enum dns_type type)
{
	size_t row = 0;

	while (readers[row].type != type)
		row++;
	for (size_t i = 0; res->data != NULL && res->data[i] != NULL; i++) {
		struct octets r = {
			(const unsigned char *)res->data[i],
			res->len[i] > 0 ? (size_t)res->len[i] : 0,
		};

		if (!readers[row].put(a, r))
			return false;
	}
	return true;
}

/* --- the whole --- */

static enum dns_status status_of(const struct ub_result *res)
{
	if (res->bogus)
		return DNS_BOGUS;
	if (res->rcode == RCODE_NXDOMAIN)
		return DNS_NXDOMAIN;
	if (res->rcode != RCODE_NOERROR)
		return DNS_FAILED;
	return res->havedata ? DNS_FOUND : DNS_NODATA;
}

const struct dns_answer *unbound_answer(int error, const struct ub_result *res,
    enum dns_type type)
{
	if (error != UB_NOERROR || res == NULL)
		return answer_done(answer_new(DNS_FAILED, -1, 0));
	enum dns_status status = status_of(res);
	struct dns_answer *a = answer_new(status, res->rcode, 0);

	if (status == DNS_FOUND && !put_records(a, res, type)) {
		/* Half an answer is none. */
		answer_drop(a);
		return answer_done(answer_new(DNS_FAILED, res->rcode, 0));
	}
	a->alias = has_cname((struct octets){ res->answer_packet,
	    res->answer_len > 0 ? (size_t)res->answer_len : 0 });
	if (!dns_is_trouble(a)) {
		a->ttl = res->ttl > 0 ? (uint32_t)res->ttl : 0;
		a->secure = res->secure != 0;
	}
	return answer_done(a);
}
