/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "session/deferral.h"

#include "all_deferrals.h"

#define HOUR 3600
#define NOW ((time_t)1800000000)

static void remembered(void **state)
{
	struct deferrals *d = deferrals_new();

	(void)state;
	assert_int_equal(deferrals_age(d, 1, NOW), -1);
	deferrals_note(d, 1, NOW);
	assert_int_equal(deferrals_age(d, 1, NOW), 0);
	assert_int_equal(deferrals_age(d, 2, NOW), -1);
	/* A second deferral does not start the time anew. */
	deferrals_note(d, 1, NOW + HOUR);
	assert_int_equal(deferrals_age(d, 1, NOW + 2 * HOUR), 2 * HOUR);
	/* A clock that was set back makes nothing old, and nothing negative. */
	assert_int_equal(deferrals_age(d, 1, NOW - HOUR), 0);
	deferrals_free(d);
	deferrals_free(NULL);
}

/* As long as somebody tries it is kept; a day of silence ends it. */
static void forgotten(void **state)
{
	struct deferrals *d = deferrals_new();
	time_t now = NOW;

	(void)state;
	deferrals_note(d, 7, now);
	for (int i = 0; i < 4; i++) {
		now += DEFERRAL_FORGOTTEN;
		assert_int_equal(deferrals_age(d, 7, now), now - NOW);
	}
	now += DEFERRAL_FORGOTTEN + 1;
	assert_int_equal(deferrals_age(d, 7, now), -1);
	deferrals_note(d, 7, now);
	assert_int_equal(deferrals_age(d, 7, now + 5), 5);
	deferrals_free(d);
}

/* Whoever comes when it is full takes the place of the oldest. */
static void bounded(void **state)
{
	struct deferrals *d = deferrals_new();
	struct deferral *all = calloc(DEFERRALS_MAX, sizeof(*all));
	const size_t more = 1000;

	(void)state;
	assert_non_null(all);
	for (uint64_t i = 0; i < DEFERRALS_MAX + more; i++)
		deferrals_note(d, i << 16, NOW + (time_t)(i / 1000));
	assert_int_equal(all_deferrals(d, all, DEFERRALS_MAX), DEFERRALS_MAX);
	for (size_t i = 0; i < DEFERRALS_MAX; i++)
		assert_int_equal(all[i].key,
		    (i < more ? i + DEFERRALS_MAX : i) << 16);
	assert_int_equal(deferrals_age(d, 0, NOW + HOUR), -1);
	assert_int_equal(deferrals_age(d, (uint64_t)more << 16, NOW + HOUR),
	    HOUR - 1);
	/* An old one that was forgotten makes room for itself. */
	deferrals_note(d, (uint64_t)more << 16, NOW + 30 * DEFERRAL_FORGOTTEN);
	assert_int_equal(all_deferrals(d, all, DEFERRALS_MAX), DEFERRALS_MAX);
	assert_int_equal(all[more].key, more << 16);
	assert_int_equal(all[more].first, NOW + 30 * DEFERRAL_FORGOTTEN);
	free(all);
	deferrals_free(d);
}

/* Over a restart: the same ages. */
static void restored(void **state)
{
	struct deferrals *a = deferrals_new(), *b = deferrals_new();
	struct deferral all[3];

	(void)state;
	deferrals_note(a, 10, NOW);
	deferrals_note(a, 11, NOW + 10);
	deferrals_note(a, 12, NOW + 20);
	deferrals_note(a, 10, NOW + 30);
	assert_int_equal(all_deferrals(a, all, 2), 3);
	assert_int_equal(all_deferrals(a, all, 3), 3);
	for (size_t i = 0; i < 3; i++)
		deferrals_restore(b, &all[i]);
	deferrals_restore(b, &(struct deferral){ .key = 12, .first = 1 });
	assert_int_equal(deferrals_age(b, 10, NOW + 60), 60);
	assert_int_equal(deferrals_age(b, 12, NOW + 60), 40);
	assert_int_equal(all_deferrals(b, all, 3), 3);
	assert_int_equal(all[0].key, 10);
	assert_int_equal(all[2].key, 12);
	deferrals_free(a);
	deferrals_free(b);
}

/* What was written need not be written again, but for these. */
static void changes(void **state)
{
	struct deferrals *d = deferrals_new();
	uint64_t before = deferrals_changes(d);

#define CHANGED (before != deferrals_changes(d) ? \
	(before = deferrals_changes(d), true) : false)
	(void)state;
	assert_int_equal(deferrals_age(d, 1, NOW), -1);
	assert_false(CHANGED);
	deferrals_note(d, 1, NOW);
	assert_true(CHANGED);
	deferrals_note(d, 1, NOW);
	assert_int_equal(deferrals_age(d, 1, NOW), 0);
	assert_false(CHANGED);
	deferrals_note(d, 1, NOW + 1);
	assert_true(CHANGED);
	assert_int_equal(deferrals_age(d, 1, NOW + 2), 2);
	assert_true(CHANGED);
	deferrals_restore(d, &(struct deferral){ .key = 1 });
	assert_false(CHANGED);
	deferrals_restore(d, &(struct deferral){ .key = 2, .seen = NOW });
	assert_true(CHANGED);
	assert_int_equal(deferrals_age(d, 1, NOW + 2 * DEFERRAL_FORGOTTEN),
	    -1);
	assert_true(CHANGED);
	assert_int_equal(all_deferrals(d, NULL, 0), 1);
#undef CHANGED
	deferrals_free(d);
}

static void sick(void **state)
{
	struct deferrals *d = deferrals_new();

	(void)state;
	/* Nobody ever got an answer. */
	assert_true(deferrals_resolver_is_sick(d, false, NOW));
	assert_false(deferrals_resolver_is_sick(d, true, NOW));
	/* One sender's dead name servers, while others are answered. */
	assert_false(deferrals_resolver_is_sick(d, false, NOW + 60));
	assert_false(deferrals_resolver_is_sick(d, false,
	    NOW + DEFERRAL_SICK));
	assert_true(deferrals_resolver_is_sick(d, false,
	    NOW + DEFERRAL_SICK + 1));
	deferrals_free(d);
}

static void *note_many(void *arg)
{
	struct deferrals *d = arg;

	for (uint64_t i = 0; i < 20000; i++) {
		deferrals_note(d, i % 5000, NOW);
		if (deferrals_age(d, i % 5000, NOW + 1) != 1)
			return NULL;
	}
	return arg;
}

static void shared(void **state)
{
	struct deferrals *d = deferrals_new();
	pthread_t threads[4];
	void *result;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, note_many,
		    d), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, d);
	}
	assert_int_equal(all_deferrals(d, NULL, 0), 5000);
	deferrals_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembered),
		cmocka_unit_test(forgotten),
		cmocka_unit_test(bounded),
		cmocka_unit_test(restored),
		cmocka_unit_test(changes),
		cmocka_unit_test(sick),
		cmocka_unit_test(shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
