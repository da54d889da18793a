/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/header.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#define TALLY_FIRST 64

struct field_tally {
	struct slice name;      /* absent: a free row */
	unsigned count;
};

/* RFC 5322 4.5 lets blanks stand between name and colon. */
static struct slice bare_name(struct slice name)
{
	while (name.len > 0 && (name.data[name.len - 1] == ' ' ||
	    name.data[name.len - 1] == '\t'))
		name.len--;
	return name;
}

static bool same_name(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	}
	return true;
}

/* Seeded, so that nobody can choose names that all meet in one row. */
static uint64_t hash_name(uint64_t seed, struct slice name)
{
	uint64_t hash = seed;

	for (size_t i = 0; i < name.len; i++) {
		hash ^= (unsigned char)ascii_lower(name.data[i]);
		hash *= 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return hash ^ hash >> 32;
}

/* The row of this name, or the free row where it belongs. */
static struct field_tally *tally_row(const struct header *h, struct slice name)
{
	size_t mask = h->tally_room - 1;
	size_t i = (size_t)hash_name(h->tally_seed, name) & mask;

	while (h->tally[i].name.data != NULL &&
	    !same_name(h->tally[i].name, name))
		i = (i + 1) & mask;
	return &h->tally[i];
}

/* The room is a power of two and never more than half full. */
static void tally_grow(struct header *h, struct arena *mem)
{
	struct field_tally *old = h->tally;
	size_t old_room = h->tally_room;

	/* The first one is too small to be worth an attack. */
	if (old_room == TALLY_FIRST && getrandom(&h->tally_seed,
	    sizeof(h->tally_seed), GRND_NONBLOCK) != sizeof(h->tally_seed))
		h->tally_seed = (uint64_t)(uintptr_t)mem;
	h->tally_room = old_room == 0 ? TALLY_FIRST : 2 * old_room;
	h->tally = arena_array(mem, h->tally_room, sizeof(*h->tally));
	for (size_t i = 0; i < old_room; i++) {
		if (old[i].name.data != NULL)
			*tally_row(h, old[i].name) = old[i];
	}
}

static unsigned tally_add(struct header *h, struct arena *mem,
    struct slice name)
{
	if (2 * h->tally_used >= h->tally_room)
		tally_grow(h, mem);
	struct field_tally *row = tally_row(h, name);

	if (row->name.data == NULL) {
		row->name = name;
		h->tally_used++;
	}
	return ++row->count;
}

static struct slice keep(struct arena *mem, struct slice s)
{
	return (struct slice){ arena_memdup(mem, s.data, s.len), s.len };
}

void header_append(struct header *h, struct arena *mem, struct slice name,
    struct slice value)
{
	if (h->count == h->room) {
		size_t room = h->room == 0 ? 32 : 2 * h->room;
		struct field *more = arena_array(mem, room, sizeof(*more));

		if (h->count > 0)
			memcpy(more, h->fields, h->count * sizeof(*more));
		h->fields = more;
		h->room = room;
	}
	struct field *f = &h->fields[h->count++];

	f->name = keep(mem, name);
	f->value = keep(mem, value);
	f->instance = tally_add(h, mem, bare_name(f->name));
	h->octets += name.len + 1 + value.len + 2;
}

unsigned header_pass_by(struct header *h, struct arena *mem,
    struct slice name)
{
	return tally_add(h, mem, bare_name(keep(mem, name)));
}

const struct field *header_find(const struct header *h, const char *name,
    size_t from)
{
	struct slice wanted = slice_of(name);

	for (size_t i = from; i < h->count; i++) {
		if (same_name(bare_name(h->fields[i].name), wanted))
			return &h->fields[i];
	}
	return NULL;
}

size_t header_count(const struct header *h, const char *name)
{
	return h->tally_room == 0 ? 0 : tally_row(h, slice_of(name))->count;
}

size_t header_index(const struct header *h, const struct field *f)
{
	assert(f >= h->fields && f < h->fields + h->count);
	return (size_t)(f - h->fields);
}

const char *header_unfold(struct arena *mem, struct slice value)
{
	value = slice_trim(value);
	char *out = arena_alloc(mem, value.len + 1);
	char *at = out;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];
		char next = i + 1 < value.len ? value.data[i + 1] : '\0';

		if (c == '\r' && next == '\n')
			continue;
		if (c == '\n' && (next == ' ' || next == '\t'))
			continue;
		*at++ = c == '\0' || c == '\r' || c == '\n' ? ' ' : c;
	}
	/* What was a NUL may stand at an end now. */
	struct slice text = slice_trim((struct slice){ out,
	    (size_t)(at - out) });

	out[text.data - out + (ptrdiff_t)text.len] = '\0';
	return text.data;
}
