/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "check/crypto.h"
#include "check/dkim/dkim.h"
#include "dkim_signer.h"
#include "dns/zone.h"

#define NOW 1700000000
#define TEXT(s) { s, sizeof(s) - 1 }
#define FROM { "From", " Joe <joe@example.com>" }

/* --- the stage: keys, a zone, one message --- */

enum { RSA2048, RSA1024, RSA512, ED25519, OTHER, RSA4096, RSA6144, KEYS };

static _Thread_local struct arena *mem;
static EVP_PKEY *keys[KEYS];
static struct buf zone;
static struct dkim_libraries *libraries;
static struct crypto_keys *decoded;
static enum engine engine = ENGINE_LIBRARY;

static void publish(const char *selector, const char *format, const char *p)
{
	char name[300], record[4000];

	snprintf(name, sizeof(name), "%s._domainkey.example.com", selector);
	snprintf(record, sizeof(record), format, p);
	signer_publish(&zone, name, record);
}

static int set_up(void **state)
{
	struct error err;
	char *p[KEYS], *plain;

	(void)state;
	mem = arena_new(65536);
	keys[RSA2048] = signer_rsa(2048);
	keys[RSA1024] = signer_rsa(1024);
	keys[RSA512] = signer_rsa(512);
	keys[ED25519] = signer_ed25519();
	keys[OTHER] = signer_rsa(2048);
	keys[RSA4096] = signer_rsa(4096);
	keys[RSA6144] = signer_rsa(6144);
	for (int i = 0; i < KEYS; i++)
		p[i] = i == ED25519 ? signer_raw(keys[i]) :
		    signer_info(keys[i]);
	plain = signer_plain(keys[RSA2048]);
	publish("r2048", "v=DKIM1; k=rsa; p=%s", p[RSA2048]);
	publish("r1024", "p=%s", p[RSA1024]);
	publish("r512", "v=DKIM1; p=%s", p[RSA512]);
	publish("ed", "v=DKIM1; k=ed25519; p=%s", p[ED25519]);
	publish("r4096", "v=DKIM1; p=%s", p[RSA4096]);
	publish("r6144", "v=DKIM1; p=%s", p[RSA6144]);
	publish("plain", "v=DKIM1; p=%s", plain);
	publish("long", "v=DKIM1; n=an owner who likes to write long notes "
	    "into his keys and does not stop before there are a great many of them, "
	    "an owner who likes to write long notes into his keys and does not "
	    "stop before there are a great many of them, an owner who likes to "
	    "write long notes into his keys and does not stop before there are "
	    "a great many of them, an owner who likes to write long notes into "
	    "his keys and does not stop before there are a great many of them, "
	    "an owner who likes to write long notes into his keys and does not "
	    "stop before there are a great many of them, an owner who likes to "
	    "write long notes into his keys and does not stop before there are "
	    "a great many of them, an owner who likes to write long notes on "
	    "and on and on and on and on and on; p=%s", p[RSA2048]);
	publish("flags", "v=DKIM1; t=y:s; p=%s", p[RSA2048]);
	publish("sha1", "v=DKIM1; h=sha1; p=%s", p[RSA2048]);
	publish("tlsrpt", "v=DKIM1; s=tlsrpt; p=%s", p[RSA2048]);
	publish("vlate", "p=%s; v=DKIM1", p[RSA2048]);
	publish("revoked", "v=DKIM1; p=%s", "");
	publish("junk", "v=DKIM1; p=%s", "AA*A");
	publish("two", "v=DKIM1; p=%s", p[RSA2048]);
	publish("two", "v=DKIM1; p=%s", p[RSA1024]);
	buf_adds(&zone, "servfail._domainkey.example.com STATUS servfail\n"
	    "timeout._domainkey.example.com STATUS timeout\n"
	    "bogus._domainkey.example.com STATUS bogus\n"
	    "r2048._domainkey.example.com SECURE\n"
	    "nodata._domainkey.example.com A 192.0.2.1\n");
	for (int i = 0; i < KEYS; i++)
		free(p[i]);
	free(plain);
	libraries = dkim_libraries_new(1024, &err);
	assert_non_null(libraries);
	decoded = crypto_keys_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(keys[i]);
	buf_free(&zone);
	dkim_libraries_free(libraries);
	crypto_keys_free(decoded);
	arena_free(mem);
	return 0;
}

/* One message and how it is to be judged. */
struct stage {
	struct header header;
	struct resolver *resolver;
	struct dkim_settings settings;
	struct dkim_question question;
	struct dkim_finding finding;
	size_t chunk;                   /* octets of body at a time; 0: all */
	const char *extra_zone;
};

static const char *const authors[] = { "example.com" };

static void stage_set(struct stage *s)
{
	*s = (struct stage){
		.settings = { .engine = engine, .minimum_bits = 1024,
			.signatures = 15, .libraries = libraries,
			.keys = decoded },
		.question = { .authors = authors, .author_count = 1,
			.now = NOW, .job = "4Abc" },
	};
}

static void put_n(struct stage *s, const char *name, struct slice value)
{
	header_append(&s->header, mem, slice_of(name), value);
}

static void put(struct stage *s, const char *name, const char *value)
{
	put_n(s, name, slice_of(value));
}

static void judge(struct stage *s, struct slice body)
{
	struct inquiry_limits limits = { .budget_ms = 400, .query_ms = 60 };
	struct buf text = { 0 };
	struct error err;
	struct dkim_work *w;
	size_t step = s->chunk == 0 ? body.len : s->chunk;

	buf_add(&text, zone.data, zone.len);
	if (s->extra_zone != NULL)
		buf_adds(&text, s->extra_zone);
	s->resolver = zone_resolver(buf_slice(&text), "zone", &err);
	if (s->resolver == NULL)
		fail_msg("%s", err.text);
	buf_free(&text);
	s->question.header = &s->header;
	s->question.body = body_new(mem);
	w = dkim_begin(mem, inquiry_new(mem, s->resolver, &limits, NULL),
	    &s->settings, &s->question, &s->finding);
	for (size_t i = 0; i < body.len; i += step)
		body_feed(s->question.body, body.data + i,
		    body.len - i < step ? body.len - i : step);
	dkim_conclude(w);
	assert_int_equal(ERR_peek_error(), 0);
}

/* Everything of this message goes, the finding too. */
static void clear(struct stage *s)
{
	arena_reset(mem);
	resolver_drop(s->resolver);
	s->resolver = NULL;
}

static const struct dkim_signature *only(const struct stage *s)
{
	assert_int_equal(s->finding.count, 1);
	return &s->finding.signatures[0];
}

static void expect(const char *label, const struct dkim_signature *sig,
    enum auth_code code, enum dkim_cause cause)
{
	if (sig->code != code || sig->cause != cause)
		fail_msg("%s: %s/%s (%s), not %s/%s", label,
		    name_word(dkim_names, sig->code),
		    name_word(dkim_cause_names, sig->cause),
		    sig->reason ? sig->reason : "no reason",
		    name_word(dkim_names, code),
		    name_word(dkim_cause_names, cause));
	if ((sig->reason == NULL) != (code == AUTH_PASS))
		fail_msg("%s: reason %s", label,
		    sig->reason ? sig->reason : "missing");
}

