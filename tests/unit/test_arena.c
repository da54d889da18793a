/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

struct trace {
	char order[8];
	size_t n;
	struct arena *again;
};

struct step {
	struct trace *trace;
	char letter;
};

static void note(void *arg)
{
	struct step *s = arg;

	s->trace->order[s->trace->n++] = s->letter;
}

static void note_and_defer(void *arg)
{
	static struct step late;
	struct step *s = arg;

	note(s);
	late = (struct step){ s->trace, 'z' };
	arena_defer(s->trace->again, note, &late);
}

static void alignment_and_zero(void **state)
{
	struct arena *a = arena_new(0);
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 255, 256, 4096,
		100000, 3, 1000000, 1 };

	(void)state;
	for (int round = 0; round < 3; round++) {
		unsigned char *last = NULL;
		size_t sum = 0;

		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			unsigned char *p = arena_alloc(a, sizes[i]);

			assert_non_null(p);
			assert_ptr_not_equal(p, last);
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t),
			    0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xee, sizes[i]);
			last = p;
			sum += sizes[i];
			assert_int_equal(arena_used(a), sum);
		}
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
	arena_free(a);
}

static void pieces_do_not_overlap(void **state)
{
	enum { COUNT = 3000 };
	struct arena *a = arena_new(512);
	unsigned char **p = arena_array(a, COUNT, sizeof(*p));

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		p[i] = arena_alloc(a, i % 97 + 1);
		memset(p[i], (int)(i & 0xff), i % 97 + 1);
	}
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t k = 0; k < i % 97 + 1; k++)
			assert_int_equal(p[i][k], i & 0xff);
	}
	arena_free(a);
}

static void copies(void **state)
{
	struct arena *a = arena_new(0);
	char big[1000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_null(arena_strdup(a, NULL));
	assert_string_equal(arena_concat(a, "a", "", big, "b", NULL),
	    arena_printf(a, "a%sb", big));
	assert_string_equal(arena_strdup(a, ""), "");
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(a, "abc", 100), "abc");
	assert_string_equal(arena_strndup(a, NULL, 0), "");
	assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena_memdup(a, NULL, 0));
	assert_string_equal(arena_printf(a, "%s-%d", "n", 7), "n-7");
	char *text = arena_printf(a, "<%s>", big);

	assert_int_equal(strlen(text), sizeof(big) + 1);
	assert_int_equal(text[sizeof(big)], '>');
	arena_free(a);
}

static void deferred_run_backwards(void **state)
{
	struct arena *a = arena_new(0);
	struct trace t = { .again = a };
	struct step steps[] = { { &t, 'a' }, { &t, 'b' }, { &t, 'c' } };

	(void)state;
	arena_defer(a, note, &steps[0]);
	arena_defer(a, note_and_defer, &steps[1]);
	arena_defer(a, note, &steps[2]);
	arena_reset(a);
	assert_string_equal(t.order, "cbza");
	arena_reset(a);
	assert_string_equal(t.order, "cbza");
	arena_defer(a, note, &steps[0]);
	arena_free(a);
	assert_string_equal(t.order, "cbzaa");
	arena_free(NULL);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static void overruns_are_poisoned(void **state)
{
	struct arena *a = arena_new(0);
	char *p = arena_alloc(a, 10);
	char *q = arena_alloc(a, 16);

	(void)state;
	assert_false(__asan_address_is_poisoned(p + 9));
	assert_true(__asan_address_is_poisoned(p + 10));
	assert_true(__asan_address_is_poisoned(q + 16));
	assert_true(__asan_address_is_poisoned(q - 1));
	arena_reset(a);
	assert_true(__asan_address_is_poisoned(p));
	arena_free(a);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alignment_and_zero),
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(copies),
		cmocka_unit_test(deferred_run_backwards),
#ifdef __SANITIZE_ADDRESS__
		cmocka_unit_test(overruns_are_poisoned),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
