/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/changes.h"

#include <string.h>

static struct change *find(struct changes *c, const struct verdict *old,
    const struct verdict *new)
{
	for (size_t i = 0; i < c->count; i++) {
		struct change *x = &c->items[i];

		if (x->old_action == old->action &&
		    x->new_action == new->action &&
		    strcmp(x->old_rule, old->rule) == 0 &&
		    strcmp(x->new_rule, new->rule) == 0)
			return x;
	}
	return NULL;
}

static struct change *append(struct changes *c, const struct verdict *old,
    const struct verdict *new)
{
	struct change *x;

	if (c->count == c->room) {
		size_t room = c->room == 0 ? 16 : 2 * c->room;
		struct change *more = arena_array(c->mem, room, sizeof(*more));

		if (c->count > 0)
			memcpy(more, c->items, c->count * sizeof(*more));
		c->items = more;
		c->room = room;
	}
	x = &c->items[c->count++];
	*x = (struct change){
		.old_action = old->action, .new_action = new->action,
		.old_rule = arena_strdup(c->mem, old->rule),
		.new_rule = arena_strdup(c->mem, new->rule),
	};
	return x;
}

void changes_add(struct changes *c, const struct verdict *old,
    const struct verdict *new, const char *example)
{
	struct change *x;

	c->total++;
	if (old->action == new->action && strcmp(old->rule, new->rule) == 0) {
		c->same++;
		return;
	}
	x = find(c, old, new);
	if (x == NULL)
		x = append(c, old, new);
	if (x->count < CHANGE_EXAMPLES)
		x->examples[x->count] = arena_strdup(c->mem, example);
	x->count++;
}

static void side_json(struct json *j, const char *key, enum action action,
    const char *rule)
{
	json_open_object(j, key);
	json_text(j, "action", name_word(action_names, (int)action));
	json_text(j, "rule", rule);
	json_close(j);
}

void changes_json(const struct changes *c, struct json *j)
{
	if (c->total == 0)
		return;
	json_number(j, "messages", (int64_t)c->total);
	json_number(j, "same", (int64_t)c->same);
	json_open_array(j, "changed");
	for (size_t i = 0; i < c->count; i++) {
		const struct change *x = &c->items[i];

		json_open_object(j, NULL);
		side_json(j, "old", x->old_action, x->old_rule);
		side_json(j, "new", x->new_action, x->new_rule);
		json_number(j, "count", (int64_t)x->count);
		json_open_array(j, "examples");
		for (size_t k = 0; k < CHANGE_EXAMPLES && k < x->count; k++)
			json_text(j, NULL, x->examples[k]);
		json_close(j);
		json_close(j);
	}
	json_close(j);
}

void changes_print(const struct changes *c, const struct tool *t)
{
	if (c->total == 0)
		return;
	printf("messages: %zu, decided as before: %zu\n", c->total, c->same);
	for (size_t i = 0; i < c->count; i++) {
		const struct change *x = &c->items[i];

		printf("%7zu  %s by %s -> %s by %s\n", x->count,
		    name_word(action_names, (int)x->old_action), x->old_rule,
		    name_word(action_names, (int)x->new_action), x->new_rule);
		for (size_t k = 0; k < CHANGE_EXAMPLES && k < x->count; k++)
			tool_line(t, "", x->examples[k]);
	}
}
