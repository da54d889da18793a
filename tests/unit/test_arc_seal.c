/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "check/arc.h"
#include "check/arc_seal.h"
#include "check/seal_key.h"
#include "check/seal_text.h"
#include "dkim_signer.h"
#include "dns/zone.h"
#include "mail/message.h"
#include "session/transaction.h"
#include "setup/setup.h"

#define NOW 1700000000

enum { RSA1024, RSA2048, RSA512, RSA4096, ED25519, KEYS };

static struct arena *mem;
static EVP_PKEY *pkeys[KEYS];
static char dir[] = "/tmp/assay-seal-XXXXXX";

/* --- files --- */

static const char *in_dir(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void write_text(const char *path, const char *text, size_t n,
    mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void write_key(const char *name, EVP_PKEY *key, const char *passphrase)
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

static int set_up_keys(void **state)
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

static int tear_down_keys(void **state)
{
	char command[128];

	(void)state;
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(pkeys[i]);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(65536);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

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

/* --- sealers --- */

static struct sealer *new_sealer(const char *key, const char *domain,
    const char *const *fields, size_t count)
{
	const struct seal_options o = { .domain = domain, .selector = "sel",
		.key_file = in_dir(key), .owner = geteuid(),
		.fields = fields, .field_count = count };
	struct error err = { "" };
	struct sealer *s = sealer_new(&o, NULL, &err);

	if (s == NULL)
		fail_msg("%s", err.text);
	return s;
}

static void publish(struct buf *zone, int key, const char *domain)
{
	char name[128], record[1024];
	char *p = signer_info(pkeys[key]);

	snprintf(name, sizeof(name), "sel._domainkey.%s", domain);
	snprintf(record, sizeof(record), "v=DKIM1; k=rsa; p=%s", p);
	signer_publish(zone, name, record);
	free(p);
}

static void test_field_names(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "From", true }, { "X-Mailer", true }, { "List-Id", true },
		{ "DKIM-Signature", true },
		{ "Authentication-Results", false },
		{ "authentication-results", false },
		{ "ARC-Seal", false }, { "arc-message-signature", false },
		{ "Return-Path", false }, { "", false }, { "a:b", false },
		{ "a;b", false }, { "a b", false }, { "a\r\n b", false },
		{ "\303\244", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (seal_field_check(rows[i].name, NULL) != rows[i].good)
			fail_msg("\"%s\"", rows[i].name);
}

static void put(struct header *h, const char *name, const char *value)
{
	header_append(h, mem, slice_of(name), slice_of(value));
}

static void test_names(void **state)
{
	static const char *const fields[] = { "To", "subject", "TO",
		"DKIM-Signature" };
	struct sealer *s = new_sealer("rsa1024", "a.example.com", fields, 4);
	struct header h = { .count = 0 };
	size_t colons = 0;

	(void)state;
	assert_string_equal(sealer_names(s, mem, &h), "From");
	put(&h, "From", " a@example.com");
	put(&h, "to ", " b@example.com");
	put(&h, "X-Other", " c");
	put(&h, "DKIM-Signature", " v=1");
	put(&h, "DKIM-Signature", " v=1");
	assert_string_equal(sealer_names(s, mem, &h),
	    "From:From:To:DKIM-Signature:DKIM-Signature");
	for (int i = 0; i < 3000; i++)
		put(&h, "Subject", " x");
	for (const char *p = sealer_names(s, mem, &h); *p != '\0'; p++)
		colons += *p == ':';
	assert_int_equal(colons, 5 + 20 - 1);
	sealer_free(s);
}

static size_t longest_line(const char *field, const char *value)
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

/* --- chains of our own --- */

struct hop {
	struct header header;
	const char *body;
	struct arc_finding found;
};

static struct arc_finding validate(const struct hop *hop,
    const struct buf *zone)
{
	struct arc_question question = { .header = &hop->header,
		.minimum_bits = 1024, .now = NOW };
	struct seal_body *body = seal_body_new(mem);
	struct error err = { "" };
	struct resolver *r = zone_resolver(buf_slice(zone), "zone", &err);
	struct arc_finding found;
	struct arc_work *w;

	if (r == NULL)
		fail_msg("%s", err.text);
	w = arc_begin(mem, inquiry_new(mem, r, NULL, NULL), &question,
	    &found);
	arc_feed(w, hop->body, strlen(hop->body));
	arc_conclude(w);
	for (const char *p = hop->body; *p != '\0'; p++)
		seal_body_feed(body, p, 1);
	found.body_hash = seal_body_end(body);
	resolver_free(r);
	return found;
}

static struct hop first_hop(void)
{
	struct hop hop = { .body = "Hello,  world. \r\n\r\n\r\n" };

	put(&hop.header, "Received", " from a\r\n\tby b");
	put(&hop.header, "From", " Joe <joe@example.com>");
	put(&hop.header, "To", " list@example.org");
	put(&hop.header, "Subject", "  is \r\n dinner\tready?");
	return hop;
}

static struct seal try_seal(const struct sealer *s, const struct hop *hop)
{
	struct seal seal;

	arc_seal(s, mem, &(struct seal_request){
		.header = &hop->header,
		.found = &hop->found,
		.names = sealer_names(s, mem, &hop->header),
		.results = " mx.example.net;\r\n spf=pass smtp.mailfrom=a.b",
		.now = NOW,
	}, &seal);
	assert_int_equal(ERR_peek_error(), 0);
	return seal;
}

/* The next hop's header: the set on top. */
static void seal_hop(const struct sealer *s, struct hop *hop)
{
	struct seal seal = try_seal(s, hop);
	struct header next = { .count = 0 };

	if (seal.answer != SEAL_DONE)
		fail_msg("i=%u: %s", seal.instance, seal.reason);
	for (int p = ARC_SEAL; p >= ARC_RESULTS; p--) {
		const char *name = name_word(arc_part_names, p);

		put(&next, name, seal.values[p]);
		if (longest_line(name, seal.values[p]) > 77)
			fail_msg("%s", seal.values[p]);
	}
	for (size_t i = 0; i < hop->header.count; i++)
		header_append(&next, mem, hop->header.fields[i].name,
		    hop->header.fields[i].value);
	hop->header = next;
}

static const char *top(const struct hop *hop, size_t i)
{
	return arena_strndup(mem, hop->header.fields[i].value.data,
	    hop->header.fields[i].value.len);
}

/* Fifty sealers, three keys; then there is no place for one more. */
static void test_chain(void **state)
{
	static const struct {
		const char *key, *domain;
		int number;
	} keys[] = {
		{ "rsa1024", "one.example.com", RSA1024 },
		{ "rsa2048", "two.example.com", RSA2048 },
		{ "rsa4096", "three.example.com", RSA4096 },
	};
	static const char *const fields[] = { "To", "Subject" };
	struct sealer *sealers[3];
	struct hop hop = first_hop();
	struct buf zone = { 0 };
	struct seal seal;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		sealers[i] = new_sealer(keys[i].key, keys[i].domain, fields,
		    2);
		publish(&zone, keys[i].number, keys[i].domain);
	}
	hop.found = validate(&hop, &zone);
	assert_int_equal(hop.found.code, AUTH_NONE);
	for (unsigned i = 1; i <= 50; i++) {
		seal_hop(sealers[i % 3], &hop);
		put(&hop.header, "X-Trace", " not covered");
		hop.found = validate(&hop, &zone);
		if (hop.found.code != AUTH_PASS || hop.found.instances != i)
			fail_msg("after %u: %s", i, hop.found.reason);
		assert_string_equal(hop.found.sealers[0].domain,
		    keys[i % 3].domain);
		assert_int_equal(hop.found.oldest_pass, 0);
		if (i == 1) {
			assert_int_equal(strncmp(top(&hop, 0),
			    " i=1; a=rsa-sha256; t=1700000000; cv=none; ", 43),
			    0);
			assert_int_equal(strncmp(top(&hop, 2),
			    " i=1; mx.example.net;\r\n spf=pass", 32), 0);
		}
	}
	seal = try_seal(sealers[0], &hop);
	assert_int_equal(seal.answer, SEAL_NOT_ALLOWED);
	assert_string_equal(seal.reason, "there are 50 ARC sets already");
	for (size_t i = 0; i < 3; i++)
		sealer_free(sealers[i]);
	buf_free(&zone);
}

/* What came in is judged by what came in: a seal says cv=fail, over its own set
 * alone, and then nobody seals any more. */
static void test_broken_chain(void **state)
{
	struct sealer *s = new_sealer("rsa2048", "two.example.com", NULL, 0);
	struct hop hop = first_hop();
	struct buf zone = { 0 }, text = { 0 };
	unsigned char raw[512];
	const char *b, *value;
	char digits[1024];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct seal seal;
	size_t n = 0;

	(void)state;
	publish(&zone, RSA2048, "two.example.com");
	hop.found = validate(&hop, &zone);
	seal_hop(s, &hop);
	hop.body = "Another body.\r\n";
	hop.found = validate(&hop, &zone);
	assert_int_equal(hop.found.code, AUTH_FAIL);
	seal_hop(s, &hop);
	value = top(&hop, 0);
	assert_non_null(strstr(value, "i=2; a=rsa-sha256; t=1700000000; "
	    "cv=fail; "));

	/* By OpenSSL and a canonicalization of its own. */
	for (int i = 2; i > 0; i--) {
		struct slice name = hop.header.fields[i].name;

		signer_header(&text, name.data, name.len, top(&hop, (size_t)i),
		    true);
		buf_adds(&text, "\r\n");
	}
	b = strstr(value, " b=") + 3;
	signer_header(&text, "ARC-Seal", 8, arena_strndup(mem, value,
	    (size_t)(b - value)), true);
	for (const char *p = b; *p != '\0'; p++)
		if (strchr(" \r\n", *p) == NULL)
			digits[n++] = *p;
	EVP_DecodeBlock(raw, (unsigned char *)digits, (int)n);
	assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL,
	    pkeys[RSA2048]), 1);
	assert_int_equal(EVP_DigestVerify(md, raw, 256,
	    (unsigned char *)text.data, text.len), 1);
	EVP_MD_CTX_free(md);

	hop.found = validate(&hop, &zone);
	assert_int_equal(hop.found.code, AUTH_FAIL);
	seal = try_seal(s, &hop);
	assert_int_equal(seal.answer, SEAL_NOT_ALLOWED);
	assert_non_null(strstr(seal.reason, "says cv=fail"));
	sealer_free(s);
	buf_free(&zone);
	buf_free(&text);
}

