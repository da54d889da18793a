/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * floor: what a message costs that has arrived already and needs no thought:
 * one SHA-256 of all its octets and one RSA-2048 verification with a key that
 * is known. Prints milliseconds of CPU per message.
 *
 * usage: floor LIST MESSAGES
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "bench/letters.h"

static void must(bool done)
{
	if (!done)
		abort();
}

static EVP_PKEY *make_key(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);

	must(key != NULL);
	return key;
}

static EVP_PKEY_CTX *prepare(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);

	must(c != NULL && init(c) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1);
	return c;
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void judge(const struct letter *l, EVP_PKEY *key,
    const unsigned char *sig, size_t sig_len, const unsigned char *signed_as)
{
	unsigned char digest[32];
	unsigned n;
	EVP_PKEY_CTX *c = prepare(key, EVP_PKEY_verify_init);
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	must(md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, l->body, l->body_len) == 1);
	for (size_t i = 0; i < l->count; i++)
		EVP_DigestUpdate(md, l->fields[i].value,
		    __builtin_strlen(l->fields[i].value));
	must(EVP_DigestFinal_ex(md, digest, &n) == 1);
	must(EVP_PKEY_verify(c, sig, sig_len, signed_as, 32) == 1);
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(c);
}

int main(int argc, char **argv)
{
	struct letters letters = { 0 };
	struct error err = { "" };
	unsigned char signed_as[32] = { 1 }, sig[256];
	size_t sig_len = sizeof(sig);
	EVP_PKEY *key = make_key();
	EVP_PKEY_CTX *c = prepare(key, EVP_PKEY_sign_init);
	long count;
	double began;

	must(EVP_PKEY_sign(c, sig, &sig_len, signed_as, 32) == 1);
	if (argc != 3 || (count = atol(argv[2])) < 1 ||
	    !letters_read(argv[1], &letters, &err)) {
		fprintf(stderr, "usage: floor LIST MESSAGES\n%s\n", err.text);
		return 64;
	}
	judge(&letters.items[0], key, sig, sig_len, signed_as);
	began = cpu_ms();
	for (long i = 0; i < count; i++)
		judge(&letters.items[(size_t)i % letters.count], key, sig,
		    sig_len, signed_as);
	printf("%.4f\n", (cpu_ms() - began) / (double)count);
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(key);
	return 0;
}
