/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/crypto.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/mem.h"

/* --- hashing --- */

struct crypto_hash {
	EVP_MD_CTX *ctx;
	bool broken;
};

/* Looked up once: EVP_sha256() is looked up anew by each hash that begins. In
 * the library context of the whole process, whatever the thread's own is. */
static EVP_MD *sha256;

static void find_sha256(void)
{
	sha256 = EVP_MD_fetch(OSSL_LIB_CTX_get0_global_default(), "SHA256",
	    NULL);
}

static const EVP_MD *the_sha256(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_sha256);
	return sha256;
}

static void drop_context(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

/* Asked only where a call has failed, so that good calls cost nothing. */
static bool failed(bool good)
{
	if (!good)
		ERR_clear_error();
	return !good;
}

struct crypto_hash *crypto_hash_new(struct arena *mem)
{
	struct crypto_hash *h = arena_alloc(mem, sizeof(*h));
	const EVP_MD *md = the_sha256();

	h->ctx = EVP_MD_CTX_new();
	if (h->ctx != NULL)
		arena_defer(mem, drop_context, h->ctx);
	h->broken = failed(h->ctx != NULL && md != NULL &&
	    EVP_DigestInit_ex(h->ctx, md, NULL) == 1);
	return h;
}

void crypto_hash_feed(struct crypto_hash *h, const void *bytes, size_t n)
{
	if (!h->broken)
		h->broken = failed(EVP_DigestUpdate(h->ctx, bytes, n) == 1);
}

void crypto_hash_copy(const struct crypto_hash *h, struct crypto_hash *to)
{
	to->broken = h->broken || to->ctx == NULL ||
	    failed(EVP_MD_CTX_copy_ex(to->ctx, h->ctx) == 1);
}

bool crypto_hash_end(struct crypto_hash *h, unsigned char out[CRYPTO_DIGEST])
{
	if (!h->broken)
		h->broken = failed(EVP_DigestFinal_ex(h->ctx, out, NULL) == 1);
	return !h->broken;
}

/* --- keys --- */

/* A key can stand in one row only, in any of its places. */
#define ROWS 256
#define PLACES 4

/* Reading a key and preparing to verify with it cost more than to verify. */
struct ready {
	EVP_PKEY *pkey;                 /* NULL: none */
	EVP_PKEY_CTX *ctx;              /* RSA; else NULL */
	struct place *home;             /* of a copy: where it comes from */
};

struct place {
	struct ready key;               /* to be copied; none: free */
	EVP_PKEY_CTX *idle;             /* a copy that came back, or NULL */
	enum dkim_key_type type;
	unsigned char *material;
	size_t len;
	unsigned long long used;        /* the later, the higher */
};

struct crypto_keys {
	pthread_mutex_t lock;           /* for all below */
	uint64_t seed;
	unsigned long long now;         /* look-ups so far */
	struct crypto_keys_count count;
	struct place rows[ROWS][PLACES];
};

struct crypto_keys *crypto_keys_new(void)
{
	struct crypto_keys *keys = xcalloc(1, sizeof(*keys));

	pthread_mutex_init(&keys->lock, NULL);
	/* Nobody shall know which keys push out which. */
	if (getrandom(&keys->seed, sizeof(keys->seed), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(keys->seed))
		keys->seed = (uint64_t)(uintptr_t)keys;
	return keys;
}

static void drop(struct ready *key)
{
	EVP_PKEY_CTX_free(key->ctx);
	EVP_PKEY_free(key->pkey);
	*key = (struct ready){ .pkey = NULL };
}

/* False, and nothing in `to`: OpenSSL could not. */
static bool copy(const struct ready *from, struct ready *to)
{
	*to = (struct ready){ .pkey = NULL };
	if (EVP_PKEY_up_ref(from->pkey) != 1)
		return false;
	to->pkey = from->pkey;
	if (from->ctx == NULL)
		return true;
	to->ctx = EVP_PKEY_CTX_dup(from->ctx);
	if (to->ctx == NULL)
		drop(to);
	return to->ctx != NULL;
}

/* The place's own, or the copy that lies there. Lock held. */
static bool lend(struct place *p, struct ready *out)
{
	if (p->idle == NULL || EVP_PKEY_up_ref(p->key.pkey) != 1) {
		if (!copy(&p->key, out))
			return false;
	} else {
		*out = (struct ready){ .pkey = p->key.pkey, .ctx = p->idle };
		p->idle = NULL;
	}
	out->home = p;
	return true;
}

static void clear(struct place *p)
{
	drop(&p->key);
	EVP_PKEY_CTX_free(p->idle);
	free(p->material);
	*p = (struct place){ .material = NULL };
}

void crypto_keys_free(struct crypto_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < ROWS; i++)
		for (size_t k = 0; k < PLACES; k++)
			clear(&keys->rows[i][k]);
	pthread_mutex_destroy(&keys->lock);
	free(keys);
}

struct crypto_keys_count crypto_keys_count(struct crypto_keys *keys)
{
	struct crypto_keys_count count;

	pthread_mutex_lock(&keys->lock);
	count = keys->count;
	pthread_mutex_unlock(&keys->lock);
	return count;
}

static struct place *row_of(struct crypto_keys *keys, struct octets material)
{
	uint64_t hash = keys->seed ^ material.len, piece;

	for (size_t i = 0; i < material.len; i += sizeof(piece)) {
		size_t n = material.len - i;

		piece = 0;
		memcpy(&piece, material.data + i,
		    n < sizeof(piece) ? n : sizeof(piece));
		hash ^= piece;
		hash *= 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return keys->rows[(hash ^ hash >> 32) % ROWS];
}

/* A copy for the caller, or none. Lock held. */
static bool find(struct crypto_keys *keys, struct place *row,
    const struct dkim_key *key, struct ready *out)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct place *p = &row[i];

		if (p->key.pkey == NULL || p->type != key->type ||
		    p->len != key->material.len ||
		    memcmp(p->material, key->material.data, p->len) != 0)
			continue;
		p->used = ++keys->now;
		return lend(p, out);
	}
	return false;
}