enum trap { NO_RESULTS, NO_KEY, NO_RECORD, CONTROL, NO_BODY, NOT_VALIDATED,
	GIANT };

static void set_trap(struct hop *hop, enum trap trap, const struct buf *zone)
{
	struct buf other = { 0 };

	switch (trap) {
	case NO_RESULTS:
		hop->header.fields[2].name = SLICE("X-Was-Results");
		hop->found = validate(hop, zone);
		return;
	case NO_KEY:
	case NO_RECORD:
		buf_adds(&other, trap == NO_RECORD ? "example.com A 1.2.3.4\n" :
		    "sel._domainkey.one.example.com STATUS servfail\n");
		hop->found = validate(hop, &other);
		buf_free(&other);
		return;
	case CONTROL:
		header_append(&hop->header, mem, SLICE("Subject"),
		    SLICE(" a\0b"));
		return;
	case NO_BODY:
		hop->found.body_hash = NULL;
		return;
	case NOT_VALIDATED:
		hop->found.instances++;
		return;
	case GIANT:
		return;
	}
}

static void test_no_seal(void **state)
{
	static const struct {
		const char *label;
		enum trap trap;
		enum seal_answer answer;
		const char *reason;     /* NULL: sealed */
	} rows[] = {
		{ "broken form", NO_RESULTS, SEAL_NOT_ALLOWED,
		  "there is no ARC-Authentication-Results with i=1" },
		{ "DNS failed", NO_KEY, SEAL_NOT_ALLOWED, "the DNS did not" },
		{ "key is gone", NO_RECORD, SEAL_DONE, NULL },
		{ "NUL", CONTROL, SEAL_NOT_ALLOWED, "control characters" },
		{ "no hash", NO_BODY, SEAL_TROUBLE, "not hashed" },
		{ "other sets", NOT_VALIDATED, SEAL_NOT_ALLOWED,
		  "not those that were validated" },
		{ "giant h=", GIANT, SEAL_TROUBLE, "" },
	};
	static const char *const fields[] = { "Subject" };
	struct sealer *s = new_sealer("rsa1024", "one.example.com", fields, 1);
	const char *giant[900];
	struct sealer *large;
	struct buf zone = { 0 };

	(void)state;
	publish(&zone, RSA1024, "one.example.com");
	for (size_t i = 0; i < 900; i++)
		giant[i] = arena_printf(mem, "X-Field-Of-Great-Length-%zu", i);
	large = new_sealer("rsa1024", "one.example.com", giant, 900);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hop hop = first_hop();
		struct seal seal;

		for (size_t k = 0; k < 900 && rows[i].trap == GIANT; k++)
			put(&hop.header, giant[k], " x");
		hop.found = validate(&hop, &zone);
		seal_hop(s, &hop);
		hop.found = validate(&hop, &zone);
		assert_int_equal(hop.found.code, AUTH_PASS);
		set_trap(&hop, rows[i].trap, &zone);
		seal = try_seal(rows[i].trap == GIANT ? large : s, &hop);
		if (seal.answer != rows[i].answer ||
		    (rows[i].reason != NULL &&
		    strstr(seal.reason, rows[i].reason) == NULL))
			fail_msg("%s: %s", rows[i].label,
			    seal.reason != NULL ? seal.reason : "sealed");
	}
	sealer_free(large);
	sealer_free(s);
	buf_free(&zone);
}