/* --- messages that are as they were signed --- */

static const struct signer_field fields[] = {
	{ "Received", " from a by b;\r\n\tFri, 11 Jul 2003 21:01:54 -0700" },
	{ "Subject", "  Is   dinner\r\n \tready? \t" },
	{ "To", " Suzie <suzie@example.net>" },
	{ "X-Empty", "" },
	FROM,
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))
#define H "From : To:subject:received:x-empty:from"
static const char body_text[] = "Hi.\r\n\r\n We lost \t the game. \r\n\r\n\r\n";
#define BODY SLICE(body_text)

static char *sign(int key, const char *tags, const char *h, struct slice body,
    long length)
{
	return signer_sign(keys[key], tags, h, fields, FIELDS, body, length);
}

static void put_all(struct stage *s, const char *signature)
{
	put(s, "DKIM-Signature", signature);
	for (size_t i = 0; i < FIELDS; i++)
		put(s, fields[i].name, fields[i].value);
}

static const char *const forms[] = { "simple/simple", "simple/relaxed",
	"relaxed/simple", "relaxed/relaxed", "relaxed", "simple" };

static const struct {
	int key;
	const char *algorithm, *selector;
	unsigned bits;
} signers[] = {
	{ RSA2048, "rsa-sha256", "r2048", 2048 },
	{ RSA1024, "rsa-sha256", "r1024", 1024 },
	{ ED25519, "ed25519-sha256", "ed", 256 },
	{ RSA2048, "rsa-sha256", "plain", 2048 },
	{ RSA2048, "rsa-sha256", "long", 2048 },
	{ RSA4096, "rsa-sha256", "r4096", 4096 },
	{ RSA6144, "rsa-sha256", "r6144", 6144 },   /* no library's */
};

static void test_pass(void **state)
{
	char tags[200], label[100];

	(void)state;
	for (size_t k = 0; k < sizeof(signers) / sizeof(signers[0]); k++) {
		for (size_t f = 0; f < sizeof(forms) / sizeof(*forms); f++) {
			struct stage s;
			char *value;

			snprintf(tags, sizeof(tags), "v=1; a=%s; c=%s; "
			    "d=example.com; s=%s;", signers[k].algorithm,
			    forms[f], signers[k].selector);
			snprintf(label, sizeof(label), "%s %s",
			    signers[k].selector, forms[f]);
			value = sign(signers[k].key, tags, H, BODY, -1);
			stage_set(&s);
			put_all(&s, value);
			judge(&s, BODY);
			expect(label, only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
			assert_int_equal(s.finding.code, AUTH_PASS);
			assert_int_equal(only(&s)->key_bits, signers[k].bits);
			assert_string_equal(only(&s)->domain, "example.com");
			assert_string_equal(only(&s)->selector,
			    signers[k].selector);
			assert_string_equal(only(&s)->identity,
			    "@example.com");
			assert_string_equal(only(&s)->algorithm,
			    signers[k].algorithm);
			assert_int_equal(strlen(only(&s)->b), 8);
			assert_int_equal(only(&s)->secure, k == 0);
			assert_false(only(&s)->testing);
			clear(&s);
			free(value);
		}
	}
}

/* Every way to cut a body, and line ends as they arrive from anywhere. */
static void test_pieces(void **state)
{
	static const struct {
		const char *label;
		struct slice got;
	} cases[] = {
		{ "CRLF", TEXT(body_text) },
		{ "LF", TEXT("Hi.\n\n We lost \t the game. \n\n\n") },
		{ "CR", TEXT("Hi.\r\r We lost \t the game. \r\r\r") },
		{ "no last line end", TEXT("Hi.\r\n\r\n We lost \t the game. ")
		},
	};

	(void)state;
	for (size_t f = 0; f < 4; f++) {
		char tags[200];
		char *value;

		snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; c=%s; "
		    "d=example.com; s=r1024;", forms[f]);
		value = sign(RSA1024, tags, H, BODY, -1);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			for (size_t n = 1; n <= cases[i].got.len; n++) {
				struct stage s;

				stage_set(&s);
				s.chunk = n;
				put_all(&s, value);
				judge(&s, cases[i].got);
				expect(cases[i].label, only(&s), AUTH_PASS,
				    DKIM_CAUSE_NONE);
				clear(&s);
			}
		}
		free(value);
	}
}

static void test_bodies(void **state)
{
	static const struct {
		const char *label;
		struct slice body;
	} cases[] = {
		{ "empty", TEXT("") },
		{ "one line end", TEXT("\r\n") },
		{ "line ends", TEXT("\r\n\r\n\r\n") },
		{ "blanks", TEXT(" \t\r\n  \r\n") },
		{ "NUL and 8-bit", TEXT("a\0b\xff\r\n") },
		{ "blank last", TEXT("a\r\n \r\n") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t f = 0; f < 4; f++) {
			char tags[200];
			char *value;
			struct stage s;

			snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; "
			    "c=%s; d=example.com; s=r1024;", forms[f]);
			value = sign(RSA1024, tags, "from", cases[i].body, -1);
			stage_set(&s);
			put_all(&s, value);
			judge(&s, cases[i].body);
			expect(cases[i].label, only(&s), AUTH_PASS,
			    DKIM_CAUSE_NONE);
			clear(&s);
			free(value);
		}
	}
}

/* --- messages that are not --- */

#define RELAXED "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=r1024;"
#define SIMPLE "v=1; a=rsa-sha256; c=simple/simple; d=example.com; s=r1024;"

