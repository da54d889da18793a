/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * slice: a borrowed run of bytes, NUL bytes included.
 *
 * The form in which untrusted text travels: it needs no terminator and no
 * copy. A slice never owns; who lends the bytes says how long they last.
 * { NULL, 0 } is "absent", { "", 0 } is "there and empty".
 */
#include <stdbool.h>
#include <stddef.h>

struct slice {
	const char *data;
	size_t len;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

struct slice slice_of(const char *s);                   /* NULL gives absent */
struct slice slice_sub(struct slice s, size_t from, size_t n);  /* clamped */
bool slice_equal(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *word);        /* exactly */
bool slice_is_nocase(struct slice a, const char *word); /* ASCII only */
bool slice_starts_nocase(struct slice a, const char *prefix);
struct slice slice_trim(struct slice s);        /* SP TAB CR LF at both ends */

/*
 * Cut *rest at the first `at`: returns what stands before it, *rest is what
 * follows. Without one, returns all and *rest becomes absent (data NULL).
 */
struct slice slice_cut(struct slice *rest, char at);

/* Only digits, at least one, no sign, no overflow. */
bool slice_number(struct slice s, unsigned long long *out);

/* ASCII letters only, whatever the locale. */
char ascii_lower(char c);
bool ascii_alpha(char c);
bool ascii_digit(char c);
bool ascii_alnum(char c);