/* --- whole sessions --- */

static const char policy_text[] =
    "rule no { when subject matches \"*refuse*\" reject 550 5.7.1 \"no\" }\n"
    "rule drop { when subject matches \"*drop*\" discard }\n"
    "rule later { when subject matches \"*later*\" tempfail 451 4.7.1 \"x\" }\n"
    "rule hold { when subject matches \"*hold*\" quarantine \"look\" }\n"
    "rule mark { when subject matches \"*mark*\"\n"
    "	tag header \"X-Spam-Flag\" \"YES\" subject \"[mark] \" }\n"
    "default accept\n";

static const char *const session_fields[] = { "Subject", "X-Spam-Flag", "To",
	"Authentication-Results-Of-Others" };

static struct kit *new_kit(const char *key, const char *domain,
    const struct buf *zone)
{
	struct seal_options seal = { .domain = domain, .selector = "sel",
		.key_file = key != NULL ? in_dir(key) : NULL,
		.owner = geteuid(), .fields = session_fields,
		.field_count = 4 };
	struct check_options o = check_defaults;
	struct policy_report report = { 0 };
	struct kit *k = kit_new();
	struct network *relay = arena_array(k->mem, 1, sizeof(*relay));
	struct error err = { "" };

	assert_true(network_parse(slice_of("198.51.100.0/24"), relay, NULL));
	o.authserv_id = arena_printf(k->mem, "mx.%s", domain);
	o.seal = key != NULL ? &seal : NULL;
	k->options = (struct session_options){
		.authserv_id = o.authserv_id,
		.trusted_relays = { relay, 1 },
		.limits = { 100, 20000, 4 },
		.dns = { .budget_ms = 2000, .query_ms = 1000 },
	};
	k->resolver = zone_resolver(buf_slice(zone), "zone", &err);
	k->checks = check_env_new(&o, NULL, &err);
	k->policy = policy_load_text(policy_text, strlen(policy_text), "test",
	    NULL, &report);
	if (k->resolver == NULL || k->checks == NULL || k->policy == NULL)
		fail_msg("%s%s", err.text, buf_text(&report.text));
	policy_report_free(&report);
	k->clock.fixed = NOW;
	return k;
}

