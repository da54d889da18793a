/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Keys made at run time, and a signer of messages that shares no code with
 * what it tests: canonicalization by whole strings, signatures by OpenSSL.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/buf.h"

/* OpenSSL's answers; not assert(), which a release build leaves out. */
static inline void signer_must(bool done)
{
	if (!done)
		abort();
}

/* base64 of n octets; the caller frees. */
static inline char *signer_base64(const void *data, size_t n)
{
	char *text = calloc(1, n * 2 + 8);

	EVP_EncodeBlock((unsigned char *)text, data, (int)n);
	return text;
}

static inline EVP_PKEY *signer_rsa(unsigned bits)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;

	signer_must(EVP_PKEY_keygen_init(c) == 1);
	signer_must(EVP_PKEY_CTX_set_rsa_keygen_bits(c, (int)bits) == 1);
	/* many primes make a long key quickly; it looks like any other */
	if (bits >= 4096)
		signer_must(EVP_PKEY_CTX_set_rsa_keygen_primes(c, 4) == 1);
	signer_must(EVP_PKEY_keygen(c, &key) == 1);
	EVP_PKEY_CTX_free(c);
	return key;
}

static inline EVP_PKEY *signer_ed25519(void)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, NULL);
	EVP_PKEY *key = NULL;

	signer_must(EVP_PKEY_keygen_init(c) == 1);
	signer_must(EVP_PKEY_keygen(c, &key) == 1);
	EVP_PKEY_CTX_free(c);
	return key;
}

/* p= of a key: SubjectPublicKeyInfo, RSAPublicKey, or the raw octets. */
static inline char *signer_info(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	char *text = signer_base64(der, (size_t)n);

	OPENSSL_free(der);
	return text;
}

static inline char *signer_plain(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PublicKey(key, &der);
	char *text = signer_base64(der, (size_t)n);

	OPENSSL_free(der);
	return text;
}

static inline char *signer_raw(EVP_PKEY *key)
{
	unsigned char raw[32];
	size_t n = sizeof(raw);

	signer_must(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
	return signer_base64(raw, n);
}

/* "name DATA" lines of a zone, the text cut into strings of 200. */
static inline void signer_publish(struct buf *zone, const char *name,
    const char *record)
{
	buf_addf(zone, "%s TXT", name);
	for (size_t i = 0; i < strlen(record); i += 200)
		buf_addf(zone, " \"%.200s\"", record + i);
	buf_addc(zone, '\n');
}

/* --- canonicalization, RFC 6376 3.4 --- */

static inline void signer_header(struct buf *out, const char *name,
    size_t name_len, const char *value, bool relaxed)
{
	bool blank = false;

	if (!relaxed) {
		buf_addf(out, "%.*s:", (int)name_len, name);
		for (const char *c = value; *c != '\0'; c++) {
			if (*c == '\n' && (c == value || c[-1] != '\r'))
				buf_addc(out, '\r');
			buf_addc(out, *c);
		}
		return;
	}
	for (size_t i = 0; i < name_len; i++)
		buf_addc(out, ascii_lower(name[i]));
	buf_addc(out, ':');
	for (const char *c = value + strspn(value, " \t\r\n"); *c; c++) {
		if (*c == '\r' || *c == '\n')
			continue;
		if (*c == ' ' || *c == '\t') {
			blank = true;
			continue;
		}
		if (blank)
			buf_addc(out, ' ');
		blank = false;
		buf_addc(out, *c);
	}
}

/* body: line ends CRLF, the last line ended. */
static inline void signer_body(struct buf *out, struct slice body,
    bool relaxed)
{
	bool blank = false;

	for (size_t i = 0; i < body.len; i++) {
		char c = body.data[i];

		if (relaxed && (c == ' ' || c == '\t')) {
			blank = true;
			continue;
		}
		if (blank && c != '\r')
			buf_addc(out, ' ');
		blank = false;
		buf_addc(out, c);
	}
	while (out->len >= 4 &&
	    !memcmp(out->data + out->len - 4, "\r\n\r\n", 4))
		out->len -= 2;
	if (out->len == 2 && !memcmp(out->data, "\r\n", 2))
		out->len = 0;
	if (out->len == 0 && !relaxed)
		buf_adds(out, "\r\n");
	if (out->data != NULL)
		out->data[out->len] = '\0';
}

/* --- the signature --- */

/* The last tag, without its value: some write it in odd ways. */
static const char *signer_b = "b=";

struct signer_field {
	const char *name, *value;
};

/*
 * The value of a DKIM-Signature field over fields (top first) and body. tags:
 * all but bh and b, with its c=; h: the names of h=, colons between; length:
 * of the body that is signed, or -1. The caller frees.
 */
static inline char *signer_sign(EVP_PKEY *key, const char *tags, const char *h,
    const struct signer_field *fields, size_t count, struct slice body,
    long length)
{
	bool header_relaxed = strstr(tags, "c=relaxed") != NULL;
	bool body_relaxed = strstr(tags, "/relaxed") != NULL;
	bool *used = calloc(count + 1, sizeof(bool));
	struct buf canon = { 0 }, value = { 0 };
	unsigned char hash[32], *sig;
	unsigned n;
	size_t sig_len;
	char *text;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ed = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;

	signer_body(&canon, body, body_relaxed);
	signer_must(length < 0 || (size_t)length <= canon.len);
	EVP_Digest(buf_text(&canon), length < 0 ? canon.len : (size_t)length,
	    hash, &n, EVP_sha256(), NULL);
	text = signer_base64(hash, 32);
	buf_addf(&value, " %s h=%s;\r\n\tbh=%s; %s", tags, h, text, signer_b);
	free(text);

	buf_clear(&canon);
	for (const char *p = h; *p != '\0'; ) {
		size_t len;

		p += strspn(p, " \t\r\n:");
		len = strcspn(p, " \t\r\n:");
		for (size_t i = count; i-- > 0; ) {
			if (used[i] || strlen(fields[i].name) != len ||
			    strncasecmp(fields[i].name, p, len) != 0)
				continue;
			used[i] = true;
			signer_header(&canon, fields[i].name, len,
			    fields[i].value, header_relaxed);
			buf_adds(&canon, "\r\n");
			break;
		}
		p += len;
		p += strspn(p, " \t\r\n");
	}
	signer_header(&canon, "DKIM-Signature", 14, buf_text(&value),
	    header_relaxed);
	EVP_Digest(canon.data, canon.len, hash, &n, EVP_sha256(), NULL);
	sig_len = (size_t)EVP_PKEY_get_size(key);
	sig = calloc(1, sig_len);
	signer_must(EVP_DigestSignInit(md, NULL, ed ? NULL : EVP_sha256(), NULL,
	    key) == 1);
	signer_must(EVP_DigestSign(md, sig, &sig_len,
	    ed ? hash : (const unsigned char *)canon.data,
	    ed ? 32 : canon.len) == 1);
	text = signer_base64(sig, sig_len);
	buf_adds(&value, text);
	free(text);
	free(sig);
	free(used);
	EVP_MD_CTX_free(md);
	buf_free(&canon);
	return buf_detach(&value);
}
