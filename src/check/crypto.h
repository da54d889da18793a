/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * crypto: the mathematics of signatures, by OpenSSL: SHA-256 as a stream, and
 * "did this key sign this digest?".
 *
 * What a key may be used for is not known here. OpenSSL's error queue is empty
 * when a call returns.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "check/dkim/key.h"
#include "check/dkim/tags.h"

#define CRYPTO_DIGEST 32

/* SHA-256 under way. Lives in the arena it was made in. */
struct crypto_hash;

struct crypto_hash *crypto_hash_new(struct arena *mem);
void crypto_hash_feed(struct crypto_hash *h, const void *bytes, size_t n);
/* What h was fed so far goes to `to`, whatever that was fed before. */
void crypto_hash_copy(const struct crypto_hash *h, struct crypto_hash *to);
/* Once. False: OpenSSL could not; the digest is nothing. */
bool crypto_hash_end(struct crypto_hash *h, unsigned char out[CRYPTO_DIGEST]);

/*
 * Keys that were decoded before: decoding costs seven times what verifying
 * does, and takes a lock of OpenSSL's that threads share. Bounded; a key that
 * was not used for long makes room. Process lifetime, shared by all threads.
 */
struct crypto_keys;

struct crypto_keys *crypto_keys_new(void);
void crypto_keys_free(struct crypto_keys *keys);        /* NULL is fine */

/* Of check.c: the one of this environment. */
struct check_env;
struct crypto_keys *check_env_keys(const struct check_env *env);

struct crypto_keys_count {
	unsigned long long hits, misses;
};
struct crypto_keys_count crypto_keys_count(struct crypto_keys *keys);

enum crypto_answer {
	CRYPTO_SIGNED,          /* by this key, over this digest */
	CRYPTO_NOT_SIGNED,
	CRYPTO_NO_KEY,          /* OpenSSL does not take it for a key */
	CRYPTO_TROUBLE,         /* OpenSSL could not; another time, maybe */
};

/*
 * RSA: PKCS #1 v1.5 with SHA-256 (RFC 8017 8.2.2). Ed25519: PureEdDSA over the
 * 32 octets of the digest (RFC 8463 3). key is one of cause NONE; keys NULL:
 * nothing is remembered.
 */
enum crypto_answer crypto_verify(struct crypto_keys *keys,
    const struct dkim_key *key, const unsigned char digest[CRYPTO_DIGEST],
    struct octets signature);
