/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The signer of a case: it signs whatever it is told to, well-formed or not,
 * so that a field that must be refused would verify if it were believed.
 */
#include "../../unit/dkim_signer.h"
#include "case.h"

struct word {
	const char *name;
	struct slice text;
	bool is_b;                      /* blanks around it go with it */
};

static EVP_PKEY *forge_keys[CASE_KEYS];
static struct word forge_words[32];     /* what records and fields may name */
static size_t forge_word_count;

static inline void forge_word(const char *name, char *text, size_t len)
{
	forge_words[forge_word_count++] = (struct word){ name, { text, len },
		false };
}

static inline bool forge_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * A template with its words. Where b= is empty, so are the blanks around it
 * (RFC 6376 3.7: "including all surrounding whitespace").
 */
static inline void forge_expand(struct buf *out, const char *text,
    const struct word *more, size_t more_count)
{
	while (*text != '\0') {
		const struct word *w = NULL;
		size_t len = strcspn(text, "}");

		if (*text != '{') {
			buf_addc(out, *text++);
			continue;
		}
		for (size_t i = 0; i < more_count + forge_word_count; i++) {
			const struct word *c = i < more_count ? &more[i] :
			    &forge_words[i - more_count];

			if (strlen(c->name) == len - 1 &&
			    memcmp(c->name, text + 1, len - 1) == 0)
				w = c;
		}
		signer_must(w != NULL);
		text += len + 1;
		buf_add(out, w->text.data, w->text.len);
		if (!w->is_b || w->text.len > 0)
			continue;
		while (out->len > 0 && forge_blank(out->data[out->len - 1]))
			out->data[--out->len] = '\0';
		while (forge_blank(*text))
			text++;
	}
}

/* The selected fields, bottom up for each name (RFC 6376 5.4.2). */
static inline void forge_select(struct buf *out, const struct dkim_case *c,
    const char *h, bool relaxed)
{
	bool used[CASE_LINES] = { false };

	for (const char *p = h; *p != '\0'; ) {
		size_t len;

		p += strspn(p, " \t\r\n:");
		len = strcspn(p, " \t\r\n:");
		for (size_t i = CASE_LINES; len > 0 && i-- > 0; ) {
			const struct line *f = &c->fields[i];

			if (f->name == NULL || used[i] ||
			    strlen(f->name) != len ||
			    strncasecmp(f->name, p, len) != 0)
				continue;
			used[i] = true;
			signer_header(out, f->name, len, f->value.data,
			    relaxed);
			buf_adds(out, "\r\n");
			break;
		}
		p += len;
	}
}

static inline char *forge_fold(const char *text)
{
	struct buf b = { 0 };

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (i % 20 == 10)
			buf_adds(&b, i % 40 == 10 ? "\r\n\t" : " ");
		buf_addc(&b, text[i]);
	}
	return buf_detach(&b);
}

static inline char *forge_crypt(const struct dkim_case *c,
    const struct buf *canon)
{
	EVP_PKEY *key = forge_keys[c->key];
	const EVP_MD *md = c->sha1 ? EVP_sha1() : EVP_sha256();
	bool ed = c->key == KEY_ED25519;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = (size_t)EVP_PKEY_get_size(key);
	unsigned char digest[64], *sig = calloc(1, len);
	unsigned n;
	char *text;

	EVP_Digest(canon->data, canon->len, digest, &n, md, NULL);
	signer_must(EVP_DigestSignInit(ctx, NULL, ed ? NULL : md, NULL, key) ==
	    1);
	signer_must(EVP_DigestSign(ctx, sig, &len, ed ? digest :
	    (const unsigned char *)canon->data, ed ? n : canon->len) == 1);
	text = signer_base64(sig, len);
	EVP_MD_CTX_free(ctx);
	free(sig);
	return text;
}

static inline char *forge_body_hash(const struct dkim_case *c, bool relaxed)
{
	struct buf canon = { 0 };
	unsigned char digest[64];
	unsigned n;

	if (c->canon_body.data != NULL)
		buf_add(&canon, c->canon_body.data, c->canon_body.len);
	else
		signer_body(&canon, c->body, relaxed);
	EVP_Digest(buf_text(&canon), canon.len, digest, &n, c->sha1 ?
	    EVP_sha1() : EVP_sha256(), NULL);
	buf_free(&canon);
	return signer_base64(digest, n);
}

