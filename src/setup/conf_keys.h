/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * conf_keys: the table of all configuration keys.
 */
#include <stddef.h>

#include "base/error.h"
#include "base/name.h"
#include "setup/conf.h"

enum key_type {
	KEY_TEXT,               /* const char * */
	KEY_TEXTS,              /* struct text_list */
	KEY_NUMBER,             /* long */
	KEY_YES_NO,             /* bool */
	KEY_WORD,               /* an enum with a name table */
	KEY_DURATION,           /* long, milliseconds: 500ms, 20s, 2m, 1h */
	KEY_OCTETS,             /* long: 4096, 64K, 10M */
	KEY_MODE,               /* mode_t, octal */
};

struct conf_key {
	const char *section;    /* NULL: top level */
	const char *name;
	enum key_type type;
	size_t offset;          /* into struct conf */
	const char *standard;   /* default, as it would be written; lists: items
				 * separated by blanks */
	const struct name *words;       /* KEY_WORD */
	long min, max;          /* numbers, durations, octets */
	/* One value (of a list: one item) is checked beyond its type. */
	bool (*check)(const char *value, struct error *err);
	const char *help;       /* sentences; "\n" starts a new line */
};

extern const struct conf_key conf_keys[];       /* ends with name NULL */

/* Convert and store one value; for KEY_TEXTS it is appended. */
bool conf_key_set(struct conf *c, const struct conf_key *k, const char *value,
    struct error *err);
/* What is stored, as it would be written (lists: one item of it). */
size_t conf_key_count(const struct conf *c, const struct conf_key *k);
const char *conf_key_text(const struct conf *c, const struct conf_key *k,
    size_t i, struct arena *mem);
