/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/word_diff.h"

#include <stdint.h>
#include <string.h>

#include "base/slice.h"

/* Of each text: the table of their common words grows with the square. */
#define WORDS_MAX 2000

struct words {
	struct slice *items;
	size_t count;
};

/* longest[i][k]: how many words old[i..] and new[k..] have in common. */
struct table {
	uint16_t *longest;
	size_t width;
};

static struct words split(const char *text, struct arena *mem)
{
	struct words w = { .items = arena_array(mem, WORDS_MAX + 1,
	    sizeof(*w.items)) };
	struct slice rest = slice_of(text);

	while (rest.data != NULL && w.count <= WORDS_MAX) {
		struct slice word = slice_cut(&rest, ' ');

		if (word.len > 0)
			w.items[w.count++] = word;
	}
	return w;
}

static bool same(struct slice a, struct slice b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static uint16_t *cell(const struct table *t, size_t i, size_t k)
{
	return &t->longest[i * t->width + k];
}

static struct table compare(const struct words *old, const struct words *new,
    struct arena *mem)
{
	struct table t = { .width = new->count + 1 };

	t.longest = arena_array(mem, (old->count + 1) * t.width,
	    sizeof(*t.longest));
	for (size_t i = old->count; i-- > 0;)
		for (size_t k = new->count; k-- > 0;) {
			uint16_t down = *cell(&t, i + 1, k);
			uint16_t right = *cell(&t, i, k + 1);

			*cell(&t, i, k) = same(old->items[i], new->items[k]) ?
			    *cell(&t, i + 1, k + 1) + 1 :
			    down >= right ? down : right;
		}
	return t;
}

static void print_run(const struct tool *t, struct buf *run)
{
	if (run->len > 0)
		tool_line(t, "", buf_text(run));
	buf_clear(run);
}

static void add_word(struct buf *run, const char *sign, struct slice word)
{
	buf_addf(run, "%s %.*s", run->len == 0 ? sign : "", (int)word.len,
	    word.data);
}

static void print_runs(const struct tool *t, const struct words *old,
    const struct words *new, const struct table *common)
{
	struct buf less = { 0 }, more = { 0 };
	size_t i = 0, k = 0;

	while (i < old->count || k < new->count) {
		if (i < old->count && k < new->count &&
		    same(old->items[i], new->items[k])) {
			print_run(t, &less);
			print_run(t, &more);
			i++;
			k++;
		} else if (k == new->count || (i < old->count &&
		    *cell(common, i + 1, k) >= *cell(common, i, k + 1))) {
			add_word(&less, "-", old->items[i++]);
		} else {
			add_word(&more, "+", new->items[k++]);
		}
	}
	print_run(t, &less);
	print_run(t, &more);
	buf_free(&less);
	buf_free(&more);
}

void word_diff_print(const struct tool *t, const char *old, const char *new,
    struct arena *mem)
{
	struct words o = split(old, mem), n = split(new, mem);
	struct table common;

	if (o.count > WORDS_MAX || n.count > WORDS_MAX) {
		tool_line(t, "", arena_printf(mem, "- %s", old));
		tool_line(t, "", arena_printf(mem, "+ %s", new));
		return;
	}
	common = compare(&o, &n, mem);
	print_runs(t, &o, &n, &common);
}
