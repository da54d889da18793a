/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "check/arc/arc.h"
#include "check/arc/chain.h"
#include "check/arc/verify.h"
#include "check/dkim/rsa.h"
#include "check/stamp.h"
#include "dkim_signer.h"
#include "dns/zone.h"

#define NOW 1700000000

enum { RSA1024, ED25519, RSA2048, RSA512, OTHER, LONG, KEYS };

static struct arena *mem, *kept;
static EVP_PKEY *pkeys[KEYS];
static char *records[KEYS];

/* A key of 4104 bits that nobody has. */
static const char *long_record(void)
{
	static const unsigned char exponent[] = { 1, 0, 1 };
	unsigned char modulus[513];
	struct dkim_rsa rsa = { .modulus = { modulus, sizeof(modulus) },
		.exponent = { exponent, sizeof(exponent) } };
	struct octets der;

	memset(modulus, 0xff, sizeof(modulus));
	der = dkim_rsa_write(kept, &rsa);
	return arena_printf(kept, "v=DKIM1; p=%s",
	    dkim_base64_text(kept, der.data, der.len));
}

static int set_up_keys(void **state)
{
	(void)state;
	kept = arena_new(4096);
	pkeys[RSA1024] = signer_rsa(1024);
	pkeys[ED25519] = signer_ed25519();
	pkeys[RSA2048] = signer_rsa(2048);
	pkeys[RSA512] = signer_rsa(512);
	pkeys[OTHER] = signer_rsa(1024);
	for (int i = 0; i < LONG; i++) {
		char *p = i == ED25519 ? signer_raw(pkeys[i]) :
		    signer_info(pkeys[i]);

		records[i] = arena_printf(kept, "v=DKIM1; k=%s; p=%s",
		    i == ED25519 ? "ed25519" : "rsa", p);
		free(p);
	}
	records[LONG] = arena_strdup(kept, long_record());
	return 0;
}

static int tear_down_keys(void **state)
{
	(void)state;
	for (int i = 0; i < LONG; i++)
		EVP_PKEY_free(pkeys[i]);
	arena_free(kept);
	return 0;
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

/* --- a sealer that shares no code with what it tests --- */

/* What is odd about one set; all zero is a set like any other. */
struct oddity {
	unsigned at;                    /* the set; 0: none is odd */
	const char *cv;                 /* instead of what it should be */
	const char *canon;              /* "c=...; " or "" */
	const char *h;                  /* names */
	const char *more;               /* tags of AMS, "x=1; " */
	const char *algorithm;          /* of AMS, as written */
	const char *seal_more;          /* tags of AS */
	const char *seal_algorithm;     /* of AS, as written */
	const char *name;               /* of its AS field */
	const char *record;             /* of its key; "": none */
	const char *then_body;          /* the body after this set was added */
	int key;                        /* it signs with; 0: as any other */
};

enum change { KEEP, DROP, TWICE, ALTER, REVERSE };

struct plan {
	unsigned sets;
	struct oddity odd;
	enum change change;             /* after all was sealed, to odd.at */
	enum arc_part part;
	const char *body;               /* at the end; NULL: as it was */
};

struct set {
	char *parts[ARC_PARTS];
	const char *seal_name;
};

struct sealed {
	struct set sets[64];
	unsigned count;
	const char *body;
	struct buf zone;
};

static const struct signer_field message[] = {
	{ "Received", " from a\r\n\tby b" },
	{ "From", " Joe <joe@example.com>" },
	{ "To", " list@example.org" },
	{ "Subject", "  is \r\n dinner\tready?" },
};
enum { FIELDS = sizeof(message) / sizeof(message[0]) };

static void sign(EVP_PKEY *key, const struct buf *text, struct buf *value)
{
	unsigned char digest[32], sig[512];
	bool ed = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t n = sizeof(sig);
	char *base64;

	EVP_Digest(text->data, text->len, digest, NULL, EVP_sha256(), NULL);
	assert_int_equal(EVP_DigestSignInit(md, NULL, ed ? NULL : EVP_sha256(),
	    NULL, key), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &n,
	    ed ? digest : (unsigned char *)text->data, ed ? 32 : text->len), 1);
	EVP_MD_CTX_free(md);
	base64 = signer_base64(sig, n);
	buf_adds(value, base64);
	free(base64);
}

static int key_number(const struct oddity *odd, unsigned i)
{
	if (odd->at == i && odd->key != 0)
		return odd->key;
	return i % 2 ? RSA1024 : ED25519;
}

static const char *algorithm_of(int key)
{
	return key == ED25519 ? "ed25519-sha256" : "rsa-sha256";
}

