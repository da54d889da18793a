/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Random messages, signed one to four times. */
#include <stdint.h>

#include "../../unit/dkim_signer.h"
#include "base/arena.h"
#include "dice.h"
#include "mail/header.h"

/* One pair of keys, always the same, so that a case can be seen again. */
static const char letters_rsa[] =
	"MIICXAIBAAKBgQC3Csi7jONtxWZ54aOnjwwyt/i4Kzn+62e7Pi5IeFSZU6L8w04P"
	"sh415xj0UqHIzBR7ym0DMTbP3E10F+kkaZvMOadCfamhcUd2B6zTkV7Eaw6CcRCq"
	"JVrSq3qoKZyzmBbH9Qdk7+IXpmkR7MoRb9vughQyLXeDBnQbUQ3l8m5cywIDAQAB"
	"AoGAJGlrxwtezp5fJU3CjXmCVrCMNK68qb5Qc0oKUPZG9f1SRe/gHnUzV0uyhh/N"
	"+TDHvlxlVSY8HhtX+QksosazbBXIQpS/cepJ++SBp2xg2rxU3Zc9GsTQewM6lF3X"
	"jqj38D4igg0tN0wWrTzHJqpg34whOD4g7hL459Yq3IWbiRECQQDYjQITlJLDGJKU"
	"j94ZObNjooXSE5DkPdxwxcz+YDtSAqEaJ/L3x0mv4qoK3pcioN7Z1AqWjbh1oCov"
	"L5om085pAkEA2GMTcmNQqfuiREoGnHyBWH0hhA2w94fTnbOggbJlc6Sh5TTcJkPB"
	"vj9f3KZPP42dN1N9PJoaSqDK9SmCeTpTEwJBAJcpt21bpSczG/9AflU1hhfi928x"
	"4U6yMBM4wGRBYKda1oKfqGd2YeW5X+G+h9nQWj/MWKfHvh+98jSGEiFQcSECQB9M"
	"HTjzQmyDl9G2v0QNAgxRdPKLpGf4/lOV8oYvzlqumjfzsE/chv5EXlIkv9uaWP3y"
	"lm+YfmsC3Lge+98a338CQEHobMFNdgC1wCiemdwURBNNtCA3VTl5WEAxmjWw7s2J"
	"hRSmOb83bv4LRr366KOX5ZKhzoZ1Awj6ls9o/DebQ+Q=";

enum { LETTERS_RSA, LETTERS_ED, LETTERS_KEYS };

static inline void letters_keys(EVP_PKEY *keys[LETTERS_KEYS])
{
	unsigned char der[1024], seed[32];
	const unsigned char *p = der;
	int n = EVP_DecodeBlock(der, (const unsigned char *)letters_rsa,
	    (int)strlen(letters_rsa));

	memset(seed, 'k', sizeof(seed));
	signer_must(n > 0);
	keys[LETTERS_RSA] = d2i_AutoPrivateKey(NULL, &p, n);
	keys[LETTERS_ED] = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
	    seed, sizeof(seed));
	signer_must(keys[LETTERS_RSA] != NULL && keys[LETTERS_ED] != NULL);
}

static const struct letters_selector {
	const char *name;
	int key;
	const char *record;     /* %s: p= of the key; NULL: there is none */
} letters_selectors[] = {
	{ "rsa", LETTERS_RSA, "v=DKIM1; k=rsa; p=%s" },
	{ "ed", LETTERS_ED, "v=DKIM1; k=ed25519; p=%s" },
	{ "rsa", LETTERS_RSA, "v=DKIM1; k=rsa; p=%s" },
	{ "ed", LETTERS_ED, "v=DKIM1; k=ed25519; p=%s" },
	{ "flags", LETTERS_RSA, "p=%s; t=s:y" },
	{ "wrong", LETTERS_RSA, "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBi"
	    "QKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Q"
	    "vx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT"
	    "5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB" },
	{ "revoked", LETTERS_ED, "v=DKIM1; p=" },
	{ "absent", LETTERS_ED, NULL },
	{ "sick", LETTERS_RSA, NULL },
};

static inline void letters_publish(struct buf *zone,
    EVP_PKEY *const keys[LETTERS_KEYS])
{
	char *p[] = { signer_info(keys[LETTERS_RSA]),
		signer_raw(keys[LETTERS_ED]) };

	for (size_t i = 0; i < sizeof(letters_selectors) /
	    sizeof(letters_selectors[0]); i++) {
		const struct letters_selector *s = &letters_selectors[i];
		char name[100], record[1000];

		if (s->record == NULL || i == 2 || i == 3)
			continue;
		snprintf(name, sizeof(name), "%s._domainkey.example.com",
		    s->name);
		/* not all records have a place for a key */
		if (strstr(s->record, "%s") != NULL)
			snprintf(record, sizeof(record), "%.*s%s%s",
			    (int)(strstr(s->record, "%s") - s->record),
			    s->record, p[s->key],
			    strstr(s->record, "%s") + 2);
		else
			snprintf(record, sizeof(record), "%s", s->record);
		signer_publish(zone, name, record);
	}
	buf_adds(zone, "sick._domainkey.example.com STATUS servfail\n");
	free(p[0]);
	free(p[1]);
}

enum { LETTER_SIGNATURES = 4, LETTER_FIELDS = 14,
	LETTER_ROOM = LETTER_SIGNATURES + LETTER_FIELDS };

/* As it was signed. Everything in the arena. */
struct letter {
	struct signer_field all[LETTER_ROOM];   /* from `first` on */
	size_t first;
	struct slice body;
};

static const char *const letter_names[] = { "To", "Subject", "Received",
	"received", "X-A", "x-a", "X-Ab", "Date", "List-Id", "Cc", "SUBJECT" };

