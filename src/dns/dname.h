/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dname: a name of the DNS, as octets and as text.
 *
 * The octets are those of the wire, uncompressed, folded to lower case, so two
 * equal names are equal octets. The text is the form every answer and every
 * question of this room uses: no trailing dot, "\." and "\\" inside a label,
 * \DDD for what is not printable (RFC 1035 5.1, RFC 4343).
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define DNAME_WIRE_MAX 255              /* RFC 1035 2.3.4, root label counted */
#define DNAME_TEXT_MAX (4 * DNAME_WIRE_MAX + 1)

struct dname {
	unsigned char wire[DNAME_WIRE_MAX];
	size_t len;
};

/*
 * Text to octets. Escapes are understood, any other octet stands for itself.
 * False: an empty label, a label over 63, a name over 255 octets, a broken
 * escape, or the root, which nobody here has to ask for.
 */
bool dname_parse(struct slice text, struct dname *out);

/*
 * An uncompressed name at the start of rdata; the octets it takes, or 0 if it
 * is cut off, too long, or holds a compression pointer.
 */
size_t dname_read(const unsigned char *data, size_t len, struct dname *out);

/* The length of the text. The root is ".". */
size_t dname_text(const struct dname *d, char text[DNAME_TEXT_MAX]);

/* Without its first label; false when that label was the last. */
bool dname_parent(const struct dname *d, struct dname *out);
/* "*." before it; false when that is too long. */
bool dname_wildcard(const struct dname *d, struct dname *out);
int dname_compare(const struct dname *a, const struct dname *b);
