/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_digest: what a signature covers (RFC 6376 3.7): its part of the body,
 * and the digest of the header. For DKIM-Signature and ARC-Message-Signature
 * alike.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "check/body.h"
#include "check/dkim/engine.h"
#include "check/dkim/signature.h"
#include "mail/header.h"

/* By c= and l=. */
struct body_part dkim_body_part(const struct dkim_sig_parsed *sig);

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
