/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/seal_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { COLUMNS = 77 };

struct writer {
	struct buf out;
	size_t column;
	bool folds;
};

static void add(struct writer *w, struct slice text)
{
	buf_add(&w->out, text.data, text.len);
	w->column += text.len;
}

static void fold(struct writer *w)
{
	buf_adds(&w->out, "\r\n ");
	w->column = 1;
}

/* One piece that is not folded; the ";" that may follow has its place. */
static void place(struct writer *w, struct slice piece)
{
	if (w->folds && w->column > 1 &&
	    w->column + piece.len + 1 > COLUMNS)
		fold(w);
	add(w, piece);
}

/* A blank, or a fold if the first piece does not fit behind it. */
static void separate(struct writer *w, size_t first)
{
	if (w->folds && w->column + 1 + first + 1 > COLUMNS) {
		fold(w);
		return;
	}
	buf_addc(&w->out, ' ');
	w->column++;
}

static void place_names(struct writer *w, struct slice names)
{
	while (names.data != NULL) {
		struct slice name = slice_cut(&names, ':');

		/* With its colon. */
		name.len += names.data != NULL;
		place(w, name);
	}
}

static void place_base64(struct writer *w, struct slice text)
{
	while (w->folds && w->column + text.len + 1 > COLUMNS) {
		size_t room = w->column < COLUMNS ? COLUMNS - w->column : 0;

		add(w, slice_sub(text, 0, room));
		text = slice_sub(text, room, text.len - room);
		fold(w);
	}
	add(w, text);
}

static void place_tag(struct writer *w, const struct seal_tag *tag)
{
	struct slice value = slice_of(tag->value), rest = value;
	size_t first = value.len;
	bool names = strcmp(tag->name, "h") == 0;
	bool base64 = strcmp(tag->name, "b") == 0;

	if (names)
		first = slice_cut(&rest, ':').len + 1;
	else if (base64)
		first = 0;
	separate(w, strlen(tag->name) + 1 + first);
	add(w, slice_of(tag->name));
	add(w, SLICE("="));
	if (names)
		place_names(w, value);
	else if (base64)
		place_base64(w, value);
	else
		add(w, value);
}

static int by_name(const void *a, const void *b)
{
	const struct seal_tag *x = a, *y = b;

	return strcmp(x->name, y->name);
}

const char *seal_tags(struct arena *mem, const char *field,
    const struct seal_tag *tags, size_t count, bool sorted)
{
	struct writer w = { .column = strlen(field) + 1, .folds = !sorted };
	struct seal_tag *all = arena_memdup(mem, tags, count * sizeof(*tags));
	const char *kept;

	if (sorted)
		qsort(all, count, sizeof(*all), by_name);
	for (size_t i = 0; i < count; i++) {
		place_tag(&w, &all[i]);
		if (i + 1 < count)
			add(&w, SLICE(";"));
	}
	kept = arena_strdup(mem, buf_text(&w.out));
	buf_free(&w.out);
	return kept;
}
