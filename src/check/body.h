/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * body: the body of one message, on its way to all who hash it.
 *
 * Line ends are made whole once (mail/canon.h), each canonical form is made
 * once, and whoever wants the same octets shares one SHA-256: DKIM, ARC and
 * our own seal. The cost of a body does not grow with the signatures that
 * agree about it; a body that nobody wants costs nothing. Lives in the
 * message's arena.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "check/crypto.h"
#include "mail/canonical.h"

/* Each different l= costs a SHA-256 over the body: one for DKIM, which judges
 * no more, and some for the sets of ARC. */
#define BODY_LENGTHS_MAX 5

struct body;

struct body *body_new(struct arena *mem);

/* Which octets: of that form, to the end or to l=. */
struct body_part {
	enum canonical_form form;
	bool limited;
	uint64_t length;                /* l= */
};

/*
 * All wishes come before the first octet. body_want(), a digest; false: too
 * late, or more different l= than there may be. body_want_octets(): how many
 * they are. body_tap(): the body itself with whole line ends, for one taker;
 * false: too late.
 */
bool body_want(struct body *b, struct body_part part);
void body_want_octets(struct body *b, enum canonical_form form);
bool body_tap(struct body *b, struct canonical_sink tap);

/* Octets as received, in any pieces. */
void body_feed(struct body *b, const void *bytes, size_t n);
/* The end of them; whoever needs what follows may say so. */
void body_end(struct body *b);

struct body_digest {
	bool known;             /* false: not wanted in time, not ended, or
				 * OpenSSL could not */
	unsigned char digest[CRYPTO_DIGEST];
};
struct body_digest body_digest(const struct body *b, struct body_part part);

/* Of the whole form, after the end, if anybody has wanted anything of it. */
uint64_t body_octets(const struct body *b, enum canonical_form form);
