// SPDX-License-Identifier: BSD-2-Clause
// Numbers parked under addresses, in a place that is limited.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "daemon/parking.h"

enum { MANY = 20000 };

static char places[MANY];

/* A pause between two clients finds what was put. */
static void test_own_number(void **state)
{
	struct parking *p = parking_new();

	(void)state;
	assert_int_equal(parking_look(p, &places[0]), 0);
	for (uintptr_t i = 0; i < MANY; i++) {
		parking_put(p, &places[i], 2 * i + 1);
		assert_int_equal(parking_look(p, &places[i]), 2 * i + 1);
	}
	parking_free(p);
}

/* Two, put one after the other, do not push each other out as a rule. */
static void test_neighbours(void **state)
{
	struct parking *p = parking_new();
	int kept = 0;

	(void)state;
	for (uintptr_t i = 0; i + 1 < MANY; i += 2) {
		parking_put(p, &places[i], 2 * i + 1);
		parking_put(p, &places[i + 1], 7);
		kept += parking_look(p, &places[i]) == 2 * i + 1;
	}
	assert_true(kept > MANY / 2 * 99 / 100);
	parking_free(p);
}

/* What is lost, or was never there, is what the last one had. */
static void test_lost(void **state)
{
	struct parking *p = parking_new();

	(void)state;
	for (uintptr_t i = 0; i < MANY; i++)
		parking_put(p, &places[i], i % 2 == 0 ? 3 : 5);
	for (uintptr_t i = 0; i < MANY - 2000; i++) {
		uintptr_t number = parking_look(p, &places[i]);

		if (number != 5 && (number != 3 || i % 2 != 0))
			fail_msg("%d: %d", (int)i, (int)number);
	}
	parking_free(p);
}

/* An address that is used again has the last number only. */
static void test_used_again(void **state)
{
	struct parking *p = parking_new();

	(void)state;
	for (uintptr_t i = 0; i < MANY; i++) {
		parking_put(p, &places[i % 7], 2 * i + 1);
		assert_int_equal(parking_look(p, &places[i % 7]), 2 * i + 1);
	}
	parking_free(p);
	parking_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_number),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
