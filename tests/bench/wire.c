/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

#define VERSION 6
#define ALL_ACTIONS 0x1ffu
#define PATIENCE_MS 60000
/* Postfix writes its stream in such pieces. */
#define WRITE_SIZE 4096
#define PACKET_MAX (1u << 21)

#define STEP_LEADING_BLANK 0x100000u
#define ALL_STEPS 0x1fffffu

/* Which step leaves a command out, and which one its answer; which list has
 * its macros. */
static const struct agreement {
	enum wire_command command;
	uint32_t left_out, unanswered;
	enum macro_stage stage;
} agreements[] = {
	{ WIRE_CONNECT, 0x01, 0x1000, MACRO_CONNECT },
	{ WIRE_HELO, 0x02, 0x2000, MACRO_HELO },
	{ WIRE_MAIL, 0x04, 0x4000, MACRO_MAIL },
	{ WIRE_RCPT, 0x08, 0x8000, MACRO_RCPT },
	{ WIRE_BODY, 0x10, 0x80000, MACRO_EOM },
	{ WIRE_HEADER, 0x20, 0x80, MACRO_EOH },
	{ WIRE_EOH, 0x40, 0x40000, MACRO_EOH },
	{ WIRE_DATA, 0x200, 0x10000, MACRO_DATA },
	{ WIRE_EOM, 0, 0, MACRO_EOM },
};

static const struct agreement *agreement(enum wire_command c)
{
	size_t i = 0;

	while (agreements[i].command != c)
		i++;
	return &agreements[i];
}