static const struct altered {
	const char *label, *tags;
	size_t field;                   /* of fields[], FIELDS: none */
	struct slice value, body;
	enum auth_code code;
	enum dkim_cause cause;
} altered[] = {
	{ "body", RELAXED, FIELDS, { 0 }, TEXT("Ho.\r\n"), AUTH_FAIL,
	    DKIM_CAUSE_BODY },
	{ "body appended", SIMPLE, FIELDS, { 0 }, TEXT("Hi.\r\n\r\n We lost "
	    "\t the game. \r\n--\r\n"), AUTH_FAIL, DKIM_CAUSE_BODY },
	{ "empty body", RELAXED, FIELDS, { 0 }, TEXT(""), AUTH_FAIL,
	    DKIM_CAUSE_BODY },
	{ "subject", RELAXED, 1, TEXT(" [list] Is dinner ready?"),
	    TEXT(body_text), AUTH_FAIL, DKIM_CAUSE_HEADER },
	{ "subject refolded, relaxed", RELAXED, 1, TEXT(" Is\r\n dinner "
	    "ready?"), TEXT(body_text), AUTH_PASS, DKIM_CAUSE_NONE },
	{ "subject folded by LF", RELAXED, 1, TEXT(" Is\n dinner ready?"),
	    TEXT(body_text), AUTH_PASS, DKIM_CAUSE_NONE },
	{ "subject refolded, simple", SIMPLE, 1, TEXT(" Is\r\n dinner "
	    "ready?"), TEXT(body_text), AUTH_FAIL, DKIM_CAUSE_HEADER },
	{ "leading blank, simple", SIMPLE, 2, TEXT("Suzie "
	    "<suzie@example.net>"), TEXT(body_text), AUTH_FAIL,
	    DKIM_CAUSE_HEADER },
	{ "NUL appended", RELAXED, 1, TEXT(" Is dinner ready?\0 no"),
	    TEXT(body_text), AUTH_PERMERROR, DKIM_CAUSE_SYNTAX },
	{ "VT for a blank", RELAXED, 1, TEXT(" Is\vdinner ready?"),
	    TEXT(body_text), AUTH_PERMERROR, DKIM_CAUSE_SYNTAX },
	{ "FF for a blank", RELAXED, 1, TEXT(" Is dinner\fready?"),
	    TEXT(body_text), AUTH_PERMERROR, DKIM_CAUSE_SYNTAX },
	{ "bare CR", RELAXED, 1, TEXT(" Is \rdinner ready?"),
	    TEXT(body_text), AUTH_PERMERROR, DKIM_CAUSE_SYNTAX },
	{ "bare LF", SIMPLE, 1, TEXT(" Is \ndinner ready?"),
	    TEXT(body_text), AUTH_PERMERROR, DKIM_CAUSE_SYNTAX },
	{ "CR CR LF", RELAXED, 1, TEXT(" Is\r\r\n dinner ready?"),
	    TEXT(body_text), AUTH_PERMERROR, DKIM_CAUSE_SYNTAX },
};

static void test_altered(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(altered) / sizeof(altered[0]); i++) {
		const struct altered *a = &altered[i];
		char *value = sign(RSA1024, a->tags, H, BODY, -1);
		struct stage s;

		stage_set(&s);
		put(&s, "DKIM-Signature", value);
		for (size_t f = 0; f < FIELDS; f++)
			put_n(&s, fields[f].name, f == a->field ? a->value :
			    slice_of(fields[f].value));
		judge(&s, a->body);
		expect(a->label, only(&s), a->code, a->cause);
		assert_int_equal(s.finding.code, a->code);
		clear(&s);
		free(value);
	}
}

/* Control characters in fields that are not signed are nobody's business,
 * also a second Subject above the one that is. */
