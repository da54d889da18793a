/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/digest.h"

#include <assert.h>

static const enum canonical_form canonical_forms[] = {
	[DKIM_FOLDING_SIMPLE] = CANONICAL_SIMPLE,
	[DKIM_FOLDING_RELAXED] = CANONICAL_RELAXED,
};

struct body_part dkim_body_part(const struct dkim_sig_parsed *sig)
{
	return (struct body_part){ canonical_forms[sig->body_folding],
		sig->has_length, sig->has_length ? sig->length : 0 };
}

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
