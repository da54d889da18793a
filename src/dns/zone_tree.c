/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/zone_tree.h"

#include <search.h>
#include <stdlib.h>

#include "base/mem.h"

static int compare_nodes(const void *a, const void *b)
{
	return dname_compare(&((const struct zone_node *)a)->name,
	    &((const struct zone_node *)b)->name);
}

const struct zone_node *zone_tree_find(const struct zone_tree *t,
    const struct dname *name)
{
	struct zone_node key = { .name = *name };
	void *found = tfind(&key, &t->root, compare_nodes);

	return found == NULL ? NULL : *(struct zone_node *const *)found;
}

const struct zone_node *zone_tree_wildcard(const struct zone_tree *t,
    const struct dname *name)
{
	struct dname up = *name, star;

	while (dname_parent(&up, &up)) {
		const struct zone_node *n;

		if (dname_wildcard(&up, &star)) {
			n = zone_tree_find(t, &star);
			if (n != NULL && n->exists)
				return n;
		}
		/* Only the closest encloser may have the asterisk. */
		n = zone_tree_find(t, &up);
		if (n != NULL && n->exists)
			return NULL;
	}
	return NULL;
}

struct zone_node *zone_tree_node(struct zone_tree *t, const struct dname *name)
{
	struct zone_node *fresh = xcalloc(1, sizeof(*fresh));

	fresh->name = *name;
	void *found = tsearch(fresh, &t->root, compare_nodes);

	if (found == NULL)
		abort();                /* no memory, as in base/mem.h */
	struct zone_node *n = *(struct zone_node **)found;

	if (n != fresh)
		free(fresh);
	return n;
}

void zone_tree_exist(struct zone_tree *t, const struct dname *name)
{
	struct dname up = *name;

	do {
		struct zone_node *n = zone_tree_node(t, &up);

		if (n->exists)
			return;
		n->exists = true;
	} while (dname_parent(&up, &up));
}

void zone_node_append(struct zone_node *n, struct zone_record *fresh)
{
	struct zone_record **end = &n->records;

	while (*end != NULL)
		end = &(*end)->next;
	*end = fresh;
}

static void free_node(void *arg)
{
	struct zone_node *n = arg;

	for (struct zone_record *r = n->records, *next; r != NULL; r = next) {
		next = r->next;
		free(r->data);
		free(r);
	}
	free(n);
}

void zone_tree_free(struct zone_tree *t)
{
	tdestroy(t->root, free_node);
	t->root = NULL;
}
