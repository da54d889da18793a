/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/list_accept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "policy/file.h"

static void add_note(struct buf *line, const char *word, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(line, " %s=\"", word);
	for (const char *s = value; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(line, '\\');
		buf_addc(line, *s);
	}
	buf_addc(line, '"');
}

static void add_line(struct buf *text, const struct list_accepted *what)
{
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		buf_addc(text, '\n');
	buf_adds(text, what->entry);
	add_note(text, "owner", what->note.owner);
	if (what->note.until != NULL)
		buf_addf(text, " until=%s", what->note.until);
	add_note(text, "why", what->note.why);
	buf_addc(text, '\n');
}

static struct list *read_text(const char *path, const struct buf *text,
    int64_t now, struct error *err)
{
	const struct source s = { .name = path, .text = buf_slice(text) };
	struct policy_report report = { 0 };
	struct list *l = list_new();
	size_t mistakes;

	list_read(l, &s, now, &report);
	mistakes = report.errors;
	if (mistakes > 0) {
		struct slice all = buf_slice(&report.text);
		struct slice first = slice_cut(&all, '\n');

		error_set(err, "%.*s", (int)first.len, first.data);
	}
	policy_report_free(&report);
	if (mistakes == 0) {
		list_seal(l);
		return l;
	}
	list_free(l);
	return NULL;
}

static const struct list_entry *last_of(const struct list *l, size_t *count)
{
	const struct list_entry *e = list_first(l), *last = e;

	for (*count = 0; e != NULL; e = e->next, ++*count)
		last = e;
	return last;
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Does the list say what was to be said, and did it not do so before? */
static bool check(const char *path, const struct list *l, size_t before,
    const struct list_accepted *what, struct error *err)
{
	struct arena *mem = arena_new(1024);
	size_t count;
	const struct list_entry *e = last_of(l, &count), *cover;
	bool good = false;

	if (count != before + 1 || e->note == NULL ||
	    !same_text(e->note->owner, what->note.owner) ||
	    !same_text(e->note->why, what->note.why) ||
	    !same_text(e->note->until, what->note.until))
		error_set(err, "%s: \"%s\" is not one entry", path,
		    what->entry);
	else if (list_expired(e, what->now))
		error_set(err, "%s: %s has passed", path, what->note.until);
	else if ((cover = list_cover(l, e, what->now)) != NULL)
		error_set(err, "%s:%u: %s is there already", path,
		    cover->line, list_entry_text(mem, cover));
	else
		good = true;
	arena_free(mem);
	return good;
}

/* What would become two lines, or a note, or a comment. */
static bool is_one_word(const char *entry)
{
	for (const char *s = entry; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return entry[0] != '\0' && entry[0] != '#';
}

/* The text with the new line, when it is a sound one. */
static bool compose(const char *path, const struct list_accepted *what,
    struct buf *text, struct error *err)
{
	struct list *old, *now = NULL;
	size_t before = 0;
	bool good = false;

	if (!is_one_word(what->entry))
		return error_set(err, "\"%s\" is not one entry", what->entry);
	if (!file_read(path, LIST_FILE_OCTETS_MAX, text, err))
		return false;
	old = read_text(path, text, what->now, err);
	if (old != NULL) {
		last_of(old, &before);
		add_line(text, what);
		now = read_text(path, text, what->now, err);
	}
	good = now != NULL && check(path, now, before, what, err);
	list_free(old);
	list_free(now);
	if (good && text->len > LIST_FILE_OCTETS_MAX)
		good = error_set(err, "%s: would become too large", path);
	return good;
}

static bool write_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.data, s.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = slice_sub(s, (size_t)n, SIZE_MAX);
	}
	return true;
}

/* The owner first: it takes away what the mode may say. An owner who cannot
 * be kept is an error: who reads the list today must do so tomorrow. */
static bool look_alike(int fd, const struct stat *old)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid) != 0)
		return false;
	return fchmod(fd, old->st_mode & 07777) == 0;
}

static bool sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? xstrdup(".") :
	    xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(folder);
	return good;
}

static bool replace(const char *path, const struct buf *text,
    struct error *err)
{
	struct buf name = { 0 };
	struct stat st;
	char *temp;
	int fd = -1;
	bool good;

	buf_addf(&name, "%s.XXXXXX", path);
	temp = buf_detach(&name);
	good = stat(path, &st) == 0 &&
	    (fd = mkostemp(temp, O_CLOEXEC)) >= 0 &&
	    write_all(fd, buf_slice(text)) && look_alike(fd, &st) &&
	    fsync(fd) == 0 && rename(temp, path) == 0;
	if (!good) {
		error_set(err, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			unlink(temp);
	}
	if (fd >= 0)
		close(fd);
	free(temp);
	if (good)
		sync_folder(path);      /* it is in place; no way back */
	return good;
}

bool list_accept(const char *path, const struct list_accepted *what,
    struct error *err)
{
	char *real = realpath(path, NULL);      /* a link stays one */
	struct buf text = { 0 };
	struct file_look before, after;
	bool good;

	if (real == NULL)
		return error_set(err, "%s: %s", path, strerror(errno));
	before = file_look(real);
	good = compose(real, what, &text, err);
	after = file_look(real);
	/* An editor, or another one of us. */
	if (good && !file_looks_same(&before, &after))
		good = error_set(err, "%s: was changed meanwhile", path);
	good = good && replace(real, &text, err);
	buf_free(&text);
	free(real);
	return good;
}
