/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * fuzz: what all fuzz targets share.
 *
 * A target is one function that libFuzzer calls with bytes of its making. The
 * sanitizers find what touches memory that it must not; what else a parser
 * promises is asked with need(). Pieces of the input are copied into an arena,
 * whose blocks end where they end, so that reading over the end of a piece is
 * found too.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise. Never compiled out, unlike assert(). */
static inline void need(bool holds, const char *promise)
{
	if (holds)
		return;
	fprintf(stderr, "promise broken: %s\n", promise);
	abort();
}

/* The arena of this input; what the last one left is gone. */
static inline struct arena *fuzz_arena(void)
{
	static struct arena *mem;

	if (mem == NULL)
		mem = arena_new(4096);
	arena_reset(mem);
	return mem;
}

static inline struct slice fuzz_slice(const uint8_t *data, size_t size)
{
	return (struct slice){ (const char *)data, size };
}

/* A copy of its own; absent stays absent. */
static inline struct slice fuzz_copy(struct arena *mem, struct slice s)
{
	return s.data == NULL ? s :
	    (struct slice){ arena_memdup(mem, s.data, s.len), s.len };
}

/* The input up to its first NUL as a string; absent is empty. */
static inline const char *fuzz_text(struct arena *mem, struct slice s)
{
	return s.len == 0 ? "" :
	    arena_strndup(mem, s.data, strnlen(s.data, s.len));
}

/* The first octet, taken off the input; 0 when there is none. */
static inline unsigned fuzz_octet(struct slice *s)
{
	unsigned c;

	if (s->len == 0)
		return 0;
	c = (unsigned char)s->data[0];
	*s = slice_sub(*s, 1, s->len - 1);
	return c;
}

/* An octet that is in no UTF-8 parts the pieces of an input. */
#define FUZZ_BORDER ((char)0xff)

static inline struct slice fuzz_piece(struct arena *mem, struct slice *rest)
{
	return fuzz_copy(mem, slice_cut(rest, FUZZ_BORDER));
}

/* Is it what domain.h calls the house form? */
static inline bool fuzz_is_house_form(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!ascii_digit(*c) && *c != '-' && *c != '_' && *c != '.' &&
		    (*c < 'a' || *c > 'z'))
			return false;
	return domain_fits_dns(name) && name[strlen(name) - 1] != '.';
}

/* Both NULL, or the same text. */
static inline bool fuzz_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static inline bool fuzz_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}