/* A message as it travels. */
struct mail {
	const char *header;             /* fields ended by CRLF */
	const char *body;
};

static const struct outcome *play(struct connection *c, const char *user,
    const struct mail *m)
{
	struct message cut;

	transaction_mail(c, &(struct mail_event){ .path = "<a@example.com>",
		.auth_user = user });
	transaction_rcpt(c, "<b@example.org>");
	message_cut(mem, slice_of(arena_printf(mem, "%s\r\n%s", m->header,
	    m->body)), &cut);
	for (size_t i = 0; i < cut.header.count; i++)
		transaction_header(c, cut.header.fields[i].name,
		    cut.header.fields[i].value);
	transaction_headers_done(c);
	transaction_body(c, cut.body.data, cut.body.len);
	return transaction_conclude(c, "Q1");
}

static struct connection *greet(struct kit *k, const char *ip)
{
	struct client client = { .name = NULL };
	struct connection *c;

	assert_true(ip_parse(slice_of(ip), &client.address));
	c = connection_open(k, &client);
	connection_helo(c, "mail.example.com");
	return c;
}

static bool is_removed(const struct outcome *o, const struct field *f)
{
	for (size_t i = 0; i < o->removed_count; i++)
		if (slice_is_nocase(f->name, o->removed[i].name) &&
		    f->instance == o->removed[i].index)
			return true;
	return false;
}