static inline const char *letter_value(struct arena *mem, struct dice *d)
{
	static const char *const parts[] = { "joe", "<a@example.com>", " ",
		"  ", "\t", "\r\n ", "\r\n\t", "\xc3\xa4", "x", "Y", ",", ";",
		"\"q\"", "=?x?=", "\n ", " \r\n ", "\xff" };
	struct buf b = { 0 };
	char *value;

	if (!one_in(d, 6))
		buf_addc(&b, ' ');
	for (size_t n = roll(d, 9); n > 0; n--)
		buf_adds(&b, PICK(d, parts));
	value = arena_strdup(mem, buf_text(&b));
	buf_free(&b);
	return value;
}

static inline struct slice letter_body(struct arena *mem, struct dice *d)
{
	static const char *const parts[] = { "a", "word", " ", "  ", "\t",
		"\xe4", "B", ".", "--", "=20", "\v" };
	static const char *const ends[] = { "\r\n", "\r\n\r\n", " \r\n",
		"\r\n\r\n\r\n", "" };
	struct buf b = { 0 };
	struct slice body;

	for (size_t n = one_in(d, 50) ? 300 : roll(d, 7); n > 0; n--) {
		for (size_t k = roll(d, 8); k > 0; k--)
			buf_adds(&b, PICK(d, parts));
		buf_adds(&b, "\r\n");
	}
	buf_adds(&b, PICK(d, ends));
	if (b.len > 0 && b.data[b.len - 1] != '\n')
		buf_adds(&b, "\r\n");
	body = (struct slice){ arena_memdup(mem, buf_text(&b), b.len), b.len };
	buf_free(&b);
	return body;
}

/* A list for h=: From nearly always, repeats, absent ones, any order. */
static inline char *letter_selection(struct arena *mem, struct dice *d)
{
	static const char *const odd[] = { "from", "From", "x-none", "to",
		"subject", "Received", "received", "X-a", "x-ab", "date",
		"list-id", "bcc", "FROM" };
	static const char *const colons[] = { ":", ":", " : ", ":\r\n\t" };
	struct buf h = { 0 };
	char *list;

	buf_adds(&h, one_in(d, 60) ? "to" : "From");
	for (size_t n = roll(d, 9); n > 0; n--)
		buf_addf(&h, "%s%s", PICK(d, colons), PICK(d, odd));
	if (one_in(d, 25))
		buf_adds(&h, ":dkim-signature");
	list = arena_strdup(mem, buf_text(&h));
	buf_free(&h);
	return list;
}

static inline void letter_tags(struct buf *tags, struct dice *d,
    const struct letters_selector *s, const char *form)
{
	static const char *const more[] = { "", "", "", " q=dns/txt;",
		" t=1699990000;", " x=1800000000;", " i=@example.com;",
		" i=joe@sub.example.com;", " t=1699990000; x=1699990001;",
		" z=From:x|To:y;", "\r\n\tx_y=1;", " r=y;" };
	/* What the library is not given; kept rare. */
	static const char *const odd[] = { " xb=1;", " t=1000;",
		" i=\"a b\"@example.com;", " i=a=2Bb@example.com;",
		" i=j\xc3\xb6@example.com;" };

	buf_addf(tags, " v=1; a=%s; c=%s;%s d=example.com; s=%s;",
	    s->key == LETTERS_ED ? "ed25519-sha256" : "rsa-sha256", form,
	    one_in(d, 3) ? "\r\n\t" : "", s->name);
	buf_adds(tags, one_in(d, 25) ? PICK(d, odd) : PICK(d, more));
}

static inline void letter_sign(struct letter *l, struct arena *mem,
    EVP_PKEY *const keys[LETTERS_KEYS], struct dice *d)
{
	static const char *const forms[] = { "simple/simple",
		"simple/relaxed", "relaxed/simple", "relaxed/relaxed",
		"relaxed", "simple" };
	const struct letters_selector *s = &PICK(d, letters_selectors);
	const char *form = PICK(d, forms), *h = letter_selection(mem, d);
	struct buf tags = { 0 }, canon = { 0 };
	long length = -1;
	char *value;

	letter_tags(&tags, d, s, form);
	if (one_in(d, 5)) {
		signer_body(&canon, l->body, strstr(form, "/relaxed") != NULL);
		length = one_in(d, 2) ? (long)canon.len :
		    (long)roll(d, canon.len + 1);
		buf_addf(&tags, " l=%ld;", length);
	}
	signer_b = one_in(d, 60) ? "b =" : "b=";
	value = signer_sign(keys[s->key], buf_text(&tags), h,
	    &l->all[l->first], LETTER_ROOM - l->first, l->body, length);
	signer_b = "b=";
	l->first--;
	l->all[l->first] = (struct signer_field){ "DKIM-Signature",
		arena_strdup(mem, value) };
	free(value);
	buf_free(&tags);
	buf_free(&canon);
}

static inline void letter_write(struct letter *l, struct arena *mem,
    EVP_PKEY *const keys[LETTERS_KEYS], struct dice *d)
{
	size_t froms = one_in(d, 30) ? roll(d, 3) : 1;
	size_t others = roll(d, LETTER_FIELDS - 2);

	l->first = LETTER_ROOM - froms - others;
	for (size_t i = l->first; i < LETTER_ROOM; i++)
		l->all[i] = (struct signer_field){ PICK(d, letter_names),
			letter_value(mem, d) };
	for (size_t i = 0; i < froms; i++)
		l->all[l->first + roll(d, others + froms)].name = "From";
	l->body = letter_body(mem, d);
	for (size_t n = 1 + roll(d, LETTER_SIGNATURES); n > 0; n--)
		letter_sign(l, mem, keys, d);
}
