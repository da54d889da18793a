/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * authres: Authentication-Results (RFC 8601), read and written.
 *
 * Rendering is the one place where hostile bytes meet a header of ours: values
 * are written bare, as an address, or as a quoted-string exactly as RFC 8601
 * 2.2 and RFC 2045 5.1 demand; control characters go; a value can neither end
 * its property nor start a line. What was rendered parses back to the same
 * values (minus control characters), but for what is longer than any identity
 * the standards know, 800 octets once escaped: that is cut and ends in "...".
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

#define AUTHRES_KEYWORD_MAX 64          /* of method, result, ptype, property */
#define AUTHRES_VALUE_MAX 800           /* as written, without the quotes */

struct authres_property {
	const char *type;       /* "smtp", "header", "policy", ... */
	const char *name;       /* "mailfrom", "d", ... */
	const char *value;
};

struct authres_result {
	const char *method;     /* "spf" */
	unsigned version;       /* of the method; 1 unless written */
	const char *result;     /* "pass" */
	const char *reason;     /* NULL: none */
	struct authres_property *properties;
	size_t property_count;
	size_t property_room;
};

struct authres {
	const char *id;         /* authserv-id */
	unsigned version;       /* 1 unless written */
	struct authres_result *results;         /* none: "; none" */
	size_t count;
	size_t room;
};

/* Building: arena memory, strings are borrowed ("kept" until rendered). Words
 * (method, result, type, name) are ours or parsed: Keywords of RFC 5321. */
struct authres_result *authres_add(struct authres *a, struct arena *mem,
    const char *method, const char *result, const char *reason);
/* The value of a property; NULL: it is not there. */
const char *authres_find(const struct authres_result *r, const char *type,
    const char *name);
/* A NULL value adds nothing. */
void authres_property(struct authres_result *r, struct arena *mem,
    const char *type, const char *name, const char *value);

/*
 * The field's value, folded with CRLF SP below 78 columns where it can be and
 * never beyond 998, starting with a blank, without final CRLF. Folds stand
 * before words of ours, and in a long reason before plain words, so nothing
 * foreign that could be taken for a result begins a line. `utf8`: the
 * message is internationalized (RFC 8616), so UTF-8 may stand in values (what
 * is no UTF-8 becomes "?"); otherwise every octet above 127 becomes "?".
 */
void authres_render(const struct authres *a, bool utf8, struct buf *out);

/* Reads the grammar of RFC 8601 2.2 with CFWS anywhere it is allowed; false:
 * not an Authentication-Results value. */
bool authres_parse(struct arena *mem, struct slice value, struct authres *out);

/*
 * Does this value claim to come from `id`? True for the same authserv-id in any
 * case, comments, quoting, folding, A-labels or U-labels, with any version, and
 * for a subdomain of it; true also when the value cannot be read far enough to
 * know, and what can be seen of it names the id (RFC 8601 section 5).
 */
bool authres_claims(struct slice value, const char *id);
