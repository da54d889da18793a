/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * record_json: pieces of the detail of a record. Texts are cut after
 * RECORD_TEXT_MAX octets, where a character begins.
 */
#include "base/json.h"
#include "session/outcome.h"

void record_put(struct json *j, const char *key, const char *value);
void record_put_slice(struct json *j, const char *key, struct slice value);
/* Only if it is so: what is not said is not so. */
void record_put_if(struct json *j, const char *key, bool yes);
/* A list, if there is anything to be in it. */
void record_open_list(struct json *j, const char *key, size_t count);
void record_close_list(struct json *j, size_t count);

/* A member for each check that has finished. */
void record_findings(struct json *j, const struct outcome *o);
