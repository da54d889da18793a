/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * The address sanitizer sees one big block and would let an overrun of one
 * allocation run into the next. So what is not handed out is poisoned, and
 * every allocation is followed by a red zone.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
static const size_t red_zone = 16;
#else
#define ASAN_POISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
static const size_t red_zone = 0;
#endif

static const size_t block_min = 256;
static const size_t block_max = 256 * 1024;

struct block {
	struct block *next;
	size_t room;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *arg;
};

struct arena {
	struct block *blocks;   /* the one being filled, then all others */
	struct deferred *deferred;
	size_t first_room;
	size_t next_room;       /* of the block that comes next */
	size_t used;
};

static struct block *block_new(size_t room)
{
	size_t total;

	if (__builtin_add_overflow(room, sizeof(struct block), &total))
		total = SIZE_MAX;       /* which the heap refuses */
	struct block *b = xrealloc(NULL, total, 1);

	*b = (struct block){ .room = room };
	ASAN_POISON_MEMORY_REGION(b->bytes, room);
	return b;
}

static void block_free(struct block *b)
{
	ASAN_UNPOISON_MEMORY_REGION(b->bytes, b->room);
	free(b);
}

struct arena *arena_new(size_t first_block)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->first_room = first_block < block_min ? block_min : first_block;
	a->next_room = a->first_room;
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a);
}

/* What one allocation takes from a block. SIZE_MAX: more than there is. */
static size_t footprint(size_t size)
{
	const size_t grain = alignof(max_align_t);
	size_t padded;

	if (size == 0)
		size = 1;
	if (__builtin_add_overflow(size, grain - 1 + red_zone, &padded))
		return SIZE_MAX;
	return padded / grain * grain;
}

static struct block *put_in_front(struct arena *a, size_t room)
{
	struct block *b = block_new(room);

	b->next = a->blocks;
	a->blocks = b;
	return b;
}

static struct block *block_with_room(struct arena *a, size_t need)
{
	struct block *b = a->blocks;

	if (b == NULL)
		return put_in_front(a, need > a->next_room ? need :
		    a->next_room);
	if (need <= b->room - b->used)
		return b;
	if (need > a->next_room / 4) {
		/* A big piece gets a block of its own, behind the one being
		 * filled, so that the rest of that one is not lost. */
		b = block_new(need);
		b->next = a->blocks->next;
		a->blocks->next = b;
		return b;
	}
	if (a->next_room < block_max)
		a->next_room *= 2;
	return put_in_front(a, a->next_room);
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t need = footprint(size);
	struct block *b = block_with_room(a, need);
	void *p = b->bytes + b->used;

	b->used += need;
	a->used += size;
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	memset(p, 0, size);
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		total = SIZE_MAX;
	return arena_alloc(a, total);
}

void *arena_memdup(struct arena *a, const void *bytes, size_t n)
{
	void *copy = arena_alloc(a, n);

	if (n > 0)
		memcpy(copy, bytes, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_strndup(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = n == 0 ? 0 : strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(copy, s, len);
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char small[256];

	va_start(args, fmt);
	int n = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (n < 0)
		abort();                /* a format string that is our bug */
	if ((size_t)n < sizeof(small))
		return arena_strndup(a, small, (size_t)n);

	char *text = arena_alloc(a, (size_t)n + 1);

	va_start(args, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}

char *arena_concat(struct arena *a, const char *first, ...)
{
	size_t len = 0;
	char *text, *at;
	va_list args;

	va_start(args, first);
	for (const char *s = first; s != NULL; s = va_arg(args, const char *))
		len += strlen(s);
	va_end(args);
	text = at = arena_alloc(a, len + 1);
	va_start(args, first);
	for (const char *s = first; s != NULL; s = va_arg(args, const char *))
		at = stpcpy(at, s);
	va_end(args);
	return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	*d = (struct deferred){ .next = a->deferred, .fn = fn, .arg = arg };
	a->deferred = d;
}

void arena_reset(struct arena *a)
{
	/* Taken off before it runs: it may defer something itself. */
	while (a->deferred != NULL) {
		struct deferred d = *a->deferred;

		a->deferred = d.next;
		d.fn(d.arg);
	}
	for (struct block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		block_free(b);
	}
	a->blocks = NULL;
	a->next_room = a->first_room;
	a->used = 0;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
