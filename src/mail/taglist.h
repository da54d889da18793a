/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * taglist: "k=v; k=v" by grammar table. DKIM signatures and keys (RFC 6376
 * 3.2), ARC sets (RFC 8617) and DMARC records (RFC 9989 4.7) are read here.
 *
 * A format is a table of tags; a new tag is one row and one set function. What
 * each RFC does about errors differs, and that is the `strict` mark:
 *
 * strict (DKIM, ARC): tag names are ALPHA *(ALPHA DIGIT _) and matched exactly,
 * a duplicate, an empty name, a piece without "=", an octet outside the
 * grammar, or a set function that says no fails the whole list.
 *
 * lenient (DMARC, RFC 9989 4.8): names in any case; a piece that is no tag, or
 * that its set function refuses, is dropped and the list goes on; duplicates
 * reach the set function again, which decides.
 *
 * Both: unknown tags are ignored, white space (with FWS) around names and
 * values is not part of them, a trailing ";" is fine.
 */
#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"

struct tag {
	const char *name;
	bool required;
	/* value: trimmed, inner white space as received. */
	bool (*set)(void *out, struct slice value, struct error *err);
};

/* The grammar ends with a row whose name is NULL. */
bool taglist_parse_strict(struct slice text, const struct tag *grammar, void *out,
    struct error *err);
bool taglist_parse_lenient(struct slice text, const struct tag *grammar, void *out,
    struct error *err);     /* false only when a required tag is missing */
