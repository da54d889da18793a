/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_narrow: OpenSSL with no more in it than a DKIM signature needs, while
 * libopendkim works.
 *
 * libopendkim decodes the key of each signature anew, and with each key
 * OpenSSL 3 looks through all the key types and decoders it has, more than a
 * hundred: 120 of 137 us, under locks that all threads share. So the calling
 * thread gets a library context that knows RSA and Ed25519, and the decoder of
 * an RSA key in SubjectPublicKeyInfo: 37 us. The algorithms themselves are those
 * of OpenSSL's default provider. Other threads, and our own code outside of
 * these two calls, see nothing of it.
 *
 * Where the process is to use FIPS algorithms only, or OpenSSL cannot give us
 * such a context, nothing is changed.
 */
#include <openssl/crypto.h>

/* From here on; what to hand to dkim_widen() in the same thread. */
OSSL_LIB_CTX *dkim_narrow(void);
void dkim_widen(OSSL_LIB_CTX *before);
