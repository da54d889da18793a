// SPDX-License-Identifier: BSD-2-Clause
// No more heaps than there may be, and holes that go back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/heap.h"

// A sanitizer has a heap of its own, about which glibc knows nothing.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ANOTHER_HEAP 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ANOTHER_HEAP 1
#endif
#ifndef ANOTHER_HEAP
#define ANOTHER_HEAP 0
#endif

#if !ANOTHER_HEAP
enum { PIECES = 4000, PIECE = 2000 };

static pthread_barrier_t all_are_here;

static void *allocate(void *arg)
{
	void *p = malloc(PIECE);

	(void)arg;
	assert_non_null(p);
	pthread_barrier_wait(&all_are_here);
	free(p);
	return NULL;
}

static unsigned heaps(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	unsigned n = 0;

	assert_non_null(out);
	assert_int_equal(malloc_info(0, out), 0);
	fclose(out);
	for (const char *at = text; (at = strstr(at, "<heap ")) != NULL; at++)
		n++;
	free(text);
	return n;
}

static void test_threads_share_them(void **state)
{
	size_t cpus = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = 3 * HEAPS_PER_CPU * cpus;
	pthread_t *threads = calloc(count, sizeof(*threads));

	(void)state;
	assert_non_null(threads);
	heap_limit();
	pthread_barrier_init(&all_are_here, NULL, (unsigned)count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, allocate,
		    NULL), 0);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&all_are_here);
	free(threads);
	assert_int_equal(heaps(), HEAPS_PER_CPU * cpus);
}

static long resident_kb(void)
{
	char line[256];
	long kb = -1;
	FILE *in = fopen("/proc/self/status", "r");

	assert_non_null(in);
	while (fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	fclose(in);
	return kb;
}

/* What lies behind the holes keeps glibc from giving them back by itself. */
static void test_holes_go_back(void **state)
{
	static void *pieces[PIECES + 1];
	int64_t trimmed_us = 0;
	long full;

	(void)state;
	for (size_t i = 0; i <= PIECES; i++) {
		pieces[i] = malloc(PIECE);
		assert_non_null(pieces[i]);
		memset(pieces[i], 1, PIECE);
	}
	for (size_t i = 0; i < PIECES; i++)
		free(pieces[i]);
	full = resident_kb();
	heap_trim(HEAP_TRIM_US, &trimmed_us);
	assert_true(resident_kb() < full - PIECES * PIECE / 1024 / 2);
	free(pieces[PIECES]);
}
#endif

static void test_not_all_the_time(void **state)
{
	const int64_t start = INT64_C(5000000);
	int64_t trimmed_us = start;

	(void)state;
	heap_trim(start + HEAP_TRIM_US - 1, &trimmed_us);
	assert_int_equal(trimmed_us, start);
	heap_trim(start + HEAP_TRIM_US, &trimmed_us);
	assert_int_equal(trimmed_us, start + HEAP_TRIM_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if !ANOTHER_HEAP
		cmocka_unit_test(test_threads_share_them),
		cmocka_unit_test(test_holes_go_back),
#endif
		cmocka_unit_test(test_not_all_the_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
