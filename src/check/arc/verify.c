/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/verify.h"

#include <string.h>

#include "check/dkim/digest.h"
#include "check/dkim/engine.h"

/* Clocks of strangers differ by so much. */
#define GRACE 300
/* RFC 8301 3.2: longer keys need not be supported, and a hundred of them in one
 * message would keep a thread busy for long. */
#define BITS_MAX 4096

/* A key record is read once, however many sets name it. */
struct arc_key {
	const char *name;
	struct dkim_key key;
};

struct seal_digest {
	bool known;
	unsigned char octets[CRYPTO_DIGEST];
};

struct arc_verifier {
	struct arena *mem;
	struct inquiry *dns;
	const struct arc_question *question;
	const struct arc_chain *chain;
	struct dkim_index *index;       /* NULL: not made yet */
	struct seal_digest *seals;      /* by instance - 1; NULL: not yet */
	struct arc_key *keys;
	size_t key_count;
};

static const struct arc_field *part(const struct arc_verifier *v,
    unsigned instance, enum arc_part which)
{
	return &v->chain->sets[instance - 1].parts[which];
}

/*
 * RFC 8617 4.1.2 takes the default of c= from DKIM: simple/simple. The
 * published test suite has a signature that means relaxed/relaxed by leaving
 * c= out, so sealers may. Both are tried, the RFC's first; either way the
 * sealer's key has signed this message.
 */
static bool lacks_canonicalization(const struct dkim_sig_parsed *sig)
{
	struct slice more = sig->text;

	if (sig->cause != DKIM_CAUSE_NONE)
		return false;
	while (more.data != NULL) {
		struct slice value = slice_cut(&more, ';');

		if (slice_is(slice_trim(slice_cut(&value, '=')), "c"))
			return false;
	}
	return true;
}

static struct dkim_sig_parsed read_as_relaxed(const struct dkim_sig_parsed *sig)
{
	struct dkim_sig_parsed relaxed = *sig;

	relaxed.header_folding = DKIM_FOLDING_RELAXED;
	relaxed.body_folding = DKIM_FOLDING_RELAXED;
	return relaxed;
}

static void want_body(struct arc_verifier *v, const struct dkim_sig_parsed *sig)
{
	body_want(v->question->body, dkim_body_part(sig));
	if (lacks_canonicalization(sig)) {
		struct dkim_sig_parsed relaxed = read_as_relaxed(sig);

		body_want(v->question->body, dkim_body_part(&relaxed));
	}
}

struct arc_verifier *arc_verifier_new(struct arena *mem, struct inquiry *dns,
    const struct arc_question *question, const struct arc_chain *chain)
{
	struct arc_verifier *v = arena_alloc(mem, sizeof(*v));

	*v = (struct arc_verifier){
		.mem = mem, .dns = dns, .question = question, .chain = chain,
		.keys = arena_array(mem, 2 * (size_t)chain->count,
		    sizeof(*v->keys)),
	};
	/* The newest first: its l= has a place in any case. */
	for (unsigned i = chain->count; i > 0; i--) {
		const struct dkim_sig_parsed *sig;

		sig = part(v, i, ARC_MESSAGE)->sig;
		if (sig->cause == DKIM_CAUSE_NONE) {
			want_body(v, sig);
			dkim_key_prefetch(v->dns, sig->key_name);
		}
		sig = part(v, i, ARC_SEAL)->sig;
		if (sig->cause == DKIM_CAUSE_NONE)
			dkim_key_prefetch(v->dns, sig->key_name);
	}
	return v;
}

static const struct dkim_key *key_of(struct arc_verifier *v, const char *name)
{
	struct arc_key *k;

	for (size_t i = 0; i < v->key_count; i++)
		if (strcmp(v->keys[i].name, name) == 0)
			return &v->keys[i].key;
	k = &v->keys[v->key_count++];
	k->name = name;
	dkim_key_fetch(v->mem, v->dns, name, &k->key);
	return &k->key;
}

static const char *why_not_signed(struct arc_verifier *v,
    const struct dkim_sig_parsed *sig, const unsigned char *digest)
{
	static const char *const whys[] = {
		[CRYPTO_SIGNED] = NULL,
		[CRYPTO_NOT_SIGNED] = "the signature does not fit",
		[CRYPTO_NO_KEY] = "OpenSSL refuses the key",
		[CRYPTO_TROUBLE] = "OpenSSL is in trouble",
	};
	const struct dkim_key *key = key_of(v, sig->key_name);
	const char *reason;

	if (key->cause != DKIM_CAUSE_NONE)
		return key->reason;
	if (dkim_key_serves(key, sig, v->question->minimum_bits, &reason) !=
	    DKIM_CAUSE_NONE)
		return reason;
	if (key->bits > BITS_MAX)
		return "the key is longer than 4096 bits";
	return whys[crypto_verify(v->question->keys, key, digest, sig->b)];
}

/* bh= and l=. What l= leaves unsigned anybody may have written, so a body that
 * goes on behind it is not the one that was sealed. */
