/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json_reader.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"

/* A node is a json_t of jansson under another name. */
struct json_document {
	json_t *root;
};

static const json_t *json_of(const struct json_node *n)
{
	return (const json_t *)(const void *)n;
}

static const struct json_node *node_of(const json_t *j)
{
	return (const struct json_node *)(const void *)j;
}

struct json_document *json_read(struct slice text, struct error *err)
{
	struct json_document *d = xcalloc(1, sizeof(*d));
	json_error_t why;

	d->root = json_loadb(text.data != NULL ? text.data : "", text.len,
	    JSON_ALLOW_NUL, &why);
	if (d->root != NULL)
		return d;
	error_set(err, "no JSON (octet %d): %s", why.position, why.text);
	free(d);
	return NULL;
}

void json_document_drop(struct json_document *d)
{
	if (d == NULL)
		return;
	json_decref(d->root);
	free(d);
}

const struct json_node *json_root(const struct json_document *d)
{
	return node_of(d->root);
}

const struct json_node *json_member(const struct json_node *n, const char *key)
{
	return node_of(json_object_get(json_of(n), key));
}

size_t json_count(const struct json_node *n)
{
	return json_array_size(json_of(n));
}

const struct json_node *json_item(const struct json_node *n, size_t i)
{
	return node_of(json_array_get(json_of(n), i));
}

/* jansson's iterators are those of an object that could be changed. */
const char *json_next_key(const struct json_node *n, const char *key)
{
	json_t *o = (json_t *)(uintptr_t)(const void *)n;
	void *at;

	if (!json_is_object(o))
		return NULL;
	at = key == NULL ? json_object_iter(o) : json_object_iter_next(o,
	    json_object_iter_at(o, key));
	return json_object_iter_key(at);
}

enum json_kind json_kind(const struct json_node *n)
{
	if (n == NULL)
		return KIND_MISSING;
	switch (json_typeof(json_of(n))) {
	case JSON_NULL:
		return KIND_NULL;
	case JSON_STRING:
		return KIND_TEXT;
	case JSON_INTEGER:
	case JSON_REAL:
		return KIND_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return KIND_YES_NO;
	case JSON_ARRAY:
		return KIND_ARRAY;
	case JSON_OBJECT:
		return KIND_OBJECT;
	}
	return KIND_MISSING;
}

struct slice json_read_slice(const struct json_node *n)
{
	if (!json_is_string(json_of(n)))
		return (struct slice){ NULL, 0 };
	return (struct slice){ json_string_value(json_of(n)),
	    json_string_length(json_of(n)) };
}

const char *json_read_text(const struct json_node *n)
{
	struct slice s = json_read_slice(n);

	return s.data != NULL && strlen(s.data) == s.len ? s.data : NULL;
}

bool json_read_number(const struct json_node *n, int64_t *out)
{
	if (!json_is_integer(json_of(n)))
		return false;
	*out = json_integer_value(json_of(n));
	return true;
}

bool json_read_yes_no(const struct json_node *n, bool *out)
{
	if (!json_is_boolean(json_of(n)))
		return false;
	*out = json_is_true(json_of(n));
	return true;
}

const char *json_member_text(const struct json_node *n, const char *key)
{
	return json_read_text(json_member(n, key));
}

int64_t json_member_number(const struct json_node *n, const char *key,
    int64_t otherwise)
{
	int64_t value;

	return json_read_number(json_member(n, key), &value) ? value :
	    otherwise;
}

bool json_member_yes_no(const struct json_node *n, const char *key,
    bool otherwise)
{
	bool value;

	return json_read_yes_no(json_member(n, key), &value) ? value :
	    otherwise;
}