/* A copy that is no longer needed. Its place may have gone to another key; this
 * one is not freed before, so it is known by its address. */
static void give_back(struct crypto_keys *keys, struct ready *key)
{
	if (key->home != NULL) {
		pthread_mutex_lock(&keys->lock);
		if (key->home->key.pkey == key->pkey &&
		    key->home->idle == NULL) {
			key->home->idle = key->ctx;
			key->ctx = NULL;
		}
		pthread_mutex_unlock(&keys->lock);
	}
	drop(key);
}

/* Lock held. */
static void remember(struct crypto_keys *keys, struct place *row,
    const struct dkim_key *key, const struct ready *made)
{
	struct place *oldest = row;
	struct ready kept;

	for (size_t i = 1; i < PLACES && oldest->key.pkey != NULL; i++)
		if (row[i].key.pkey == NULL || row[i].used < oldest->used)
			oldest = &row[i];
	if (!copy(made, &kept))
		return;
	clear(oldest);
	oldest->key = kept;
	oldest->type = key->type;
	oldest->len = key->material.len;
	oldest->material = xcalloc(1, oldest->len + 1);
	memcpy(oldest->material, key->material.data, oldest->len);
	oldest->used = ++keys->now;
}

static EVP_PKEY *decode_rsa(struct octets material)
{
	const unsigned char *at = material.data;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)material.len);

	if (pkey != NULL && at == material.data + material.len &&
	    EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static EVP_PKEY *decode_ed25519(struct octets material)
{
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    material.data, material.len);
}

static EVP_PKEY_CTX *prepare_rsa(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

	if (ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/* Whatever is less than 1 means "not signed": OpenSSL says -1 to a signature of
 * the wrong length, say. */
static bool signed_rsa(const struct ready *key, const unsigned char *digest,
    struct octets signature, bool *trouble)
{
	*trouble = key->ctx == NULL;
	return !*trouble &&
	    EVP_PKEY_verify(key->ctx, signature.data, signature.len,
		    digest, CRYPTO_DIGEST) == 1;
}

static bool signed_ed25519(const struct ready *key,
    const unsigned char *digest, struct octets signature, bool *trouble)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_signed = false;

	*trouble = ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) != 1;
	if (!*trouble)
		is_signed = EVP_DigestVerify(ctx, signature.data, signature.len,
		    digest, CRYPTO_DIGEST) == 1;
	EVP_MD_CTX_free(ctx);
	return is_signed;
}

static const struct {
	EVP_PKEY *(*decode)(struct octets material);
	EVP_PKEY_CTX *(*prepare)(EVP_PKEY *pkey);       /* or NULL */
	bool (*is_signed)(const struct ready *key, const unsigned char *digest,
	    struct octets signature, bool *trouble);
} types[] = {
	[DKIM_KEY_RSA] = { decode_rsa, prepare_rsa, signed_rsa },
	[DKIM_KEY_ED25519] = { decode_ed25519, NULL, signed_ed25519 },
};

/* The result: may it be kept? */
static bool make(const struct dkim_key *key, struct ready *made)
{
	*made = (struct ready){
		.pkey = types[key->type].decode(key->material),
	};
	if (made->pkey == NULL || types[key->type].prepare == NULL)
		return made->pkey != NULL;
	made->ctx = types[key->type].prepare(made->pkey);
	return made->ctx != NULL;
}

/* Decoding happens outside the lock: twice, if two threads meet a new key at
 * the same time, and the second one finds it in its place. */
static struct ready key_get(struct crypto_keys *keys,
    const struct dkim_key *key)
{
	struct place *row;
	struct ready found, made;
	bool hit;

	if (keys == NULL) {
		make(key, &made);
		return made;
	}
	row = row_of(keys, key->material);
	pthread_mutex_lock(&keys->lock);
	hit = find(keys, row, key, &found);
	if (hit)
		keys->count.hits++;
	else
		keys->count.misses++;
	pthread_mutex_unlock(&keys->lock);
	if (hit)
		return found;
	if (!make(key, &made))
		return made;
	pthread_mutex_lock(&keys->lock);
	hit = find(keys, row, key, &found);
	if (!hit)
		remember(keys, row, key, &made);
	pthread_mutex_unlock(&keys->lock);
	if (hit)
		drop(&found);
	return made;
}

enum crypto_answer crypto_verify(struct crypto_keys *keys,
    const struct dkim_key *key, const unsigned char digest[CRYPTO_DIGEST],
    struct octets signature)
{
	struct ready ready;
	bool trouble = false, is_signed = false;

	ready = key_get(keys, key);
	if (ready.pkey != NULL)
		is_signed = types[key->type].is_signed(&ready, digest,
		    signature, &trouble);
	/* To clear them is dear, also where there are none. */
	if (ERR_peek_error() != 0)
		ERR_clear_error();
	if (ready.pkey == NULL)
		return CRYPTO_NO_KEY;
	give_back(keys, &ready);
	if (trouble)
		return CRYPTO_TROUBLE;
	return is_signed ? CRYPTO_SIGNED : CRYPTO_NOT_SIGNED;
}
