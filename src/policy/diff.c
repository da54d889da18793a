/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/diff.h"

#include <stdint.h>
#include <string.h>

#include "policy/lex.h"
#include "policy/tree.h"

const struct name diff_names[] = {
	{ DIFF_ADDED,   "added" },
	{ DIFF_REMOVED, "removed" },
	{ DIFF_CHANGED, "changed" },
	{ DIFF_MOVED,   "moved" },
	{ 0, NULL },
};

struct diffing {
	const struct policy *old, *new;
	struct arena *mem;
	struct policy_diff out;
	size_t room;
};

static struct diff_item *add(struct diffing *d, enum diff_kind kind,
    const char *name)
{
	struct diff_item *item;

	if (d->out.count == d->room) {
		size_t room = d->room == 0 ? 16 : 2 * d->room;
		struct diff_item *more = arena_array(d->mem, room,
		    sizeof(*more));

		if (d->out.count > 0)
			memcpy(more, d->out.items,
			    d->out.count * sizeof(*more));
		d->out.items = more;
		d->room = room;
	}
	item = &d->out.items[d->out.count++];
	*item = (struct diff_item){ .kind = kind, .name = name };
	return item;
}

static bool begins_statement(const struct token *t)
{
	static const char *const words[] = {
		"list", "rule", "default", "expect", "include",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (t->kind == TOKEN_WORD && t->first &&
		    slice_is(t->text, words[i]))
			return true;
	return false;
}

/* Where the file that holds this octet ends. */
static size_t file_end(const struct source *s, size_t offset)
{
	for (size_t i = 0; i < s->part_count; i++)
		if (offset >= s->parts[i].start && offset < s->parts[i].end)
			return s->parts[i].end;
	return s->text.len;
}

/* From the rule's name to its closing brace; of `default`, its action. */
const char *policy_rule_text(struct arena *mem, const struct policy *p,
    const struct rule *r)
{
	struct policy_report report = { 0 };
	struct lexer l = { .source = &p->source, .report = &report,
	    .at = r->offset, .end = file_end(&p->source, r->offset),
	    .line = 1 };
	struct buf out = { 0 };
	size_t braces = 0;
	const char *text;

	for (struct token t = lex_next(&l); t.kind != TOKEN_END &&
	    (braces > 0 || !begins_statement(&t)); t = lex_next(&l)) {
		buf_addf(&out, "%s%.*s", out.len > 0 ? " " : "",
		    (int)(t.end - t.offset),
		    p->source.text.data + t.offset);
		braces += t.kind == TOKEN_OPEN_BRACE;
		if (t.kind == TOKEN_CLOSE_BRACE && --braces == 0)
			break;
	}
	text = arena_strdup(mem, buf_text(&out));
	buf_free(&out);
	policy_report_free(&report);
	return text;
}

static struct diff_place place_of(struct diffing *d, const struct policy *p,
    const struct rule *r)
{
	return (struct diff_place){ .file = source_name(&p->source, r->offset),
	    .line = r->line, .text = policy_rule_text(d->mem, p, r) };
}

static const struct rule *find_rule(const struct policy *p, const char *name)
{
	for (const struct rule *r = p->rules; r != NULL; r = r->next)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

static void compare_rule(struct diffing *d, const struct rule *old,
    const struct rule *new)
{
	struct diff_place was = place_of(d, d->old, old);
	struct diff_place is = place_of(d, d->new, new);
	struct diff_item *item;

	if (strcmp(was.text, is.text) == 0)
		return;
	item = add(d, DIFF_CHANGED, new->name);
	item->old = was;
	item->new = is;
}

/*
 * The fewest rules that, taken out, leave the others in the same order: all but
 * a longest rising run of the places in the old policy.
 */
static void find_moved(struct diffing *d, const struct rule **news,
    const struct rule **olds, size_t count)
{
	size_t *best = arena_array(d->mem, count + 1, sizeof(*best));
	size_t *before = arena_array(d->mem, count + 1, sizeof(*before));
	bool *stays = arena_array(d->mem, count + 1, sizeof(*stays));
	size_t last = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		before[i] = SIZE_MAX;
		best[i] = 1;
		for (size_t k = 0; k < i; k++)
			if (olds[k]->index < olds[i]->index &&
			    best[k] + 1 > best[i]) {
				best[i] = best[k] + 1;
				before[i] = k;
			}
		if (last == SIZE_MAX || best[i] > best[last])
			last = i;
	}
	for (; last != SIZE_MAX; last = before[last])
		stays[last] = true;
	for (size_t i = 0; i < count; i++) {
		struct diff_item *item;

		if (stays[i])
			continue;
		item = add(d, DIFF_MOVED, news[i]->name);
		item->old = place_of(d, d->old, olds[i]);
		item->new = place_of(d, d->new, news[i]);
		item->old.text = NULL;
		item->new.text = NULL;
	}
}

static void compare_rules(struct diffing *d)
{
	size_t room = d->new->rule_count + 1, common = 0;
	const struct rule **news = arena_array(d->mem, room, sizeof(*news));
	const struct rule **olds = arena_array(d->mem, room, sizeof(*olds));

	for (const struct rule *r = d->old->rules; r != NULL; r = r->next)
		if (find_rule(d->new, r->name) == NULL)
			add(d, DIFF_REMOVED, r->name)->old =
			    place_of(d, d->old, r);
	for (const struct rule *r = d->new->rules; r != NULL; r = r->next) {
		const struct rule *o = find_rule(d->old, r->name);

		if (o == NULL) {
			add(d, DIFF_ADDED, r->name)->new =
			    place_of(d, d->new, r);
			continue;
		}
		compare_rule(d, o, r);
		olds[common] = o;
		news[common++] = r;
	}
	compare_rule(d, d->old->fallback, d->new->fallback);
	find_moved(d, news, olds, common);
}

static const struct list_def *find_list(const struct policy *p,
    const char *name)
{
	for (const struct list_def *l = p->lists; l != NULL; l = l->next)
		if (strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

static struct diff_place list_place(const struct policy *p,
    const struct list_def *l)
{
	return (struct diff_place){
		.file = source_name(&p->source, l->offset),
		.line = source_line(&p->source, l->offset),
	};
}

/* How many entries of `a` are not in `b`; an entry's last day belongs to it. */
static size_t missing(const struct list *a, const struct list *b,
    struct arena *mem, const char **first)
{
	size_t n = 0;

	for (const struct list_entry *e = list_first(a); e != NULL; e = e->next)
		if (list_same(b, e) == NULL && n++ == 0)
			*first = list_entry_text(mem, e);
	return n;
}

static void compare_lists(struct diffing *d)
{
	for (const struct list_def *l = d->old->lists; l != NULL; l = l->next)
		if (find_list(d->new, l->name) == NULL) {
			struct diff_item *item = add(d, DIFF_REMOVED, l->name);

			item->list = true;
			item->old = list_place(d->old, l);
		}
	for (const struct list_def *l = d->new->lists; l != NULL; l = l->next) {
		const struct list_def *o = find_list(d->old, l->name);
		struct diff_item item = { .kind = DIFF_ADDED, .list = true,
		    .name = l->name, .new = list_place(d->new, l) };

		if (o != NULL) {
			item.kind = DIFF_CHANGED;
			item.old = list_place(d->old, o);
			item.more = missing(l->list, o->list, d->mem,
			    &item.first_more);
			item.fewer = missing(o->list, l->list, d->mem,
			    &item.first_fewer);
		}
		if (o == NULL || item.more + item.fewer > 0)
			*add(d, item.kind, item.name) = item;
	}
}

struct policy_diff policy_diff(const struct policy *old,
    const struct policy *new, struct arena *mem)
{
	struct diffing d = { .old = old, .new = new, .mem = mem };

	compare_rules(&d);
	compare_lists(&d);
	return d.out;
}