static bool flush(struct wire *w)
{
	size_t at = 0;

	while (at < w->out.len) {
		size_t n = w->out.len - at;
		ssize_t done = send(w->fd, w->out.data + at,
		    n < WRITE_SIZE ? n : WRITE_SIZE, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += (size_t)done;
	}
	buf_clear(&w->out);
	return true;
}

static void put_number(struct wire *w, uint32_t n)
{
	uint32_t big = htonl(n);

	buf_add(&w->out, &big, sizeof(big));
}

static bool put_packet(struct wire *w, char command, const void *data,
    size_t n)
{
	put_number(w, (uint32_t)n + 1);
	buf_addc(&w->out, command);
	buf_add(&w->out, data, n);
	return w->out.len < WRITE_SIZE || flush(w);
}

static bool fill(struct wire *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	ssize_t n = recv(w->fd, w->in, sizeof(w->in), MSG_DONTWAIT);

	while (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
		n = recv(w->fd, w->in, sizeof(w->in), MSG_DONTWAIT);
	}
	w->in_at = 0;
	w->in_len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool take(struct wire *w, void *to, size_t n)
{
	char *at = to;

	while (n > 0) {
		size_t here;

		if (w->in_at == w->in_len && !fill(w))
			return false;
		here = w->in_len - w->in_at;
		here = here < n ? here : n;
		memcpy(at, w->in + w->in_at, here);
		w->in_at += here;
		at += here;
		n -= here;
	}
	return true;
}

/* The packet's first octet, its data in w->packet; 0: broken. */
static char read_packet(struct wire *w)
{
	char block[1024], command;
	uint32_t n;

	if (!flush(w) || !take(w, &n, sizeof(n)) || !take(w, &command, 1))
		return 0;
	n = ntohl(n);
	if (n == 0 || n > PACKET_MAX)
		return 0;
	buf_clear(&w->packet);
	for (n--; n > 0; ) {
		uint32_t here = n < sizeof(block) ? n : (uint32_t)sizeof(block);

		if (!take(w, block, here))
			return 0;
		buf_add(&w->packet, block, here);
		n -= here;
	}
	return command;
}

static int dial_unix(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int dial_inet(const char *spec)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *at = strchr(spec, '@');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_port = htons((uint16_t)atoi(spec));
	if (at != NULL && inet_pton(AF_INET, at + 1, &a.sin_addr) == 1 &&
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

bool wire_open(struct wire *w, const char *address, bool bare)
{
	uint32_t offer[3] = { htonl(VERSION), htonl(ALL_ACTIONS),
		htonl(bare ? 0 : ALL_STEPS) };

	if (strncmp(address, "unix:", 5) == 0)
		w->fd = dial_unix(address + 5);
	else if (strncmp(address, "inet:", 5) == 0)
		w->fd = dial_inet(address + 5);
	if (w->fd < 0 || !put_packet(w, 'O', offer, sizeof(offer)) ||
	    read_packet(w) != 'O' || w->packet.len < sizeof(offer))
		return false;
	memcpy(offer, w->packet.data, sizeof(offer));
	w->steps = ntohl(offer[2]);
	macros_usual(&w->macros);
	return macros_asked(&w->macros, w->packet.data + sizeof(offer),
	    w->packet.len - sizeof(offer));
}

static void forget_added(struct wire *w)
{
	for (size_t i = 0; i < w->added_count; i++) {
		free(w->added[i].name);
		free(w->added[i].value);
	}
	free(w->added);
	w->added = NULL;
	w->added_count = 0;
}

void wire_close(struct wire *w)
{
	if (w->fd >= 0) {
		if (put_packet(w, 'Q', "", 0))
			flush(w);
		close(w->fd);
	}
	forget_added(w);
	macros_forget(&w->macros);
	buf_free(&w->out);
	buf_free(&w->packet);
	*w = (struct wire){ .fd = -1 };
}

void wire_hang_up(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

bool wire_push(struct wire *w)
{
	return flush(w);
}

bool wire_abort(struct wire *w)
{
	return put_packet(w, 'A', "", 0) && flush(w);
}

void wire_macros(struct wire *w, enum wire_command c,
    const char *const *pairs)
{
	struct buf b = { 0 };

	buf_addc(&b, (char)c);
	macros_pick(&w->macros, agreement(c)->stage, pairs, &b);
	put_packet(w, 'D', b.data, b.len);
	buf_free(&b);
}

/* 'h': name, value. 'i': a number in front of them. */
static void keep_added(struct wire *w, bool on_top)
{
	size_t skip = on_top ? 4 : 0;
	const char *name = buf_text(&w->packet) + skip, *value;
	struct wire_added *a;

	if (w->packet.len < skip + 2 ||
	    w->packet.data[w->packet.len - 1] != '\0')
		return;
	value = name + strlen(name) + 1;
	if (value >= w->packet.data + w->packet.len)
		return;
	w->added = xrealloc(w->added, w->added_count + 1, sizeof(*a));
	a = &w->added[w->added_count++];
	*a = (struct wire_added){ on_top, xstrdup(name), xstrdup(value) };
}

/* Modifications and signs of life come before the answer. */
static enum wire_answer read_answer(struct wire *w)
{
	for (;;) {
		char c = read_packet(w);

		switch (c) {
		case WIRE_CONTINUE:
		case WIRE_ACCEPT:
		case WIRE_REJECT:
		case WIRE_TEMPFAIL:
		case WIRE_DISCARD:
		case WIRE_REPLY:
		case WIRE_SKIP:
			return (enum wire_answer)c;
		case 'h':
			keep_added(w, false);
			break;
		case 'i':
			keep_added(w, true);
			break;
		case 'p': case 'm': case 'q': case '+': case '-': case '2':
		case 'b': case 'e':
			break;
		default:
			return WIRE_BROKEN;
		}
	}
}

enum wire_answer wire_say(struct wire *w, enum wire_command c,
    const void *data, size_t n)
{
	const struct agreement *a = agreement(c);

	if (c == WIRE_EOM)
		forget_added(w);
	if ((w->steps & a->left_out) != 0)
		return WIRE_CONTINUE;
	if (!put_packet(w, (char)c, data, n))
		return WIRE_BROKEN;
	if ((w->steps & a->unanswered) != 0)
		return WIRE_CONTINUE;
	return read_answer(w);
}

bool wire_keeps_blank(const struct wire *w)
{
	return (w->steps & STEP_LEADING_BLANK) != 0;
}
