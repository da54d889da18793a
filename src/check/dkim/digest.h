/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_digest: the two digests of a signature (RFC 6376 3.7): what it says of
 * the body, and what was signed. For DKIM-Signature and ARC-Message-Signature
 * alike.
 *
 * Whoever asks for the same form and the same l= shares one SHA-256, and each
 * form is made once; the cost of a body does not grow with the signatures that
 * agree about it. Lives in the message's arena.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "check/crypto.h"
#include "check/dkim/engine.h"
#include "check/dkim/signature.h"
#include "mail/header.h"

/* Each different l= costs a SHA-256 over the body. */
#define BODY_LENGTHS_MAX 4

struct body_digests;

struct body_digests *body_digests_new(struct arena *mem);

/* Before the first body_digests_feed(). False: more l= than there may be. */
bool body_digests_want(struct body_digests *b,
    const struct dkim_sig_parsed *sig);

/* Body octets with whole line ends (mail/canon.h), in any pieces. */
void body_digests_feed(struct body_digests *b, const void *bytes, size_t n);
void body_digests_end(struct body_digests *b);  /* once */

struct body_digest {
	bool known;             /* false: not wanted, or OpenSSL could not */
	unsigned char digest[CRYPTO_DIGEST];
	uint64_t octets;        /* of the whole canonical body */
};
/* After the end. */
struct body_digest body_digests_of(const struct body_digests *b,
    const struct dkim_sig_parsed *sig);

/*
 * What b= of the signature at header->fields[field] signs: the selected fields
 * (dkim_select), then the signature itself without b=. False: OpenSSL could
 * not.
 */
bool dkim_header_digest(struct arena *mem, const struct header *header,
    const struct dkim_sig_parsed *sig, size_t field, const size_t *selected,
    unsigned char out[CRYPTO_DIGEST]);

/* A whole field into a hash, and a signature without its b=; both without the
 * final CRLF. */
void dkim_hash_field(struct crypto_hash *h, enum dkim_folding form,
    const struct field *f);
void dkim_hash_signature(struct crypto_hash *h, enum dkim_folding form,
    struct slice name, const struct dkim_sig_parsed *sig);
