/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/taglist.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FEW_NAMES 16

/* One "name = value"; false when there is no "=" or no name. */
static bool cut_tag(struct slice piece, struct slice *name, struct slice *value)
{
	*value = piece;
	*name = slice_trim(slice_cut(value, '='));
	if (value->data == NULL)
		return false;
	*value = slice_trim(*value);
	return name->len > 0;
}

static bool is_blank(struct slice s)
{
	return slice_trim(s).len == 0;
}

/* RFC 6376 3.2: tag-name = ALPHA *ALNUMPUNC */
static bool is_tag_name(struct slice name)
{
	if (name.len == 0 || !ascii_alpha(name.data[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!ascii_alnum(name.data[i]) && name.data[i] != '_')
			return false;
	return true;
}

/*
 * VALCHAR, ";", WSP, and line ends only as part of FWS (RFC 6376 2.8, 3.2).
 * MTAs hand folds to a filter as LF, so a LF before WSP folds like CRLF.
 */
static bool octets_fit(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c >= ' ' && c <= '~')
			continue;
		if (c == '\r') {
			if (i + 1 == text.len || text.data[i + 1] != '\n')
				return false;
		} else if (c == '\n') {
			if (i + 1 == text.len || (text.data[i + 1] != ' ' &&
			    text.data[i + 1] != '\t'))
				return false;
		} else if (c != '\t') {
			return false;
		}
	}
	return true;
}

static int compare_names(const void *a, const void *b)
{
	const struct slice *x = a;
	const struct slice *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->data, y->data, n);

	if (order != 0)
		return order;
	return (x->len > y->len) - (x->len < y->len);
}

/* The place of a name that another one before it equals; 0: there is none. */
static size_t find_twin(const struct slice *names, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (slice_equal(names[i], names[k]))
				return i;
	return 0;
}

static size_t find_twin_of_many(struct slice *names, size_t count)
{
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 1; i < count; i++)
		if (slice_equal(names[i - 1], names[i]))
			return i;
	return 0;
}

/* Sorted, so that ten thousand names cost no more than their sorting; as many
 * as the RFCs know are compared sooner. */
static bool names_differ(struct slice *names, size_t count, struct error *err)
{
	size_t twin = count <= FEW_NAMES ? find_twin(names, count) :
	    find_twin_of_many(names, count);

	return twin == 0 || error_set(err, "tag %.*s= stands there twice",
	    (int)(names[twin].len < 40 ? names[twin].len : 40),
	    names[twin].data);
}

static size_t count_pieces(struct slice text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == ';';
	return n;
}

/* The whole list is well-formed, before any tag of it is believed. */
static bool list_fits(struct slice text, struct error *err)
{
	struct slice *names;
	size_t count = 0;
	bool good = true;

	if (!octets_fit(text))
		return error_set(err, "an octet that no tag list may hold");
	names = xcalloc(count_pieces(text), sizeof(*names));
	while (good && text.data != NULL) {
		struct slice piece = slice_cut(&text, ';');
		struct slice value;

		if (text.data == NULL && count > 0 && is_blank(piece))
			break;                  /* the ";" at the end */
		if (!cut_tag(piece, &names[count], &value) ||
		    !is_tag_name(names[count]))
			good = error_set(err, "a piece that is no tag=value");
		count++;
	}
	good = good && names_differ(names, count, err);
	free(names);
	return good;
}

/* Which rows of the grammar have been seen. */
typedef uint64_t row_set;

static bool required_seen(const struct tag *grammar, row_set seen,
    struct error *err)
{
	for (size_t row = 0; grammar[row].name != NULL; row++)
		if (grammar[row].required && !(seen >> row & 1))
			return error_set(err, "%s= missing", grammar[row].name);
	return true;
}

/* The row of this tag; the row that ends the table when it has none. */
static size_t find_row(const struct tag *grammar, struct slice name,
    bool (*same)(struct slice, const char *))
{
	size_t row = 0;

	while (grammar[row].name != NULL && !same(name, grammar[row].name))
		row++;
	assert(row < sizeof(row_set) * 8);
	return row;
}

bool taglist_parse_strict(struct slice text, const struct tag *grammar, void *out,
    struct error *err)
{
	row_set seen = 0;

	if (text.data == NULL || is_blank(text))
		return error_set(err, "an empty tag list");
	if (!list_fits(text, err))
		return false;
	while (text.data != NULL) {
		struct slice name, value;
		size_t row;

		if (!cut_tag(slice_cut(&text, ';'), &name, &value))
			break;                  /* the ";" at the end */
		row = find_row(grammar, name, slice_is);
		if (grammar[row].name == NULL)
			continue;               /* RFC 6376 3.2: ignored */
		if (!grammar[row].set(out, value, err))
			return false;
		seen |= (row_set)1 << row;
	}
	return required_seen(grammar, seen, err);
}

bool taglist_parse_lenient(struct slice text, const struct tag *grammar, void *out,
    struct error *err)
{
	row_set seen = 0;

	while (text.data != NULL) {
		struct slice name, value;
		size_t row;

		if (!cut_tag(slice_cut(&text, ';'), &name, &value))
			continue;
		row = find_row(grammar, name, slice_is_nocase);
		if (grammar[row].name == NULL)
			continue;
		/* RFC 9989 4.8: what a tag cannot hold is dropped; whether
		 * that leaves a mark (p, sp, np) the set function knows. */
		if (grammar[row].set(out, value, NULL))
			seen |= (row_set)1 << row;
	}
	return required_seen(grammar, seen, err);
}
