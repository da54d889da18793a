/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "check/dkim/engine.h"

struct entry {
	struct slice name;
	size_t field;
};

/* All fields of one name. */
struct group {
	struct entry *entries;  /* top of the message first */
	size_t count;
	size_t left;            /* not yet taken by signature number `turn` */
	size_t turn;
};

struct dkim_index {
	struct arena *mem;
	struct group *groups;   /* by name */
	size_t count;
	size_t turn;
};

static int compare_names(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < n; i++) {
		int order = (unsigned char)ascii_lower(a.data[i]) -
		    (unsigned char)ascii_lower(b.data[i]);

		if (order != 0)
			return order;
	}
	return (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_names(x->name, y->name);

	if (order != 0)
		return order;
	return (x->field > y->field) - (x->field < y->field);
}

struct dkim_index *dkim_index_new(struct arena *mem, const struct header *h)
{
	struct dkim_index *index = arena_alloc(mem, sizeof(*index));
	struct entry *e = arena_array(mem, h->count + 1, sizeof(*e));

	index->mem = mem;
	index->groups = arena_array(mem, h->count + 1, sizeof(struct group));
	/* A blank before the colon is no part of the name (RFC 5322 4.5). */
	for (size_t i = 0; i < h->count; i++)
		e[i] = (struct entry){ slice_trim(h->fields[i].name), i };
	if (h->count > 0)
		qsort(e, h->count, sizeof(*e), compare_entries);
	for (size_t i = 0; i < h->count; i++) {
		struct group *g = &index->groups[index->count];

		if (i > 0 && compare_names(e[i - 1].name, e[i].name) == 0) {
			g[-1].count++;
			continue;
		}
		*g = (struct group){ .entries = &e[i], .count = 1 };
		index->count++;
	}
	return index;
}

static int compare_group(const void *key, const void *row)
{
	const struct slice *name = key;
	const struct group *g = row;

	return compare_names(*name, g->entries[0].name);
}

/* The lowest one that is still there. */
static size_t take(struct dkim_index *index, struct slice name, size_t own)
{
	struct group *g = bsearch(&name, index->groups, index->count,
	    sizeof(*g), compare_group);

	if (g == NULL)
		return DKIM_NO_FIELD;
	if (g->turn != index->turn) {
		g->turn = index->turn;
		g->left = g->count;
	}
	while (g->left > 0)
		if (g->entries[--g->left].field != own)
			return g->entries[g->left].field;
	return DKIM_NO_FIELD;
}

const size_t *dkim_select(struct dkim_index *index,
    const struct dkim_sig_parsed *sig, size_t own)
{
	size_t *selected = arena_array(index->mem, sig->name_count + 1,
	    sizeof(*selected));

	index->turn++;
	for (size_t i = 0; i < sig->name_count; i++)
		selected[i] = take(index, sig->names[i], own);
	return selected;
}

bool dkim_field_is_plain(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if ((unsigned char)c > '\r')
			continue;
		if (c == '\0' || c == '\v' || c == '\f')
			return false;
		if (c == '\r' && (++i == value.len || value.data[i] != '\n'))
			return false;
		if ((c == '\r' || c == '\n') && (i + 1 == value.len ||
		    !dkim_is_wsp(value.data[i + 1])))
			return false;
	}
	return true;
}