/* The selected field, bottom up; only h= of distinct names are used here, and
 * the ARC fields of the newest older set. */
static const char *field_value(const struct sealed *s, const char *name,
    size_t len)
{
	for (size_t i = FIELDS; i-- > 0; )
		if (strlen(message[i].name) == len &&
		    strncasecmp(message[i].name, name, len) == 0)
			return message[i].value;
	for (int p = 0; p < ARC_PARTS && s->count > 0; p++)
		if (strlen(arc_part_names[p].word) == len &&
		    strncasecmp(arc_part_names[p].word, name, len) == 0)
			return s->sets[0].parts[p];
	return NULL;
}

static char *message_signature(const struct sealed *s, unsigned i,
    const struct oddity *odd)
{
	bool is_odd = odd->at == i;
	int key = key_number(odd, i);
	const char *h = is_odd && odd->h != NULL ? odd->h :
	    "from:to:subject:date";
	const char *c = is_odd && odd->canon != NULL ? odd->canon :
	    "c=relaxed/relaxed; ";
	bool relaxed = strstr(c, "c=relaxed") != NULL;
	struct buf text = { 0 }, value = { 0 };
	unsigned char hash[32];
	const char *l = is_odd && odd->more != NULL ?
	    strstr(odd->more, "l=") : NULL;
	char *base64;

	signer_body(&text, slice_of(s->body), strstr(c, "/relaxed") != NULL);
	EVP_Digest(text.data, l != NULL ? (size_t)atoi(l + 2) : text.len, hash,
	    NULL, EVP_sha256(), NULL);
	base64 = signer_base64(hash, 32);
	buf_addf(&value, " i=%u; a=%s; %s%sd=d%u.example.com;\r\n\ts=sel; "
	    "h=%s;\r\n\tbh=%s; b=", i, is_odd && odd->algorithm != NULL ?
	    odd->algorithm : algorithm_of(key), c,
	    is_odd && odd->more != NULL ? odd->more : "", i, h, base64);
	free(base64);
	buf_clear(&text);
	for (const char *p = h; *p != '\0'; p += strspn(p, ":")) {
		size_t n = strcspn(p, ":");
		const char *v = field_value(s, p, n);

		if (v != NULL) {
			const char *as = p;

			/* As it stands in the header: every name here is
			 * written with capitals there. */
			for (size_t k = 0; k < FIELDS; k++)
				if (message[k].value == v)
					as = message[k].name;
			signer_header(&text, as, n, v, relaxed);
			buf_adds(&text, "\r\n");
		}
		p += n;
	}
	signer_header(&text, "ARC-Message-Signature", 21, buf_text(&value),
	    relaxed);
	sign(pkeys[key], &text, &value);
	buf_free(&text);
	return buf_detach(&value);
}

static void cover(struct buf *text, const char *name, const char *value)
{
	signer_header(text, name, strlen(name), value, true);
}

static char *seal(const struct sealed *s, unsigned i, const struct oddity *odd)
{
	bool is_odd = odd->at == i;
	int key = key_number(odd, i);
	struct buf text = { 0 }, value = { 0 };

	for (unsigned k = 0; k + 1 < i; k++)
		for (int p = 0; p < ARC_PARTS; p++) {
			cover(&text, arc_part_names[p].word,
			    s->sets[k].parts[p]);
			buf_adds(&text, "\r\n");
		}
	for (int p = 0; p < ARC_SEAL; p++) {
		cover(&text, arc_part_names[p].word, s->sets[i - 1].parts[p]);
		buf_adds(&text, "\r\n");
	}
	buf_addf(&value, " i=%u; cv=%s; a=%s;\n\td=d%u.example.com; s=sel; "
	    "%sb=", i, is_odd && odd->cv != NULL ? odd->cv :
	    i == 1 ? "none" : "pass", is_odd && odd->seal_algorithm != NULL ?
	    odd->seal_algorithm : algorithm_of(key), i,
	    is_odd && odd->seal_more != NULL ? odd->seal_more : "");
	cover(&text, "ARC-Seal", buf_text(&value));
	sign(pkeys[key], &text, &value);
	buf_free(&text);
	return buf_detach(&value);
}

static char *owned(char *text)
{
	char *copy = arena_strdup(mem, text);

	free(text);
	return copy;
}

