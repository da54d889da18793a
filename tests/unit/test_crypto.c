/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "check/crypto.h"
#include "dkim_signer.h"

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

/* --- hashing --- */

static const struct {
	const char *text;
	const char *digest;
} digests[] = {         /* FIPS 180-2 appendix B, and of nothing */
	{ "",
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static const char *hex(const unsigned char *digest)
{
	char *text = arena_alloc(mem, 2 * CRYPTO_DIGEST + 1);

	for (size_t i = 0; i < CRYPTO_DIGEST; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return text;
}

static void test_hash(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		const char *text = digests[i].text;
		size_t n = strlen(text);

		for (size_t cut = 0; cut <= n; cut++) {
			struct crypto_hash *h = crypto_hash_new(mem);
			struct crypto_hash *twin = crypto_hash_new(mem);
			unsigned char out[CRYPTO_DIGEST];

			crypto_hash_feed(h, text, cut);
			crypto_hash_feed(twin, "forgotten", 9);
			crypto_hash_copy(h, twin);
			crypto_hash_feed(h, text + cut, n - cut);
			assert_true(crypto_hash_end(h, out));
			assert_string_equal(hex(out), digests[i].digest);
			crypto_hash_feed(twin, text + cut, n - cut);
			assert_true(crypto_hash_end(twin, out));
			assert_string_equal(hex(out), digests[i].digest);
		}
	}
}

/* --- verifying --- */

struct signer {
	EVP_PKEY *pkey;
	struct dkim_key key;
};

static struct signer signer_of(EVP_PKEY *pkey)
{
	bool rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA;
	char *p = rsa ? signer_info(pkey) : signer_raw(pkey);
	struct signer s = { .pkey = pkey };

	dkim_key_parse(mem, slice_of(arena_printf(mem, "k=%s; p=%s",
	    rsa ? "rsa" : "ed25519", p)), &s.key);
	free(p);
	if (s.key.cause != DKIM_CAUSE_NONE)
		fail_msg("%s", s.key.reason);
	return s;
}

/* As a signer would: the whole API over the message, not over the digest. */
static struct octets sign(const struct signer *s, const void *message,
    size_t n, unsigned char digest[CRYPTO_DIGEST])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool rsa = s->key.type == DKIM_KEY_RSA;
	size_t len = (size_t)EVP_PKEY_get_size(s->pkey);
	unsigned char *sig = arena_alloc(mem, len);

	assert_int_equal(EVP_Digest(message, n, digest, NULL, EVP_sha256(),
	    NULL), 1);
	assert_int_equal(EVP_DigestSignInit(md, NULL, rsa ? EVP_sha256() : NULL,
	    NULL, s->pkey), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &len, rsa ? message : digest,
	    rsa ? n : CRYPTO_DIGEST), 1);
	EVP_MD_CTX_free(md);
	return (struct octets){ sig, len };
}

static void try(struct crypto_keys *keys, const struct signer *s,
    const char *label)
{
	unsigned char digest[CRYPTO_DIGEST], other[CRYPTO_DIGEST];
	struct octets sig = sign(s, label, strlen(label), digest);
	unsigned char *bad = arena_memdup(mem, sig.data, sig.len);

	if (crypto_verify(keys, &s->key, digest, sig) != CRYPTO_SIGNED)
		fail_msg("%s: good signature", label);
	memcpy(other, digest, sizeof(other));
	other[31] ^= 1;
	if (crypto_verify(keys, &s->key, other, sig) != CRYPTO_NOT_SIGNED)
		fail_msg("%s: other digest", label);
	for (size_t i = 0; i < sig.len; i += 13) {
		bad[i] ^= 0x40;
		if (crypto_verify(keys, &s->key, digest,
		    (struct octets){ bad, sig.len }) != CRYPTO_NOT_SIGNED)
			fail_msg("%s: octet %zu", label, i);
		bad[i] ^= 0x40;
	}
	for (size_t n = 0; n < sig.len; n += 7)
		if (crypto_verify(keys, &s->key, digest,
		    (struct octets){ sig.data, n }) != CRYPTO_NOT_SIGNED)
			fail_msg("%s: cut to %zu", label, n);
	/* What failed before leaves nothing behind. */
	if (crypto_verify(keys, &s->key, digest, sig) != CRYPTO_SIGNED)
		fail_msg("%s: good signature again", label);
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_verify(void **state)
{
	static const unsigned bits[] = { 512, 768, 1024, 1031, 2048, 3072 };
	struct crypto_keys *keys = crypto_keys_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct signer s = signer_of(signer_rsa(bits[i]));

		assert_int_equal(s.key.bits, bits[i]);
		try(NULL, &s, arena_printf(mem, "rsa %u", bits[i]));
		try(keys, &s, arena_printf(mem, "rsa %u, kept", bits[i]));
		EVP_PKEY_free(s.pkey);
	}
	struct signer s = signer_of(signer_ed25519());

	try(NULL, &s, "ed25519");
	try(keys, &s, "ed25519, kept");
	assert_int_equal(crypto_keys_count(keys).misses, 7);
	EVP_PKEY_free(s.pkey);
	crypto_keys_free(keys);
	crypto_keys_free(NULL);
}

