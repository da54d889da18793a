/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/name.h"
#include "base/utf8.h"
#include "policy/list.h"

/* Longer words behind an entry are no names and no reasons. */
#define NOTE_OCTETS_MAX 400

enum note_word { NOTE_OWNER, NOTE_UNTIL, NOTE_WHY };

static const struct name note_words[] = {
	{ NOTE_OWNER,   "owner" },
	{ NOTE_UNTIL,   "until" },
	{ NOTE_WHY,     "why" },
	{ 0, NULL },
};

/* One file being read; the arena is for one line. */
struct reading {
	struct list *list;
	const struct source *file;
	struct policy_report *report;
	struct arena *mem;
	int64_t now;
	unsigned line;
	size_t expired;
	size_t expired_at;              /* the first one: offset, and day */
	char expired_on[16];
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool complain(struct reading *g, const char *at, const char *reason)
{
	report_error(g->report, g->file, (size_t)(at - g->file->text.data),
	    "%s", reason);
	return false;
}

static int digits(struct slice s, size_t from, size_t n)
{
	unsigned long long value;

	return slice_number(slice_sub(s, from, n), &value) ? (int)value : -1;
}

bool list_day_end(struct slice text, int64_t *out)
{
	struct tm tm = { 0 }, same;
	time_t day;

	if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-')
		return false;
	tm.tm_year = digits(text, 0, 4) - 1900;
	tm.tm_mon = digits(text, 5, 2) - 1;
	tm.tm_mday = digits(text, 8, 2);
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mday < 1)
		return false;
	same = tm;
	day = timegm(&same);
	/* A day that does not exist became another one. */
	if (same.tm_mon != tm.tm_mon || same.tm_mday != tm.tm_mday)
		return false;
	*out = (int64_t)day + 24 * 60 * 60;
	return true;
}

/* "..." with \" and \\ in it; *rest stands on the opening quote. */
static const char *take_quoted(struct reading *g, struct slice *rest)
{
	const char *open = rest->data;
	char *out = arena_alloc(g->mem, rest->len + 1);
	size_t n = 0, i = 1;

	for (; i < rest->len && rest->data[i] != '"'; i++) {
		if (rest->data[i] == '\0')
			break;
		if (rest->data[i] == '\\' && i + 1 < rest->len)
			i++;
		out[n++] = rest->data[i];
	}
	if (i >= rest->len || rest->data[i] != '"') {
		complain(g, open, "the quote is not closed in this line");
		return NULL;
	}
	*rest = slice_sub(*rest, i + 1, SIZE_MAX);
	if (rest->len > 0 && !blank(rest->data[0])) {
		complain(g, rest->data, "a blank must stand here");
		return NULL;
	}
	return out;
}

static const char *take_bare(struct reading *g, struct slice *rest)
{
	size_t n = 0;
	const char *out;

	while (n < rest->len && !blank(rest->data[n]) && rest->data[n] != '"')
		n++;
	if (n < rest->len && rest->data[n] == '"') {
		complain(g, rest->data + n, "a quote inside a word");
		return NULL;
	}
	if (memchr(rest->data, '\0', n) != NULL) {
		complain(g, rest->data, "a control character");
		return NULL;
	}
	out = arena_strndup(g->mem, rest->data, n);
	*rest = slice_sub(*rest, n, SIZE_MAX);
	return out;
}

static const char *take_value(struct reading *g, struct slice *rest)
{
	const char *at = rest->data, *text;

	text = rest->len > 0 && at[0] == '"' ? take_quoted(g, rest) :
	    take_bare(g, rest);
	if (text == NULL)
		return NULL;
	if (*text == '\0') {
		complain(g, at, "a value is missing behind \"=\"");
		return NULL;
	}
	if (strlen(text) > NOTE_OCTETS_MAX ||
	    !utf8_valid(slice_of(text))) {
		complain(g, at, "too long, or not UTF-8");
		return NULL;
	}
	for (const char *s = text; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f) {
			complain(g, at, "a control character");
			return NULL;
		}
	return text;
}

static bool set_note(struct reading *g, struct list_note *note,
    enum note_word word, const char *value, const char *at)
{
	const char **where = word == NOTE_OWNER ? &note->owner :
	    word == NOTE_UNTIL ? &note->until : &note->why;

