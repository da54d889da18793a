/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * seal_key: the private key of our own seals, from a file.
 *
 * A key that others may read is no secret, and one that others may write is
 * not ours; such a file is refused, not warned about. RSA only: ARC has no way
 * to sign one set by two algorithms, and all validators know RSA.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "check/crypto.h"

#define SEAL_KEY_BITS_MIN 1024          /* shorter ones prove nothing */
#define SEAL_KEY_BITS_GOOD 2048         /* RFC 8301 3.2 */
#define SEAL_KEY_BITS_MAX 4096          /* verifiers need not know longer ones */

/* Shared by all threads. */
struct seal_key;

/*
 * A PEM file without passphrase. It must be a regular file that belongs to
 * root, to `owner` or to the user we run as, without any permission for group
 * or others. NULL: err says what is wrong with which file.
 */
struct seal_key *seal_key_load(const char *path, uid_t owner,
    struct error *err);
void seal_key_free(struct seal_key *key);               /* NULL is fine */

unsigned seal_key_bits(const struct seal_key *key);

/* PKCS #1 v1.5 over a SHA-256 digest (rsa-sha256), in mem. False: OpenSSL
 * could not. */
bool seal_key_sign(const struct seal_key *key, struct arena *mem,
    const unsigned char digest[CRYPTO_DIGEST], struct octets *signature);
