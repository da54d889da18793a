/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/digest.h"

#include <assert.h>
#include <string.h>

#include "mail/canonical.h"

/* --- the body --- */

/* One SHA-256 of one form, to the end or to l=. */
struct digester {
	struct crypto_hash *hash;
	bool limited;
	uint64_t length;                /* l= */
	bool good;
	unsigned char digest[CRYPTO_DIGEST];
};

struct form {
	struct canonical_body body;
	uint64_t octets;
	struct digester digesters[BODY_LENGTHS_MAX + 1];
	size_t count;
};

struct body_digests {
	struct arena *mem;
	struct form forms[2];           /* by enum dkim_folding */
	size_t lengths;
};

static const enum canonical_form canonical_forms[] = {
	[DKIM_FOLDING_SIMPLE] = CANONICAL_SIMPLE,
	[DKIM_FOLDING_RELAXED] = CANONICAL_RELAXED,
};

static void sink_body(void *arg, const void *bytes, size_t n)
{
	struct form *f = arg;

	for (size_t i = 0; i < f->count; i++) {
		struct digester *d = &f->digesters[i];
		uint64_t left = n;

		if (d->limited) {
			left = 0;
			if (d->length > f->octets)
				left = d->length - f->octets;
			left = left < n ? left : n;
		}
		if (left > 0)
			crypto_hash_feed(d->hash, bytes, (size_t)left);
	}
	f->octets += n;
}

struct body_digests *body_digests_new(struct arena *mem)
{
	struct body_digests *b = arena_alloc(mem, sizeof(*b));

	b->mem = mem;
	for (int i = DKIM_FOLDING_SIMPLE; i <= DKIM_FOLDING_RELAXED; i++)
		b->forms[i].body = (struct canonical_body){
			.form = canonical_forms[i],
			.out = { sink_body, &b->forms[i] },
		};
	return b;
}

static size_t find(const struct form *f, const struct dkim_sig_parsed *sig)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->digesters[i].limited == sig->has_length &&
		    (!sig->has_length ||
			f->digesters[i].length == sig->length))
			break;
	return i;
}

bool body_digests_want(struct body_digests *b,
    const struct dkim_sig_parsed *sig)
{
	struct form *f = &b->forms[sig->body_folding];

	if (find(f, sig) < f->count)
		return true;
	if (sig->has_length && b->lengths++ >= BODY_LENGTHS_MAX)
		return false;
	f->digesters[f->count++] = (struct digester){
		.hash = crypto_hash_new(b->mem),
		.limited = sig->has_length, .length = sig->length,
	};
	return true;
}

void body_digests_feed(struct body_digests *b, const void *bytes, size_t n)
{
	for (size_t i = 0; i < 2; i++)
		if (b->forms[i].count > 0)
			canonical_body_feed(&b->forms[i].body, bytes, n);
}

void body_digests_end(struct body_digests *b)
{
	for (size_t i = 0; i < 2; i++) {
		struct form *f = &b->forms[i];

		if (f->count == 0)
			continue;
		canonical_body_end(&f->body);
		for (size_t k = 0; k < f->count; k++)
			f->digesters[k].good = crypto_hash_end(
			    f->digesters[k].hash, f->digesters[k].digest);
	}
}

struct body_digest body_digests_of(const struct body_digests *b,
    const struct dkim_sig_parsed *sig)
{
	const struct form *f = &b->forms[sig->body_folding];
	size_t i = find(f, sig);
	struct body_digest out = { .octets = f->octets };

	if (i == f->count || !f->digesters[i].good)
		return out;
	out.known = true;
	memcpy(out.digest, f->digesters[i].digest, sizeof(out.digest));
	return out;
}

/* --- the header --- */

static void sink_hash(void *arg, const void *bytes, size_t n)
{
	crypto_hash_feed(arg, bytes, n);
}

void dkim_hash_field(struct crypto_hash *h, enum dkim_folding form,
    const struct field *f)
{
	struct canonical_sink out = { sink_hash, h };

	canonical_field(&out, canonical_forms[form], f->name, f->value,
	    SLICE(""));
}

void dkim_hash_signature(struct crypto_hash *h, enum dkim_folding form,
    struct slice name, const struct dkim_sig_parsed *sig)
{
	struct canonical_sink out = { sink_hash, h };
	size_t from = sig->b_from + sig->b_len;

	canonical_field(&out, canonical_forms[form], name,
	    slice_sub(sig->text, 0, sig->b_from),
	    slice_sub(sig->text, from, sig->text.len - from));
}

bool dkim_header_digest(struct arena *mem, const struct header *header,
    const struct dkim_sig_parsed *sig, size_t field, const size_t *selected,
    unsigned char out[CRYPTO_DIGEST])
{
	struct crypto_hash *h = crypto_hash_new(mem);

	assert(sig->cause == DKIM_CAUSE_NONE);
	for (size_t i = 0; i < sig->name_count; i++) {
		if (selected[i] == DKIM_NO_FIELD)
			continue;
		dkim_hash_field(h, sig->header_folding,
		    &header->fields[selected[i]]);
		crypto_hash_feed(h, "\r\n", 2);
	}
	dkim_hash_signature(h, sig->header_folding,
	    header->fields[field].name, sig);
	return crypto_hash_end(h, out);
}