static void add_set(struct sealed *s, unsigned i, const struct oddity *odd)
{
	struct set *set = &s->sets[i - 1];
	const char *record = records[key_number(odd, i)];
	char name[64];

	set->seal_name = odd->at == i && odd->name != NULL ? odd->name :
	    "ARC-Seal";
	set->parts[ARC_RESULTS] = arena_printf(mem, " i=%u; mx%u.example.com;"
	    "\r\n\tspf=pass smtp.mailfrom=example.com"
	    " smtp.remote-ip=\"2001:DB8::%x\"", i, i, i);
	set->parts[ARC_MESSAGE] = owned(message_signature(s, i, odd));
	set->parts[ARC_SEAL] = owned(seal(s, i, odd));
	s->count = i;
	snprintf(name, sizeof(name), "sel._domainkey.d%u.example.com", i);
	if (odd->at == i && odd->record != NULL)
		record = odd->record;
	if (strncmp(record, "STATUS", 6) == 0)
		buf_addf(&s->zone, "%s %s\n", name, record);
	else if (*record != '\0')
		signer_publish(&s->zone, name, record);
	if (odd->at == i && odd->then_body != NULL)
		s->body = odd->then_body;
}

static void put(struct header *h, const char *name, const char *value)
{
	header_append(h, mem, slice_of(name), slice_of(value));
}

static void put_part(struct header *h, const struct plan *p,
    const struct sealed *s, unsigned i, enum arc_part part)
{
	bool here = p->odd.at == i && p->part == part;
	const char *name = part == ARC_SEAL ? s->sets[i - 1].seal_name :
	    arc_part_names[part].word;
	char *value = s->sets[i - 1].parts[part];

	if (here && p->change == DROP)
		return;
	if (here && p->change == ALTER)
		value = arena_printf(mem, "%s%s", value, part == ARC_RESULTS ?
		    "." : "; z=1");
	put(h, name, value);
	if (here && p->change == TWICE)
		put(h, name, value);
}

static void put_all(struct header *h, const struct plan *p,
    const struct sealed *s)
{
	bool up = p->change == REVERSE;

	for (unsigned k = 0; k < s->count; k++)
		for (int q = 0; q < ARC_PARTS; q++)
			put_part(h, p, s, up ? k + 1 : s->count - k,
			    (enum arc_part)(up ? q : ARC_SEAL - q));
	for (size_t i = 0; i < FIELDS; i++)
		put(h, message[i].name, message[i].value);
}

static void make(const struct plan *p, struct sealed *s, struct header *h)
{
	*s = (struct sealed){ .body = "Hello.\r\n" };
	buf_adds(&s->zone, "example.com A 192.0.2.1\n");
	for (unsigned i = 1; i <= p->sets; i++)
		add_set(s, i, &p->odd);
	if (p->body != NULL)
		s->body = p->body;
	put_all(h, p, s);
}

/* --- the chain of a message --- */

static struct arc_finding validate_in(const struct header *h,
    struct slice body, struct slice zone, size_t chunk, size_t *questions)
{
	const struct inquiry_limits limits = { .query_ms = 50,
		.budget_ms = 100 };
	struct arc_question question = { .header = h, .body = body_new(mem),
		.minimum_bits = 1024, .now = NOW };
	struct error err = { "" };
	struct resolver *r = zone_resolver(zone, "zone", &err);
	struct arc_finding f;
	struct inquiry *dns;
	struct arc_work *w;

	if (r == NULL)
		fail_msg("%s", err.text);
	dns = inquiry_new(mem, r, &limits, NULL);
	w = arc_begin(mem, dns, &question, &f);
	for (size_t at = 0; at < body.len; ) {
		size_t n = body.len - at;

		n = chunk > 0 && chunk < n ? chunk : n;
		body_feed(question.body, body.data + at, n);
		at += n;
	}
	arc_conclude(w);
	assert_int_equal(ERR_peek_error(), 0);
	if (questions != NULL)
		*questions = inquiry_journal_count(dns);
	resolver_drop(r);
	return f;
}

static struct arc_finding validate(const struct plan *p, size_t chunk,
    size_t *questions)
{
	struct header h = { 0 };
	struct sealed s;
	struct arc_finding f;

	make(p, &s, &h);
	f = validate_in(&h, slice_of(s.body), buf_slice(&s.zone), chunk,
	    questions);
	buf_free(&s.zone);
	return f;
}

#define ANY NULL

