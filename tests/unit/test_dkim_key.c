/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/dkim/key.h"
#include "check/dkim/rsa.h"
#include "dns/zone.h"
#include "dkim_signer.h"

static struct arena *mem;
static EVP_PKEY *rsa2048, *ed25519;
static char *info2048, *plain2048, *raw25519, *info25519;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(4096);
	rsa2048 = signer_rsa(2048);
	ed25519 = signer_ed25519();
	info2048 = signer_info(rsa2048);
	plain2048 = signer_plain(rsa2048);
	raw25519 = signer_raw(ed25519);
	info25519 = signer_info(ed25519);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(info2048);
	free(plain2048);
	free(raw25519);
	free(info25519);
	EVP_PKEY_free(rsa2048);
	EVP_PKEY_free(ed25519);
	arena_free(mem);
	return 0;
}

static void parse(struct dkim_key *k, const char *before, const char *p,
    const char *after)
{
	dkim_key_parse(mem, slice_of(arena_printf(mem, "%s%s%s", before, p,
	    after)), k);
}

static const char ED_RAW[] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

static const struct row {
	const char *label, *record;
	enum dkim_cause cause;
	const char *reason;
} rows[] = {
	{ "plain", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrw"
	    "IaaPcHURo=", 0, NULL },
	{ "no version", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPc"
	    "HURo=;", 0, NULL },
	{ "blanks in p", "v=DKIM1;k=ed25519;p=11qYAYKxCrfVS/7 TyWQHOg7hcvPap"
	    "iMlrwI\taaPcHURo=", 0, NULL },
	{ "unknown tags", "v=DKIM1; g=*; x_y=1; k=ed25519; n=hello there; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", 0, NULL },
	{ "empty", "", DKIM_CAUSE_KEY_SYNTAX, "empty" },
	{ "other record", "google-site-verification=abc",
	    DKIM_CAUSE_KEY_SYNTAX, "no tag" },
	{ "no p", "v=DKIM1; k=rsa", DKIM_CAUSE_KEY_SYNTAX, "p= missing" },
	{ "revoked", "v=DKIM1; k=rsa; p=", DKIM_CAUSE_REVOKED, "revoked" },
	{ "revoked with blank", "p= ;", DKIM_CAUSE_REVOKED, "revoked" },
	{ "v late", "k=ed25519; v=DKIM1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrw"
	    "IaaPcHURo=", DKIM_CAUSE_KEY_SYNTAX, "first" },
	{ "v behind unknown", "x=1; v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQ"
	    "HOg7hcvPapiMlrwIaaPcHURo=", DKIM_CAUSE_KEY_SYNTAX, "first" },
	{ "v=DKIM2", "v=DKIM2; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "v=" },
	{ "v=DKIM1.0", "v=DKIM1.0; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "v=" },
	{ "v=dkim1", "v=dkim1; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "v=" },
	{ "duplicate p", "p=AAAA; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "twice" },
	{ "unknown type", "k=dsa; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "k=" },
	{ "upper-case type", "k=RSA; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "k=" },
	{ "p junk", "p=AA*A", DKIM_CAUSE_KEY_SYNTAX, "base64" },
	{ "p unpadded", "p=AAA", DKIM_CAUSE_KEY_SYNTAX, "base64" },
	{ "p no DER", "p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "DER" },
	{ "p escaped semicolon", "v=DKIM1\\; k=rsa\\; p=AAAA",
	    DKIM_CAUSE_KEY_SYNTAX, "v=" },
	{ "h empty", "h=; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "h=" },
	{ "s odd", "s=e mail; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "s=" },
	{ "t odd", "t=y:; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "t=" },
	{ "8-bit", "n=\xff; p=AAAA", DKIM_CAUSE_KEY_SYNTAX, "octet" },
	{ "ed25519 of 31", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIa"
	    "aPcHUQ==", DKIM_CAUSE_KEY_SYNTAX, "32" },
	{ "ed25519 of 33", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIa"
	    "aPcHURoA", DKIM_CAUSE_KEY_SYNTAX, "32" },
	{ "ed25519 as rsa", "k=rsa; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPc"
	    "HURo=", DKIM_CAUSE_KEY_SYNTAX, "DER" },
};

static const char *library_record(const struct dkim_key *k)
{
	return dkim_key_library_record(mem, k, DKIM_LIBRARY_ROOM);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct dkim_key k;

		parse(&k, r->record, "", "");
		if (k.cause != r->cause || (r->reason == NULL) !=
		    (k.reason == NULL) ||
		    (r->reason && !strstr(k.reason, r->reason)))
			fail_msg("%s: cause %d, %s", r->label, (int)k.cause,
			    k.reason ? k.reason : "no reason");
		assert_string_equal(k.record, r->record);
		if (k.cause != DKIM_CAUSE_NONE)
			continue;
		assert_int_equal(k.bits, 256);
		assert_string_equal(library_record(&k), arena_printf(mem,
		    "v=DKIM1; k=ed25519; p=%s", ED_RAW));
	}
}

static void test_rsa(void **state)
{
	struct dkim_key k;
	char *want = arena_printf(mem, "v=DKIM1; k=rsa; p=%s", info2048);
	const unsigned char *der;
	EVP_PKEY *back;

	(void)state;
	parse(&k, "v=DKIM1; k=rsa; h=sha1:sha256; s=email; t=y:s:x; n=a b; p=",
	    info2048, "");
	assert_int_equal(k.cause, DKIM_CAUSE_NONE);
	assert_int_equal(k.bits, 2048);
	assert_true(k.sha256 && k.email && k.testing && k.no_subdomain);
	assert_string_equal(library_record(&k), want);

	/* PKCS#1 is wrapped: the same key, the same record. */
	parse(&k, "p=", plain2048, "");
	assert_int_equal(k.cause, DKIM_CAUSE_NONE);
	assert_int_equal(k.bits, 2048);
	assert_false(k.testing || k.no_subdomain);
	assert_string_equal(library_record(&k), want);
	der = k.material.data;
	back = d2i_PUBKEY(NULL, &der, (long)k.material.len);
	assert_non_null(back);
	assert_int_equal(EVP_PKEY_eq(back, rsa2048), 1);
	EVP_PKEY_free(back);

	/* the wrong wrapping */
	parse(&k, "k=ed25519; p=", info25519, "");
	assert_int_equal(k.cause, DKIM_CAUSE_KEY_SYNTAX);
	parse(&k, "k=rsa; p=", info25519, "");
	assert_int_equal(k.cause, DKIM_CAUSE_KEY_SYNTAX);
	assert_non_null(strstr(k.reason, "not an RSA key"));
}

static void test_sizes(void **state)
{
	static const unsigned sizes[] = { 512, 1023, 1024, 1025, 3072 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		EVP_PKEY *key = signer_rsa(sizes[i]);
		char *info = signer_info(key);
		struct dkim_key k;
		size_t room;

		parse(&k, "p=", info, "");
		if (k.cause != DKIM_CAUSE_NONE || k.bits != sizes[i])
			fail_msg("%u: %u bits, %s", sizes[i], k.bits,
			    k.reason ? k.reason : "");
		assert_string_equal(library_record(&k) + strlen(
		    "v=DKIM1; k=rsa; p="), info);
		room = strlen(library_record(&k));
		assert_null(dkim_key_library_record(mem, &k, room));
		assert_non_null(dkim_key_library_record(mem, &k, room + 1));
		free(info);
		EVP_PKEY_free(key);
	}
}

/* A modulus of n octets, as DER by the writer under test and by OpenSSL. */
static void test_long(void **state)
{
	static unsigned char modulus[2050];
	static const unsigned char e[] = { 1, 0, 1 };
	struct dkim_rsa rsa, back;
	const char *reason;

	(void)state;
	memset(modulus, 0xff, sizeof(modulus));
	for (size_t n = 120; n <= 2048; n += 8) {
		struct octets der;
		const unsigned char *p;
		EVP_PKEY *key;

		rsa = (struct dkim_rsa){ .modulus = { modulus, n },
			.exponent = { e, 3 } };
		modulus[0] = n % 16 ? 0x7f : 0xff;
		der = dkim_rsa_write(mem, &rsa);
		p = der.data;
		key = d2i_PUBKEY(NULL, &p, (long)der.len);
		assert_non_null(key);
		assert_true(dkim_rsa_read(der, &back, &reason));
		assert_int_equal(back.bits, EVP_PKEY_get_bits(key));
		assert_int_equal(back.modulus.len, n);
		EVP_PKEY_free(key);
	}
	/* over 1024 octets of record: not for libopendkim */
	rsa.modulus.len = 1024;
	struct octets der = dkim_rsa_write(mem, &rsa);
	struct dkim_key k;

	parse(&k, "p=", dkim_base64_text(mem, der.data, der.len), "");
	assert_int_equal(k.cause, DKIM_CAUSE_NONE);
	assert_null(library_record(&k));
	rsa.modulus.len = 2050;
	assert_false(dkim_rsa_read(dkim_rsa_write(mem, &rsa), &back, &reason));
}

static const struct der_row {
	const char *label;
	unsigned char der[32];
	size_t len;
	bool good;
} der_rows[] = {
	{ "n=15 e=3", { 0x30, 6, 2, 1, 15, 2, 1, 3 }, 8, true },
	{ "sign octet", { 0x30, 7, 2, 2, 0, 0x8f, 2, 1, 3 }, 9, true },
	{ "negative", { 0x30, 6, 2, 1, 0x8f, 2, 1, 3 }, 8, false },
	{ "needless zero", { 0x30, 7, 2, 2, 0, 15, 2, 1, 3 }, 9, false },
	{ "zero", { 0x30, 6, 2, 1, 0, 2, 1, 3 }, 8, false },
	{ "empty integer", { 0x30, 5, 2, 0, 2, 1, 3 }, 7, false },
	{ "even modulus", { 0x30, 6, 2, 1, 14, 2, 1, 3 }, 8, false },
	{ "e=1", { 0x30, 6, 2, 1, 15, 2, 1, 1 }, 8, false },
	{ "e=4", { 0x30, 6, 2, 1, 15, 2, 1, 4 }, 8, false },
	{ "e of 9 octets", { 0x30, 14, 2, 1, 15, 2, 9, 1, 0, 0, 0, 0, 0, 0, 0,
	    1 }, 16, false },
	{ "long length", { 0x30, 0x81, 6, 2, 1, 15, 2, 1, 3 }, 9, false },
	{ "indefinite", { 0x30, 0x80, 2, 1, 15, 2, 1, 3, 0, 0 }, 10, false },
	{ "behind the end", { 0x30, 6, 2, 1, 15, 2, 1, 3, 0 }, 9, false },
	{ "third number", { 0x30, 9, 2, 1, 15, 2, 1, 3, 2, 1, 3 }, 11, false },
	{ "cut", { 0x30, 6, 2, 1, 15, 2, 1 }, 7, false },
	{ "huge length", { 0x30, 0x84, 0xff, 0xff, 0xff, 0xff }, 6, false },
	{ "length at the end", { 0x30, 0x82, 1 }, 3, false },
	{ "tag alone", { 0x30 }, 1, false },
	{ "nothing", { 0 }, 0, false },
	{ "empty sequence", { 0x30, 0 }, 2, false },
	{ "number behind the end", { 0x30, 5, 2, 1, 15, 2, 1 }, 7, false },
	{ "long number behind the end", { 0x30, 6, 2, 1, 15, 2, 0x81, 0x80 }, 8,
	    false },
	{ "length behind the end", { 0x30, 5, 2, 1, 15, 2, 0x81 }, 7, false },
#define OID 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1
#define PLAIN 0x30, 6, 2, 1, 15, 2, 1, 3
	{ "wrapped", { 0x30, 26, 0x30, 13, OID, 5, 0, 3, 9, 0, PLAIN }, 28,
	    true },
	{ "no parameters", { 0x30, 24, 0x30, 11, OID, 3, 9, 0, PLAIN }, 26,
	    true },
	{ "other parameters", { 0x30, 27, 0x30, 14, OID, 2, 1, 0, 3, 9, 0,
	    PLAIN }, 29, false },
	{ "NULL that is none", { 0x30, 27, 0x30, 14, OID, 5, 1, 0, 3, 9, 0,
	    PLAIN }, 29, false },
	{ "two parameters", { 0x30, 28, 0x30, 15, OID, 5, 0, 5, 0, 3, 9, 0,
	    PLAIN }, 30, false },
	{ "behind the key", { 0x30, 28, 0x30, 13, OID, 5, 0, 3, 9, 0, PLAIN, 5,
	    0 }, 30, false },
	{ "behind the numbers", { 0x30, 28, 0x30, 13, OID, 5, 0, 3, 11, 0,
	    PLAIN, 5, 0 }, 30, false },
	{ "bits that are no octets", { 0x30, 26, 0x30, 13, OID, 5, 0, 3, 9, 1,
	    PLAIN }, 28, false },
	{ "no bits", { 0x30, 17, 0x30, 13, OID, 5, 0, 3, 0 }, 19, false },
	{ "another OID", { 0x30, 26, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86,
	    0xf7, 0x0d, 1, 1, 10, 5, 0, 3, 9, 0, PLAIN }, 28, false },
};

/* The octets at the end of a page, with nothing behind: who reads on, crashes
 * in any build. */
struct edge {
	unsigned char *pages;
	size_t page;
};

static void edge_open(struct edge *e)
{
	e->page = (size_t)sysconf(_SC_PAGESIZE);
	e->pages = mmap(NULL, 2 * e->page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(e->pages != MAP_FAILED);
	assert_int_equal(mprotect(e->pages + e->page, e->page, PROT_NONE), 0);
}

static void edge_close(struct edge *e)
{
	munmap(e->pages, 2 * e->page);
}

static struct octets edge_put(const struct edge *e, const void *octets,
    size_t n)
{
	unsigned char *at = e->pages + e->page - n;

	assert_true(n <= e->page);
	memcpy(at, octets, n);
	return (struct octets){ at, n };
}

static void test_der(void **state)
{
	struct edge edge;

	(void)state;
	edge_open(&edge);
	for (size_t i = 0; i < sizeof(der_rows) / sizeof(der_rows[0]); i++) {
		const struct der_row *r = &der_rows[i];
		struct octets der = edge_put(&edge, r->der, r->len);
		struct dkim_rsa rsa;
		const char *reason;

		if (dkim_rsa_read(der, &rsa, &reason) != r->good)
			fail_msg("%s: %s", r->label, reason);
	}
	edge_close(&edge);
}

/* A length is written in the one shortest way. */
static void test_der_lengths(void **state)
{
	unsigned char *good = NULL, *copy;
	size_t n = (size_t)i2d_PUBKEY(rsa2048, &good);
	struct dkim_rsa rsa;
	const char *reason;

	(void)state;
	/* 0x82 and two octets; instead 0x83, these two and one more */
	copy = calloc(1, n + 1);
	memcpy(copy, good, 4);
	memcpy(copy + 5, good + 4, n - 4);
	assert_int_equal(copy[1], 0x82);
	copy[1] = 0x83;
	assert_false(dkim_rsa_read((struct octets){ copy, n + 1 }, &rsa,
	    &reason));
	memcpy(copy, good, n);
	assert_true(dkim_rsa_read((struct octets){ copy, n }, &rsa, &reason));
	free(copy);
	OPENSSL_free(good);
}

/* Every single octet of a good key changed, and every cut of it. */
static void test_der_mutations(void **state)
{
	unsigned char *good = NULL;
	size_t n = (size_t)i2d_PUBKEY(rsa2048, &good);
	struct edge edge;
	struct dkim_rsa rsa;
	const char *reason;

	(void)state;
	edge_open(&edge);
	for (size_t i = 0; i < n; i++) {
		struct octets der = edge_put(&edge, good, n);
		unsigned char *octet = edge.pages + edge.page - n + i;

		for (int bit = 0; bit < 8; bit++) {
			*octet = (unsigned char)(good[i] ^ 1 << bit);
			dkim_rsa_read(der, &rsa, &reason);
		}
		assert_false(dkim_rsa_read(edge_put(&edge, good, i), &rsa,
		    &reason));
	}
	edge_close(&edge);
	OPENSSL_free(good);
}

/* --- fetching --- */

static struct inquiry *inquire(const struct buf *zone, struct resolver **r)
{
	struct error err;
	struct inquiry_limits limits = { .budget_ms = 300, .query_ms = 100 };

	*r = zone_resolver(buf_slice(zone), "zone", &err);
	if (*r == NULL)
		fail_msg("%s", err.text);
	return inquiry_new(mem, *r, &limits, NULL);
}

static void test_fetch(void **state)
{
	static const struct {
		const char *name;
		enum dkim_cause cause;
		const char *reason;
	} cases[] = {
		{ "good", DKIM_CAUSE_NONE, NULL },
		{ "safe", DKIM_CAUSE_NONE, NULL },
		{ "alias", DKIM_CAUSE_NONE, NULL },
		{ "absent", DKIM_CAUSE_NO_KEY, "selector" },
		{ "nodata", DKIM_CAUSE_NO_KEY, "selector" },
		{ "spf", DKIM_CAUSE_NO_KEY, "no key record" },
		{ "mixed", DKIM_CAUSE_NONE, NULL },
		{ "two", DKIM_CAUSE_KEY_SYNTAX, "several" },
		{ "junk", DKIM_CAUSE_KEY_SYNTAX, "no tag" },
		{ "servfail", DKIM_CAUSE_DNS, "fails" },
		{ "timeout", DKIM_CAUSE_DNS, "in time" },
		{ "bogus", DKIM_CAUSE_DNS, "DNSSEC" },
	};
	struct buf zone = { 0 };
	char *record = arena_printf(mem, "v=DKIM1; p=%s", info2048);
	struct resolver *r;
	struct inquiry *dns;

	(void)state;
	signer_publish(&zone, "good._domainkey.example.com", record);
	signer_publish(&zone, "safe._domainkey.example.com", record);
	buf_adds(&zone, "safe._domainkey.example.com SECURE\n"
	    "alias._domainkey.example.com CNAME good._domainkey.example.com\n"
	    "nodata._domainkey.example.com A 192.0.2.1\n"
	    "spf._domainkey.example.com TXT \"v=spf1 -all\"\n"
	    "junk._domainkey.example.com TXT \"hello\"\n"
	    "servfail._domainkey.example.com STATUS servfail\n"
	    "timeout._domainkey.example.com STATUS timeout\n"
	    "bogus._domainkey.example.com STATUS bogus\n"
	    "mixed._domainkey.example.com TXT \"v=spf1 -all\"\n"
	    "mixed._domainkey.example.com TXT \"hello=there\"\n"
	    "two._domainkey.example.com TXT \"p=AAAA\"\n");
	signer_publish(&zone, "mixed._domainkey.example.com", record);
	signer_publish(&zone, "two._domainkey.example.com", record);
	dns = inquire(&zone, &r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dkim_key k;
		const char *name = dkim_key_name(mem, cases[i].name,
		    "example.com");

		dkim_key_prefetch(dns, name);
		dkim_key_fetch(mem, dns, name, &k);
		if (k.cause != cases[i].cause || (cases[i].reason &&
		    !strstr(k.reason, cases[i].reason)))
			fail_msg("%s: %d %s", cases[i].name, (int)k.cause,
			    k.reason ? k.reason : "");
		assert_int_equal(k.secure, i == 1);
		assert_true(k.cause != DKIM_CAUSE_NONE || k.bits == 2048);
	}
	arena_reset(mem);
	resolver_drop(r);
	buf_free(&zone);
}

/* A message that has asked enough gets no more answers: not known. */
static void test_asked_too_much(void **state)
{
	static const struct inquiry_limits limits = { .questions = 1 };
	struct buf zone = { 0 };
	struct resolver *r;
	struct inquiry *dns;
	struct dkim_key k;

	(void)state;
	for (char c = 'a'; c <= 'b'; c++)
		signer_publish(&zone, arena_printf(mem,
		    "%c._domainkey.example.com", c),
		    arena_printf(mem, "p=%s", info2048));
	inquire(&zone, &r);
	dns = inquiry_new(mem, r, &limits, NULL);
	dkim_key_fetch(mem, dns, "a._domainkey.example.com", &k);
	assert_int_equal(k.cause, DKIM_CAUSE_NONE);
	dkim_key_fetch(mem, dns, "b._domainkey.example.com", &k);
	assert_int_equal(k.cause, DKIM_CAUSE_DNS);
	assert_non_null(strstr(k.reason, "too many"));
	arena_reset(mem);
	resolver_drop(r);
	buf_free(&zone);
}

static void test_serves(void **state)
{
	static const struct {
		const char *label, *key;
		enum dkim_algorithm algorithm;
		bool below;
		unsigned bits;
		enum dkim_cause cause;
	} cases[] = {
		{ "fits", "", DKIM_RSA_SHA256, true, 2048, DKIM_CAUSE_NONE },
		{ "weak", "", DKIM_RSA_SHA256, false, 2049, DKIM_CAUSE_WEAK },
		{ "other type", "", DKIM_ED25519_SHA256, false, 1024,
		    DKIM_CAUSE_ALGORITHM },
		{ "sha1 only", "h=sha1; ", DKIM_RSA_SHA256, false, 1024,
		    DKIM_CAUSE_ALGORITHM },
		{ "unknown hashes", "h=sha512:sha256; ", DKIM_RSA_SHA256,
		    false, 1024, DKIM_CAUSE_NONE },
		{ "not for email", "s=tlsrpt; ", DKIM_RSA_SHA256, false, 1024,
		    DKIM_CAUSE_NO_KEY },
		{ "any service", "s=tlsrpt:*; ", DKIM_RSA_SHA256, false, 1024,
		    DKIM_CAUSE_NONE },
		{ "t=s below", "t=s; ", DKIM_RSA_SHA256, true, 1024,
		    DKIM_CAUSE_SYNTAX },
		{ "t=s same", "t=s; ", DKIM_RSA_SHA256, false, 1024,
		    DKIM_CAUSE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dkim_sig_parsed sig = {
			.algorithm = cases[i].algorithm,
			.identity_below = cases[i].below,
		};
		const char *reason;
		struct dkim_key k;

		parse(&k, arena_printf(mem, "%sp=", cases[i].key), info2048,
		    "");
		if (dkim_key_serves(&k, &sig, cases[i].bits, &reason) !=
		    cases[i].cause)
			fail_msg("%s: %s", cases[i].label,
			    reason ? reason : "serves");
		assert_int_equal(reason == NULL,
		    cases[i].cause == DKIM_CAUSE_NONE);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *selector, *domain, *name;
	} cases[] = {
		{ "s", "example.com", "s._domainkey.example.com" },
		{ "S.T", "Example.Com", "s.t._domainkey.example.com" },
		{ "s", "b\xc3\xbc" "cher.example",
		    "s._domainkey.xn--bcher-kva.example" },
		{ "", "example.com", NULL },
		{ "s", "", NULL },
		{ "s", "exam ple.com", NULL },
		{ "../s", "example.com", NULL },
		{ "s", "example..com", NULL },
		{ NULL, "example.com", NULL },
		/* 253 octets, and one more */
#define L4 "abc.abc.abc.abc."
#define L16 L4 L4 L4 L4
#define L48 L16 L16 L16
		{ "s2", L48 L4 L4 "abc.example.com", "s2._domainkey." L48 L4 L4
		    "abc.example.com" },
		{ "s23", L48 L4 L4 "abc.example.com", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = dkim_key_name(mem, cases[i].selector,
		    cases[i].domain);

		if ((name == NULL) != (cases[i].name == NULL) ||
		    (name != NULL && strcmp(name, cases[i].name) != 0))
			fail_msg("row %zu: %s", i, name ? name : "none");
	}
}

static bool says(const struct dkim_key_report *r, enum dkim_remark_level level,
    const char *text)
{
	for (size_t i = 0; i < r->remark_count; i++)
		if (r->remarks[i].level == level &&
		    strstr(r->remarks[i].text, text) != NULL)
			return true;
	return false;
}

static void test_describe(void **state)
{
	EVP_PKEY *key = signer_rsa(1024), *weak = signer_rsa(512);
	char *info = signer_info(key), *weak_info = signer_info(weak);
	struct buf zone = { 0 };
	struct resolver *r;
	struct inquiry *dns;
	struct dkim_key_report d;

	(void)state;
	signer_publish(&zone, "good._domainkey.example.com",
	    arena_printf(mem, "v=DKIM1; t=y; p=%s", info2048));
	signer_publish(&zone, "short._domainkey.example.com",
	    arena_printf(mem, "p=%s", info));
	signer_publish(&zone, "weak._domainkey.example.com",
	    arena_printf(mem, "v=DKIM1; p=%s", weak_info));
	signer_publish(&zone, "plain._domainkey.example.com",
	    arena_printf(mem, "v=DKIM1; h=sha1; p=%s", plain2048));
	buf_adds(&zone, "ed._domainkey.example.com TXT \"v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
	    "gone._domainkey.example.com TXT \"v=DKIM1; p=\"\n"
	    "sick._domainkey.example.com STATUS servfail\n");
	dns = inquire(&zone, &r);

	dkim_key_describe(mem, dns, "Example.com", "good", 1024, &d);
	assert_string_equal(d.name, "good._domainkey.example.com");
	assert_int_equal(d.code, AUTH_PASS);
	assert_int_equal(d.key.bits, 2048);
	assert_true(says(&d, DKIM_REMARK_NOTE, "t=y"));
	assert_false(says(&d, DKIM_REMARK_ERROR, ""));
	dkim_key_describe(mem, dns, "example.com", "short", 1024, &d);
	assert_int_equal(d.code, AUTH_PASS);
	assert_true(says(&d, DKIM_REMARK_WARNING, "1024 bits"));
	assert_true(says(&d, DKIM_REMARK_NOTE, "v=DKIM1"));
	dkim_key_describe(mem, dns, "example.com", "weak", 1024, &d);
	assert_int_equal(d.code, AUTH_PERMERROR);
	assert_true(says(&d, DKIM_REMARK_ERROR, "512 bits"));
	dkim_key_describe(mem, dns, "example.com", "plain", 1024, &d);
	assert_int_equal(d.code, AUTH_PERMERROR);
	assert_true(says(&d, DKIM_REMARK_WARNING, "RSAPublicKey"));
	assert_true(says(&d, DKIM_REMARK_ERROR, "sha256"));
	dkim_key_describe(mem, dns, "example.com", "ed", 1024, &d);
	assert_int_equal(d.code, AUTH_PASS);
	assert_int_equal(d.key.type, DKIM_KEY_ED25519);
	assert_true(says(&d, DKIM_REMARK_NOTE, "Ed25519"));
	dkim_key_describe(mem, dns, "example.com", "gone", 1024, &d);
	assert_int_equal(d.code, AUTH_PERMERROR);
	assert_int_equal(d.key.cause, DKIM_CAUSE_REVOKED);
	dkim_key_describe(mem, dns, "example.com", "nothere", 1024, &d);
	assert_int_equal(d.code, AUTH_NONE);
	assert_true(says(&d, DKIM_REMARK_ERROR, "selector"));
	dkim_key_describe(mem, dns, "example.com", "sick", 1024, &d);
	assert_int_equal(d.code, AUTH_TEMPERROR);
	dkim_key_describe(mem, dns, "exa mple.com", "good", 1024, &d);
	assert_null(d.name);
	assert_null(d.answer);
	assert_int_equal(d.code, AUTH_PERMERROR);

	arena_reset(mem);
	resolver_drop(r);
	buf_free(&zone);
	free(info);
	free(weak_info);
	EVP_PKEY_free(key);
	EVP_PKEY_free(weak);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_der),
		cmocka_unit_test(test_der_lengths),
		cmocka_unit_test(test_der_mutations),
		cmocka_unit_test(test_fetch),
		cmocka_unit_test(test_asked_too_much),
		cmocka_unit_test(test_serves),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
