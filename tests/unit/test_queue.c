/* SPDX-License-Identifier: BSD-2-Clause */

/* Records that wait: their order, and both bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "history/queue.h"

static struct record *make(int64_t seq, size_t octets)
{
	struct arena *mem = arena_new(0);
	struct record *r = arena_alloc(mem, sizeof(*r));

	r->mem = mem;
	r->seq = seq;
	arena_alloc(mem, octets);
	return r;
}

/* First in, first out, whatever the ring has been through. */
static void test_order(void **state)
{
	struct queue q = { 0 };
	struct record *batch[50];
	int64_t in = 0, out = 0;

	(void)state;
	for (size_t round = 0; round < 100; round++) {
		size_t n;

		for (size_t i = 0; i < 7 + round % 31; i++)
			assert_true(queue_push(&q, make(in++, 1), SIZE_MAX));
		n = queue_look(&q, batch, 1 + round % 50);
		queue_shift(&q, n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(batch[i]->seq, out++);
			record_drop(batch[i]);
		}
		assert_int_equal(q.waiting, in - out);
	}
	assert_int_equal(queue_clear(&q), in - out);
	assert_int_equal(q.octets, 0);
}

/* What was looked at and not shifted is still there. */
static void test_look_keeps(void **state)
{
	struct queue q = { 0 };
	struct record *batch[2];

	(void)state;
	assert_int_equal(queue_look(&q, batch, 2), 0);
	queue_shift(&q, 0);
	assert_true(queue_push(&q, make(1, 1), 2));
	assert_int_equal(queue_look(&q, batch, 2), 1);
	assert_int_equal(queue_look(&q, batch, 2), 1);
	assert_int_equal(batch[0]->seq, 1);
	assert_int_equal(queue_clear(&q), 1);
	assert_int_equal(queue_clear(&q), 0);
}

static void test_bounds(void **state)
{
	struct queue q = { 0 };
	struct record *late = make(9, 1);
	struct record *big = make(10, (size_t)100 << 20);
	struct record *bigger = make(11, (size_t)100 << 20);

	(void)state;
	assert_true(queue_push(&q, make(1, 1), 2));
	assert_true(queue_push(&q, make(2, 1), 2));
	assert_false(queue_push(&q, late, 2));
	assert_true(queue_push(&q, big, 3));
	assert_false(queue_push(&q, bigger, 100));      /* 128 MB in all */
	assert_true(queue_push(&q, late, 100));
	assert_int_equal(queue_clear(&q), 4);
	assert_true(queue_push(&q, bigger, 100));
	assert_int_equal(queue_clear(&q), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_look_keeps),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