/* What the MTA makes of the outcome; it folds with a tab. */
static struct mail as_sent(const struct outcome *o, const struct mail *m)
{
	const struct header *h = &o->evidence->header;
	struct buf b = { 0 };
	struct mail sent = { .body = m->body };

	for (size_t i = 0; i < o->added_count; i++) {
		assert_int_equal(o->added[i].index, i);
		buf_addf(&b, "%s:%s\r\n", o->added[i].name,
		    o->added[i].value);
	}
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] == '\n' && b.data[i + 1] == ' ')
			b.data[i + 1] = '\t';
	for (size_t i = 0; i < h->count; i++) {
		const struct field *f = &h->fields[i];
		bool changed = o->changed_count > 0 &&
		    slice_is_nocase(f->name, o->changed[0].name) &&
		    f->instance == o->changed[0].index;

		if (is_removed(o, f))
			continue;
		buf_addf(&b, "%.*s:", (int)f->name.len, f->name.data);
		if (changed)
			buf_adds(&b, o->changed[0].value);
		else
			buf_add(&b, f->value.data, f->value.len);
		buf_adds(&b, "\r\n");
	}
	sent.header = arena_strdup(mem, buf_text(&b));
	buf_free(&b);
	return sent;
}

static const struct mail fresh = {
	"Authentication-Results: mx.one.example.com; dmarc=pass\r\n"
	"X-Spam-Flag: forged\r\n"
	"Assay-Result: forged\r\n"
	"From: a@example.com\r\nTo: b@example.org\r\n"
	"Subject: please\r\n mark this\r\n", "hello \r\n\r\n",
};

/* Does the next host believe it? */
static void test_sessions(void **state)
{
	struct buf zone = { 0 };
	struct kit *one, *two;
	struct connection *c, *d;
	const struct outcome *o;
	struct mail m = fresh;

	(void)state;
	publish(&zone, RSA1024, "one.example.com");
	publish(&zone, RSA2048, "two.example.com");
	one = new_kit("rsa1024", "one.example.com", &zone);
	two = new_kit("rsa2048", "two.example.com", &zone);
	c = greet(one, "192.0.2.1");
	d = greet(two, "192.0.2.2");
	for (unsigned round = 1; round <= 6; round++) {
		static const char *const order[] = { "ARC-Seal",
			"ARC-Message-Signature", "ARC-Authentication-Results",
			"Authentication-Results", "Assay-Result",
			"X-Spam-Flag" };
		const char *results;

		o = play(round % 2 ? c : d, NULL, &m);
		if (o->sealed != round || o->unsealed != NULL)
			fail_msg("%u: %s", round, o->unsealed);
		assert_int_equal(o->added_count, 6);
		for (size_t i = 0; i < 6; i++)
			assert_string_equal(o->added[i].name, order[i]);
		results = arena_printf(mem, " i=%u;%s", round,
		    o->added[3].value);
		assert_string_equal(o->added[2].value, results);
		assert_int_equal(o->findings->arc.code,
		    round == 1 ? AUTH_NONE : AUTH_PASS);
		assert_int_equal(o->changed_count, round == 1);
		m = as_sent(o, &m);
		transaction_end(round % 2 ? c : d);
	}
	/* Somebody alters what is covered on its way. */
	for (int round = 0; round < 2; round++) {
		m.body = "changed\r\n";
		o = play(c, NULL, &m);
		assert_int_equal(o->findings->arc.code, AUTH_FAIL);
		assert_int_equal(o->sealed, round == 0 ? 7 : 0);
		if (round == 0)
			assert_non_null(strstr(o->added[0].value, "cv=fail"));
		else
			assert_non_null(strstr(o->unsealed, "says cv=fail"));
		m = as_sent(o, &m);
		transaction_end(c);
	}
	connection_close(c);
	connection_close(d);
	kit_drop(one);
	kit_drop(two);
	buf_free(&zone);
}

