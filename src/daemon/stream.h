/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * stream: the connection to an MTA, read and written as it comes, not by the
 * packet.
 *
 * libmilter polls three times and reads twice for each packet it gets, polls
 * and writes for each that it sends; Postfix sends some fifty packets with a
 * small message, for which that was two thirds of the cost. So libmilter's own
 * accept(), poll(), read(), writev() and close() are these here (CMakeLists.txt
 * renames them in a copy of libmilter.a). They keep the promises of the system's
 * with two freedoms: what has arrived is read at once and lies here until
 * libmilter asks for it; and changes of a message wait for the answer to the
 * end of message, which comes right behind them.
 *
 * Nothing else in the process is touched, and descriptors that stream_accept()
 * has not returned are passed through. libmilter asks poll() whether there is
 * more before it leaves a connection, so nothing lies here while nobody works
 * for the connection, and no memory is held for it.
 *
 * As libmilter does: a descriptor by one thread at a time, handed over under
 * libmilter's lock; different ones by any.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

int stream_accept(int listener, struct sockaddr *peer, socklen_t *len);
/* Several descriptors: the system's. */
int stream_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
ssize_t stream_read(int fd, void *to, size_t n);
/* One packet. */
ssize_t stream_writev(int fd, const struct iovec *pieces, int count);
int stream_close(int fd);