/* PKCS #1 v1.5 with the wrong hash inside, or by PSS, is not what b= means. */
static void test_other_paddings(void **state)
{
	struct signer s = signer_of(signer_rsa(1024));
	unsigned char digest[CRYPTO_DIGEST] = { 1 }, sig[128];
	static const struct {
		const char *label;
		int padding;
		const char *md;
		enum crypto_answer answer;
	} rows[] = {
		{ "sha256", RSA_PKCS1_PADDING, "SHA256", CRYPTO_SIGNED },
		{ "another hash's name", RSA_PKCS1_PADDING, "SHA512-256",
		  CRYPTO_NOT_SIGNED },
		{ "no hash's name", RSA_PKCS1_PADDING, NULL,
		  CRYPTO_NOT_SIGNED },
		{ "PSS", RSA_PKCS1_PSS_PADDING, "SHA256", CRYPTO_NOT_SIGNED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s.pkey, NULL);
		size_t n = sizeof(sig);

		assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx,
		    rows[i].padding), 1);
		if (rows[i].md != NULL)
			assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx,
			    EVP_get_digestbyname(rows[i].md)), 1);
		assert_int_equal(EVP_PKEY_sign(ctx, sig, &n, digest,
		    sizeof(digest)), 1);
		if (crypto_verify(NULL, &s.key, digest,
		    (struct octets){ sig, n }) != rows[i].answer)
			fail_msg("%s", rows[i].label);
		EVP_PKEY_CTX_free(ctx);
	}
	EVP_PKEY_free(s.pkey);
}

/* What dkim_key.c would never hand over, to be safe. */
static void test_no_key(void **state)
{
	static const struct {
		const char *label;
		enum dkim_key_type type;
		struct octets material;
	} rows[] = {
		{ "nothing", DKIM_KEY_RSA, { (const unsigned char *)"", 0 } },
		{ "rubbish", DKIM_KEY_RSA,
		  { (const unsigned char *)"rubbish", 7 } },
		{ "short", DKIM_KEY_ED25519,
		  { (const unsigned char *)"short", 5 } },
	};
	unsigned char digest[CRYPTO_DIGEST] = { 0 };
	struct crypto_keys *keys = crypto_keys_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dkim_key key = { .type = rows[i].type,
			.material = rows[i].material };

		if (crypto_verify(keys, &key, digest, (struct octets){ digest,
		    sizeof(digest) }) != CRYPTO_NO_KEY)
			fail_msg("%s", rows[i].label);
		assert_int_equal(ERR_peek_error(), 0);
	}
	crypto_keys_free(keys);
}

/* A key with something behind it, or of another kind than it is said to be. */
static void test_not_that_key(void **state)
{
	EVP_PKEY *rsa = signer_rsa(1024), *ed = signer_ed25519();
	unsigned char digest[CRYPTO_DIGEST] = { 0 }, *der = NULL;
	size_t n = (size_t)i2d_PUBKEY(rsa, &der);
	unsigned char *longer = arena_alloc(mem, n + 1);
	struct dkim_key key = { .type = DKIM_KEY_RSA };
	const struct octets sig = { digest, sizeof(digest) };

	(void)state;
	memcpy(longer, der, n);
	key.material = (struct octets){ longer, n };
	assert_int_equal(crypto_verify(NULL, &key, digest, sig),
	    CRYPTO_NOT_SIGNED);
	key.material.len++;
	assert_int_equal(crypto_verify(NULL, &key, digest, sig),
	    CRYPTO_NO_KEY);
	OPENSSL_free(der);
	der = NULL;
	n = (size_t)i2d_PUBKEY(ed, &der);
	key.material = (struct octets){ der, n };
	assert_int_equal(crypto_verify(NULL, &key, digest, sig),
	    CRYPTO_NO_KEY);
	OPENSSL_free(der);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
}

/* These stand before OpenSSL's own and may say something else. */
static int answer = 1;

