/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>

#include "check/arc/arc.h"
#include "check/arc/seal.h"
#include "dns/zone.h"
#include "seal_files.h"

/* --- what is signed --- */

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

static void put(struct header *h, const char *name, const char *value)
{
	header_append(h, mem, slice_of(name), slice_of(value));
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
		.body = body_new(mem), .minimum_bits = 1024, .now = NOW };
	struct error err = { "" };
	struct resolver *r = zone_resolver(buf_slice(zone), "zone", &err);
	struct arc_finding found;
	struct arc_work *w;

	if (r == NULL)
		fail_msg("%s", err.text);
	w = arc_begin(mem, inquiry_new(mem, r, NULL, NULL), &question,
	    &found);
	seal_want(question.body);
	for (const char *p = hop->body; *p != '\0'; p++)
		body_feed(question.body, p, 1);
	body_end(question.body);
	arc_conclude(w);
	found.body_hash = seal_body_hash(question.body, mem);
	resolver_drop(r);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_field_names),
		TEST(test_names),
		TEST(test_chain),
		TEST(test_broken_chain),
		TEST(test_no_seal),
	};

	return cmocka_run_group_tests(tests, set_up_keys, tear_down_keys);
}