/* The value of the field as it arrives. c has no plain values left out. */
static inline void forge(const struct dkim_case *c, struct buf *out)
{
	static const struct { const char *short_form, *text; } forms[] = {
		{ "rr", "relaxed/relaxed" }, { "rs", "relaxed/simple" },
		{ "sr", "simple/relaxed" }, { "ss", "simple/simple" },
	};
	bool relaxed = c->form[0] == 'r';
	char *bh = forge_body_hash(c, c->form[1] == 'r');
	char *folded_bh = forge_fold(bh), *b, *folded_b;
	struct buf canon = { 0 }, value = { 0 };
	const char *algorithm = c->sha1 ? "rsa-sha1" : c->key == KEY_ED25519 ?
	    "ed25519-sha256" : "rsa-sha256";
	struct word words[] = {
		{ "a", slice_of(algorithm), false }, { "c", { "", 0 }, false },
		{ "h", slice_of(c->h), false }, { "bh", slice_of(bh), false },
		{ "BH", slice_of(folded_bh), false },
		{ "b", { "", 0 }, true }, { "B", { "", 0 }, true },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].short_form, c->form) == 0)
			words[1].text = slice_of(forms[i].text);
	if (c->canon_header.data != NULL)
		buf_add(&canon, c->canon_header.data, c->canon_header.len);
	else
		forge_select(&canon, c, c->h, relaxed);
	forge_expand(&value, c->sig, words, 7);
	signer_header(&canon, "DKIM-Signature", 14, buf_text(&value), relaxed);
	b = forge_crypt(c, &canon);
	folded_b = forge_fold(b);
	words[5].text = slice_of(b);
	words[6].text = slice_of(folded_b);
	forge_expand(out, c->got_sig, words, 7);
	free(bh);
	free(folded_bh);
	free(b);
	free(folded_b);
	buf_free(&canon);
	buf_free(&value);
}

/* A TXT record of any octets. */
static inline void forge_publish(struct buf *zone, const char *record)
{
	struct buf text = { 0 };

	forge_expand(&text, record, NULL, 0);
	buf_adds(zone, "sel._domainkey.example.com TXT \"");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char octet = (unsigned char)text.data[i];

		if (i % 100 == 99)
			buf_adds(zone, "\" \"");
		if (octet < 0x20 || octet > 0x7e || octet == '"' ||
		    octet == '\\')
			buf_addf(zone, "\\%03u", octet);
		else
			buf_addc(zone, (char)octet);
	}
	buf_adds(zone, "\"\n");
	buf_free(&text);
}

/* --- keys, and the words that stand for them --- */

static inline EVP_PKEY *forge_rsa3(void)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;

	signer_must(BN_set_word(e, 3) == 1 && EVP_PKEY_keygen_init(c) == 1);
	signer_must(EVP_PKEY_CTX_set_rsa_keygen_bits(c, 1024) == 1);
	signer_must(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(c, e) == 1);
	signer_must(EVP_PKEY_keygen(c, &key) == 1);
	BN_free(e);
	EVP_PKEY_CTX_free(c);
	return key;
}

static inline void forge_open(void)
{
	static const unsigned bits[] = { [KEY_RSA1024] = 1024,
		[KEY_RSA2048] = 2048, [KEY_RSA4096] = 4096,
		[KEY_RSA768] = 768, [KEY_OTHER] = 1024 };
	static char odd[] = "\0\xc3\xa4\xff";
	static const char *const names[] = { "p", "p2048", "p4096", "p768",
		"p3", "edinfo", "other" };
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	char *text;

	for (int i = 0; i < CASE_KEYS; i++) {
		forge_keys[i] = i == KEY_ED25519 ? signer_ed25519() :
		    i == KEY_RSA_E3 ? forge_rsa3() : signer_rsa(bits[i]);
		text = signer_info(forge_keys[i]);
		forge_word(names[i], text, strlen(text));
	}
	text = signer_plain(forge_keys[KEY_RSA1024]);
	forge_word("plain", text, strlen(text));
	text = signer_raw(forge_keys[KEY_ED25519]);
	forge_word("ed", text, strlen(text));
	text = signer_info(ec);
	forge_word("ec", text, strlen(text));
	EVP_PKEY_free(ec);
	text = signer_info(forge_keys[KEY_RSA1024]);
	forge_word("cut", text, strlen(text) - 8);
	text = signer_base64("0123456789012345678901234567890", 31);
	forge_word("octets31", text, strlen(text));
	text = signer_base64("012345678901234567890123456789012", 33);
	forge_word("octets33", text, strlen(text));
	text = forge_fold(forge_words[KEY_RSA1024].text.data);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\r' || *c == '\n')
			*c = ' ';
	forge_word("spaced", text, strlen(text));
	forge_word("nul", odd, 1);
	forge_word("utf8", odd + 1, 2);
	forge_word("ff", odd + 3, 1);
}

static inline void forge_close(void)
{
	for (int i = 0; i < CASE_KEYS; i++)
		EVP_PKEY_free(forge_keys[i]);
	/* the last three are not on the heap */
	for (size_t i = 0; i + 3 < forge_word_count; i++)
		free((void *)(uintptr_t)forge_words[i].text.data);
}
