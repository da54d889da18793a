/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void empty(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_non_null(buf_slice(&b).data);
	buf_clear(&b);
	char *owned = buf_detach(&b);

	assert_string_equal(owned, "");
	free(owned);
	buf_add(&b, NULL, 0);
	assert_string_equal(b.data, "");
	buf_free(&b);
	buf_free(&b);
	assert_null(b.data);
}

static void always_terminated(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		buf_addc(&b, (char)(i % 251));
		assert_int_equal(b.len, i + 1);
		assert_true(b.room > b.len);
		assert_int_equal(b.data[b.len], 0);
	}
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal((unsigned char)b.data[i], i % 251);
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	assert_true(b.room > 5000);
	buf_adds(&b, "again");
	assert_int_equal(buf_slice(&b).len, 5);
	buf_free(&b);
}

/* Every length around the ends of the room. */
static void formatted(void **state)
{
	char want[300];

	(void)state;
	for (size_t n = 0; n < sizeof(want) - 1; n++) {
		struct buf b = { 0 };

		memset(want, 'y', n);
		want[n] = '\0';
		buf_adds(&b, "12");
		buf_addf(&b, "%s%d", want, 7);
		assert_int_equal(b.len, n + 3);
		assert_memory_equal(b.data + 2, want, n);
		assert_string_equal(b.data + 2 + n, "7");
		char *owned = buf_detach(&b);

		assert_int_equal(b.len + b.room, 0);
		free(owned);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(always_terminated),
		cmocka_unit_test(formatted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
