/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * rfc5322: the lexical ground under addresses and Authentication-Results:
 * comments, folding white space, quoted-strings (RFC 5322 3.2).
 *
 * Octets above 127 are text (RFC 6532). Control characters but TAB, and line
 * ends that fold nothing, are never skipped and never text: who meets one
 * cannot read on with certainty. Folds may be CRLF or LF. Nesting costs no
 * stack.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

struct scan {
	const char *at;
	const char *end;
};

struct scan scan_of(struct slice s);

/* The octet at the front, or -1 at the end. */
int scan_peek(const struct scan *s);

/* Step over c if it is the next octet. */
bool scan_char(struct scan *s, char c);

/*
 * Skip white space and comments, as far as they go. *comment, if wanted,
 * becomes the inside of the last one that is not blank, and stays as it was
 * without one. False: a comment that does not end, or cannot be read.
 */
bool scan_cfws(struct scan *s, struct slice *comment);

/* A quoted-string at the front; *inner is what stands between the quotes, as
 * it stands there. False: there is none, or it does not end. */
bool scan_quoted(struct scan *s, struct slice *inner);

/* The octets at the front of which `is` says yes; may be empty. */
struct slice scan_run(struct scan *s, bool (*is)(unsigned char c));

/* What the inside of a quoted-string or of a comment means: backslashes
 * taken off, line ends of folds left out. */
char *scan_unquote(struct arena *mem, struct slice inner);

bool is_control(unsigned char c);       /* C0 and DEL, TAB too */
bool is_atext(unsigned char c);         /* RFC 5322 3.2.3, RFC 6532 */
bool is_token_char(unsigned char c);    /* RFC 2045 5.1 */
bool is_domain_char(unsigned char c);   /* letter digit - _ . or above 127 */
