/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Room for n more octets and the NUL. Doubling keeps appending linear. */
static void grow(struct buf *b, size_t n)
{
	size_t need;

	if (__builtin_add_overflow(b->len, n, &need) || need == SIZE_MAX)
		abort();
	need++;
	size_t room = b->room < 32 ? 64 : b->room;

	while (room < need && room <= SIZE_MAX / 2)
		room *= 2;
	if (room < need)
		room = need;
	b->data = xrealloc(b->data, room, 1);
	b->room = room;
}

/* len stays below room, where there is any. */
static inline void make_room(struct buf *b, size_t n)
{
	if (b->room == 0 || n >= b->room - b->len)
		grow(b, n);
}

char *buf_extend(struct buf *b, size_t n)
{
	char *at;

	make_room(b, n);
	at = b->data + b->len;
	b->len += n;
	b->data[b->len] = '\0';
	return at;
}

void buf_reserve(struct buf *b, size_t n)
{
	make_room(b, n);
	b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *at = buf_extend(b, n);

	if (n > 0)
		memcpy(at, bytes, n);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	make_room(b, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

void buf_add_number(struct buf *b, int64_t n)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (n < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	make_room(b, 0);
	va_start(args, fmt);
	int n = vsnprintf(b->data + b->len, b->room - b->len, fmt, args);
	va_end(args);
	if (n < 0)
		abort();                /* a format string that is our bug */
	if ((size_t)n >= b->room - b->len) {
		make_room(b, (size_t)n);
		va_start(args, fmt);
		vsnprintf(b->data + b->len, b->room - b->len, fmt, args);
		va_end(args);
	}
	b->len += (size_t)n;
}

const char *buf_text(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ buf_text(b), b->len };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

char *buf_detach(struct buf *b)
{
	char *data = b->data == NULL ? xstrdup("") : b->data;

	*b = (struct buf){ 0 };
	return data;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
