/* SPDX-License-Identifier: BSD-2-Clause */

/* cache: what is kept, for how long, and how much of it; by many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cache.h"

#define SECOND ((int64_t)1000000)

static const struct dns_answer *answer(enum dns_status status, uint32_t ttl,
    const char *data, size_t len)
{
	struct dns_answer *a = answer_new(status, 0, ttl);

	if (data != NULL)
		answer_put(a, data, len, 0);
	return answer_done(a);
}

static bool holds(struct dns_cache *c, const char *name, enum dns_type type,
    int64_t now)
{
	const struct dns_answer *a = dns_cache_get(c, name, type, now);

	answer_drop(a);
	return a != NULL;
}

static void test_what_is_kept(void **state)
{
	static char large[4096];
	static const struct {
		const char *label;
		enum dns_status status;
		uint32_t ttl;
		size_t len;             /* of its record; 0: none */
		int64_t kept_s;         /* good one second before, not at */
	} rows[] = {
		{ "found", DNS_FOUND, 60, 20, 60 },
		{ "no such name", DNS_NXDOMAIN, 30, 0, 30 },
		{ "no data", DNS_NODATA, 5, 0, 5 },
		{ "found nothing", DNS_FOUND, 5, 0, 5 },
		{ "no time", DNS_FOUND, 0, 20, 0 },
		{ "for ever", DNS_FOUND, UINT32_MAX, 20, 86400 },
		{ "failed", DNS_FAILED, 60, 0, 0 },
		{ "timeout", DNS_TIMEOUT, 60, 0, 0 },
		{ "bogus", DNS_BOGUS, 60, 0, 0 },
		{ "refused", DNS_REFUSED_HERE, 60, 0, 0 },
		{ "large", DNS_FOUND, 60, sizeof(large), 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dns_cache *c = dns_cache_new();
		const struct dns_answer *a = answer(rows[i].status,
		    rows[i].ttl, rows[i].len > 0 ? large : NULL, rows[i].len);
		int64_t began = 7 * SECOND;

		dns_cache_put(c, "a.example", DNS_TXT, a, began);
		answer_drop(a);
		for (int64_t s = rows[i].kept_s - 1; s <= rows[i].kept_s; s++)
			if (s >= 0 && holds(c, "a.example", DNS_TXT, began +
			    s * SECOND) != (s < rows[i].kept_s))
				fail_msg("%s: at %lld s", rows[i].label,
				    (long long)s);
		dns_cache_free(c);
	}
}

static void test_name_and_type(void **state)
{
	struct dns_cache *c = dns_cache_new();
	const struct dns_answer *a = answer(DNS_FOUND, 60, "one", 3);
	const struct dns_answer *b = answer(DNS_FOUND, 60, "two", 3);
	const struct dns_answer *got;

	(void)state;
	dns_cache_put(c, "a.example", DNS_TXT, a, 0);
	assert_true(holds(c, "a.example", DNS_TXT, 1));
	assert_false(holds(c, "a.example", DNS_A, 1));
	assert_false(holds(c, "b.example", DNS_TXT, 1));
	assert_false(holds(c, "a.exampl", DNS_TXT, 1));
	dns_cache_put(c, "a.example", DNS_TXT, b, 1);
	got = dns_cache_get(c, "a.example", DNS_TXT, 2);
	assert_ptr_equal(got, b);
	dns_cache_flush(c);
	assert_false(holds(c, "a.example", DNS_TXT, 2));
	assert_memory_equal(got->records[0].data, "two", 3);    /* still ours */
	answer_drop(got);
	answer_drop(a);
	answer_drop(b);
	dns_cache_free(c);
	dns_cache_free(NULL);
}

/* Of many more than there is room for, the one in use stays. */
static void test_bounded(void **state)
{
	struct dns_cache *c = dns_cache_new();
	const struct dns_answer *a = answer(DNS_FOUND, 3600, "x", 1);
	char name[32];
	size_t kept = 0;

	(void)state;
	dns_cache_put(c, "used.example", DNS_TXT, a, 0);
	for (int i = 1; i <= 50000; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		dns_cache_put(c, name, DNS_TXT, a, i);
		assert_true(holds(c, "used.example", DNS_TXT, i));
	}
	for (int i = 1; i <= 50000; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		kept += holds(c, name, DNS_TXT, 50001);
	}
	assert_in_range(kept, 3500, 4096);
	answer_drop(a);
	dns_cache_free(c);
}

static void *hammer(void *arg)
{
	struct dns_cache *c = arg;
	char name[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d.example", i % 40);
		const struct dns_answer *a = dns_cache_get(c, name, DNS_TXT,
		    i);

		if (a == NULL) {
			a = answer(DNS_FOUND, 60, name, strlen(name));
			dns_cache_put(c, name, DNS_TXT, a, i);
		}
		if (strcmp(a->records[0].data, name) != 0)
			abort();
		answer_drop(a);
		if (i % 1000 == 999)
			dns_cache_flush(c);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct dns_cache *c = dns_cache_new();
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, c),
		    0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	dns_cache_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_name_and_type),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
