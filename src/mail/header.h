/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * header: the fields of one message, in order, byte for byte.
 *
 * A field keeps its raw value: everything after the colon, with the leading
 * blank and the folds as received (CRLF or LF), without the final line end.
 * That is what DKIM "simple" hashes. Lives in the message's arena.
 */
#include <stdbool.h>
#include <stddef.h>

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
};

/* Copies both into mem. */
void header_append(struct header *h, struct arena *mem, struct slice name,
    struct slice value);

/* The first field of this name at or after fields[from]; NULL when none. */
const struct field *header_find(const struct header *h, const char *name,
    size_t from);
size_t header_count(const struct header *h, const char *name);
/* Position of a field of this header, for going on with header_find(). */
size_t header_index(const struct header *h, const struct field *f);

/* Value for people and parsers: line ends of folds removed, trimmed. NUL
 * bytes become spaces. */
const char *header_unfold(struct arena *mem, struct slice value);
