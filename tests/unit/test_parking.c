// SPDX-License-Identifier: BSD-2-Clause
// Numbers parked under addresses: none is lost, none is another's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "daemon/parking.h"

enum { MANY = 20000 };

static char places[MANY];

static void test_every_number(void **state)
{
	struct parking *p = parking_new();

	(void)state;
	for (uintptr_t i = 0; i < MANY; i++) {
		assert_int_equal(parking_look(p, &places[i]), 0);
		parking_put(p, &places[i], 2 * i + 1);
	}
	for (uintptr_t i = 0; i < MANY; i++)
		assert_int_equal(parking_look(p, &places[i]), 2 * i + 1);
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
	assert_int_equal(parking_look(p, &places[7]), 0);
	parking_free(p);
	parking_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
