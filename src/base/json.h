/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * json: jansson's doorman. A writer that builds a document from the top down.
 *
 * Members come out in the order in which they were written. Values are
 * untrusted bytes: what is not UTF-8 becomes U+FFFD, NUL is kept as \u0000.
 * Unknown is absent: a NULL text writes nothing. Inside an array `key` is
 * NULL. Opening and closing must pair; anything else is our bug and asserts.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct json;

struct json *json_new(void);                    /* an object is open */
void json_drop(struct json *j);                 /* NULL is fine */

void json_open_object(struct json *j, const char *key);
void json_open_array(struct json *j, const char *key);
void json_close(struct json *j);

void json_text(struct json *j, const char *key, const char *value);
void json_slice(struct json *j, const char *key, struct slice value);
void json_number(struct json *j, const char *key, int64_t value);
void json_yes_no(struct json *j, const char *key, bool value);
void json_nothing(struct json *j, const char *key);     /* null */

/* A part of a document that was read; NULL writes nothing. */
struct json_node;
void json_part(struct json *j, const char *key, const struct json_node *n);

/* Ends the document, and the writer is gone. The text, indented for people or
 * in one line; the caller frees it. */
char *json_finish(struct json *j, bool indented);
