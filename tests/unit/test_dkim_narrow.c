// SPDX-License-Identifier: BSD-2-Clause
// A small OpenSSL for one thread at a time: what it can, and what only the
// whole one can.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "check/dkim/narrow.h"

static EVP_PKEY *ec;

static bool can_decode(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	const unsigned char *at = der;
	EVP_PKEY *again;

	assert_true(n > 0);
	again = d2i_PUBKEY(NULL, &at, n);
	if (again != NULL)
		assert_int_equal(EVP_PKEY_get_bits(again),
		    EVP_PKEY_get_bits(key));
	OPENSSL_free(der);
	EVP_PKEY_free(again);
	ERR_clear_error();
	return again != NULL;
}

/* The keys libopendkim is given, of any size; nothing else. */
static void test_keys(void **state)
{
	static const size_t bits[] = { 512, 1024, 2048, 4096 };

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits[i]);
		OSSL_LIB_CTX *before = dkim_narrow();

		assert_non_null(before);
		assert_true(can_decode(rsa));
		assert_false(can_decode(ec));
		dkim_widen(before);
		assert_true(can_decode(ec));
		EVP_PKEY_free(rsa);
	}
}

static bool verifies(const unsigned char raw[32], const unsigned char sig[64])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    raw, 32);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good = key != NULL &&
	    EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(md, sig, 64, (const unsigned char *)"x", 1) == 1;

	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

static void test_ed25519(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char raw[32], sig[64];
	size_t raw_len = sizeof(raw), len = sizeof(sig);
	OSSL_LIB_CTX *before;

	(void)state;
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &raw_len), 1);
	assert_int_equal(EVP_DigestSignInit(md, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &len,
	    (const unsigned char *)"x", 1), 1);
	before = dkim_narrow();
	assert_true(verifies(raw, sig));
	sig[5] ^= 1;
	assert_false(verifies(raw, sig));
	dkim_widen(before);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
}

static void *look(void *arg)
{
	bool *seen = arg;

	*seen = can_decode(ec);
	return NULL;
}

/* What one thread does to itself, the others do not see. */
static void test_other_threads(void **state)
{
	OSSL_LIB_CTX *before = dkim_narrow();
	pthread_t other;
	bool seen = false;

	(void)state;
	assert_false(can_decode(ec));
	assert_int_equal(pthread_create(&other, NULL, look, &seen), 0);
	pthread_join(other, NULL);
	assert_true(seen);
	dkim_widen(before);
}

/* Where there is no narrow one, nothing is to be restored. */
static void test_nothing_to_restore(void **state)
{
	(void)state;
	dkim_widen(NULL);
	assert_true(can_decode(ec));
}

static int make_ec(void **state)
{
	(void)state;
	ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	return ec == NULL;
}

static int free_ec(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_ed25519),
		cmocka_unit_test(test_other_threads),
		cmocka_unit_test(test_nothing_to_restore),
	};

	return cmocka_run_group_tests(tests, make_ec, free_ec);
}
