/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc.h"

#include <string.h>

#include "check/arc_chain.h"
#include "check/dkim_digest.h"
#include "check/dkim_engine.h"
#include "mail/canon.h"

/* Clocks of strangers differ by so much. */
#define GRACE 300
/* RFC 8301 3.2: longer keys need not be supported, and a hundred of them in one
 * message would keep a thread busy for long. */
#define BITS_MAX 4096

/* A key record is read once, however many sets name it. */
struct known_key {
	const char *name;
	struct dkim_key key;
};

struct arc_work {
	struct arena *mem;
	struct inquiry *dns;
	const struct arc_question *question;
	struct arc_finding *out;
	struct arc_chain chain;
	bool live;                      /* the chain may still pass */
	struct crlf_stream stream;
	struct body_digests *body;
	struct dkim_index *index;       /* NULL: not made yet */
	struct known_key *keys;
	size_t key_count;
};

static const struct arc_field *part(const struct arc_work *w, unsigned instance,
    enum arc_part which)
{
	return &w->chain.sets[instance - 1].parts[which];
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

static void sink(void *arg, const void *bytes, size_t n)
{
	struct arc_work *w = arg;

	body_digests_feed(w->body, bytes, n);
}

static void want_body(struct arc_work *w, const struct dkim_sig_parsed *sig)
{
	body_digests_want(w->body, sig);
	if (lacks_canonicalization(sig)) {
		struct dkim_sig_parsed relaxed = read_as_relaxed(sig);

		body_digests_want(w->body, &relaxed);
	}
}

/* The newest first: its l= has a place in any case. */
static void prepare(struct arc_work *w)
{
	w->stream = (struct crlf_stream){ .sink = sink, .arg = w };
	w->body = body_digests_new(w->mem);
	w->keys = arena_array(w->mem, 2 * (size_t)w->chain.count,
	    sizeof(*w->keys));
	for (unsigned i = w->chain.count; i > 0; i--) {
		const struct dkim_sig_parsed *sig;

		sig = part(w, i, ARC_MESSAGE)->sig;
		if (sig->cause == DKIM_CAUSE_NONE) {
			want_body(w, sig);
			dkim_key_prefetch(w->dns, sig->key_name);
		}
		sig = part(w, i, ARC_SEAL)->sig;
		if (sig->cause == DKIM_CAUSE_NONE)
			dkim_key_prefetch(w->dns, sig->key_name);
	}
}

struct arc_work *arc_begin(struct arena *mem, struct inquiry *dns,
    const struct arc_question *question, struct arc_finding *out)
{
	struct arc_work *w = arena_alloc(mem, sizeof(*w));

	*w = (struct arc_work){ .mem = mem, .dns = dns, .question = question,
		.out = out };
	arc_chain_read(mem, question->header, &w->chain);
	*out = (struct arc_finding){
		.code = w->chain.fault != NULL ? AUTH_FAIL : AUTH_NONE,
		.reason = w->chain.fault, .instances = w->chain.count,
	};
	w->live = w->chain.fault == NULL && w->chain.count > 0;
	if (w->live)
		prepare(w);
	return w;
}

void arc_feed(struct arc_work *w, const void *bytes, size_t n)
{
	if (w->live)
		crlf_feed(&w->stream, bytes, n);
}

/* --- one signature: NULL, or why it does not verify --- */

static const struct dkim_key *key_of(struct arc_work *w, const char *name)
{
	struct known_key *k;

	for (size_t i = 0; i < w->key_count; i++)
		if (strcmp(w->keys[i].name, name) == 0)
			return &w->keys[i].key;
	k = &w->keys[w->key_count++];
	k->name = name;
	dkim_key_fetch(w->mem, w->dns, name, &k->key);
	return &k->key;
}

static const char *why_not_signed(struct arc_work *w,
    const struct dkim_sig_parsed *sig, const unsigned char *digest)
{
	static const char *const whys[] = {
		[CRYPTO_SIGNED] = NULL,
		[CRYPTO_NOT_SIGNED] = "the signature does not fit",
		[CRYPTO_NO_KEY] = "OpenSSL refuses the key",
		[CRYPTO_TROUBLE] = "OpenSSL is in trouble",
	};
	const struct dkim_key *key = key_of(w, sig->key_name);
	const char *reason;

	if (key->cause != DKIM_CAUSE_NONE)
		return key->reason;
	if (dkim_key_serves(key, sig, w->question->minimum_bits, &reason) !=
	    DKIM_CAUSE_NONE)
		return reason;
	if (key->bits > BITS_MAX)
		return "the key is longer than 4096 bits";
	return whys[crypto_verify(w->question->keys, key, digest, sig->b)];
}

/* bh= and l=. What l= leaves unsigned anybody may have written, so a body that
 * goes on behind it is not the one that was sealed. */
static const char *why_other_body(const struct arc_work *w,
    const struct dkim_sig_parsed *sig)
{
	struct body_digest body = body_digests_of(w->body, sig);

	if (!body.known)
		return "the body was not hashed for its l=";
	if (sig->has_length && sig->length > body.octets)
		return "the body is shorter than l=";
	if (sig->has_length && sig->length < body.octets)
		return "the body goes on behind l=";
	if (memcmp(body.digest, sig->bh, sizeof(sig->bh)) != 0)
		return "the body was altered";
	return NULL;
}

/* RFC 8617 4.1.2: no ARC field may be covered. The two that stand there
 * already when this one is made are in use with sealers, and do no harm; a
 * seal is what comes after it. */
static const char *why_bad_selection(const struct arc_work *w,
    const struct dkim_sig_parsed *sig, const size_t *selected)
{
	const struct header *h = w->question->header;

	for (size_t i = 0; i < sig->name_count; i++) {
		if (slice_is_nocase(sig->names[i], "ARC-Seal"))
			return "it covers ARC-Seal";
		if (selected[i] != DKIM_NO_FIELD &&
		    !dkim_field_is_plain(h->fields[selected[i]].value))
			return "a signed field holds control characters";
	}
	return NULL;
}

static bool has_expired(const struct arc_work *w,
    const struct dkim_sig_parsed *sig)
{
	time_t now = w->question->now;

	return sig->has_expiry && now > GRACE &&
	    sig->expiry < (uint64_t)(now - GRACE);
}

/* What costs least is asked first. */
static const char *why_bad_as_read(struct arc_work *w, size_t field,
    const struct dkim_sig_parsed *sig)
{
	unsigned char digest[CRYPTO_DIGEST];
	const size_t *selected;
	const char *why;

	if (sig->cause != DKIM_CAUSE_NONE)
		return sig->reason;
	if (has_expired(w, sig))
		return "it has expired";
	why = why_other_body(w, sig);
	if (why != NULL)
		return why;
	if (w->index == NULL)
		w->index = dkim_index_new(w->mem, w->question->header);
	selected = dkim_select(w->index, sig, field);
	why = why_bad_selection(w, sig, selected);
	if (why != NULL)
		return why;
	if (!dkim_header_digest(w->mem, w->question->header, sig, field,
	    selected, digest))
		return "the header could not be hashed";
	return why_not_signed(w, sig, digest);
}

static const char *why_bad_message(struct arc_work *w, unsigned instance)
{
	const struct arc_field *f = part(w, instance, ARC_MESSAGE);
	const char *why = why_bad_as_read(w, f->field, f->sig);
	struct dkim_sig_parsed relaxed;

	if (why == NULL || !lacks_canonicalization(f->sig))
		return why;
	relaxed = read_as_relaxed(f->sig);
	return why_bad_as_read(w, f->field, &relaxed) == NULL ? NULL : why;
}

/* --- the seals --- */

struct seal_digest {
	bool known;
	unsigned char octets[CRYPTO_DIGEST];
};

/*
 * 5.1.1: a seal covers all sets up to its own, in order, and itself without b=.
 * What seals have in common is hashed once, or else fifty sets would cost as
 * much as a thousand.
 */
static struct seal_digest *seal_digests(struct arc_work *w)
{
	const struct header *h = w->question->header;
	struct seal_digest *digests = arena_array(w->mem, w->chain.count,
	    sizeof(*digests));
	struct crypto_hash *all = crypto_hash_new(w->mem);
	struct crypto_hash *one = crypto_hash_new(w->mem);

