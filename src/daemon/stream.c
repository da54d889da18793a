/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "base/buf.h"
#include "base/mem.h"

/* Connections with higher numbers are served without. */
#define CONNECTIONS_MAX 65536
/* Two pieces of Postfix's stream; what is larger goes past us. */
#define ROOM 8192
/* In a packet, behind its length. */
#define COMMAND_AT 4
/* For an MTA that does not read what it is told: libmilter's own patience. */
#define PATIENCE_MS (7210 * 1000)

struct stream {
	unsigned char *data;            /* that came: ROOM octets, or NULL */
	size_t at, len;
	bool hungry;    /* the last read got less than it wanted: a large
			 * packet is on its way */
	struct buf out;                 /* that is to go */
	int trouble;                    /* errno of a write, or 0 */
};

/* By descriptor, for libmilter tells us nothing else; its thread's alone. Who
 * gets a number that another thread has just closed has only the system's word
 * that it is free, so it is handed over here, too. */
static struct stream *connections[CONNECTIONS_MAX];

static struct stream *stream_of(int fd)
{
	return fd >= 0 && fd < CONNECTIONS_MAX ?
	    __atomic_load_n(&connections[fd], __ATOMIC_ACQUIRE) : NULL;
}

static void set_stream(int fd, struct stream *s)
{
	__atomic_store_n(&connections[fd], s, __ATOMIC_RELEASE);
}

static void rest(struct stream *s)
{
	free(s->data);
	s->data = NULL;
	s->at = s->len = 0;
	buf_free(&s->out);
}

static void forget(int fd)
{
	struct stream *s = stream_of(fd);

	if (s == NULL)
		return;
	rest(s);
	free(s);
	set_stream(fd, NULL);
}

int stream_accept(int listener, struct sockaddr *peer, socklen_t *len)
{
	int fd = accept(listener, peer, len);

	forget(fd);
	if (fd >= 0 && fd < CONNECTIONS_MAX)
		set_stream(fd, xcalloc(1, sizeof(struct stream)));
	return fd;
}

/* --- what goes --- */

static bool wait_for_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int ready;

	do
		ready = poll(&p, 1, PATIENCE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0;
}

static void push(struct stream *s, int fd)
{
	size_t at = 0;

	while (at < s->out.len && s->trouble == 0) {
		ssize_t n = send(fd, s->out.data + at, s->out.len - at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR && (errno != EAGAIN ||
		    !wait_for_room(fd)))
			s->trouble = errno;
	}
	buf_clear(&s->out);
}

/* Of a message: an answer follows. */
static bool is_change(const struct iovec *packet)
{
	static const char changes[] = {
		SMFIR_ADDHEADER, SMFIR_INSHEADER, SMFIR_CHGHEADER,
		SMFIR_ADDRCPT, SMFIR_ADDRCPT_PAR, SMFIR_DELRCPT,
		SMFIR_REPLBODY, SMFIR_CHGFROM, SMFIR_QUARANTINE,
	};
	const char *octets = packet->iov_base;

	return packet->iov_len > COMMAND_AT &&
	    memchr(changes, octets[COMMAND_AT], sizeof(changes)) != NULL;
}

ssize_t stream_writev(int fd, const struct iovec *pieces, int count)
{
	struct stream *s = stream_of(fd);
	size_t n = 0;

	if (s == NULL)
		return writev(fd, pieces, count);
	for (int i = 0; i < count; i++) {
		buf_add(&s->out, pieces[i].iov_base, pieces[i].iov_len);
		n += pieces[i].iov_len;
	}
	if (count == 0 || !is_change(pieces) || s->out.len >= ROOM)
		push(s, fd);
	if (s->trouble == 0)
		return (ssize_t)n;
	errno = s->trouble;
	return -1;
}

int stream_close(int fd)
{
	struct stream *s = stream_of(fd);

	if (s != NULL)
		push(s, fd);
	/* Before: the number may be another's as soon as it is closed. */
	forget(fd);
	return close(fd);
}

/* --- what comes --- */

/* As recv(). Only where nothing is left. */
static ssize_t fill(struct stream *s, int fd, int flags)
{
	ssize_t n;

	if (s->data == NULL)
		s->data = xrealloc(NULL, ROOM, 1);
	n = recv(fd, s->data, ROOM, flags);
	s->at = 0;
	s->len = n > 0 ? (size_t)n : 0;
	return n;
}

/* The octets of a large packet are read to where they belong. */
static ssize_t read_past(struct stream *s, int fd, void *to, size_t n)
{
	ssize_t got = read(fd, to, n);

	s->hungry = got > 0 && (size_t)got < n;
	return got;
}

ssize_t stream_read(int fd, void *to, size_t n)
{
	struct stream *s = stream_of(fd);
	size_t here;

	if (s == NULL)
		return read(fd, to, n);
	if (s->trouble != 0) {
		errno = s->trouble;
		return -1;
	}
	if (s->at == s->len) {
		if (n >= ROOM)
			return read_past(s, fd, to, n);
		ssize_t got = fill(s, fd, 0);

		if (got <= 0)
			return got;
	}
	here = s->len - s->at < n ? s->len - s->at : n;
	memcpy(to, s->data + s->at, here);
	s->at += here;
	s->hungry = here < n;
	return (ssize_t)here;
}

static int ready(struct pollfd *p, short what)
{
	p->revents = what;
	return 1;
}

/* Whoever asks without waiting, and gets nothing, turns to another connection.
 * The end and errors are for poll() and read() to tell. */
static int poll_input(struct stream *s, struct pollfd *p, int timeout_ms)
{
	int n;

	push(s, p->fd);
	if (s->at < s->len || s->trouble != 0)
		return ready(p, POLLIN);
	if (!s->hungry && fill(s, p->fd, MSG_DONTWAIT) > 0)
		return ready(p, POLLIN);
	n = poll(p, 1, timeout_ms);
	if (n == 0 && timeout_ms == 0)
		rest(s);
	return n;
}

int stream_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct stream *s = count == 1 ? stream_of(fds->fd) : NULL;

	if (s == NULL)
		return poll(fds, count, timeout_ms);
	if (fds->events == POLLOUT)
		return ready(fds, POLLOUT);
	return poll_input(s, fds, timeout_ms);
}
