/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/body.h"

#include <assert.h>
#include <string.h>

#include "mail/canon.h"

/* One SHA-256 of one form. */
struct digester {
	struct crypto_hash *hash;
	struct body_part part;
	bool good;
	unsigned char digest[CRYPTO_DIGEST];
};

struct form {
	struct canonical_body body;
	bool wanted;
	uint64_t octets;
	struct digester digesters[BODY_LENGTHS_MAX + 1];
	size_t count;
};

#define FORMS (CANONICAL_RELAXED + 1)

struct body {
	struct arena *mem;
	struct crlf_stream lines;
	struct canonical_sink tap;      /* no put: nobody */
	struct form forms[FORMS];       /* by enum canonical_form */
	size_t lengths;
	bool begun, ended;
};

static void put_form(void *arg, const void *bytes, size_t n)
{
	struct form *f = arg;

	for (size_t i = 0; i < f->count; i++) {
		struct digester *d = &f->digesters[i];
		uint64_t left = n;

		if (d->part.limited) {
			left = 0;
			if (d->part.length > f->octets)
				left = d->part.length - f->octets;
			left = left < n ? left : n;
		}
		if (left > 0)
			crypto_hash_feed(d->hash, bytes, (size_t)left);
	}
	f->octets += n;
}

static void put_lines(void *arg, const void *bytes, size_t n)
{
	struct body *b = arg;

	if (b->tap.put != NULL)
		b->tap.put(b->tap.arg, bytes, n);
	for (size_t i = 0; i < FORMS; i++)
		if (b->forms[i].wanted)
			canonical_body_feed(&b->forms[i].body, bytes, n);
}

struct body *body_new(struct arena *mem)
{
	struct body *b = arena_alloc(mem, sizeof(*b));

	b->mem = mem;
	b->lines = (struct crlf_stream){ .sink = put_lines, .arg = b };
	for (size_t i = 0; i < FORMS; i++)
		b->forms[i].body = (struct canonical_body){
			.form = (enum canonical_form)i,
			.out = { put_form, &b->forms[i] },
		};
	return b;
}

static const struct digester *find(const struct form *f, struct body_part part)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct body_part *p = &f->digesters[i].part;

		if (p->limited == part.limited &&
		    (!part.limited || p->length == part.length))
			return &f->digesters[i];
	}
	return NULL;
}

bool body_want(struct body *b, struct body_part part)
{
	struct form *f = &b->forms[part.form];

	if (b->begun)
		return false;
	if (find(f, part) != NULL)
		return true;
	if (part.limited && b->lengths++ >= BODY_LENGTHS_MAX)
		return false;
	f->wanted = true;
	f->digesters[f->count++] = (struct digester){
		.hash = crypto_hash_new(b->mem), .part = part,
	};
	return true;
}

void body_want_octets(struct body *b, enum canonical_form form)
{
	b->forms[form].wanted = true;
}

bool body_tap(struct body *b, struct canonical_sink tap)
{
	assert(b->tap.put == NULL);
	if (b->begun)
		return false;
	b->tap = tap;
	return true;
}

static bool is_wanted(const struct body *b)
{
	bool wanted = b->tap.put != NULL;

	for (size_t i = 0; i < FORMS; i++)
		wanted |= b->forms[i].wanted;
	return wanted;
}

void body_feed(struct body *b, const void *bytes, size_t n)
{
	b->begun = true;
	if (is_wanted(b))
		crlf_feed(&b->lines, bytes, n);
}

void body_end(struct body *b)
{
	if (b->ended)
		return;
	b->begun = b->ended = true;
	crlf_end(&b->lines);
	for (size_t i = 0; i < FORMS; i++) {
		struct form *f = &b->forms[i];

		if (!f->wanted)
			continue;
		canonical_body_end(&f->body);
		for (size_t k = 0; k < f->count; k++)
			f->digesters[k].good = crypto_hash_end(
			    f->digesters[k].hash, f->digesters[k].digest);
	}
}

struct body_digest body_digest(const struct body *b, struct body_part part)
{
	const struct digester *d = find(&b->forms[part.form], part);
	struct body_digest out = { .known = d != NULL && d->good };

	if (out.known)
		memcpy(out.digest, d->digest, sizeof(out.digest));
	return out;
}

uint64_t body_octets(const struct body *b, enum canonical_form form)
{
	return b->forms[form].octets;
}
