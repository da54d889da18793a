/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include <assert.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

/* The containers that are open, the document itself first. All but the first
 * are borrowed from the one above them. */
struct json {
	json_t **open;
	size_t depth;
	size_t room;
};

/* jansson answers NULL or -1 only for want of memory: all else is clean. */
static json_t *have(json_t *v)
{
	if (v == NULL)
		abort();
	return v;
}

static void push(struct json *j, json_t *container)
{
	if (j->depth == j->room) {
		j->room = j->room == 0 ? 8 : 2 * j->room;
		j->open = xrealloc(j->open, j->room, sizeof(*j->open));
	}
	j->open[j->depth++] = container;
}

/* The same text in UTF-8, each octet that fits nowhere replaced. */
static struct slice clean(struct slice s, struct buf *scratch)
{
	if (utf8_valid(s))
		return s;
	while (s.len > 0) {
		struct slice before = s;

		if (utf8_take(&s) == UTF8_BAD)
			buf_adds(scratch, UTF8_REPLACEMENT);
		else
			buf_add(scratch, before.data, before.len - s.len);
	}
	return buf_slice(scratch);
}

/* Takes the reference to value. */
static void put(struct json *j, const char *key, json_t *value)
{
	assert(j->depth > 0);
	json_t *into = j->open[j->depth - 1];
	struct buf scratch = { 0 };
	int failed;

	assert(json_is_object(into) == (key != NULL));
	if (key == NULL) {
		failed = json_array_append_new(into, have(value));
	} else {
		const char *name = clean(slice_of(key), &scratch).data;

		failed = json_object_set_new(into, name, have(value));
	}
	if (failed != 0)
		abort();
	buf_free(&scratch);
}

struct json *json_new(void)
{
	struct json *j = xcalloc(1, sizeof(*j));

	push(j, have(json_object()));
	return j;
}

void json_drop(struct json *j)
{
	if (j == NULL)
		return;
	json_decref(j->open[0]);
	free(j->open);
	free(j);
}

void json_open_object(struct json *j, const char *key)
{
	json_t *o = json_object();

	put(j, key, o);
	push(j, o);
}

void json_open_array(struct json *j, const char *key)
{
	json_t *a = json_array();

	put(j, key, a);
	push(j, a);
}

void json_close(struct json *j)
{
	assert(j->depth > 1);
	j->depth--;
}

void json_text(struct json *j, const char *key, const char *value)
{
	json_slice(j, key, slice_of(value));
}

void json_slice(struct json *j, const char *key, struct slice value)
{
	struct buf scratch = { 0 };

	if (value.data == NULL)
		return;
	value = clean(value, &scratch);
	put(j, key, json_stringn(value.data, value.len));
	buf_free(&scratch);
}

void json_number(struct json *j, const char *key, int64_t value)
{
	put(j, key, json_integer(value));
}

void json_yes_no(struct json *j, const char *key, bool value)
{
	put(j, key, json_boolean(value));
}

void json_nothing(struct json *j, const char *key)
{
	put(j, key, json_null());
}

void json_part(struct json *j, const char *key, const struct json_node *n)
{
	/* A node is a json_t of jansson: see json_reader.c. */
	if (n != NULL)
		put(j, key, json_deep_copy((const json_t *)(const void *)n));
}

char *json_render(const struct json *j, bool indented)
{
	assert(j->depth == 1);
	char *text = json_dumps(j->open[0],
	    indented ? JSON_INDENT(2) : JSON_COMPACT);

	if (text == NULL)
		abort();
	return text;
}
