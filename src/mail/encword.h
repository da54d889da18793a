/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * encword: RFC 2047 encoded-words, for finding what a display name shows.
 *
 * The octets of the words' own charset, not converted: an address in there is
 * ASCII in every charset that mail programs write (UTF-16 and UTF-7 are not
 * among them). Decoded text is for looking at, never for a header or a decision
 * about who the author is.
 */
#include "base/arena.h"

/* Encoded-words decoded, blanks between two of them left out, all else as it
 * stands. What does not decode stands, too; NUL octets become blanks. */
const char *encword_decode(struct arena *mem, const char *text);
