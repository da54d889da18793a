/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compiler.h"

#include <string.h>

#include "base/clock.h"
#include "policy/file.h"
#include "policy/lex.h"
#include "policy/version.h"

static void drop_list(void *list)
{
	list_free(list);
}

static struct list *new_list(struct compiler *c)
{
	struct list *l = list_new();

	arena_defer(c->policy->mem, drop_list, l);
	return l;
}

static bool add_entries(struct compiler *c, struct list *list,
    const struct value *v)
{
	bool ok = true;

	for (const struct literal *l = v->first; l != NULL; l = l->next) {
		const char *text;
		struct error err;

		if (!compile_text(c, l, &text)) {
			ok = false;
		} else if (!list_add(list, slice_of(text), &err)) {
			compiler_error(c, l->offset, "%s", err.text);
			ok = false;
		}
	}
	return ok;
}

struct list *compile_set(struct compiler *c, const struct value *v)
{
	struct list *list = new_list(c);
	bool ok = add_entries(c, list, v);

	list_seal(list);
	return ok ? list : NULL;
}

static bool read_file(struct compiler *c, struct list_def *d)
{
	const struct literal *path = d->entries.first;
	const char *full = path->text[0] == '/' || c->policy->folder == NULL ?
	    path->text : arena_printf(c->policy->mem, "%s/%s",
	    c->policy->folder, path->text);
	size_t errors = c->report->errors;
	struct source file = { .name = full };
	struct buf text = { 0 };
	struct error err;

	d->file = full;
	report_file(c->report, full);
	if (!file_read(full, LIST_FILE_OCTETS_MAX, &text, &err)) {
		compiler_error(c, path->offset, "%s", err.text);
		buf_free(&text);
		return false;
	}
	file.text = buf_slice(&text);
	version_mix(c->policy, file.text);
	list_read(d->list, &file, (int64_t)clock_now(&(struct clock){ 0 }),
	    c->report);
	buf_free(&text);
	return c->report->errors == errors;
}

/* What the configuration adds has no place in a file of ours. */
static bool add_extra(struct compiler *c, struct list *list,
    const struct policy_extra *extra)
{
	bool ok = true;

	for (size_t i = 0; i < extra->count; i++) {
		struct source s = { .name = extra->list,
		    .text = slice_of(extra->entries[i]) };
		struct error err;

		version_mix(c->policy, s.text);
		if (list_add(list, s.text, &err))
			continue;
		report_error(c->report, &s, 0, "%s", err.text);
		ok = false;
	}
	return ok;
}

static bool extends(const struct policy_extra *extra, const struct list_def *d)
{
	return extra != NULL && strcmp(extra->list, d->name) == 0;
}

static bool fill(struct compiler *c, struct list_def *d,
    const struct policy_extra *extra)
{
	bool ok = d->from_file ? read_file(c, d) :
	    add_entries(c, d->list, &d->entries);

	if (extends(extra, d))
		ok = add_extra(c, d->list, extra) && ok;
	if (ok && d->from_file && list_count(d->list) == 0)
		compiler_warning(c, d->entries.first->offset,
		    "list %s is empty: nothing is ever in it", d->name);
	list_seal(d->list);
	return ok;
}

static bool is_duplicate(struct compiler *c, const struct list_def *d)
{
	for (const struct list_def *o = c->policy->lists; o != d; o = o->next)
		if (strcmp(o->name, d->name) == 0) {
			compiler_error(c, d->offset, "a second list \"%s\"; "
			    "the first one is in %s", d->name,
			    source_where(&c->policy->source, o->offset,
			    d->offset, c->policy->mem));
			return true;
		}
	if (fact_find(d->name) != FACT_COUNT) {
		compiler_error(c, d->offset, "\"%s\" is a fact, it cannot be "
		    "a list", d->name);
		return true;
	}
	return false;
}

/* A list that only the configuration knows is a list like the others. */
static void give(struct compiler *c, const struct policy_extra *extra)
{
	struct list_def *d, **tail = &c->policy->lists;

	for (; *tail != NULL; tail = &(*tail)->next)
		if (extends(extra, *tail))
			return;
	d = arena_alloc(c->policy->mem, sizeof(*d));
	d->name = arena_strdup(c->policy->mem, extra->list);
	d->id = c->policy->list_count++;
	*tail = d;
}

bool compile_lists(struct compiler *c, const struct policy_extra *extra)
{
	struct policy *p = c->policy;
	bool ok = true;

	if (extra != NULL)
		give(c, extra);
	p->lists_by_id = arena_array(p->mem, p->list_count + 1,
	    sizeof(*p->lists_by_id));
	for (struct list_def *d = p->lists; d != NULL; d = d->next) {
		d->list = new_list(c);
		p->lists_by_id[d->id] = d->list;
		if (is_duplicate(c, d) || !fill(c, d, extra))
			ok = false;
	}
	return ok;
}

struct list_def *compile_find_list(struct compiler *c, const char *name)
{
	for (struct list_def *d = c->policy->lists; d != NULL; d = d->next)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}