#define INSTEAD(name, call, ...)					\
	int name(__VA_ARGS__)						\
	{								\
		void *at = dlsym(RTLD_NEXT, #name);			\
		__typeof__(&name) real;					\
									\
		signer_must(at != NULL);				\
		memcpy(&real, &at, sizeof(real));			\
		return answer == 1 ? real call : answer;		\
	}

INSTEAD(EVP_PKEY_verify, (ctx, sig, sig_len, tbs, len), EVP_PKEY_CTX *ctx,
    const unsigned char *sig, size_t sig_len, const unsigned char *tbs,
    size_t len)
INSTEAD(EVP_PKEY_verify_init, (ctx), EVP_PKEY_CTX *ctx)
INSTEAD(EVP_DigestVerify, (ctx, sig, sig_len, tbs, len), EVP_MD_CTX *ctx,
    const unsigned char *sig, size_t sig_len, const unsigned char *tbs,
    size_t len)

/* OpenSSL says less than 0 when it could not even try. */
static void test_answers(void **state)
{
	struct signer signers[] = { signer_of(signer_rsa(1024)),
		signer_of(signer_ed25519()) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		unsigned char digest[CRYPTO_DIGEST];
		struct octets sig = sign(&signers[i], "x", 1, digest);

		struct crypto_keys *keys = crypto_keys_new();

		assert_int_equal(crypto_verify(keys, &signers[i].key, digest,
		    sig), CRYPTO_SIGNED);
		for (answer = -2; answer <= 1; answer++)
			assert_int_equal(crypto_verify(keys, &signers[i].key,
			    digest, sig), answer == 1 ? CRYPTO_SIGNED :
			    CRYPTO_NOT_SIGNED);
		answer = 1;
		crypto_keys_free(keys);
		EVP_PKEY_free(signers[i].pkey);
	}
}

/* What OpenSSL could not do once it may be able to do the next time. */
static void test_trouble_is_not_kept(void **state)
{
	struct signer s = signer_of(signer_rsa(1024));
	struct crypto_keys *keys = crypto_keys_new();
	unsigned char digest[CRYPTO_DIGEST];
	struct octets sig = sign(&s, "x", 1, digest);

	(void)state;
	for (int i = 0; i < 2; i++) {
		answer = -1;
		assert_int_equal(crypto_verify(keys, &s.key, digest, sig),
		    CRYPTO_TROUBLE);
		answer = 1;
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(crypto_verify(keys, &s.key, digest, sig),
		    CRYPTO_SIGNED);
	/* the first verified and was kept, the second found it */
	assert_int_equal(crypto_keys_count(keys).misses, 3);
	assert_int_equal(crypto_keys_count(keys).hits, 1);
	crypto_keys_free(keys);
	EVP_PKEY_free(s.pkey);
}

/* --- the cache --- */

/* Every 32 octets, near enough, are an Ed25519 key to OpenSSL. */
static struct dkim_key made_up(unsigned number)
{
	unsigned char *octets = arena_alloc(mem, 32);

	octets[0] = 1;
	memcpy(octets + 4, &number, sizeof(number));
	return (struct dkim_key){ .type = DKIM_KEY_ED25519,
		.material = { octets, 32 } };
}

static void test_cache_bounded(void **state)
{
	struct crypto_keys *keys = crypto_keys_new();
	struct signer s = signer_of(signer_ed25519());
	unsigned char digest[CRYPTO_DIGEST];
	struct octets sig = sign(&s, "x", 1, digest);
	struct crypto_keys_count count;

	(void)state;
	/* Four times as many keys as there is room for; one of them is used
	 * again and again, and so it stays. */
	for (unsigned i = 0; i < 4096; i++) {
		struct dkim_key key = made_up(i);

		assert_int_equal(crypto_verify(keys, &s.key, digest, sig),
		    CRYPTO_SIGNED);
		assert_int_not_equal(crypto_verify(keys, &key, digest, sig),
		    CRYPTO_SIGNED);
	}
	count = crypto_keys_count(keys);
	assert_int_equal(count.hits, 4095);
	assert_int_equal(count.misses, 4097);
	/* The same octets as a key of another type are another key. */
	struct dkim_key other = s.key;

	other.type = DKIM_KEY_RSA;
	assert_int_equal(crypto_verify(keys, &other, digest, sig),
	    CRYPTO_NO_KEY);
	EVP_PKEY_free(s.pkey);
	crypto_keys_free(keys);
}

struct crowd {
	struct crypto_keys *keys;
	struct signer *signers;
	unsigned char (*digests)[CRYPTO_DIGEST];
	struct octets *sigs;
	bool good;
};

enum { SIGNERS = 6, THREADS = 4 };

static void *verify_many(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < 300; i++) {
		int k = i % SIGNERS;
		/* Some of them push others out. */
		unsigned char octets[32] = { 1, (unsigned char)i };
		struct dkim_key key = { .type = DKIM_KEY_ED25519,
			.material = { octets, 32 } };

		crypto_verify(c->keys, &key, c->digests[k], c->sigs[k]);
		if (crypto_verify(c->keys, &c->signers[k].key, c->digests[k],
		    c->sigs[k]) != CRYPTO_SIGNED)
			c->good = false;
	}
	return NULL;
}

static void test_cache_threads(void **state)
{
	struct signer signers[SIGNERS];
	unsigned char digest[SIGNERS][CRYPTO_DIGEST];
	struct octets sigs[SIGNERS];
	struct crypto_keys *keys = crypto_keys_new();
	struct crowd crowds[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < SIGNERS; i++) {
		signers[i] = signer_of(i % 2 ? signer_rsa(1024) :
		    signer_ed25519());
		sigs[i] = sign(&signers[i], "x", 1, digest[i]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		crowds[i] = (struct crowd){ keys, signers, digest, sigs, true };
		assert_int_equal(pthread_create(&threads[i], NULL, verify_many,
		    &crowds[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(crowds[i].good);
	}
	for (size_t i = 0; i < SIGNERS; i++)
		EVP_PKEY_free(signers[i].pkey);
	crypto_keys_free(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_verify, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_paddings, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_no_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_that_key, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_answers, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_trouble_is_not_kept,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cache_bounded, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_cache_threads, set_up,
		    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
