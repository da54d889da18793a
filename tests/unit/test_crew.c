// SPDX-License-Identifier: BSD-2-Clause
// Threads that are kept for the next task.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "daemon/crew.h"

enum { MANY = 40, SEEN = 3, TRIES = 1000 };

static sem_t done;
static pthread_barrier_t together;
static unsigned alone;          // threads, where no task was ever given

static void doze(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static unsigned threads(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL; )
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void *say_who(void *arg)
{
	*(pthread_t *)arg = pthread_self();
	assert_int_equal(crew_detach(pthread_self()), 0);
	sem_post(&done);
	return NULL;
}

static void wait_until_done(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 4 * CREW_PATIENCE_S;
	assert_int_equal(sem_timedwait(&done, &until), 0);
}

static pthread_t one_task(void)
{
	pthread_t told, was;

	assert_int_equal(crew_create(&told, NULL, say_who, &was), 0);
	wait_until_done();
	assert_true(pthread_equal(told, was));
	return was;
}

/* As soon as the first is idle, every task is its. */
static void test_one_after_the_other(void **state)
{
	pthread_t before = one_task();
	unsigned same = 0;

	(void)state;
	for (unsigned i = 0; i < TRIES && same < SEEN; i++) {
		pthread_t now;

		doze();
		now = one_task();
		same += pthread_equal(before, now) != 0;
		before = now;
	}
	assert_int_equal(same, SEEN);
}

static void *meet(void *arg)
{
	++*(unsigned *)arg;
	pthread_barrier_wait(&together);
	sem_post(&done);
	return NULL;
}

/* No task waits for another one's end, and each gets its own argument. */
static void test_all_at_once(void **state)
{
	unsigned ran[MANY] = { 0 };
	pthread_t thread;

	(void)state;
	for (unsigned round = 1; round <= SEEN; round++) {
		pthread_barrier_init(&together, NULL, MANY);
		for (unsigned i = 0; i < MANY; i++)
			assert_int_equal(crew_create(&thread, NULL, meet,
			    &ran[i]), 0);
		for (unsigned i = 0; i < MANY; i++)
			wait_until_done();
		for (unsigned i = 0; i < MANY; i++)
			assert_int_equal(ran[i], round);
		pthread_barrier_destroy(&together);
	}
}

/* Nobody who is not needed stays, and nobody who has gone is called. */
static void test_idle_ones_go(void **state)
{
	time_t end = time(NULL) + 4 * CREW_PATIENCE_S;

	(void)state;
	assert_true(threads() > alone);
	while (threads() > alone && time(NULL) < end)
		doze();
	assert_int_equal(threads(), alone);
	one_task();
}

static void test_no_thread_to_be_had(void **state)
{
	pthread_attr_t huge;
	pthread_t thread;
	unsigned ran = 0;

	(void)state;
	pthread_attr_init(&huge);
	assert_int_equal(pthread_attr_setstacksize(&huge, SIZE_MAX / 4), 0);
	assert_int_equal(crew_create(&thread, &huge, meet, &ran), EAGAIN);
	pthread_attr_destroy(&huge);
	assert_int_equal(ran, 0);
}

static void *nothing(void *arg)
{
	return arg;
}

/* A sanitizer may start a thread of its own with the first one. */
static int begin(void **state)
{
	pthread_t first;

	(void)state;
	if (pthread_create(&first, NULL, nothing, NULL) != 0 ||
	    pthread_join(first, NULL) != 0)
		return -1;
	alone = threads();
	return sem_init(&done, 0, 0);
}

static int end(void **state)
{
	(void)state;
	return sem_destroy(&done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_idle_ones_go),
		cmocka_unit_test(test_no_thread_to_be_had),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