static const struct row {
	const char *label;
	struct plan plan;
	enum auth_code code;
	const char *reason;             /* a part of it; NULL: there is none */
	unsigned oldest, sealers;
} rows[] = {
	{ "no chain", { .sets = 0 }, AUTH_NONE, NULL, 0, 0 },
	{ "one set", { .sets = 1 }, AUTH_PASS, NULL, 0, 1 },
	{ "three sets", { .sets = 3 }, AUTH_PASS, NULL, 0, 3 },
	{ "fifty sets", { .sets = 50 }, AUTH_PASS, NULL, 0, 50 },
	{ "51 sets", { .sets = 51 }, AUTH_FAIL, "more than 50", 0, 0 },
	{ "in another order", { .sets = 3, .change = REVERSE }, AUTH_PASS, NULL,
	  0, 3 },
	{ "another key", { .sets = 2, .odd = { .at = 2, .key = RSA2048 } },
	  AUTH_PASS, NULL, 0, 2 },

	/* step 2 and 3 */
	{ "newest says fail", { .sets = 2, .odd = { .at = 2, .cv = "fail" } },
	  AUTH_FAIL, "the newest ARC-Seal, i=2, says cv=fail", 0, 0 },
	{ "an older one says fail", { .sets = 2, .odd = { .at = 1,
	  .cv = "fail" } }, AUTH_FAIL, "i=1 has the wrong cv=", 0, 0 },
	{ "first says pass", { .sets = 2, .odd = { .at = 1, .cv = "pass" } },
	  AUTH_FAIL, "i=1 has the wrong cv=", 0, 0 },
	{ "second says none", { .sets = 2, .odd = { .at = 2, .cv = "none" } },
	  AUTH_FAIL, "i=2 has the wrong cv=", 0, 0 },
	{ "no results", { .sets = 2, .odd.at = 1, .change = DROP,
	  .part = ARC_RESULTS }, AUTH_FAIL,
	  "there is no ARC-Authentication-Results with i=1", 0, 0 },
	{ "no signature", { .sets = 2, .odd.at = 2, .change = DROP,
	  .part = ARC_MESSAGE }, AUTH_FAIL,
	  "there is no ARC-Message-Signature with i=2", 0, 0 },
	{ "no seal", { .sets = 2, .odd.at = 2, .change = DROP,
	  .part = ARC_SEAL }, AUTH_FAIL, "there is no ARC-Seal with i=2", 0,
	  0 },
	{ "two results", { .sets = 2, .odd.at = 2, .change = TWICE,
	  .part = ARC_RESULTS }, AUTH_FAIL,
	  "more than one ARC-Authentication-Results with i=2", 0, 0 },
	{ "two signatures", { .sets = 1, .odd.at = 1, .change = TWICE,
	  .part = ARC_MESSAGE }, AUTH_FAIL,
	  "more than one ARC-Message-Signature with i=1", 0, 0 },
	{ "two seals", { .sets = 2, .odd.at = 1, .change = TWICE,
	  .part = ARC_SEAL }, AUTH_FAIL, "more than one ARC-Seal with i=1", 0,
	  0 },
	{ "h= in a seal", { .sets = 2, .odd = { .at = 2,
	  .seal_more = "h=from; " } }, AUTH_FAIL,
	  "ARC-Seal cannot be read: h= has no place in a seal", 0, 0 },
	{ "unknown tag in a seal", { .sets = 2, .odd = { .at = 2,
	  .seal_more = "zz=1; " } }, AUTH_PASS, NULL, 0, 2 },
	{ "SHA-1", { .sets = 2, .odd = { .at = 2, .algorithm = "rsa-sha1",
	  .key = RSA1024 } }, AUTH_FAIL, "rsa-sha1 proves nothing", 0, 0 },
	{ "SHA-1 before", { .sets = 3, .odd = { .at = 2,
	  .algorithm = "rsa-sha1", .key = RSA1024 } }, AUTH_PASS, NULL, 3, 3 },

	/* step 4 and 5 */
	{ "body altered", { .sets = 2, .body = "Hallo.\r\n" }, AUTH_FAIL,
	  "ARC-Message-Signature i=2 of d2.example.com: the body was altered",
	  0, 0 },
	{ "body altered on the way", { .sets = 3, .odd = { .at = 1,
	  .then_body = "List.\r\n" } }, AUTH_PASS, NULL, 2, 3 },
	{ "body altered twice", { .sets = 4, .odd = { .at = 3,
	  .then_body = "List.\r\n" } }, AUTH_PASS, NULL, 4, 4 },
	{ "signature altered", { .sets = 2, .odd.at = 2, .change = ALTER,
	  .part = ARC_MESSAGE }, AUTH_FAIL,
	  "ARC-Message-Signature i=2 of d2.example.com: the signature does not",
	  0, 0 },
	{ "simple", { .sets = 1, .odd = { .at = 1,
	  .canon = "c=simple/simple; " } }, AUTH_PASS, NULL, 0, 1 },
	{ "simple/relaxed", { .sets = 1, .odd = { .at = 1,
	  .canon = "c=simple/relaxed; " } }, AUTH_PASS, NULL, 0, 1 },
	{ "relaxed alone", { .sets = 1, .odd = { .at = 1,
	  .canon = "c=relaxed; " } }, AUTH_PASS, NULL, 0, 1 },
	{ "no c=", { .sets = 1, .odd = { .at = 1, .canon = "" } }, AUTH_PASS,
	  NULL, 0, 1 },
	{ "no c=, altered", { .sets = 1, .odd = { .at = 1, .canon = "" },
	  .body = "Hello. \r\n" }, AUTH_FAIL, "the body was altered", 0, 0 },
	{ "h= has ARC-Seal", { .sets = 2, .odd = { .at = 2,
	  .h = "from:arc-seal" } }, AUTH_FAIL, "it covers ARC-Seal", 0, 0 },
	{ "h= has it, but there is none", { .sets = 1, .odd = { .at = 1,
	  .h = "from:ARC-Seal" } }, AUTH_FAIL, "it covers ARC-Seal", 0, 0 },
	{ "h= is empty", { .sets = 1, .odd = { .at = 1, .h = "" } }, AUTH_PASS,
	  NULL, 0, 1 },
	{ "h= without From", { .sets = 1, .odd = { .at = 1, .h = "to" } },
	  AUTH_PASS, NULL, 0, 1 },
	{ "l= is all", { .sets = 1, .odd = { .at = 1, .more = "l=8; " } },
	  AUTH_PASS, NULL, 0, 1 },
	{ "l= is not all", { .sets = 1, .odd = { .at = 1, .more = "l=5; " } },
	  AUTH_FAIL, "goes on behind l=", 0, 0 },
	{ "l= then more", { .sets = 1, .odd = { .at = 1, .more = "l=8; " },
	  .body = "Hello.\r\nBuy!\r\n" }, AUTH_FAIL, "goes on behind l=", 0,
	  0 },
	{ "l= then less", { .sets = 1, .odd = { .at = 1, .more = "l=8; " },
	  .body = "Hell" }, AUTH_FAIL, "shorter than l=", 0, 0 },
	{ "expired", { .sets = 1, .odd = { .at = 1,
	  .more = "t=1600000000; x=1600000001; " } }, AUTH_FAIL,
	  "it has expired", 0, 0 },
	{ "expired before", { .sets = 3, .odd = { .at = 1,
	  .more = "t=1600000000; x=1600000001; " } }, AUTH_PASS, NULL, 2, 3 },
	{ "not yet expired", { .sets = 1, .odd = { .at = 1,
	  .more = "t=1600000000; x=1700000001; " } }, AUTH_PASS, NULL, 0, 1 },

	/* step 6 */
	{ "results altered", { .sets = 3, .odd.at = 1, .change = ALTER,
	  .part = ARC_RESULTS }, AUTH_FAIL,
	  "ARC-Seal i=3 of d3.example.com: the signature does not fit", 0, 0 },
	{ "newest results altered", { .sets = 3, .odd.at = 3, .change = ALTER,
	  .part = ARC_RESULTS }, AUTH_FAIL, "ARC-Seal i=3", 0, 0 },
	{ "seal altered", { .sets = 3, .odd.at = 2, .change = ALTER,
	  .part = ARC_SEAL }, AUTH_FAIL, "ARC-Seal i=3", 0, 0 },
	{ "name in capitals", { .sets = 2, .odd = { .at = 1,
	  .name = "ARC-SEAL" } }, AUTH_PASS, NULL, 0, 2 },
	{ "blank before the colon", { .sets = 2, .odd = { .at = 2,
	  .name = "ARC-Seal " } }, AUTH_PASS, NULL, 0, 2 },

	{ "SHA-1 in a seal", { .sets = 2, .odd = { .at = 1,
	  .seal_algorithm = "rsa-sha1" } }, AUTH_FAIL,
	  "ARC-Seal i=1 of d1.example.com: rsa-sha1 proves nothing", 0, 1 },

	/* keys: all trouble is permanent (5.2.1) */
	{ "no key", { .sets = 2, .odd = { .at = 2, .record = "" } }, AUTH_FAIL,
	  "ARC-Message-Signature i=2 of d2.example.com: no such selector", 0,
	  0 },
	{ "no key before", { .sets = 3, .odd = { .at = 1, .record = "" } },
	  AUTH_FAIL, "ARC-Seal i=1 of d1.example.com: no such selector", 0, 2 },
	{ "server fails", { .sets = 2, .odd = { .at = 1,
	  .record = "STATUS servfail" } }, AUTH_FAIL, "name server fails", 0,
	  1 },
	{ "no answer", { .sets = 2, .odd = { .at = 2,
	  .record = "STATUS timeout" } }, AUTH_FAIL, "in time", 0, 0 },
	{ "revoked", { .sets = 1, .odd = { .at = 1, .record = "v=DKIM1; p=" } },
	  AUTH_FAIL, "revoked", 0, 0 },
	{ "broken key", { .sets = 1, .odd = { .at = 1,
	  .record = "v=DKIM1; p=AAAA" } }, AUTH_FAIL, ANY, 0, 0 },
	{ "short key", { .sets = 1, .odd = { .at = 1, .key = RSA512 } },
	  AUTH_FAIL, "too short", 0, 0 },
};