	if (*where != NULL) {
		report_error(g->report, g->file,
		    (size_t)(at - g->file->text.data), "a second \"%s=\"",
		    name_word(note_words, (int)word));
		return false;
	}
	*where = value;
	return word != NOTE_UNTIL ||
	    list_day_end(slice_of(value), &note->expires) ||
	    complain(g, at, "\"until\" wants a day that exists, YYYY-MM-DD");
}

static bool unknown_word(struct reading *g, struct slice word)
{
	size_t at = (size_t)(word.data - g->file->text.data);
	struct closest near;

	report_error(g->report, g->file, at, "behind an entry stand owner=, "
	    "until= and why= only");
	closest_start(&near, arena_strndup(g->mem, word.data, word.len));
	for (const struct name *n = note_words; n->word != NULL; n++)
		closest_offer(&near, n->word);
	report_meant(g->report, &near);
	return false;
}

/* One WORD=VALUE; *rest begins with it and is not empty. */
static bool take_note(struct reading *g, struct slice *rest,
    struct list_note *note)
{
	const char *at = rest->data, *value;
	struct slice word;
	const struct name *n;
	size_t len = 0;

	while (len < rest->len && !blank(at[len]) && at[len] != '=' &&
	    at[len] != '"')
		len++;
	if (len == 0 || len == rest->len || at[len] != '=')
		return complain(g, at, "one entry a line");
	word = slice_sub(*rest, 0, len);
	n = name_find_slice(note_words, word);
	if (n == NULL)
		return unknown_word(g, word);
	*rest = slice_sub(*rest, len + 1, SIZE_MAX);
	value = take_value(g, rest);
	return value != NULL &&
	    set_note(g, note, (enum note_word)n->code, value, at);
}

/* Nothing but blanks, or a comment behind one. */
static bool at_end(struct slice *rest, bool fresh)
{
	bool apart = fresh;

	while (rest->len > 0 && blank(rest->data[0])) {
		*rest = slice_sub(*rest, 1, SIZE_MAX);
		apart = true;
	}
	return rest->len == 0 || (rest->data[0] == '#' && apart);
}

static struct slice take_entry(struct slice *rest)
{
	struct slice all = *rest;
	size_t n = 0;

	while (n < all.len && !blank(all.data[n]))
		n++;
	*rest = slice_sub(all, n, SIZE_MAX);
	return slice_sub(all, 0, n);
}

static void note_expiry(struct reading *g, const struct list_note *note,
    size_t at)
{
	if (note->expires == 0 || g->now < note->expires || g->expired++ > 0)
		return;
	g->expired_at = at;
	strcpy(g->expired_on, note->until);     /* ten octets, we have seen */
}

static void read_line(struct reading *g, struct slice rest)
{
	struct list_note note = { 0 };
	struct slice entry;
	struct error err;
	size_t at;

	if (at_end(&rest, true))
		return;
	entry = take_entry(&rest);
	at = (size_t)(entry.data - g->file->text.data);
	while (!at_end(&rest, false))
		if (!take_note(g, &rest, &note))
			return;
	if (!utf8_valid(entry))
		report_error(g->report, g->file, at, "not UTF-8");
	else if (!list_add_noted(g->list, entry, g->line, note.owner != NULL ||
	    note.why != NULL || note.until != NULL ? &note : NULL, &err))
		report_error(g->report, g->file, at, "%s", err.text);
	else
		note_expiry(g, &note, at);
}

/* One warning for all of a file: they must not hide the errors. */
static void warn_expired(struct reading *g)
{
	if (g->expired == 0)
		return;
	report_warning(g->report, g->file, g->expired_at, "this entry held "
	    "until %s and matches nothing any more", g->expired_on);
	if (g->expired > 1)
		report_hint(g->report, "%zu entries of this file have expired; "
		    "\"assay lists audit\" names them", g->expired);
}

void list_read(struct list *l, const struct source *file, int64_t now,
    struct policy_report *report)
{
	struct reading g = { .list = l, .file = file, .report = report,
	    .now = now, .mem = arena_new(1024) };
	struct slice rest = file->text;

	if (rest.len >= 3 && slice_is(slice_sub(rest, 0, 3), "\xef\xbb\xbf"))
		rest = slice_sub(rest, 3, SIZE_MAX);
	while (rest.data != NULL && rest.len > 0) {
		g.line++;
		read_line(&g, slice_cut(&rest, '\n'));
		arena_reset(g.mem);
	}
	warn_expired(&g);
	arena_free(g.mem);
}
