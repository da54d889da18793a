/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * addrtoken: a field body cut into the words of address grammar (RFC 5322 3.2,
 * 3.4), for addrlist.c alone. The tokens point into the body.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/* kind: 'a' atom, 'q' quoted-string, 'l' domain literal, 0 the end; every
 * other token is one special character and its own kind. */
struct addrtoken {
	char kind;
	bool spaced;            /* white space or a comment stands before it */
	struct slice raw;
	struct slice comment;   /* the last one before it; absent: none */
};

/*
 * All tokens up to the end, or up to what cannot be read: then the answer says
 * what that is. tokens[count] is the end, its spaced and comment tell of what
 * stands before it.
 */
const char *addrtoken_cut(struct arena *mem, struct slice body,
    const struct addrtoken **tokens, size_t *count);