	for (unsigned i = 1; i <= w->chain.count; i++) {
		const struct arc_field *seal = part(w, i, ARC_SEAL);
		struct seal_digest *d = &digests[i - 1];

		for (int p = ARC_RESULTS; p < ARC_SEAL; p++) {
			dkim_hash_field(all, DKIM_FOLDING_RELAXED,
			    &h->fields[part(w, i, (enum arc_part)p)->field]);
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

static const char *why_bad_seal(struct arc_work *w, unsigned instance,
    const struct seal_digest *digest)
{
	const struct dkim_sig_parsed *sig = part(w, instance, ARC_SEAL)->sig;

	if (sig->cause != DKIM_CAUSE_NONE)
		return sig->reason;
	if (!digest->known)
		return "the sets could not be hashed";
	return why_not_signed(w, sig, digest->octets);
}

/* --- the chain --- */

static void chain_fails(struct arc_work *w, unsigned instance,
    enum arc_part which, const char *why)
{
	const char *domain = part(w, instance, which)->sig->domain;

	w->out->code = AUTH_FAIL;
	w->out->reason = arena_printf(w->mem, "%s i=%u of %s: %s",
	    name_word(arc_part_names, which), instance,
	    domain != NULL ? domain : "nobody", why);
}

/* 5.2 step 6, from the newest to the oldest. */
static bool seals_hold(struct arc_work *w)
{
	const struct seal_digest *digests = seal_digests(w);
	struct arc_finding *out = w->out;

	out->sealers = arena_array(w->mem, w->chain.count,
	    sizeof(*out->sealers));
	for (unsigned i = w->chain.count; i > 0; i--) {
		const struct dkim_sig_parsed *sig = part(w, i, ARC_SEAL)->sig;
		const char *why = why_bad_seal(w, i, &digests[i - 1]);

		if (why != NULL) {
			chain_fails(w, i, ARC_SEAL, why);
			return false;
		}
		out->sealers[out->count++] = (struct arc_sealer){
			sig->domain, sig->selector };
	}
	return true;
}

/* 5.2 step 5: since which set has the message been as it is now? */
static unsigned oldest_pass(struct arc_work *w)
{
	for (unsigned i = w->chain.count - 1; i > 0; i--)
		if (why_bad_message(w, i) != NULL)
			return i + 1;
	return 0;
}

/* Step 5 decides nothing and may need keys, so it comes when the rest has
 * passed. */
void arc_conclude(struct arc_work *w)
{
	unsigned newest = w->chain.count;
	const char *why;

	if (!w->live)
		return;
	crlf_end(&w->stream);
	body_digests_end(w->body);
	why = why_bad_message(w, newest);
	if (why != NULL) {
		chain_fails(w, newest, ARC_MESSAGE, why);
		return;
	}
	if (!seals_hold(w))
		return;
	w->out->code = AUTH_PASS;
	w->out->oldest_pass = oldest_pass(w);
	w->out->oldest_known = true;
}
