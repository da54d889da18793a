/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * answer: what the DNS said to one question. Immutable once built, counted,
 * shared between threads: whoever keeps it takes a reference.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"

enum dns_type {
	DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12,
	DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28,
};

enum dns_status {
	DNS_FOUND,              /* at least one record of the type */
	DNS_NODATA,             /* the name exists, not this type */
	DNS_NXDOMAIN,
	DNS_FAILED,             /* SERVFAIL, REFUSED, ...: temporary, see rcode */
	DNS_TIMEOUT,            /* the question's or the message's time ran out */
	DNS_BOGUS,              /* DNSSEC validation failed */
	DNS_REFUSED_HERE,       /* not asked: no such name can exist in the DNS,
				 * or the message's budget of questions is spent */
};

extern const struct name dns_type_names[];      /* "A", "TXT", ... */
extern const struct name dns_status_names[];    /* "found", "nodata", ... */

struct dns_record {
	/*
	 * A: 4 octets; AAAA: 16; TXT: the character-strings of one RR joined
	 * without a separator; NS, CNAME, PTR, MX: the name as text, lower-case,
	 * without trailing dot, odd octets as \DDD and "\." (RFC 1035 5.1).
	 * Always NUL-terminated behind len.
	 */
	const char *data;
	size_t len;
	uint16_t preference;    /* MX */
};

struct dns_answer {
	enum dns_status status;
	int rcode;              /* of the packet; -1 when there was none */
	uint32_t ttl;           /* seconds it may be kept */
	bool secure;            /* validated by DNSSEC */
	bool spent;             /* REFUSED_HERE for want of budget, not because
				 * the name is impossible: trouble */
	bool alias;             /* the name asked for is a CNAME, so it exists,
				 * even if the rcode is NXDOMAIN */
	size_t count;
	struct dns_record *records;
};

/* Is this a failure to learn, as opposed to an answer? (RFC 7208 temperror) */
bool dns_is_trouble(const struct dns_answer *a);

/* Building, by back ends. The bytes are copied. */
struct dns_answer *answer_new(enum dns_status status, int rcode, uint32_t ttl);
void answer_put(struct dns_answer *a, const void *data, size_t len,
    uint16_t preference);
/* Found with no record becomes NODATA. Call once, before sharing. */
const struct dns_answer *answer_done(struct dns_answer *a);

/*
 * What somebody read from an answer, kept with it: made from the answer alone
 * (and from nothing that changes), when it is first asked for, and dropped
 * with its last owner. For any thread; if two ask at once it may be made
 * twice. NULL, from `make`, is kept as well.
 */
struct answer_reader {
	void *(*make)(const struct dns_answer *a);
	void (*drop)(void *reading);            /* not called for NULL */
};
const void *answer_reading(const struct dns_answer *a,
    const struct answer_reader *reader);

const struct dns_answer *answer_ref(const struct dns_answer *a);
void answer_drop(const struct dns_answer *a);           /* NULL is fine */
