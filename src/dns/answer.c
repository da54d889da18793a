/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/answer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct name dns_type_names[] = {
	{ DNS_A,        "A" },
	{ DNS_NS,       "NS" },
	{ DNS_CNAME,    "CNAME" },
	{ DNS_SOA,      "SOA" },
	{ DNS_PTR,      "PTR" },
	{ DNS_MX,       "MX" },
	{ DNS_TXT,      "TXT" },
	{ DNS_AAAA,     "AAAA" },
	{ 0, NULL },
};

const struct name dns_status_names[] = {
	{ DNS_FOUND,            "found" },
	{ DNS_NODATA,           "nodata" },
	{ DNS_NXDOMAIN,         "nxdomain" },
	{ DNS_FAILED,           "failed" },
	{ DNS_TIMEOUT,          "timeout" },
	{ DNS_BOGUS,            "bogus" },
	{ DNS_REFUSED_HERE,     "refused-here" },
	{ 0, NULL },
};

struct reading {
	const struct answer_reader *reader;
	void *made;
	struct reading *next;
};

/* What an answer really is; everybody else sees only its first member. */
struct counted {
	struct dns_answer answer;
	atomic_uint owners;
	_Atomic(struct reading *) readings;     /* grows at its head only */
};

bool dns_is_trouble(const struct dns_answer *a)
{
	switch (a->status) {
	case DNS_FOUND:
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return false;
	case DNS_FAILED:
	case DNS_TIMEOUT:
	case DNS_BOGUS:
		return true;
	case DNS_REFUSED_HERE:
		return a->spent;
	}
	return true;
}

struct dns_answer *answer_new(enum dns_status status, int rcode, uint32_t ttl)
{
	struct counted *c = xcalloc(1, sizeof(*c));

	c->answer = (struct dns_answer){
		.status = status, .rcode = rcode, .ttl = ttl,
	};
	atomic_init(&c->owners, 1);
	atomic_init(&c->readings, NULL);
	return &c->answer;
}

void answer_put(struct dns_answer *a, const void *data, size_t len,
    uint16_t preference)
{
	char *copy = xcalloc(len + 1, 1);

	if (len > 0)
		memcpy(copy, data, len);
	a->records = xrealloc(a->records, a->count + 1, sizeof(*a->records));
	a->records[a->count++] = (struct dns_record){
		.data = copy, .len = len, .preference = preference,
	};
}

const struct dns_answer *answer_done(struct dns_answer *a)
{
	if (a->status == DNS_FOUND && a->count == 0)
		a->status = DNS_NODATA;
	return a;
}

const struct dns_answer *answer_ref(const struct dns_answer *a)
{
	struct counted *c = (struct counted *)a;

	atomic_fetch_add_explicit(&c->owners, 1, memory_order_relaxed);
	return a;
}

const void *answer_reading(const struct dns_answer *a,
    const struct answer_reader *reader)
{
	struct counted *c = (struct counted *)a;
	struct reading *head = atomic_load_explicit(&c->readings,
	    memory_order_acquire), *own;

	for (const struct reading *r = head; r != NULL; r = r->next)
		if (r->reader == reader)
			return r->made;
	own = xcalloc(1, sizeof(*own));
	own->reader = reader;
	own->made = reader->make(a);
	do
		own->next = head;
	while (!atomic_compare_exchange_weak_explicit(&c->readings, &head, own,
	    memory_order_acq_rel, memory_order_acquire));
	return own->made;
}

static void drop_readings(struct reading *r)
{
	while (r != NULL) {
		struct reading *next = r->next;

		if (r->made != NULL)
			r->reader->drop(r->made);
		free(r);
		r = next;
	}
}

void answer_drop(const struct dns_answer *a)
{
	struct counted *c = (struct counted *)a;

	if (c == NULL)
		return;
	unsigned before = atomic_fetch_sub_explicit(&c->owners, 1,
	    memory_order_acq_rel);

	assert(before > 0);
	if (before > 1)
		return;
	drop_readings(atomic_load_explicit(&c->readings, memory_order_relaxed));
	for (size_t i = 0; i < c->answer.count; i++)
		free((void *)c->answer.records[i].data);
	free(c->answer.records);
	free(c);
}
