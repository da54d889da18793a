/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_tags: the values inside DKIM and ARC tag lists, read by the letter of
 * the RFC 6376 grammar. All take untrusted bytes, and all say no rather than
 * guess: two readers of the same signature must never see two signatures.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct octets {
	const unsigned char *data;
	size_t len;
};

/* SP and TAB; octets that FWS is made of: SP, TAB, CR, LF. */
bool dkim_is_wsp(char c);
bool dkim_is_fws(char c);

bool dkim_ascii(struct slice s);

/* base64string of RFC 6376 2.10, padded as RFC 4648 3.2 demands: FWS anywhere,
 * nothing behind the padding. An empty value is no base64string. */
bool dkim_base64(struct arena *mem, struct slice value, struct octets *out);
/* Without line breaks, arena memory. */
char *dkim_base64_text(struct arena *mem, const unsigned char *data,
    size_t len);

/* 1*max DIGIT and nothing else; a value too large for 64 bits is UINT64_MAX. */
bool dkim_number(struct slice value, size_t max_digits, uint64_t *out);

/* The next element of a list separated by colons with FWS around them; false
 * at its end. Start with *more = the list; an empty element comes out empty. */
bool dkim_list_next(struct slice *more, struct slice *element);

/* hyphenated-word of RFC 6376 3.2 and field-name of RFC 5322 3.6.8 */
bool dkim_word(struct slice s);
bool dkim_field_name(struct slice s);

/*
 * Names of d= and s=: sub-domains of RFC 5321 joined by dots, at least
 * min_labels, underscores too because selectors in use have them, U-labels by
 * RFC 8616. No blank, no trailing dot. The house form, or NULL.
 */
const char *dkim_name(struct arena *mem, struct slice value, size_t min_labels);

/* dkim-quoted-printable (RFC 6376 2.11, RFC 8616 5): FWS dropped, "=XX" with
 * upper-case hex. The value must be all of it. */
bool dkim_quoted(struct arena *mem, struct slice value, struct slice *out);