/* RFC 8617 7.2.2: the example there, and what has no such comment. */
static void comment(void **state)
{
	struct arc_sealer sealers[] = { { "d2.example", "s2" },
	    { "d1.example", "s3" } };
	struct arc_finding f = { .code = AUTH_PASS, .sealers = sealers,
	    .count = 2, .first_client = "2001:db8::1a" };
	struct buf text = { 0 };

	(void)state;
	arc_comment(&f, &text);
	assert_string_equal(buf_text(&text), "arc=pass as[2].d=d2.example "
	    "as[2].s=s2 as[1].d=d1.example as[1].s=s3 "
	    "remote-ip[1]=2001:db8::1a");
	buf_clear(&text);
	f.code = AUTH_FAIL;
	arc_comment(&f, &text);
	assert_int_equal(text.len, 0);
	buf_free(&text);
}

static void check_row(const struct row *r, const struct arc_finding *f)
{
	if (f->code != r->code)
		fail_msg("%s: %s (%s)", r->label, name_word(arc_names,
		    (int)f->code), f->reason != NULL ? f->reason : "-");
	if ((f->code == AUTH_FAIL) != (f->reason != NULL) ||
	    (r->reason != NULL && strstr(f->reason, r->reason) == NULL))
		fail_msg("%s: %s", r->label, f->reason);
	if (f->oldest_known != (f->code == AUTH_PASS) ||
	    f->oldest_pass != r->oldest)
		fail_msg("%s: oldest-pass %u", r->label, f->oldest_pass);
	if (f->count != r->sealers)
		fail_msg("%s: %zu sealers", r->label, f->count);
	if (f->code == AUTH_PASS ? f->first_client == NULL ||
	    strcmp(f->first_client, "2001:db8::1") != 0 :
	    f->first_client != NULL)
		fail_msg("%s: the first client is %s", r->label,
		    f->first_client);
	if (f->instances != (r->plan.sets > 50 ? 50 : r->plan.sets))
		fail_msg("%s: %u instances", r->label, f->instances);
	for (unsigned i = 0; i < f->count; i++) {
		char wanted[40];

		snprintf(wanted, sizeof(wanted), "d%u.example.com",
		    r->plan.sets - i);
		assert_string_equal(f->sealers[i].domain, wanted);
		assert_string_equal(f->sealers[i].selector, "sel");
	}
}

