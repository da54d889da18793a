/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/name.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const struct name *name_find(const struct name *table, const char *word)
{
	return name_find_slice(table, slice_of(word));
}

const struct name *name_find_slice(const struct name *table, struct slice word)
{
	if (word.data == NULL)
		return NULL;
	for (; table->word != NULL; table++) {
		if (slice_is_nocase(word, table->word))
			return table;
	}
	return NULL;
}

const char *name_word(const struct name *table, int code)
{
	for (; table->word != NULL; table++) {
		if (table->code == code)
			return table->word;
	}
	assert(!"a code without a word");
	abort();
}

/* Longer words are no typing slips of ours. */
enum { CLOSEST_MAX = 64 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * How many slips of a finger (one letter more, less, another, or two swapped)
 * lie between two words: the distance called optimal string alignment, row by
 * row. rows[0] is the row being made, rows[1] and rows[2] those above it.
 */
static size_t slips(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t rows[3][CLOSEST_MAX + 1] = { { 0 } };

	for (size_t j = 0; j <= blen; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= alen; i++) {
		memcpy(rows[2], rows[1], sizeof(rows[1]));
		memcpy(rows[1], rows[0], sizeof(rows[0]));
		rows[0][0] = i;
		for (size_t j = 1; j <= blen; j++) {
			char x = ascii_lower(a[i - 1]);
			char y = ascii_lower(b[j - 1]);
			size_t d = least(rows[1][j] + 1, rows[0][j - 1] + 1);

			d = least(d, rows[1][j - 1] + (x != y));
			if (i > 1 && j > 1 && x == ascii_lower(b[j - 2]) &&
			    y == ascii_lower(a[i - 2]))
				d = least(d, rows[2][j - 2] + 1);
			rows[0][j] = d;
		}
	}
	return rows[0][blen];
}

void closest_start(struct closest *c, const char *wanted)
{
	size_t len = strlen(wanted);
	size_t limit = len < 6 ? 1 : len < 9 ? 2 : 3;

	/* A word of one letter is one slip away from every other. */
	if (len < 2 || len > CLOSEST_MAX)
		limit = 0;
	*c = (struct closest){ .wanted = wanted, .distance = limit + 1 };
}

void closest_offer(struct closest *c, const char *candidate)
{
	size_t alen = strlen(c->wanted);
	size_t blen = strlen(candidate);

	if (alen > CLOSEST_MAX || blen > CLOSEST_MAX)
		return;
	size_t d = slips(c->wanted, alen, candidate, blen);

	if (d < c->distance) {
		c->best = candidate;
		c->distance = d;
	}
}
