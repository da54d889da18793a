/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What libunbound hands over: the type, two octets of marks, then rdata in
 * pieces with two octets of length each, then the packet.
 */
#include <unbound.h>

#include "dns/dname.h"
#include "dns/unbound_answer.h"
#include "fuzz.h"

#define RECORDS 8

static const enum dns_type types[] = {
	DNS_A, DNS_NS, DNS_CNAME, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA,
};

static void check_name(const struct dns_record *r)
{
	struct dname d;

	need(strlen(r->data) == r->len, "a name holds no NUL");
	for (size_t i = 0; i < r->len; i++)
		need(r->data[i] > ' ' && r->data[i] <= '~' &&
		    ascii_lower(r->data[i]) == r->data[i],
		    "a name is printable and lower-case");
	need(strcmp(r->data, ".") == 0 || dname_parse(slice_of(r->data), &d),
	    "a name can be asked for");
}

static void check_answer(enum dns_type type, const struct dns_answer *a)
{
	need((a->status == DNS_FOUND) == (a->count > 0),
	    "found is at least one record, else there is none");
	need(!a->secure || !dns_is_trouble(a), "trouble is never secure");
	for (size_t i = 0; i < a->count; i++) {
		const struct dns_record *r = &a->records[i];

		need(r->data[r->len] == '\0', "a record ends in NUL");
		if (type == DNS_A)
			need(r->len == 4, "an A record has 4 octets");
		else if (type == DNS_AAAA)
			need(r->len == 16, "an AAAA record has 16");
		else if (type != DNS_TXT)
			check_name(r);
	}
}

/* One item, or false when there is no more. */
static bool take_item(struct arena *mem, struct slice *rest, char **data,
    int *len)
{
	unsigned high = fuzz_octet(rest), low = fuzz_octet(rest);
	size_t wanted = (high & 3) << 8 | low;
	struct slice item;

	/* A mark beside the length: from here on it is the packet. */
	if (rest->len == 0 || (high & 0x80) != 0)
		return false;
	item = fuzz_copy(mem, slice_sub(*rest, 0, wanted));
	*rest = slice_sub(*rest, item.len, rest->len);
	*data = (char *)item.data;
	*len = (int)item.len;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice rest = fuzz_slice(data, size);
	enum dns_type type = types[fuzz_octet(&rest) % 8];
	unsigned marks = fuzz_octet(&rest), code = fuzz_octet(&rest);
	char *items[RECORDS + 1] = { NULL };
	int lengths[RECORDS + 1] = { 0 };
	const struct dns_answer *a;
	struct ub_result res = {
		.data = marks & 1 ? NULL : items,
		.len = lengths,
		.rcode = code & 1 ? 0 : (int)code >> 1,
		.havedata = !(marks & 2),
		.nxdomain = (marks & 4) != 0,
		.secure = (marks & 8) != 0,
		.bogus = (marks & 16) != 0,
		.ttl = marks & 32 ? -(int)code : (int)code << 20,
	};

	for (size_t i = 0; i < RECORDS; i++)
		if (!take_item(mem, &rest, &items[i], &lengths[i]))
			break;
	rest = fuzz_copy(mem, rest);
	res.answer_packet = (void *)rest.data;
	res.answer_len = (int)rest.len;
	a = unbound_answer(marks & 64 ? UB_SERVFAIL : UB_NOERROR,
	    marks & 128 ? NULL : &res, type);
	need(a != NULL, "there is always an answer");
	check_answer(type, a);
	answer_drop(a);
	return 0;
}
