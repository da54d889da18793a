/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct watched {
	char *path;
	struct file_look read;          /* as it was when it was read */
	struct file_look last;          /* as it was when last looked at */
};

struct watch {
	struct watched *files;
	size_t count;
};

struct watch *watch_new(void)
{
	return xcalloc(1, sizeof(struct watch));
}

void watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->count; i++)
		free(w->files[i].path);
	free(w->files);
	free(w);
}

static struct watched *find(const struct watch *w, const char *path)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->files[i].path, path) == 0)
			return &w->files[i];
	return NULL;
}

/* Of a file that was read twice, the first look counts: what came later may
 * have been missed by the first reading. */
static void add(struct watch *w, const char *path, const struct file_look *look)
{
	if (find(w, path) != NULL)
		return;
	w->files = xrealloc(w->files, w->count + 1, sizeof(*w->files));
	w->files[w->count++] = (struct watched){
		.path = xstrdup(path), .read = *look, .last = *look,
	};
}

void watch_add(struct watch *w, const struct policy_report *r)
{
	for (size_t i = 0; i < r->file_count; i++)
		add(w, r->files[i].path, &r->files[i].look);
}

void watch_join(struct watch *w, const struct watch *old)
{
	for (size_t i = 0; i < old->count; i++) {
		const struct file_look now = file_look(old->files[i].path);

		add(w, old->files[i].path, &now);
	}
}

const char *watch_changed(struct watch *w)
{
	const char *changed = NULL;

	for (size_t i = 0; i < w->count; i++) {
		struct watched *f = &w->files[i];
		const struct file_look now = file_look(f->path);

		if (changed == NULL && !file_looks_same(&now, &f->read) &&
		    file_looks_same(&now, &f->last))
			changed = f->path;
		f->last = now;
	}
	return changed;
}