static const char *why_other_body(const struct arc_verifier *v,
    const struct dkim_sig_parsed *sig)
{
	struct body_part part = dkim_body_part(sig);
	struct body_digest body = body_digest(v->question->body, part);
	uint64_t octets = body_octets(v->question->body, part.form);

	if (!body.known)
		return "the body was not hashed for its l=";
	if (sig->has_length && sig->length > octets)
		return "the body is shorter than l=";
	if (sig->has_length && sig->length < octets)
		return "the body goes on behind l=";
	if (memcmp(body.digest, sig->bh, sizeof(sig->bh)) != 0)
		return "the body was altered";
	return NULL;
}

/* RFC 8617 4.1.2: no ARC field may be covered. The two that stand there
 * already when this one is made are in use with sealers, and do no harm; a
 * seal is what comes after it. */
static const char *why_bad_selection(const struct arc_verifier *v,
    const struct dkim_sig_parsed *sig, const size_t *selected)
{
	const struct header *h = v->question->header;

	for (size_t i = 0; i < sig->name_count; i++) {
		if (slice_is_nocase(sig->names[i], "ARC-Seal"))
			return "it covers ARC-Seal";
		if (selected[i] != DKIM_NO_FIELD &&
		    !dkim_field_is_plain(h->fields[selected[i]].value))
			return "a signed field holds control characters";
	}
	return NULL;
}

static bool has_expired(const struct arc_verifier *v,
    const struct dkim_sig_parsed *sig)
{
	time_t now = v->question->now;

	return sig->has_expiry && now > GRACE &&
	    sig->expiry < (uint64_t)(now - GRACE);
}

/* What costs least is asked first. */
static const char *why_bad_as_read(struct arc_verifier *v, size_t field,
    const struct dkim_sig_parsed *sig)
{
	unsigned char digest[CRYPTO_DIGEST];
	const size_t *selected;
	const char *why;

	if (sig->cause != DKIM_CAUSE_NONE)
		return sig->reason;
	if (has_expired(v, sig))
		return "it has expired";
	why = why_other_body(v, sig);
	if (why != NULL)
		return why;
	if (v->index == NULL)
		v->index = dkim_index_new(v->mem, v->question->header);
	selected = dkim_select(v->index, sig, field);
	why = why_bad_selection(v, sig, selected);
	if (why != NULL)
		return why;
	if (!dkim_header_digest(v->mem, v->question->header, sig, field,
	    selected, digest))
		return "the header could not be hashed";
	return why_not_signed(v, sig, digest);
}

const char *arc_why_bad_message(struct arc_verifier *v, unsigned instance)
{
	const struct arc_field *f = part(v, instance, ARC_MESSAGE);
	const char *why = why_bad_as_read(v, f->field, f->sig);
	struct dkim_sig_parsed relaxed;

	if (why == NULL || !lacks_canonicalization(f->sig))
		return why;
	relaxed = read_as_relaxed(f->sig);
	return why_bad_as_read(v, f->field, &relaxed) == NULL ? NULL : why;
}

/*
 * 5.1.1: a seal covers all sets up to its own, in order, and itself without b=.
 * What seals have in common is hashed once, or else fifty sets would cost as
 * much as a thousand.
 */
static struct seal_digest *seal_digests(struct arc_verifier *v)
{
	const struct header *h = v->question->header;
	struct seal_digest *digests = arena_array(v->mem, v->chain->count,
	    sizeof(*digests));
	struct crypto_hash *all = crypto_hash_new(v->mem);
	struct crypto_hash *one = crypto_hash_new(v->mem);

	for (unsigned i = 1; i <= v->chain->count; i++) {
		const struct arc_field *seal = part(v, i, ARC_SEAL);
		struct seal_digest *d = &digests[i - 1];

		for (int p = ARC_RESULTS; p < ARC_SEAL; p++) {
			dkim_hash_field(all, DKIM_FOLDING_RELAXED,
			    &h->fields[part(v, i, (enum arc_part)p)->field]);
			crypto_hash_feed(all, "\r\n", 2);
		}
		crypto_hash_copy(all, one);
		dkim_hash_signature(one, DKIM_FOLDING_RELAXED,
		    h->fields[seal->field].name, seal->sig);
		d->known = crypto_hash_end(one, d->octets);
		dkim_hash_field(all, DKIM_FOLDING_RELAXED,
		    &h->fields[seal->field]);
		crypto_hash_feed(all, "\r\n", 2);
	}
	return digests;
}

const char *arc_why_bad_seal(struct arc_verifier *v, unsigned instance)
{
	const struct dkim_sig_parsed *sig = part(v, instance, ARC_SEAL)->sig;

	if (sig->cause != DKIM_CAUSE_NONE)
		return sig->reason;
	if (v->seals == NULL)
		v->seals = seal_digests(v);
	if (!v->seals[instance - 1].known)
		return "the sets could not be hashed";
	return why_not_signed(v, sig, v->seals[instance - 1].octets);
}

bool arc_key_missed(const struct arc_verifier *v)
{
	for (size_t i = 0; i < v->key_count; i++)
		if (v->keys[i].key.cause == DKIM_CAUSE_DNS)
			return true;
	return false;
}