static void test_unsigned_controls(void **state)
{
	char *value = sign(RSA1024, RELAXED, "from:subject", BODY, -1);
	struct stage s;

	(void)state;
	stage_set(&s);
	put_n(&s, "Subject", SLICE(" a\0b\vc\rd\ne\f"));
	put_n(&s, "X-Odd", SLICE("\0\0\r"));
	put(&s, "X;Odd", " x");
	put(&s, "Tab\t", " x");
	put(&s, "", " x");
	put_all(&s, value);
	judge(&s, BODY);
	expect("unsigned", only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
	clear(&s);
	free(value);
}

/* --- keys --- */

static void test_keys(void **state)
{
	static const struct {
		const char *label, *tags;
		int key;
		enum auth_code code;
		enum dkim_cause cause;
		unsigned bits;
	} cases[] = {
#define TAGS(alg, sel) "v=1; a=" alg "; c=relaxed/relaxed; d=example.com; s=" \
    sel ";"
		{ "absent", TAGS("rsa-sha256", "absent"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_NO_KEY, 0 },
		{ "no data", TAGS("rsa-sha256", "nodata"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_NO_KEY, 0 },
		{ "revoked", TAGS("rsa-sha256", "revoked"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_REVOKED, 0 },
		{ "malformed", TAGS("rsa-sha256", "junk"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_KEY_SYNTAX, 0 },
		{ "v late", TAGS("rsa-sha256", "vlate"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_KEY_SYNTAX, 0 },
		{ "two records", TAGS("rsa-sha256", "two"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_KEY_SYNTAX, 0 },
		{ "servfail", TAGS("rsa-sha256", "servfail"), RSA2048,
		    AUTH_TEMPERROR, DKIM_CAUSE_DNS, 0 },
		{ "timeout", TAGS("rsa-sha256", "timeout"), RSA2048,
		    AUTH_TEMPERROR, DKIM_CAUSE_DNS, 0 },
		{ "bogus", TAGS("rsa-sha256", "bogus"), RSA2048,
		    AUTH_TEMPERROR, DKIM_CAUSE_DNS, 0 },
		{ "512 bits", TAGS("rsa-sha256", "r512"), RSA512,
		    AUTH_PERMERROR, DKIM_CAUSE_WEAK, 512 },
		{ "sha1 key", TAGS("rsa-sha256", "sha1"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_ALGORITHM, 2048 },
		{ "not for email", TAGS("rsa-sha256", "tlsrpt"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_NO_KEY, 2048 },
		{ "rsa with ed25519 key", TAGS("rsa-sha256", "ed"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_ALGORITHM, 256 },
		{ "ed25519 with rsa key", TAGS("ed25519-sha256", "r2048"),
		    ED25519, AUTH_PERMERROR, DKIM_CAUSE_ALGORITHM, 2048 },
		{ "other key", TAGS("rsa-sha256", "r2048"), OTHER,
		    AUTH_FAIL, DKIM_CAUSE_HEADER, 2048 },
		{ "key of another size", TAGS("rsa-sha256", "r2048"), RSA1024,
		    AUTH_FAIL, DKIM_CAUSE_HEADER, 2048 },
		{ "rsa-sha1", TAGS("rsa-sha1", "r2048"), RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_ALGORITHM, 0 },
		{ "t=s and i=", "v=1; a=rsa-sha256; c=relaxed/relaxed; "
		    "d=example.com; s=flags; i=joe@sub.example.com;", RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_SYNTAX, 2048 },
		{ "t=s and same i=", "v=1; a=rsa-sha256; c=relaxed/relaxed; "
		    "d=example.com; s=flags; i=joe@example.com;", RSA2048,
		    AUTH_PASS, DKIM_CAUSE_NONE, 2048 },
		{ "bad i=", "v=1; a=rsa-sha256; c=relaxed/relaxed; "
		    "d=example.com; s=r2048; i=joe@example.com=;", RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_SYNTAX, 0 },
		{ "i= outside", "v=1; a=rsa-sha256; c=relaxed/relaxed; "
		    "d=example.com; s=r2048; i=joe@example.net;", RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_SYNTAX, 0 },
		{ "twice the same tag", "v=1; a=rsa-sha256; c=relaxed/relaxed;"
		    " d=example.com; s=r2048; x_=1; x_=1;", RSA2048,
		    AUTH_PERMERROR, DKIM_CAUSE_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *value = sign(cases[i].key, cases[i].tags, H, BODY, -1);
		struct stage s;

		stage_set(&s);
		put_all(&s, value);
		judge(&s, BODY);
		expect(cases[i].label, only(&s), cases[i].code,
		    cases[i].cause);
		if (only(&s)->key_bits != cases[i].bits)
			fail_msg("%s: %u bits", cases[i].label,
			    only(&s)->key_bits);
		assert_int_equal(only(&s)->testing,
		    strstr(cases[i].tags, "s=flags") != NULL);
		clear(&s);
		free(value);
	}
}

/* Each trouble has a cause of its own, and words that tell it from others. */
static void test_reasons(void **state)
{
	static const struct {
		const char *selector, *more;
		int key;
		long length;
		struct slice got;       /* body */
		const char *subject;    /* NULL: as it was signed */
		enum dkim_cause cause;
		const char *reason;
	} cases[] = {
#define AS_IS TEXT(body_text), NULL
		{ "r2048", "", RSA2048, -1, TEXT("Ho.\r\n"), NULL,
		    DKIM_CAUSE_BODY, "the body was altered" },
		{ "r2048", "", RSA2048, -1, TEXT(body_text), " Buy!",
		    DKIM_CAUSE_HEADER, "header fields were altered" },
		{ "absent", "", RSA2048, -1, AS_IS, DKIM_CAUSE_NO_KEY,
		    "no such selector" },
		{ "revoked", "", RSA2048, -1, AS_IS, DKIM_CAUSE_REVOKED,
		    "revoked" },
		{ "r512", "", RSA512, -1, AS_IS, DKIM_CAUSE_WEAK,
		    "too short" },
		{ "r2048", "x=1;", RSA2048, -1, AS_IS, DKIM_CAUSE_EXPIRED,
		    "expired" },
		{ "servfail", "", RSA2048, -1, AS_IS, DKIM_CAUSE_DNS,
		    "name server fails" },
		{ "r2048", "l=5;", RSA2048, 5, AS_IS, DKIM_CAUSE_LENGTH,
		    "22 octets of the body are not signed (l=)" },
		{ "junk", "", RSA2048, -1, AS_IS, DKIM_CAUSE_KEY_SYNTAX,
		    "p= is not base64" },
		{ "sha1", "", RSA2048, -1, AS_IS, DKIM_CAUSE_ALGORITHM,
		    "SHA-256" },
	};
	const size_t count = sizeof(cases) / sizeof(cases[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char tags[200];
		struct stage s;
		char *value;

		snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; "
		    "c=relaxed/relaxed; d=example.com; s=%s; %s",
		    cases[i].selector, cases[i].more);
		value = sign(cases[i].key, tags, H, BODY, cases[i].length);
		stage_set(&s);
		put(&s, "DKIM-Signature", value);
		for (size_t f = 0; f < FIELDS; f++)
			put(&s, fields[f].name, f == 1 &&
			    cases[i].subject != NULL ? cases[i].subject :
			    fields[f].value);
		judge(&s, cases[i].got);
		if (only(&s)->cause != cases[i].cause ||
		    strstr(only(&s)->reason, cases[i].reason) == NULL)
			fail_msg("%s: %s", cases[i].reason, only(&s)->reason);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(cases[k].cause, cases[i].cause);
		clear(&s);
		free(value);
	}
}

/* --- time: the message's, not the machine's --- */

static void test_time(void **state)
{
	static const struct {
		const char *label, *tags;
		time_t now;
		enum dkim_cause cause;
	} cases[] = {
#define T RELAXED " "
		{ "in time", T "t=1699999000; x=1700001000;", NOW, 0 },
		{ "expired", T "t=1699990000; x=1699999000;", NOW,
		    DKIM_CAUSE_EXPIRED },
		{ "within grace", T "t=1699990000; x=1699999701;", NOW, 0 },
		{ "beyond grace", T "t=1699990000; x=1699999699;", NOW,
		    DKIM_CAUSE_EXPIRED },
		{ "x alone", T "x=1;", NOW, DKIM_CAUSE_EXPIRED },
		{ "x far", T "x=999999999999;", NOW, 0 },
		{ "future", T "t=1700000301;", NOW, DKIM_CAUSE_EXPIRED },
		{ "nearly now", T "t=1700000299;", NOW, 0 },
		{ "far future", T "t=999999999999;", NOW,
		    DKIM_CAUSE_EXPIRED },
		{ "long ago, at its time", T "t=1050000000; x=1050003600;",
		    1050000001, 0 },
		{ "years ahead, at its time", T "t=2400000000; "
		    "x=2400003600;", 2400000001, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *value = sign(RSA1024, cases[i].tags, H, BODY, -1);
		struct stage s;

		stage_set(&s);
		s.question.now = cases[i].now;
		put_all(&s, value);
		judge(&s, BODY);
		expect(cases[i].label, only(&s), cases[i].cause == 0 ?
		    AUTH_PASS : AUTH_PERMERROR, cases[i].cause);
		clear(&s);
		free(value);
	}
}

/* --- l= --- */

static void test_length(void **state)
{
	/* canonical: simple "Hi.\r\n\r\n We lost \t the game. \r\n" is 30
	 * octets, relaxed "Hi.\r\n\r\n We lost the game.\r\n" is 27 */
	static const struct {
		const char *label, *form;
		long length;            /* signed */
		struct slice got;
		enum auth_code code;
		enum dkim_cause cause;
	} cases[] = {
		{ "all, simple", "simple/simple", 30, TEXT(body_text),
		    AUTH_PASS, DKIM_CAUSE_NONE },
		{ "all, relaxed", "simple/relaxed", 27, TEXT(body_text),
		    AUTH_PASS, DKIM_CAUSE_NONE },
		{ "some", "simple/simple", 5, TEXT(body_text), AUTH_POLICY,
		    DKIM_CAUSE_LENGTH },
		{ "none", "relaxed/relaxed", 0, TEXT(body_text), AUTH_POLICY,
		    DKIM_CAUSE_LENGTH },
		{ "all but one", "relaxed/relaxed", 26, TEXT(body_text),
		    AUTH_POLICY, DKIM_CAUSE_LENGTH },
		{ "appended", "simple/simple", 30, TEXT("Hi.\r\n\r\n We lost "
		    "\t the game. \r\nbuy!\r\n"), AUTH_POLICY,
		    DKIM_CAUSE_LENGTH },
		{ "blank lines appended", "simple/simple", 30,
		    TEXT("Hi.\r\n\r\n We lost \t the game. \r\n\r\n\r\n\r\n"),
		    AUTH_PASS, DKIM_CAUSE_NONE },
		{ "cut", "relaxed/relaxed", 27, TEXT("Hi.\r\n"),
		    AUTH_PERMERROR, DKIM_CAUSE_LENGTH },
		{ "altered", "relaxed/relaxed", 27, TEXT("Ho.\r\n\r\n We lost "
		    "the game.\r\n"), AUTH_FAIL, DKIM_CAUSE_BODY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char tags[200];
		char *value;
		struct stage s;

		snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; c=%s; "
		    "d=example.com; s=r1024; l=%ld;", cases[i].form,
		    cases[i].length);
		value = sign(RSA1024, tags, H, BODY, cases[i].length);
		stage_set(&s);
		put_all(&s, value);
		judge(&s, cases[i].got);
		expect(cases[i].label, only(&s), cases[i].code,
		    cases[i].cause);
		clear(&s);
		free(value);
	}
}

/* --- several signatures --- */

static void test_three(void **state)
{
	char *good = sign(RSA1024, RELAXED, H, BODY, -1);
	char *ed = sign(ED25519, "v=1; a=ed25519-sha256; c=simple/simple; "
	    "d=example.com; s=ed;", H, BODY, -1);
	char *sick = sign(RSA2048, "v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=example.com; s=servfail;", H, BODY, -1);
	struct stage s;

	(void)state;
	stage_set(&s);
	put(&s, "DKIM-Signature", sick);
	put(&s, "DKIM-Signature", " rubbish");
	put(&s, "dkim-signature", good);
	put(&s, "X-Between", " x");
	put_all(&s, ed);
	judge(&s, BODY);
	assert_int_equal(s.finding.count, 4);
	assert_int_equal(s.finding.ignored, 0);
	assert_int_equal(s.finding.code, AUTH_PASS);
	expect("first", &s.finding.signatures[0], AUTH_TEMPERROR,
	    DKIM_CAUSE_DNS);
	expect("second", &s.finding.signatures[1], AUTH_PERMERROR,
	    DKIM_CAUSE_SYNTAX);
	/* relaxed lower-cases the name; the signature is good as it is */
	expect("third", &s.finding.signatures[2], AUTH_PASS, DKIM_CAUSE_NONE);
	expect("fourth", &s.finding.signatures[3], AUTH_PASS,
	    DKIM_CAUSE_NONE);
	clear(&s);

	stage_set(&s);
	put(&s, "DKIM-Signature", sick);
	put_all(&s, " rubbish");
	judge(&s, BODY);
	assert_int_equal(s.finding.code, AUTH_TEMPERROR);
	clear(&s);
	free(good);
	free(ed);
	free(sick);
}

/* The same key for good and bad ones, in any order. */
static void test_same_key(void **state)
{
	char *good = sign(RSA1024, RELAXED, H, BODY, -1);
	char *bad = sign(RSA2048, RELAXED, H, BODY, -1);
	char *body = sign(RSA1024, SIMPLE, H, SLICE("x\r\n"), -1);
	const char *order[][3] = { { good, bad, body }, { bad, good, body },
		{ body, bad, good }, { bad, body, good } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct stage s;

		stage_set(&s);
		put(&s, "DKIM-Signature", order[i][0]);
		put(&s, "DKIM-Signature", order[i][1]);
		put_all(&s, order[i][2]);
		judge(&s, BODY);
		for (size_t k = 0; k < 3; k++)
			expect("same key", &s.finding.signatures[k],
			    order[i][k] == good ? AUTH_PASS : AUTH_FAIL,
			    order[i][k] == good ? DKIM_CAUSE_NONE :
			    order[i][k] == bad ? DKIM_CAUSE_HEADER :
			    DKIM_CAUSE_BODY);
		clear(&s);
	}
	free(good);
	free(bad);
	free(body);
}

static void test_unsigned(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s);
	put(&s, "From", " joe@example.com");
	judge(&s, BODY);
	assert_int_equal(s.finding.code, AUTH_NONE);
	assert_int_equal(s.finding.count, 0);
	clear(&s);
	stage_set(&s);
	judge(&s, SLICE(""));
	assert_int_equal(s.finding.code, AUTH_NONE);
	clear(&s);
}

/* RFC 6008: as much of b= as tells it from the others. */
static void test_b(void **state)
{
	static const char *const bs[] = { "AAAABBBBCCCC", "AAAABBBBCCDD",
		"ZZZZ", "AAAABBBBCCCC" };
	static const char *const shown[] = { "AAAABBBBCCCC", "AAAABBBBCCD",
		"ZZZZ", "AAAABBBBCCCC" };
	struct stage s;

	(void)state;
	stage_set(&s);
	for (size_t i = 0; i < 4; i++)
		put(&s, "DKIM-Signature", arena_printf(mem, " v=1; b=%s",
		    bs[i]));
	judge(&s, BODY);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(s.finding.signatures[i].b, shown[i]);
	clear(&s);
}

/* --- caps --- */

static void test_caps(void **state)
{
	char *good = sign(RSA1024, RELAXED, H, BODY, -1);
	struct stage s;
	size_t limited = 0;

	(void)state;
	stage_set(&s);
	s.settings.signatures = 2;
	for (int i = 0; i < 120; i++)
		put(&s, "DKIM-Signature", arena_printf(mem, " v=1; a=rsa-sha256"
		    "; d=sig%d.example.net; s=s; h=from; bh=47DEQpj8HBSa+/TImW"
		    "+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA", i));
	put_all(&s, good);
	judge(&s, BODY);
	assert_int_equal(s.finding.count, DKIM_LISTED_MAX);
	assert_int_equal(s.finding.ignored, 121 - DKIM_LISTED_MAX);
	for (size_t i = 0; i < s.finding.count; i++)
		limited += s.finding.signatures[i].cause == DKIM_CAUSE_LIMIT;
	assert_int_equal(limited, DKIM_LISTED_MAX - 2);
	clear(&s);

	/* the author's own comes first, wherever it stands; then relatives */
	stage_set(&s);
	s.settings.signatures = 1;
	for (int i = 0; i < 50; i++)
		put(&s, "DKIM-Signature", arena_printf(mem, " v=1; a=rsa-sha256"
		    "; d=%s; s=r1024; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm"
		    "5NMpJWZG3hSuFU=; b=AAAA", i % 2 ? "sub.example.com" :
		    "example.net"));
	put_all(&s, good);
	judge(&s, BODY);
	for (size_t i = 0; i < 50; i++) {
		expect("excess", &s.finding.signatures[i], AUTH_POLICY,
		    DKIM_CAUSE_LIMIT);
		assert_non_null(strstr(s.finding.signatures[i].reason,
		    "not evaluated"));
	}
	expect("own", &s.finding.signatures[50], AUTH_PASS, DKIM_CAUSE_NONE);
	clear(&s);

	stage_set(&s);
	for (int i = 0; i < 8; i++) {
		char tags[200];
		char *value;

		snprintf(tags, sizeof(tags), RELAXED " l=%d;", i);
		value = sign(RSA1024, tags, H, BODY, i);
		put(&s, "DKIM-Signature", value);
		put(&s, "DKIM-Signature", value);
		free(value);
	}
	put_all(&s, good);
	judge(&s, BODY);
	for (size_t i = 0; i < 16; i++)
		expect("l=", &s.finding.signatures[i], AUTH_POLICY, i < 2 ?
		    DKIM_CAUSE_LENGTH : DKIM_CAUSE_LIMIT);
	assert_non_null(strstr(s.finding.signatures[2].reason,
	    "not evaluated"));
	expect("no l=", &s.finding.signatures[16], AUTH_PASS,
	    DKIM_CAUSE_NONE);
	clear(&s);
	free(good);
}

/* The author's own, then relatives of the author, then strangers; of equals
 * the ones on top. */
static void test_promise(void **state)
{
	static const char *const author[] = { "mail.example.com" };
	static const char *const domains[] = { "example.net", "example.org",
		"example.com", "a.mail.example.com", "ail.example.com",
		"mail.example.com", "example.info" };
	static const size_t order[] = { 5, 2, 3, 0, 1, 4, 6 };
	const size_t count = sizeof(domains) / sizeof(domains[0]);

	(void)state;
	for (unsigned most = 0; most <= count; most++) {
		struct stage s;

		stage_set(&s);
		s.settings.signatures = most;
		s.question.authors = author;
		for (size_t i = 0; i < count; i++)
			put(&s, "DKIM-Signature", arena_printf(mem, " v=1; "
			    "a=rsa-sha256; d=%s; s=none; h=from; bh=47DEQpj8HB"
			    "Sa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA",
			    domains[i]));
		put(&s, "From", " joe@mail.example.com");
		judge(&s, BODY);
		for (size_t i = 0; i < count; i++)
			expect(domains[order[i]],
			    &s.finding.signatures[order[i]], i < most ?
			    AUTH_PERMERROR : AUTH_POLICY, i < most ?
			    DKIM_CAUSE_NO_KEY : DKIM_CAUSE_LIMIT);
		clear(&s);
	}
}

/* --- hostile fields --- */

static void test_hostile(void **state)
{
	struct buf text = { 0 };
	struct stage s;
	char *good = sign(RSA1024, RELAXED, H, BODY, -1);

	(void)state;
	/* 64 KB of signature beside a good one */
	buf_adds(&text, " v=1; a=rsa-sha256; d=example.com; s=r1024; b=");
	for (int i = 0; i < 70000; i++)
		buf_addc(&text, 'A');
	stage_set(&s);
	put(&s, "DKIM-Signature", buf_text(&text));
	put_all(&s, good);
	judge(&s, BODY);
	expect("64 KB", &s.finding.signatures[0], AUTH_POLICY,
	    DKIM_CAUSE_LIMIT);
	expect("beside", &s.finding.signatures[1], AUTH_PASS,
	    DKIM_CAUSE_NONE);
	clear(&s);

	/* h= of 5000 names */
	buf_clear(&text);
	buf_adds(&text, "from");
	for (int i = 0; i < 5000; i++)
		buf_adds(&text, ":to");
	stage_set(&s);
	put(&s, "DKIM-Signature", arena_printf(mem, "v=1; a=rsa-sha256; d="
	    "example.com; s=r1024; h=%s; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMp"
	    "JWZG3hSuFU=; b=AAAA", buf_text(&text)));
	put_all(&s, good);
	judge(&s, BODY);
	expect("5000 names", &s.finding.signatures[0], AUTH_POLICY,
	    DKIM_CAUSE_LIMIT);
	assert_non_null(strstr(s.finding.signatures[0].reason, "h="));
	expect("beside", &s.finding.signatures[1], AUTH_PASS,
	    DKIM_CAUSE_NONE);
	clear(&s);
	free(good);

	/* a field of 300 KB, and one hundred of the same name */
	buf_clear(&text);
	for (int i = 0; i < 30000; i++)
		buf_adds(&text, " x\r\n\ty z\t");
	{
		struct signer_field big[] = { { "X-Big", buf_text(&text) },
			FROM };
		char *value = signer_sign(keys[RSA1024], RELAXED, "from:x-big",
		    big, 2, BODY, -1);

		stage_set(&s);
		put(&s, "DKIM-Signature", value);
		put(&s, big[0].name, big[0].value);
		put(&s, big[1].name, big[1].value);
		judge(&s, BODY);
		expect("300 KB", only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);
		free(value);
	}
	buf_free(&text);
}

/* h= naming every field of the message, and more than that. */
static void test_oversigned(void **state)
{
	static const char *const lists[] = {
		"From:To:subject:received:x-empty",
		"From:To:subject:received:x-empty:from",
		"From:To:subject:received:x-empty:from:to:subject:x-other",
		"from:from:from:from:from:from:from:from:from:from:from:from",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		char *value = sign(RSA1024, RELAXED, lists[i], BODY, -1);
		struct stage s;

		stage_set(&s);
		put_all(&s, value);
		judge(&s, BODY);
		expect(lists[i], only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);

		/* a second From below the signed one is seen */
		stage_set(&s);
		put_all(&s, value);
		put(&s, "From", " Eve <eve@example.net>");
		judge(&s, BODY);
		expect(lists[i], only(&s), AUTH_FAIL, DKIM_CAUSE_HEADER);
		clear(&s);

		/* above it only if the signature says that there is none */
		stage_set(&s);
		put(&s, "From", " Eve <eve@example.net>");
		put_all(&s, value);
		judge(&s, BODY);
		expect(lists[i], only(&s), i == 0 ? AUTH_PASS : AUTH_FAIL,
		    i == 0 ? DKIM_CAUSE_NONE : DKIM_CAUSE_HEADER);
		clear(&s);
		free(value);
	}
}

/* The signature's own field and one more in h=: the list is one longer than
 * the header has fields. */
static void test_covers_signatures(void **state)
{
	static const struct signer_field three[] = { FROM,
		{ "To", " suzie@example.net" } };
	static const char *const lists[] = {
		"from:to:dkim-signature",
		"from:to:dkim-signature:x-more",
		"from:to:dkim-signature:dkim-signature:dkim-signature",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		char *value = signer_sign(keys[RSA1024], RELAXED, lists[i],
		    three, 2, BODY, -1);
		struct stage s;

		stage_set(&s);
		put(&s, "DKIM-Signature", value);
		put(&s, "From", three[0].value);
		put(&s, "To", three[1].value);
		judge(&s, BODY);
		expect(lists[i], only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);
		free(value);
	}
}

/* From fields that no parser likes do not keep a signature from being seen. */
static void test_odd_from(void **state)
{
	static const char *const froms[] = { " undisclosed:;", "", " \"joe",
		" <<>>", " joe@example.com, eve@example.net" };

	(void)state;
	for (size_t i = 0; i < sizeof(froms) / sizeof(*froms); i++) {
		struct signer_field from = { "From", froms[i] };
		char *value = signer_sign(keys[RSA1024], RELAXED, "from",
		    &from, 1, BODY, -1);
		struct stage s;

		stage_set(&s);
		put(&s, "DKIM-Signature", value);
		put(&s, "From", froms[i]);
		judge(&s, BODY);
		expect(froms[i], only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);
		free(value);
	}
}

/* --- what only the native engine can judge --- */

static void test_native_only(void **state)
{
	static const struct {
		const char *label, *tags;
	} cases[] = {
		{ "another tag in b", RELAXED " xb=1;" },
		{ "early t", RELAXED " t=100;" },
		{ "quoted @", RELAXED " i=\"a@b\"@example.com;" },
		{ "quoted-printable i", RELAXED " i=a=2Bb@example.com;" },
		{ "UTF-8 i", RELAXED " i=j\xc3\xb6@example.com;" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *value = sign(RSA1024, cases[i].tags, H, BODY, -1);
		struct stage s;

		stage_set(&s);
		put_all(&s, value);
		judge(&s, BODY);
		expect(cases[i].label, only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);
		free(value);
	}
}

/* --- legal, if odd: every engine must take it --- */

static void test_legal(void **state)
{
	static const struct {
		const char *label, *tags, *h;
	} cases[] = {
#define ODD(d, s, more) "v=1; a=rsa-sha256; c=relaxed/relaxed; d=" d "; s=" s \
    "; " more
		{ "upper-case d", ODD("EXAMPLE.com", "r1024", ""), H },
		{ "upper-case s", ODD("example.com", "R1024", ""), H },
		{ "upper-case i", ODD("example.com", "r1024",
		    "i=Joe@EXAMPLE.Com;"), H },
		{ "i below", ODD("example.com", "r1024",
		    "i=@a.b.example.com;"), H },
		{ "blanks", " v = 1 ;\r\n a\t=\r\n rsa-sha256; c=relaxed/relaxed"
		    " ; d = example.com ; s = r1024 ;", H },
		{ "unknown query first", ODD("example.com", "r1024",
		    "q=foo/bar:dns/txt;"), H },
		{ "unknown query last", ODD("example.com", "r1024",
		    "q=dns/txt : foo;"), H },
		{ "copied fields", ODD("example.com", "r1024",
		    "z=From:joe@example.com|Subject:Is=20dinner|\r\n To:x;"),
		    H },
		{ "unknown tags", ODD("example.com", "r1024",
		    "dara=x.example; r=y; X_1=;"), H },
		{ "h in any case", ODD("example.com", "r1024", ""),
		    "FROM:tO : sUbJect" },
		{ "h of absent fields", ODD("example.com", "r1024", ""),
		    "x-none:from:x-none:y" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *value = sign(RSA1024, cases[i].tags, cases[i].h, BODY,
		    -1);
		struct stage s;

		stage_set(&s);
		put_all(&s, value);
		judge(&s, BODY);
		expect(cases[i].label, only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);
		free(value);
	}
}

/* RFC 8616: asked for as A-labels, hashed as written. */
static void test_u_label(void **state)
{
	char *value = sign(ED25519, "v=1; a=ed25519-sha256; c=relaxed/simple; "
	    "d=b\xc3\xbc" "cher.example; s=\xc3\xa4; i=\xc3\xb6@b\xc3\xbc"
	    "cher.example;", H, BODY, -1);
	char *p = signer_raw(keys[ED25519]), *text;
	struct stage s;

	(void)state;
	text = arena_printf(mem, "xn--4ca._domainkey.xn--bcher-kva.example TXT "
	    "\"k=ed25519; p=%s\"\n", p);
	stage_set(&s);
	s.extra_zone = text;
	put_all(&s, value);
	judge(&s, BODY);
	expect("U-label", only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
	assert_string_equal(only(&s)->domain, "xn--bcher-kva.example");
	assert_string_equal(only(&s)->selector, "xn--4ca");
	clear(&s);
	free(p);
	free(value);
}

static void test_native_forms(void **state)
{
	char *value;
	struct stage s;

	(void)state;
	signer_b = "b \t=";
	for (size_t f = 0; f < 4; f++) {
		value = sign(RSA1024, arena_printf(mem, "v=1; a=rsa-sha256; "
		    "c=%s; d=example.com; s=r1024;", forms[f]), H, BODY, -1);
		stage_set(&s);
		put_all(&s, value);
		judge(&s, BODY);
		expect("blank before =", only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);
		free(value);
	}
	signer_b = "b=";

	/* relaxed drops the blank before the colon, simple keeps it */
	for (size_t f = 0; f < 2; f++) {
		value = sign(RSA1024, f == 0 ? RELAXED : SIMPLE, H, BODY, -1);
		stage_set(&s);
		put(&s, "DKIM-Signature", value);
		for (size_t i = 0; i < FIELDS; i++)
			put(&s, i == 1 ? "Subject\t" : fields[i].name,
			    fields[i].value);
		judge(&s, BODY);
		expect("TAB before colon", only(&s), f == 0 ? AUTH_PASS :
		    AUTH_FAIL, f == 0 ? DKIM_CAUSE_NONE : DKIM_CAUSE_HEADER);
		clear(&s);
		free(value);
	}

	/* h= longer than libopendkim reads */
	{
		struct buf h = { 0 };

		buf_adds(&h, "from");
		for (int i = 0; i < 600; i++)
			buf_adds(&h, ":subject");
		value = sign(RSA1024, RELAXED, buf_text(&h), BODY, -1);
		stage_set(&s);
		put_all(&s, value);
		judge(&s, BODY);
		expect("long h=", only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
		clear(&s);
		free(value);
		buf_free(&h);
	}
}

/* --- nothing may be changed, anywhere --- */

static void test_every_octet(void **state)
{
	char *value = sign(RSA1024, SIMPLE " t=1699999000;", H, BODY, -1);
	size_t len = strlen(value);

	(void)state;
	/* The last digit of b= has bits that mean nothing. */
	for (size_t i = 0; i < len - 2; i++) {
		char *copy = strdup(value);
		struct stage s;

		copy[i] ^= 1;
		stage_set(&s);
		put_all(&s, copy);
		judge(&s, BODY);
		if (s.finding.code == AUTH_PASS)
			fail_msg("octet %zu: %s", i, copy);
		clear(&s);
		free(copy);
	}
	free(value);
	value = sign(RSA1024, SIMPLE, H, BODY, -1);
	for (size_t f = 0; f < FIELDS; f++) {
		for (size_t i = 0; i < strlen(fields[f].value); i++) {
			struct stage s;

			stage_set(&s);
			put(&s, "DKIM-Signature", value);
			for (size_t k = 0; k < FIELDS; k++) {
				char *copy = arena_strdup(mem, fields[k].value);

				if (k == f)
					copy[i] ^= 1;
				put(&s, fields[k].name, copy);
			}
			judge(&s, BODY);
			if (s.finding.code == AUTH_PASS)
				fail_msg("%s octet %zu", fields[f].name, i);
			clear(&s);
		}
	}
	free(value);
}

/* --- one set of libraries for all threads --- */

static char *shared_value;

static void *verify_many(void *arg)
{
	size_t *passed = arg;

	mem = arena_new(65536);
	for (int i = 0; i < 25; i++) {
		struct stage s;

		stage_set(&s);
		put_all(&s, shared_value);
		judge(&s, i % 2 ? BODY : SLICE("other\r\n"));
		*passed += s.finding.code == (i % 2 ? AUTH_PASS : AUTH_FAIL);
		clear(&s);
	}
	arena_free(mem);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	size_t passed[4] = { 0 };

	(void)state;
	shared_value = sign(RSA2048, "v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=example.com; s=r2048;", H, BODY, -1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		    verify_many, &passed[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(passed[i], 25);
	}
	free(shared_value);
}

/* --- messages of the RFCs --- */

/* The RFCs show two blanks in the middle of a line that was signed with one
 * (RFC 6376 uses "simple"). */
static const char rfc8463_zone[] =
	"brisbane._domainkey.football.example.com TXT \"v=DKIM1; k=ed25519; "
	"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
	"test._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=MIGfMA0G"
	"CSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR\" \"iGs5V6NpP3idY6Wk08a5qhd"
	"R6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC\" \"DfzwQ/BC/e/8uBsCR+y"
	"z1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3\" \"Ip3G+2kryOTIKT+"
	"l/K4w3QIDAQAB\"\n"
	"brisbane._domainkey.example.com TXT \"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEB"
	"AQUAA4GNADCBiQ\" \"KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\" "
	"\"IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v\" \"/RtdC2UzJ1lWT947q"
	"R+Rcac2gbto/NMqJ0fzfVjH4OuKhi\" \"tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ"
	"2QIDAQAB\"\n";

static const char rfc_body[] =
	"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";

static void put_dinner(struct stage *s)
{
	put(s, "From", " Joe SixPack <joe@football.example.com>");
	put(s, "To", " Suzie Q <suzie@shopping.example.net>");
	put(s, "Subject", " Is dinner ready?");
	put(s, "Date", " Fri, 11 Jul 2003 21:00:37 -0700 (PDT)");
	put(s, "Message-ID", " <20030712040037.46341.5F8J@football.example.com>"
	    );
}

static void test_rfc8463(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s);
	s.extra_zone = rfc8463_zone;
	put(&s, "DKIM-Signature", " v=1; a=ed25519-sha256; c=relaxed/relaxed;"
	    "\r\n d=football.example.com; i=@football.example.com;"
	    "\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :"
	    "\r\n subject : date : message-id : from : subject : date;"
	    "\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
	    "\r\n b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
	    "\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
	put(&s, "DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/relaxed;"
	    "\r\n d=football.example.com; i=@football.example.com;"
	    "\r\n q=dns/txt; s=test; t=1528637909; h=from : to : subject :"
	    "\r\n date : message-id : from : subject : date;"
	    "\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
	    "\r\n b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3"
	    "\r\n DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
	    "\r\n dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="
	    );
	put_dinner(&s);
	judge(&s, SLICE(rfc_body));
	assert_int_equal(s.finding.count, 2);
	expect("ed25519", &s.finding.signatures[0], AUTH_PASS,
	    DKIM_CAUSE_NONE);
	expect("rsa", &s.finding.signatures[1], AUTH_PASS, DKIM_CAUSE_NONE);
	assert_string_equal(s.finding.signatures[1].identity,
	    "@football.example.com");
	assert_string_equal(s.finding.signatures[1].b, "F45dVWDf");
	clear(&s);
}

static void test_rfc6376(void **state)
{
	struct stage s;

	(void)state;
	stage_set(&s);
	s.extra_zone = rfc8463_zone;
	put(&s, "DKIM-Signature", " v=1; a=rsa-sha256; s=brisbane; "
	    "d=example.com;"
	    "\r\n      c=simple/simple; q=dns/txt; i=joe@football.example.com;"
	    "\r\n      h=Received : From : To : Subject : Date : Message-ID;"
	    "\r\n      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
	    "\r\n      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB"
	    "\r\n      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut"
	    "\r\n      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV"
	    "\r\n      4bmp/YzhwvcubU4=;");
	put(&s, "Received", " from client1.football.example.com  [192.0.2.1]"
	    "\r\n      by submitserver.example.com with SUBMISSION;"
	    "\r\n      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)");
	put_dinner(&s);
	judge(&s, SLICE(rfc_body));
	expect("appendix A", only(&s), AUTH_PASS, DKIM_CAUSE_NONE);
	assert_string_equal(only(&s)->identity, "joe@football.example.com");
	clear(&s);
}

/* --- as one of the checks --- */

static void test_row(void **state)
{
	struct check_options options = check_defaults;
	struct error err;
	struct check_env *env;
	struct evidence e = { .received = NOW, .queue_id = "4Abc" };
	struct findings f = { .dkim = { .code = AUTH_NONE } };
	struct resolver *r = zone_resolver(buf_slice(&zone), "zone", &err);
	struct examination x = { mem, NULL, &e, NULL, &f, body_new(mem) };
	struct slice from = slice_of(fields[FIELDS - 1].value);
	char *value = sign(RSA2048, "v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=example.com; s=r2048;", H, BODY, -1);
	void *check;

	(void)state;
	options.dkim_engine = engine;
	options.authserv_id = "mx.example.org";
	env = check_env_new(&options, NULL, &err);
	assert_non_null(env);
	x.env = env;
	x.dns = inquiry_new(mem, r, NULL, NULL);
	check = dkim_check.open(&x);
	dkim_check.reach(check, PHASE_MAIL);
	assert_int_equal(inquiry_journal_count(x.dns), 0);
	header_append(&e.header, mem, SLICE("DKIM-Signature"),
	    slice_of(value));
	for (size_t i = 0; i < FIELDS; i++)
		header_append(&e.header, mem, slice_of(fields[i].name),
		    slice_of(fields[i].value));
	e.author = author_read(mem, &from, 1);
	dkim_check.reach(check, PHASE_HEADERS);
	/* the key is asked for before there is a body */
	assert_int_equal(inquiry_journal_count(x.dns), 1);
	body_feed(x.body, body_text, 7);
	body_feed(x.body, body_text + 7, sizeof(body_text) - 8);
	dkim_check.reach(check, PHASE_EOM);
	dkim_check.finish(check);
	assert_int_equal(f.dkim.code, AUTH_PASS);
	assert_int_equal(f.dkim.count, 1);
	assert_string_equal(f.dkim.signatures[0].domain, "example.com");
	arena_reset(mem);
	check_env_free(env);
	resolver_drop(r);
	free(value);
}

/* --- the engines --- */

static int use_library(void **state)
{
	engine = ENGINE_LIBRARY;
	return set_up(state);
}

static int use_native(void **state)
{
	engine = ENGINE_NATIVE;
	return set_up(state);
}

static int use_both(void **state)
{
	engine = ENGINE_BOTH;
	return set_up(state);
}

/* In `both` the engines must have agreed on every message above. */
static void test_agreed(void **state)
{
	(void)state;
	assert_int_equal(dkim_libraries_disagreements(libraries), 0);
}

static void test_words(void **state)
{
	(void)state;
	for (int c = DKIM_CAUSE_NONE; c <= DKIM_CAUSE_ENGINE; c++)
		assert_non_null(name_word(dkim_cause_names, c));
	assert_string_equal(name_word(dkim_names, AUTH_TEMPERROR),
	    "temperror");
	assert_null(name_find(dkim_names, "softfail"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_altered),
		cmocka_unit_test(test_unsigned_controls),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_three),
		cmocka_unit_test(test_same_key),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_b),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_promise),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_oversigned),
		cmocka_unit_test(test_covers_signatures),
		cmocka_unit_test(test_odd_from),
		cmocka_unit_test(test_native_only),
		cmocka_unit_test(test_legal),
		cmocka_unit_test(test_u_label),
		cmocka_unit_test(test_native_forms),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_rfc8463),
		cmocka_unit_test(test_rfc6376),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_agreed),
	};
	int failed = 0;

	failed += cmocka_run_group_tests_name("library", tests, use_library,
	    tear_down);
	failed += cmocka_run_group_tests_name("native", tests, use_native,
	    tear_down);
	failed += cmocka_run_group_tests_name("both", tests, use_both,
	    tear_down);
	return failed;
}
