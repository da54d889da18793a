/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What an MTA sends arrives in pieces of any size. libmilter's way of asking for
 * it must get the same octets as from the system's calls, must not be told that
 * there is nothing while there is something, and must not be told of an end
 * before all is read. What we say goes out whole, in order, and no later than
 * the answer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/stream.h"

static char path[] = "/tmp/assay-stream-XXXXXX";
static int listener;

static int begin(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)state;
	if (mkdtemp(path) == NULL)
		return -1;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/sock", path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	return bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(listener, 5) == 0 ? 0 : -1;
}

static int end(void **state)
{
	char name[64];

	(void)state;
	close(listener);
	snprintf(name, sizeof(name), "%s/sock", path);
	unlink(name);
	return rmdir(path);
}

/* Both ends: the MTA's, and ours. */
struct line {
	int mta, us;
};

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/sock", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static struct line new_line(void)
{
	struct line l = { .mta = dial() };

	l.us = stream_accept(listener, NULL, NULL);
	assert_true(l.us >= 0);
	return l;
}

static void hang_up(struct line *l)
{
	if (l->mta >= 0)
		close(l->mta);
	assert_int_equal(stream_close(l->us), 0);
}

static int ready(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
	int n = stream_poll(&p, 1, timeout_ms);

	assert_int_equal(n == 1, (p.revents & POLLIN) != 0);
	return n;
}

static void say(int fd, const void *octets, size_t n)
{
	assert_int_equal(send(fd, octets, n, MSG_NOSIGNAL), n);
}

/* As libmilter gets a packet: asks before each reading. 0: the end. */
static size_t take(int fd, void *to, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t here;

		if (ready(fd, 5000) != 1)
			fail_msg("nothing came");
		here = stream_read(fd, (char *)to + got, n - got);
		if (here == 0)
			return got;
		assert_true(here > 0);
		got += (size_t)here;
	}
	return got;
}

/* --- one thing after the other --- */

static void reads_what_came(void **state)
{
	struct line l = new_line();
	char got[16];

	(void)state;
	assert_int_equal(ready(l.us, 0), 0);
	say(l.mta, "0123456789", 10);
	assert_int_equal(ready(l.us, 0), 1);
	assert_int_equal(stream_read(l.us, got, 4), 4);
	assert_memory_equal(got, "0123", 4);
	/* All of it has left the kernel, and is there. */
	assert_int_equal(recv(l.us, got, 1, MSG_DONTWAIT | MSG_PEEK), -1);
	assert_int_equal(ready(l.us, 0), 1);
	assert_int_equal(stream_read(l.us, got, 16), 6);
	assert_memory_equal(got, "456789", 6);
	assert_int_equal(ready(l.us, 0), 0);
	assert_int_equal(ready(l.us, 20), 0);
	hang_up(&l);
}

/* The end comes behind the last octet, however early the peer has gone. */
static void the_end_comes_last(void **state)
{
	struct line l = new_line();
	char got[16];

	(void)state;
	say(l.mta, "abcdef", 6);
	close(l.mta);
	l.mta = -1;
	assert_int_equal(ready(l.us, 0), 1);
	assert_int_equal(stream_read(l.us, got, 4), 4);
	assert_int_equal(ready(l.us, 0), 1);
	assert_int_equal(stream_read(l.us, got, 4), 2);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ready(l.us, 0), 1);
		assert_int_equal(stream_read(l.us, got, 4), 0);
	}
	hang_up(&l);
}

/* What one connection left unread is nobody's when its number is another's. */
static void numbers_are_used_again(void **state)
{
	struct line l = new_line(), m;
	char got[16];
	int number = l.us;

	(void)state;
	say(l.mta, "secret", 6);
	assert_int_equal(ready(l.us, 0), 1);
	hang_up(&l);
	m = new_line();
	assert_int_equal(m.us, number);
	assert_int_equal(ready(m.us, 0), 0);
	say(m.mta, "mine", 4);
	assert_int_equal(take(m.us, got, 4), 4);
	assert_memory_equal(got, "mine", 4);
	hang_up(&m);
}

