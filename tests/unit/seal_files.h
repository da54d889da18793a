/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What the tests of seals share: keys of all kinds in files of a folder that
 * goes away, and an arena for each test. Comes after <cmocka.h>.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/arena.h"
#include "dkim_signer.h"

#define NOW 1700000000

enum { RSA1024, RSA2048, RSA512, RSA4096, ED25519, KEYS };

static struct arena *mem;
static EVP_PKEY *pkeys[KEYS];
static char dir[] = "/tmp/assay-seal-XXXXXX";

static inline const char *in_dir(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static inline void write_text(const char *path, const char *text, size_t n,
    mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static inline void write_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, key,
	    passphrase != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
	    (void *)passphrase), 1);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

static inline int set_up_keys(void **state)
{
	static const char *const names[] = {
		[RSA1024] = "rsa1024", [RSA2048] = "rsa2048",
		[RSA512] = "rsa512", [RSA4096] = "rsa4096",
		[ED25519] = "ed25519",
	};

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	pkeys[RSA1024] = signer_rsa(1024);
	pkeys[RSA2048] = signer_rsa(2048);
	pkeys[RSA512] = signer_rsa(512);
	pkeys[RSA4096] = signer_rsa(4096);
	pkeys[ED25519] = signer_ed25519();
	for (int i = 0; i < KEYS; i++)
		write_key(names[i], pkeys[i], NULL);
	return 0;
}

static inline int tear_down_keys(void **state)
{
	char command[128];

	(void)state;
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(pkeys[i]);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static inline int set_up(void **state)
{
	(void)state;
	mem = arena_new(65536);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static inline void publish(struct buf *zone, int key, const char *domain)
{
	char name[128], record[1024];
	char *p = signer_info(pkeys[key]);

	snprintf(name, sizeof(name), "sel._domainkey.%s", domain);
	snprintf(record, sizeof(record), "v=DKIM1; k=rsa; p=%s", p);
	signer_publish(zone, name, record);
	free(p);
}

/* Of a folded value behind its name; the folds must be CRLF SP. */
static inline size_t longest_line(const char *field, const char *value)
{
	size_t longest = 0, column = strlen(field) + 1;

	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\r') {
			longest = column > longest ? column : longest;
			column = 0;
			p++;
			assert_int_equal(*p, '\n');
			assert_int_equal(p[1], ' ');
			assert_int_not_equal(p[2], ' ');
			assert_int_not_equal(p[2], '\r');
			continue;
		}
		column++;
	}
	return column > longest ? column : longest;
}
