/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * header: the fields of one message, in order, byte for byte.
 *
 * A field keeps its raw value: everything after the colon, with the leading
 * blank and the folds as received (CRLF or LF), without the final line end.
 * That is what DKIM "simple" hashes. Lives in the message's arena.
 *
 * Blanks between name and colon (RFC 5322 4.5) are kept in the name, and are
 * not looked at when names are compared: "From :" is a From field.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct field {
	struct slice name;      /* without the colon; as received */
	struct slice value;
	unsigned instance;      /* 1..: how many fields of this name so far, from
				 * the top, ASCII case ignored: what libmilter
				 * calls the index */
};

struct header {
	struct field *fields;   /* top of the message first */
	size_t count;
	size_t room;
	size_t octets;          /* names, colons, values, line ends */

	/* How many fields of each name: a hash table of header.c, so that ten
	 * thousand hostile fields cost no more than ten thousand friendly ones. */
	struct field_tally *tally;
	size_t tally_room;
	size_t tally_used;
	uint64_t tally_seed;
};

/* Starts as { 0 }. Copies both into mem; pointers to fields move. */
void header_append(struct header *h, struct arena *mem, struct slice name,
    struct slice value);

/* A field that is not kept, but counted: its instance. */
unsigned header_pass_by(struct header *h, struct arena *mem,
    struct slice name);

/* The first field of this name at or after fields[from]; NULL when none. */
const struct field *header_find(const struct header *h, const char *name,
    size_t from);
/* With those that were not kept. */
size_t header_count(const struct header *h, const char *name);
/* Position of a field of this header, for going on with header_find(). */
size_t header_index(const struct header *h, const struct field *f);

/* Value for people and parsers: line ends of folds removed, trimmed. NUL, a
 * bare CR, and a line end that is no fold become a space: none is left. */
const char *header_unfold(struct arena *mem, struct slice value);
