/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * json_reader: a JSON document, read. The other half of json.h.
 *
 * Whoever asks says what he expects; what is not there, or of another type, is
 * answered "no", never guessed. Nodes and texts are borrowed from the document.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

struct json_document;
struct json_node;

/* NULL: the text is no JSON object or array; err says where it goes wrong. */
struct json_document *json_read(struct slice text, struct error *err);
void json_document_drop(struct json_document *d);       /* NULL is fine */

const struct json_node *json_root(const struct json_document *d);

/* All of these take NULL for "there is no such node". */

/* The member of an object, NULL: there is none. */
const struct json_node *json_member(const struct json_node *n, const char *key);
/* The items of an array; of anything else there are 0. */
size_t json_count(const struct json_node *n);
const struct json_node *json_item(const struct json_node *n, size_t i);

/* The members of an object in the order of the document: start with NULL,
 * which is also what stands behind the last one. */
const char *json_next_key(const struct json_node *n, const char *key);

enum json_kind { KIND_MISSING, KIND_NULL, KIND_TEXT, KIND_NUMBER, KIND_YES_NO,
	KIND_ARRAY, KIND_OBJECT };
enum json_kind json_kind(const struct json_node *n);
/* Text without NUL, or NULL. */
const char *json_read_text(const struct json_node *n);
/* Text with all it has; data NULL: it is no text. */
struct slice json_read_slice(const struct json_node *n);
bool json_read_number(const struct json_node *n, int64_t *out);
bool json_read_yes_no(const struct json_node *n, bool *out);

/* The same of a member; `otherwise` when there is none of this type. */
const char *json_member_text(const struct json_node *n, const char *key);
int64_t json_member_number(const struct json_node *n, const char *key,
    int64_t otherwise);
bool json_member_yes_no(const struct json_node *n, const char *key,
    bool otherwise);