static void test_who_is_sealed(void **state)
{
	static const struct {
		const char *label, *ip, *user, *subject;
		bool sealed;
		const char *unsealed;
	} rows[] = {
		{ "outside", "192.0.2.1", NULL, "hi", true, NULL },
		{ "through a relay", "198.51.100.1", NULL, "hi", true, NULL },
		{ "held", "192.0.2.1", NULL, "hold", true, NULL },
		{ "tagged", "192.0.2.1", NULL, "mark", true, NULL },
		{ "local", "127.0.0.1", NULL, "hi", false, NULL },
		{ "our user", "192.0.2.1", "joe", "hi", false, NULL },
		{ "refused", "192.0.2.1", NULL, "refuse", false, NULL },
		{ "deferred", "192.0.2.1", NULL, "later", false, NULL },
		{ "dropped", "192.0.2.1", NULL, "drop", false, NULL },
		{ "giant", "192.0.2.1", NULL, NULL, false, "than our limits" },
	};
	struct buf zone = { 0 }, giant = { 0 };
	struct kit *k, *off;

	(void)state;
	publish(&zone, RSA1024, "one.example.com");
	k = new_kit("rsa1024", "one.example.com", &zone);
	off = new_kit(NULL, "one.example.com", &zone);
	for (int i = 0; i < 200; i++)
		buf_adds(&giant, "X: y\r\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mail m = { .body = "x\r\n" };
		struct connection *c = greet(k, rows[i].ip);
		const struct outcome *o;

		m.header = rows[i].subject == NULL ? buf_text(&giant) :
		    arena_printf(mem, "From: a@example.com\r\nSubject: %s\r\n",
		    rows[i].subject);
		o = play(c, rows[i].user, &m);
		if ((o->sealed == 1) != rows[i].sealed ||
		    (o->unsealed != NULL) != (rows[i].unsealed != NULL) ||
		    (strcmp(o->added[0].name, "ARC-Seal") == 0) !=
		    rows[i].sealed)
			fail_msg("%s: %u %s", rows[i].label, o->sealed,
			    o->unsealed != NULL ? o->unsealed : "");
		if (rows[i].unsealed != NULL)
			assert_non_null(strstr(o->unsealed, rows[i].unsealed));
		connection_close(c);
		c = greet(off, rows[i].ip);
		o = play(c, rows[i].user, &m);
		assert_int_equal(o->sealed, 0);
		assert_null(o->unsealed);
		assert_string_equal(o->added[0].name,
		    "Authentication-Results");
		assert_null(o->findings->arc.body_hash);
		connection_close(c);
	}
	kit_drop(k);
	kit_drop(off);
	buf_free(&zone);
	buf_free(&giant);
}

/* --- another implementation --- */

static const char foreign_text[] =
    "import sys\n"
    "try:\n"
    "    import dkim\n"
    "except ImportError:\n"
    "    sys.exit(77)\n"
    "keys = dict(l.rstrip(b'\\n').split(b' ', 1)\n"
    "    for l in open(sys.argv[2], 'rb'))\n"
    "def txt(name, timeout=5):\n"
    "    return keys.get(name.rstrip(b'.'))\n"
    "m = open(sys.argv[1], 'rb').read()\n"
    "cv, results, why = dkim.arc_verify(m, dnsfunc=txt)\n"
    "print(cv, why)\n"
    "sys.exit(0 if cv == b'pass' and len(results) == 2 else 1)\n";

