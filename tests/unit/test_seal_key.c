/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include <openssl/err.h>

#include "check/arc/seal_key.h"
#include "check/arc/seal_text.h"
#include "seal_files.h"

/* --- key files --- */

static void prepare_key_files(void)
{
	static const struct {
		const char *name;
		mode_t mode;
	} modes[] = {
		{ "group-reads", 0640 }, { "all-read", 0604 },
		{ "group-runs", 0610 }, { "group-writes", 0620 },
		{ "read-only", 0400 },
	};
	struct buf text = { 0 };
	FILE *f;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		write_key(modes[i].name, pkeys[RSA2048], NULL);
		chmod(in_dir(modes[i].name), modes[i].mode);
	}
	write_key("secret", pkeys[RSA2048], "open sesame");
	write_text(in_dir("empty"), "", 0, 0600);
	write_text(in_dir("garbage"), "-----BEGIN RSA PRIVATE KEY-----\nAA\0A"
	    "\n-----END RSA PRIVATE KEY-----\n", 66, 0600);
	for (int i = 0; i < 70000; i++)
		buf_addc(&text, '\n');
	write_text(in_dir("huge"), text.data, text.len, 0600);
	buf_free(&text);
	f = fopen(in_dir("public"), "w");
	PEM_write_PUBKEY(f, pkeys[RSA2048]);
	fclose(f);
	chmod(in_dir("public"), 0600);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(symlink("rsa2048", in_dir("link")), 0);
}

static void test_key_files(void **state)
{
	static const struct {
		const char *name;
		const char *error;      /* NULL: it is taken */
		unsigned bits;
	} rows[] = {
		{ "rsa1024", NULL, 1024 },
		{ "rsa2048", NULL, 2048 },
		{ "rsa4096", NULL, 4096 },
		{ "read-only", NULL, 2048 },
		{ "link", NULL, 2048 },
		{ "rsa512", "a key of 512 bits", 0 },
		{ "ed25519", "no RSA key", 0 },
		{ "group-reads", "has mode 0640: group and others", 0 },
		{ "all-read", "has mode 0604", 0 },
		{ "group-runs", "has mode 0610", 0 },
		{ "group-writes", "has mode 0620", 0 },
		{ "secret", "one with a passphrase", 0 },
		{ "empty", "holds no private key", 0 },
		{ "garbage", "holds no private key", 0 },
		{ "public", "holds no private key", 0 },
		{ "huge", "too large", 0 },
		{ "fifo", "no regular file", 0 },
		{ ".", "no regular file", 0 },
		{ "missing", "No such file", 0 },
	};

	(void)state;
	prepare_key_files();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *path = in_dir(rows[i].name);
		struct error err = { "" };
		struct seal_key *key = seal_key_load(path, geteuid(), &err);

		if ((key != NULL) != (rows[i].error == NULL))
			fail_msg("%s: %s", rows[i].name, err.text);
		if (key != NULL && seal_key_bits(key) != rows[i].bits)
			fail_msg("%s: %u bits", rows[i].name,
			    seal_key_bits(key));
		if (key == NULL && (strstr(err.text, rows[i].error) == NULL ||
		    strstr(err.text, path) == NULL))
			fail_msg("%s: \"%s\"", rows[i].name, err.text);
		seal_key_free(key);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static void test_key_owner(void **state)
{
	const char *path = in_dir("stranger");
	struct error err = { "" };
	struct seal_key *key;

	(void)state;
	if (geteuid() != 0)
		skip();                 /* only root gives files away */
	write_key("stranger", pkeys[RSA1024], NULL);
	assert_int_equal(chown(path, 54321, (gid_t)-1), 0);
	assert_null(seal_key_load(path, geteuid(), &err));
	assert_non_null(strstr(err.text, "belongs to user 54321"));
	key = seal_key_load(path, 54321, &err);
	assert_non_null(key);
	seal_key_free(key);
}

#define THREADS 4

static void *sign_often(void *arg)
{
	static const unsigned char digest[CRYPTO_DIGEST] = { 1, 2, 3 };
	struct arena *own = arena_new(4096);
	unsigned char *first = NULL;
	bool same = true;

	for (int i = 0; i < 25; i++) {
		struct octets sig;

		same &= seal_key_sign(arg, own, digest, &sig) &&
		    sig.len == 256;
		if (first == NULL)
			first = arena_memdup(own, sig.data, sig.len);
		same &= memcmp(first, sig.data, 256) == 0;
	}
	arena_free(own);
	return same ? arg : NULL;
}

/* A signature by PKCS #1 v1.5 has no chance in it. */
static void test_threads(void **state)
{
	struct error err = { "" };
	struct seal_key *key = seal_key_load(in_dir("rsa2048"), geteuid(),
	    &err);
	pthread_t threads[THREADS];

	(void)state;
	assert_non_null(key);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_often,
		    key), 0);
	for (int i = 0; i < THREADS; i++) {
		void *done;

		assert_int_equal(pthread_join(threads[i], &done), 0);
		assert_ptr_equal(done, key);
	}
	seal_key_free(key);
}

/* --- what is written --- */

static void test_folding(void **state)
{
	struct buf names = { 0 };
	char b[1024];

	(void)state;
	for (size_t n = 1; n < 700; n++) {
		struct seal_tag tags[] = {
			{ "i", "50" }, { "d", "a-long-name.example.com" },
			{ "h", NULL }, { "bh", "0123456789012345678901234567"
			    "89012345678901234567890=" }, { "b", b },
		};
		const char *text;

		memset(b, 'A', n);
		b[n] = '\0';
		buf_addf(&names, "%s%.*s", n > 1 ? ":" : "", (int)(1 + n % 17),
		    "Name-Of-A-Field-X");
		tags[2].value = buf_text(&names);
		text = seal_tags(mem, "ARC-Message-Signature", tags, 5, false);
		if (longest_line("ARC-Message-Signature", text) > 77)
			fail_msg("%zu: %s", n, text);
		text = seal_tags(mem, "ARC-Message-Signature", tags, 5, true);
		assert_null(strchr(text, '\n'));
		assert_int_equal(strncmp(text, " b=A", 4), 0);
	}
	buf_free(&names);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_key_files),
		TEST(test_key_owner),
		TEST(test_threads),
		TEST(test_folding),
	};

	return cmocka_run_group_tests(tests, set_up_keys, tear_down_keys);
}