static void test_chains(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arc_finding f;

		arena_reset(mem);
		f = validate(&rows[i].plan, 0, NULL);
		check_row(&rows[i], &f);
	}
}

/* Keys that are published, but not the ones it was sealed with. */
static void test_foreign_keys(void **state)
{
	const struct {
		const char *label, *record, *reason;
	} keys[] = {
		{ "another key", records[OTHER], "the signature does not fit" },
		{ "another type", records[ED25519], "another type than a=" },
		{ "a long one", records[LONG], "longer than 4096 bits" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct row row = { keys[i].label, { .sets = 3, .odd = {
		    .at = 1, .record = keys[i].record } }, AUTH_FAIL,
		    keys[i].reason, 0, 2 };
		struct arc_finding f = validate(&row.plan, 0, NULL);

		check_row(&row, &f);
	}
}

/* A chain whose form is wrong costs no question; a sound one a question for
 * each key. */
static void test_questions(void **state)
{
	const struct plan sound = { .sets = 4 };
	const struct plan gap = { .sets = 4, .odd.at = 1, .change = DROP };
	size_t n;

	(void)state;
	validate(&sound, 0, &n);
	assert_int_equal(n, 4);
	validate(&gap, 0, &n);
	assert_int_equal(n, 0);
}

static void test_splits(void **state)
{
	const struct plan plan = { .sets = 2, .odd = { .at = 1,
	    .canon = "c=simple/simple; ", .then_body = "a  b \r\n\r\nc\r\n\r\n"
	    } };

	(void)state;
	for (size_t chunk = 0; chunk < 16; chunk++) {
		struct arc_finding f = validate(&plan, chunk, NULL);

		assert_int_equal(f.code, AUTH_PASS);
		assert_int_equal(f.oldest_pass, 2);
	}
}

/* --- the form of the fields --- */

#define TEXT(s) { s, sizeof(s) - 1 }

static const struct {
	struct slice value;
	unsigned instance;
} instances[] = {
	{ TEXT("i=1; x"), 1 },
	{ TEXT(" i=50;"), 50 },
	{ TEXT(" (a (b)) i (c) =\r\n (d) 07 (e) ; x"), 7 },
	{ TEXT("i=1"), 0 },
	{ TEXT("i=; x"), 0 },
	{ TEXT("I=1; x"), 0 },
	{ TEXT("i=0; x"), 0 },
	{ TEXT("i=51; x"), 0 },
	{ TEXT("i=001; x"), 0 },
	{ TEXT("i=1 2; x"), 0 },
	{ TEXT("i=-1; x"), 0 },
	{ TEXT("i=1x; x"), 0 },
	{ TEXT("x; i=1;"), 0 },
	{ TEXT("(i=1; x"), 0 },
	{ TEXT("i=1\0; x"), 0 },
	{ TEXT(""), 0 },
};

static void test_instances(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(instances) / sizeof(instances[0]); i++)
		if (arc_instance(instances[i].value) != instances[i].instance)
			fail_msg("[%s]", instances[i].value.data);
}

