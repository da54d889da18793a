/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * canonical: header fields and bodies in the form in which they are signed
 * (RFC 6376 3.4), octet for octet, as a stream.
 *
 * Nothing is stored: what comes in goes out in runs as long as can be, or is
 * held back as a number. The same octets come out whatever the pieces are.
 * DKIM and ARC share this file; no hash and no limit is known here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum canonical_form { CANONICAL_SIMPLE, CANONICAL_RELAXED };

/* n is never 0. */
struct canonical_sink {
	void (*put)(void *arg, const void *bytes, size_t n);
	void *arg;
};

/*
 * One field without its final CRLF. The value is `before` and `after` in one,
 * so that a signature can leave out what stands in b= (3.7); a plain field has
 * an empty `after`. Folds may be CRLF or LF, either counts as CRLF. Relaxed: a
 * blank before the colon goes; CR, LF that is no fold, NUL and the like are
 * the caller's to refuse first.
 */
void canonical_field(const struct canonical_sink *out, enum canonical_form form,
    struct slice name, struct slice before, struct slice after);

/*
 * A body whose line ends are whole (mail/canon.h). Starts as { 0 } plus form
 * and sink.
 */
struct canonical_body {
	enum canonical_form form;
	struct canonical_sink out;
	uint64_t ends;          /* line ends held back until text follows */
	bool blank;             /* relaxed: so is white space */
	bool text;              /* something has gone out */
};

void canonical_body_feed(struct canonical_body *b, const void *bytes, size_t n);
/* The end, once: an empty body is CRLF in simple and nothing in relaxed. */
void canonical_body_end(struct canonical_body *b);