/* A number that was closed behind our back, and came from elsewhere. */
static void accept_starts_afresh(void **state)
{
	struct line l = new_line(), m;
	char got[16];

	(void)state;
	say(l.mta, "secret", 6);
	assert_int_equal(ready(l.us, 0), 1);
	m.mta = dial();
	close(l.us);
	m.us = stream_accept(listener, NULL, NULL);
	assert_int_equal(m.us, l.us);
	assert_int_equal(ready(m.us, 0), 0);
	say(m.mta, "mine", 4);
	assert_int_equal(take(m.us, got, 4), 4);
	assert_memory_equal(got, "mine", 4);
	close(l.mta);
	hang_up(&m);
}

/* --- what is none of ours --- */

static void others_pass_through(void **state)
{
	struct iovec piece = { (void *)(uintptr_t)"ab", 2 };
	int ends[2];
	char got[16];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ready(ends[0], 0), 0);
	assert_int_equal(stream_writev(ends[1], &piece, 1), 2);
	assert_int_equal(ready(ends[0], 0), 1);
	assert_int_equal(stream_read(ends[0], got, 1), 1);
	assert_int_equal(read(ends[0], got + 1, 1), 1);
	assert_memory_equal(got, "ab", 2);
	assert_int_equal(stream_close(ends[0]), 0);
	assert_int_equal(stream_close(ends[1]), 0);
	assert_int_equal(stream_close(ends[1]), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(stream_read(-1, got, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(stream_read(1 << 20, got, 1), -1);
}

static void others_are_polled(void **state)
{
	struct line l = new_line(), m = new_line();
	struct pollfd both[2] = { { .fd = l.us, .events = POLLIN },
		{ .fd = m.us, .events = POLLIN } };
	struct pollfd out = { .fd = l.us, .events = POLLOUT };
	int before = stream_accept(-1, NULL, NULL);

	(void)state;
	assert_int_equal(before, -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(stream_poll(both, 2, 0), 0);
	say(m.mta, "x", 1);
	assert_int_equal(stream_poll(both, 2, 1000), 1);
	assert_int_equal(both[0].revents, 0);
	assert_int_equal(both[1].revents, POLLIN);
	assert_int_equal(stream_poll(&out, 1, 0), 1);
	assert_int_equal(out.revents, POLLOUT);
	say(l.mta, "x", 1);
	assert_int_equal(ready(l.us, 0), 1);
	hang_up(&l);
	hang_up(&m);
}

/* --- what we say --- */

/* As libmilter writes a packet. */
static ssize_t answer(int fd, char command, const char *text)
{
	char head[5] = { 0, 0, 0, (char)(strlen(text) + 1), command };
	struct iovec both[2] = { { head, sizeof(head) },
		{ (void *)(uintptr_t)text, strlen(text) } };

	return stream_writev(fd, both, 2);
}

static bool is_silent(int fd)
{
	char octet;

	return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
}

static void heard(int fd, const char *octets, size_t n)
{
	char got[64];

	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), n);
	assert_memory_equal(got, octets, n);
}

static void changes_wait_for_the_answer(void **state)
{
	struct line l = new_line();

	(void)state;
	assert_int_equal(answer(l.us, 'i', "one"), 8);
	assert_int_equal(answer(l.us, 'm', "two"), 8);
	assert_true(is_silent(l.mta));
	assert_int_equal(answer(l.us, 'c', ""), 5);
	heard(l.mta, "\0\0\0\4ione\0\0\0\4mtwo\0\0\0\1c", 21);
	assert_int_equal(answer(l.us, 'p', ""), 5);
	heard(l.mta, "\0\0\0\1p", 5);
	/* Without an answer they go out before anything is waited for. */
	assert_int_equal(answer(l.us, 'q', "why"), 8);
	assert_true(is_silent(l.mta));
	assert_int_equal(ready(l.us, 0), 0);
	heard(l.mta, "\0\0\0\4qwhy", 8);
	/* And before an end. */
	assert_int_equal(answer(l.us, 'h', "end"), 8);
	assert_int_equal(stream_close(l.us), 0);
	heard(l.mta, "\0\0\0\4hend", 8);
	close(l.mta);
}

static void *read_slowly(void *arg)
{
	int fd = *(int *)arg;
	static char got[4096];
	size_t all = 0;
	ssize_t n;

	usleep(50000);
	while ((n = recv(fd, got, sizeof(got), 0)) > 0)
		all += (size_t)n;
	return (void *)all;
}

/* Much more than fits between us, to somebody who takes his time. */
static void much_is_said(void **state)
{
	static char text[100001];
	struct line l = new_line();
	pthread_t thread;
	size_t said = 0;
	void *all;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &l.mta), 0);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(answer(l.us, i % 2 ? 'c' : 'b', text),
		    sizeof(text) + 4);
		said += sizeof(text) + 4;
	}
	assert_int_equal(stream_close(l.us), 0);
	pthread_join(thread, &all);
	assert_int_equal((size_t)all, said);
	close(l.mta);
}