/* dkimpy, if it is here: it shares nothing with us. */
static void test_foreign_verifier(void **state)
{
	static const char *const domains[] = { "one.example.com",
		"two.example.com" };
	static const int numbers[] = { RSA1024, RSA2048 };
	struct buf zone = { 0 }, keys = { 0 };
	struct mail m = fresh;
	char command[512], *text;
	int status;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *p = signer_info(pkeys[numbers[i]]);

		publish(&zone, numbers[i], domains[i]);
		buf_addf(&keys, "sel._domainkey.%s v=DKIM1; p=%s\n",
		    domains[i], p);
		free(p);
	}
	for (size_t i = 0; i < 2; i++) {
		struct kit *k = new_kit(i == 0 ? "rsa1024" : "rsa2048",
		    domains[i], &zone);
		struct connection *c = greet(k, "192.0.2.1");

		m = as_sent(play(c, NULL, &m), &m);
		connection_close(c);
		kit_drop(k);
	}
	text = arena_printf(mem, "%s\r\n%s", m.header, m.body);
	write_text(in_dir("mail"), text, strlen(text), 0600);
	write_text(in_dir("keys"), keys.data, keys.len, 0600);
	write_text(in_dir("verify.py"), foreign_text, strlen(foreign_text),
	    0600);
	snprintf(command, sizeof(command), "/usr/bin/python3 %s %s %s >%s 2>&1",
	    in_dir("verify.py"), in_dir("mail"), in_dir("keys"),
	    in_dir("said"));
	status = system(command);
	buf_free(&zone);
	buf_free(&keys);
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 ||
	    WEXITSTATUS(status) == 127))
		skip();
	if (status != 0) {
		snprintf(command, sizeof(command), "cat %s >&2",
		    in_dir("said"));
		fail_msg("dkimpy: status %d; %d", status, system(command));
	}
}

/* --- configuration --- */

static void test_setup(void **state)
{
	static const struct {
		const char *label, *conf, *problem;
	} rows[] = {
		{ "off", "arc { domain = example.com }", NULL },
		{ "whole", "arc { seal = yes domain = Example.COM selector = s"
		  " key-file = \"%s/rsa2048\" }", NULL },
		{ "few fields", "arc { seal = yes domain = example.com "
		  "selector = s key-file = \"%s/rsa2048\" fields = { Subject }"
		  " }", NULL },
		{ "no domain", "arc { seal = yes selector = s key-file = "
		  "\"%s/rsa2048\" }", "arc.seal needs arc.domain" },
		{ "no selector", "arc { seal = yes domain = example.com "
		  "key-file = \"%s/rsa2048\" }", "arc.seal needs arc.selector" },
		{ "no key", "arc { seal = yes domain = example.com selector = s"
		  " }", "arc.seal needs arc.key-file" },
		{ "key is gone", "arc { seal = yes domain = example.com "
		  "selector = s key-file = \"%s/gone\" }",
		  "/gone: No such file" },
		{ "one label", "arc { domain = com }", "domain that can sign" },
		{ "selector", "arc { selector = \"a b\" }", "no selector" },
		{ "field", "arc { fields = { ARC-Seal } }", "must not be" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf problems = { 0 }, text = { 0 };
		struct kit *k = NULL;
		struct conf c;

		buf_adds(&text, "authserv-id = mx.example.com\npolicy = \""
		    ASSAY_SOURCE "/policy/observe.policy\"\n");
		for (const char *p = rows[i].conf; *p != '\0'; p++)
			if (p[0] == '%' && *++p == 's')
				buf_adds(&text, dir);
			else
				buf_addc(&text, *p);
		write_text(in_dir("conf"), text.data, text.len, 0600);
		write_text(in_dir("zone"), "a.example.com A 192.0.2.1\n", 26,
		    0600);
		if (conf_read(&c, in_dir("conf"), &problems))
			k = setup_kit(&c, in_dir("zone"), NULL, &problems);
		if ((k != NULL) != (rows[i].problem == NULL) ||
		    (k == NULL && strstr(buf_text(&problems),
		    rows[i].problem) == NULL))
			fail_msg("%s: %s", rows[i].label, buf_text(&problems));
		if (k != NULL)
			assert_int_equal(check_env_sealer(k->checks) != NULL,
			    i > 0);
		kit_drop(k);
		conf_free(&c);
		buf_free(&problems);
		buf_free(&text);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_key_files),
		TEST(test_key_owner),
		TEST(test_threads),
		TEST(test_field_names),
		TEST(test_names),
		TEST(test_folding),
		TEST(test_chain),
		TEST(test_broken_chain),
		TEST(test_no_seal),
		TEST(test_sessions),
		TEST(test_who_is_sealed),
		TEST(test_foreign_verifier),
		TEST(test_setup),
	};

	return cmocka_run_group_tests(tests, set_up_keys, tear_down_keys);
}