/* What one hostile field more does to a chain that would pass. */
static const struct {
	const char *label, *name;
	struct slice value;
	const char *reason;
} intruders[] = {
	{ "seal without anything", "ARC-Seal", TEXT(""),
	  "ARC-Seal cannot be read" },
	{ "seal of no set", "arc-seal", TEXT("i=0; cv=none; a=rsa-sha256; "
	    "d=example.com; s=s; b=AAAA"), "ARC-Seal cannot be read" },
	{ "a set far away", "ARC-Seal", TEXT("i=50; cv=pass; a=rsa-sha256; "
	    "d=example.com; s=s; b=AAAA"), "with i=2" },
	{ "a set far away that failed", "ARC-Seal", TEXT("i=50; cv=fail; "
	    "a=rsa-sha256; d=example.com; s=s; b=AAAA"), "says cv=fail" },
	{ "NUL", "ARC-Authentication-Results", TEXT("i=2;\0"),
	  "holds control characters" },
	{ "bare CR", "ARC-Authentication-Results", TEXT("i=2;\rx"),
	  "holds control characters" },
	{ "8 bits", "ARC-Message-Signature", TEXT("i=2; \xff"),
	  "ARC-Message-Signature cannot be read" },
	{ "results of no set", "ARC-Authentication-Results", TEXT("x; i=1"),
	  "no instance of 1 to 50 in front" },
};

static void test_intruders(void **state)
{
	const struct plan plan = { .sets = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(intruders) / sizeof(intruders[0]); i++) {
		struct header h = { 0 };
		struct arc_finding f;
		struct sealed s;

		header_append(&h, mem, slice_of(intruders[i].name),
		    intruders[i].value);
		make(&plan, &s, &h);
		f = validate_in(&h, slice_of(s.body), buf_slice(&s.zone), 0,
		    NULL);
		if (f.code != AUTH_FAIL || strstr(f.reason,
		    intruders[i].reason) == NULL)
			fail_msg("%s: %s", intruders[i].label, f.reason);
		for (const char *c = f.reason; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c <= '~');
		buf_free(&s.zone);
	}
}

/* Two readers may see two fields in it, so nobody can have signed it. */
static void test_control_characters(void **state)
{
	const struct plan plan = { .sets = 1, .odd = { .at = 1,
	    .h = "from:x-odd" } };
	struct header h = { 0 };
	struct arc_finding f;
	struct sealed s;

	(void)state;
	header_append(&h, mem, slice_of("X-Odd"), (struct slice)TEXT("a\0b"));
	make(&plan, &s, &h);
	f = validate_in(&h, slice_of(s.body), buf_slice(&s.zone), 0, NULL);
	assert_int_equal(f.code, AUTH_FAIL);
	assert_non_null(strstr(f.reason, "control characters"));
	buf_free(&s.zone);
}