/* To write to nobody is an error, at the answer and from then on. */
static void nobody_listens(void **state)
{
	struct line l = new_line();
	char got;

	(void)state;
	close(l.mta);
	l.mta = -1;
	assert_int_equal(answer(l.us, 'i', "one"), 8);
	assert_int_equal(answer(l.us, 'c', ""), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(answer(l.us, 'c', ""), -1);
	assert_int_equal(ready(l.us, 0), 1);
	assert_int_equal(stream_read(l.us, &got, 1), -1);
	assert_int_equal(errno, EPIPE);
	hang_up(&l);
}

/* --- any packets in any pieces --- */

static uint64_t chance(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* The octet at this place of a stream that never repeats itself for long. */
static unsigned char octet(size_t at)
{
	return (unsigned char)(at * 2654435761u >> 13);
}

struct sender {
	int fd;
	size_t octets;
	uint64_t seed;
};

static void *send_pieces(void *arg)
{
	struct sender *s = arg;
	unsigned char piece[40000];
	size_t at = 0;

	while (at < s->octets) {
		size_t most = chance(&s->seed) % 3 == 0 ? sizeof(piece) : 300;
		size_t n = 1 + chance(&s->seed) % most, done = 0;

		n = n < s->octets - at ? n : s->octets - at;
		for (size_t i = 0; i < n; i++)
			piece[i] = octet(at + i);
		while (done < n) {
			ssize_t here = send(s->fd, piece + done, n - done,
			    MSG_NOSIGNAL);

			if (here <= 0)
				return NULL;
			done += (size_t)here;
		}
		at += n;
	}
	shutdown(s->fd, SHUT_WR);
	return NULL;
}

/* Turns away at times, as libmilter does, when there is nothing at once. */
static void read_packets(int fd, size_t octets, uint64_t seed)
{
	static unsigned char to[100000];
	size_t at = 0;

	while (at < octets) {
		size_t most = chance(&seed) % 8 == 0 ? sizeof(to) : 600;
		size_t n = 1 + chance(&seed) % most, got;

		ready(fd, 0);
		got = take(fd, to, n);
		assert_int_equal(got, n < octets - at ? n : octets - at);
		for (size_t i = 0; i < got; i++)
			if (to[i] != octet(at + i))
				fail_msg("octet %zu", at + i);
		at += got;
	}
	assert_int_equal(take(fd, to, 1), 0);
}

static void any_pieces(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct line l = new_line();
		struct sender s = { l.mta, 1000000, seed };
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, send_pieces,
		    &s), 0);
		read_packets(l.us, s.octets, seed * 77);
		pthread_join(thread, NULL);
		hang_up(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_came),
		cmocka_unit_test(the_end_comes_last),
		cmocka_unit_test(numbers_are_used_again),
		cmocka_unit_test(accept_starts_afresh),
		cmocka_unit_test(others_pass_through),
		cmocka_unit_test(others_are_polled),
		cmocka_unit_test(changes_wait_for_the_answer),
		cmocka_unit_test(much_is_said),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(any_pieces),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
