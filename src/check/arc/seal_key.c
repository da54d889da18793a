/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/seal_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/mem.h"

#define FILE_MAX 65536          /* a key of 4096 bits has 3300 octets */

struct seal_key {
	EVP_PKEY *pkey;
};

static bool file_is_private(int fd, uid_t owner, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set(err, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, "is no regular file");
	if (st.st_uid != 0 && st.st_uid != owner && st.st_uid != geteuid())
		return error_set(err, "belongs to user %lu, who is neither "
		    "root nor the user we run as", (unsigned long)st.st_uid);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return error_set(err, "has mode %04o: group and others must "
		    "have no access (chmod 0600)",
		    (unsigned)st.st_mode & 07777);
	if (st.st_size > FILE_MAX)
		return error_set(err, "is too large for a key");
	return true;
}

static bool read_all(int fd, char *text, size_t *len, struct error *err)
{
	ssize_t n;

	*len = 0;
	while ((n = read(fd, text + *len, FILE_MAX - *len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, "%s", strerror(errno));
		*len += (size_t)n;
		if (*len == FILE_MAX)
			break;
	}
	return true;
}

/* Or else OpenSSL asks at the terminal, and a daemon waits for ever. */
static int no_passphrase(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *decode(const char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *pkey = NULL;

	if (bio != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	return pkey;
}

static bool is_whole(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool whole = ctx != NULL && EVP_PKEY_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return whole;
}

static bool serves(EVP_PKEY *pkey, struct error *err)
{
	int bits;

	if (pkey == NULL)
		return error_set(err,
		    "holds no private key in PEM, or one with a passphrase");
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
		return error_set(err, "is no RSA key, and no other seals");
	bits = EVP_PKEY_get_bits(pkey);
	if (bits < SEAL_KEY_BITS_MIN || bits > SEAL_KEY_BITS_MAX)
		return error_set(err, "is a key of %d bits; verifiers take "
		    "%d to %d", bits, SEAL_KEY_BITS_MIN, SEAL_KEY_BITS_MAX);
	return is_whole(pkey) || error_set(err, "is a damaged key");
}

static EVP_PKEY *read_key(int fd, uid_t owner, struct error *err)
{
	EVP_PKEY *pkey = NULL;
	char *text;
	size_t len;

	if (!file_is_private(fd, owner, err))
		return NULL;
	text = xcalloc(1, FILE_MAX);
	if (read_all(fd, text, &len, err)) {
		pkey = decode(text, len);
		if (!serves(pkey, err)) {
			EVP_PKEY_free(pkey);
			pkey = NULL;
		}
	}
	OPENSSL_cleanse(text, FILE_MAX);
	free(text);
	ERR_clear_error();
	return pkey;
}

struct seal_key *seal_key_load(const char *path, uid_t owner,
    struct error *err)
{
	/* Not to hang in a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	EVP_PKEY *pkey = NULL;
	struct seal_key *key;

	if (fd >= 0) {
		pkey = read_key(fd, owner, err);
		close(fd);
	} else {
		error_set(err, "%s", strerror(errno));
	}
	if (pkey == NULL) {
		error_prefix(err, "%s", path);
		return NULL;
	}
	key = xcalloc(1, sizeof(*key));
	key->pkey = pkey;
	return key;
}

void seal_key_free(struct seal_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

unsigned seal_key_bits(const struct seal_key *key)
{
	return (unsigned)EVP_PKEY_get_bits(key->pkey);
}

bool seal_key_sign(const struct seal_key *key, struct arena *mem,
    const unsigned char digest[CRYPTO_DIGEST], struct octets *signature)
{
	size_t len = (size_t)EVP_PKEY_get_size(key->pkey);
	unsigned char *data = arena_alloc(mem, len);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
	bool good;

	good = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	    EVP_PKEY_sign(ctx, data, &len, digest, CRYPTO_DIGEST) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (!good)
		ERR_clear_error();
	*signature = (struct octets){ data, len };
	return good;
}