/* A body that has not been hashed is not the one of 32 zero octets. */
static void test_body_unknown(void **state)
{
	const struct plan plan = { .sets = 1 };
	struct arc_question question = { .minimum_bits = 1024, .now = NOW };
	struct header h = { 0 };
	struct arc_verifier *v;
	struct arc_chain chain;
	struct error err;
	struct sealed s;
	char *hash;

	(void)state;
	make(&plan, &s, &h);
	for (size_t i = 0; i < h.count; i++) {
		hash = memmem(h.fields[i].value.data, h.fields[i].value.len,
		    "bh=", 3);
		if (hash != NULL)
			memset(hash + 3, 'A', 43);
	}
	question.header = &h;
	question.body = body_new(mem);
	arc_chain_read(mem, &h, &chain);
	assert_null(chain.fault);
	struct resolver *r = zone_resolver(buf_slice(&s.zone), "zone", &err);

	assert_non_null(r);
	v = arc_verifier_new(mem, inquiry_new(mem, r, NULL, NULL), &question,
	    &chain);
	assert_non_null(strstr(arc_why_bad_message(v, 1), "not hashed"));
	resolver_drop(r);
	buf_free(&s.zone);
}

/* Ten thousand fields are not even read. */
static void test_flood(void **state)
{
	struct header h = { 0 };
	struct arc_chain chain;
	size_t before;

	(void)state;
	for (int i = 0; i < 10000; i++)
		put(&h, "ARC-Seal", "i=1; cv=none; d=x.example; s=s; b=AAAA");
	before = arena_used(mem);
	arc_chain_read(mem, &h, &chain);
	assert_string_equal(chain.fault, "there are more than 50 ARC sets");
	assert_true(arena_used(mem) - before < 1000);
}

/* Fifty hashes of a giant header are not paid for; the chain is judged. */
static void test_giant(void **state)
{
	const struct plan plan = { .sets = 5 };
	const size_t n = 3u << 20;
	struct header h = { 0 };
	struct arc_finding f;
	struct sealed s;

	(void)state;
	make(&plan, &s, &h);
	header_append(&h, mem, slice_of("X-Big"), (struct slice){
	    memset(arena_alloc(mem, n), 'x', n), n });
	f = validate_in(&h, slice_of(s.body), buf_slice(&s.zone), 0, NULL);
	assert_int_equal(f.code, AUTH_PASS);
	assert_int_equal(f.count, 5);
	assert_false(f.oldest_known);
	buf_free(&s.zone);
}

/* --- as a check, to the stamp --- */

static void play(struct examination *x, struct slice body)
{
	void *state = arc_check.open(x);

	arc_check.reach(state, PHASE_MAIL);
	arc_check.reach(state, PHASE_HEADERS);
	body_feed(x->body, body.data, body.len);
	arc_check.reach(state, PHASE_EOM);
	arc_check.finish(state);
}

static void test_check(void **state)
{
	const struct plan plan = { .sets = 3, .odd = { .at = 1,
	    .then_body = "List.\r\n" } };
	struct evidence e = { .client_class = CLIENT_OUTSIDE,
		.received = NOW };
	struct findings findings = { .arc.code = AUTH_FAIL };
	struct error err = { "" };
	struct authres results;
	struct buf text = { 0 };
	struct sealed s;

	(void)state;
	assert_true(ip_parse(slice_of("2001:db8::1"), &e.client_ip));
	make(&plan, &s, &e.header);
	struct resolver *r = zone_resolver(buf_slice(&s.zone), "zone", &err);
	struct check_env *env = check_env_new(&check_defaults, NULL, &err);

	assert_non_null(r);
	assert_non_null(env);
	for (int round = 0; round < 2; round++) {
		struct examination x = { .mem = mem, .env = env,
			.body = body_new(mem),
			.evidence = &e, .findings = &findings,
			.dns = inquiry_new(mem, r, NULL, NULL) };

		play(&x, slice_of(s.body));
		assert_int_equal(findings.arc.code, AUTH_PASS);
	}
	/* Three seals and two message signatures, while a third fails by its
	 * body; they share two keys. */
	assert_int_equal(crypto_keys_count(check_env_keys(env)).misses, 2);
	assert_int_equal(crypto_keys_count(check_env_keys(env)).hits, 8);
	stamp_results(mem, check_env_options(env), &e, &findings, &results);
	authres_render(&results, false, &text);
	assert_non_null(strstr(buf_text(&text),
	    "arc=pass smtp.remote-ip=\"2001:db8::1\""));
	assert_non_null(strstr(buf_text(&text), "header.oldest-pass=2"));
	buf_free(&text);
	buf_free(&s.zone);
	arena_reset(mem);
	resolver_drop(r);
	check_env_free(env);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chains),
		TEST(test_foreign_keys),
		TEST(test_questions),
		TEST(test_splits),
		TEST(test_instances),
		TEST(test_intruders),
		TEST(test_control_characters),
		TEST(test_body_unknown),
		TEST(test_flood),
		TEST(test_giant),
		TEST(test_check),
		cmocka_unit_test(comment),
	};

	return cmocka_run_group_tests(tests, set_up_keys, tear_down_keys);
}
