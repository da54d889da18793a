/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * zone_words: the lexical side of RFC 1035 5.1. Text to entries of words:
 * comments, quotes, and parentheses that join lines. Escapes are left alone.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"

#define ZONE_WORDS_MAX 512              /* in one entry */

struct zone_word {
	struct slice text;      /* between the quotes */
	bool quoted;
};

struct zone_words {
	struct slice rest;
	unsigned line;          /* where the reader is, from 1 */
	unsigned entry_line;    /* where this entry began */
	bool indented;
	struct zone_word words[ZONE_WORDS_MAX];
	size_t count;           /* 0: an empty line */
};

/* The next entry; only while rest is not empty. */
bool zone_words_next(struct zone_words *r, struct error *err);
