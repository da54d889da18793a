/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * pattern: PCRE2's doorman, and globs.
 *
 * A compiled pattern may be shared by threads: what one match needs is made
 * for it. Work and memory of a match are limited; a pattern that hits a limit
 * did not match, and the caller hears of it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define PATTERN_OCTETS_MAX 1024

struct pattern;

/* NULL with err and *offset (octet of text) when it is no pattern. The text
 * is UTF-8. The caller frees. */
struct pattern *pattern_compile(const char *text, size_t *offset,
    struct error *err);
void pattern_free(struct pattern *p);                   /* NULL is fine */

enum pattern_result { PATTERN_NO, PATTERN_YES, PATTERN_LIMIT };
/* Subjects are untrusted bytes; what is not UTF-8 matches nothing. */
enum pattern_result pattern_match(const struct pattern *p,
    const char *subject);

/*
 * Glob: "*" is any run, "?" any one character, a backslash takes the next
 * octet as it is; ASCII case is ignored and the whole text must match. The
 * work is at most length times length.
 */
bool glob_match(const char *glob, const char *text);
