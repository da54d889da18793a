/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_rsa: RSA public keys of key records, taken apart and put together.
 *
 * A small DER reader that knows two shapes: SubjectPublicKeyInfo (RFC 5280
 * 4.1.2.7) and RSAPublicKey (RFC 8017 A.1.1). Only definite, shortest lengths,
 * positive shortest integers, nothing behind the end.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "check/dkim/tags.h"

struct dkim_rsa {
	struct octets modulus, exponent;        /* big-endian, no zero first */
	unsigned bits;                          /* of the modulus */
	bool plain;                             /* was an RSAPublicKey */
};

/* False with the reason: not DER, another algorithm, or a number that makes no
 * key (even, exponent below 3 or above 64 bits, modulus above 16384). The
 * octets point into der. */
bool dkim_rsa_read(struct octets der, struct dkim_rsa *out,
    const char **reason);

/* SubjectPublicKeyInfo of it. */
struct octets dkim_rsa_write(struct arena *mem, const struct dkim_rsa *key);
