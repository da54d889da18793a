/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/seal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/dkim/digest.h"
#include "check/dkim/engine.h"
#include "check/arc/seal_key.h"
#include "check/arc/seal_text.h"
#include "mail/canon.h"

/* Of one name. An honest header has most of them once. */
#define SAME_NAME_MAX 20

struct sealer {
	struct arena *mem;
	struct seal_key *key;
	const char *domain, *selector;
	const char **fields;
	size_t field_count;
};

/* --- what is signed --- */

bool seal_field_check(const char *name, struct error *err)
{
	struct slice s = slice_of(name);

	if (!dkim_field_name(s) || strchr(name, ';') != NULL)
		return error_set(err, "\"%s\" is no name of a field", name);
	if (slice_is_nocase(s, "Authentication-Results") ||
	    slice_starts_nocase(s, "ARC-"))
		return error_set(err, "%s must not be signed (RFC 8617 4.1.2)",
		    name);
	if (slice_is_nocase(s, "Return-Path"))
		return error_set(err, "%s must not be signed (RFC 6376 5.4)",
		    name);
	return true;
}

static bool has_field(const struct sealer *s, const char *name)
{
	for (size_t i = 0; i < s->field_count; i++)
		if (slice_is_nocase(slice_of(name), s->fields[i]))
			return true;
	return false;
}

static void add_field(struct sealer *s, const char *name)
{
	if (!has_field(s, name))
		s->fields[s->field_count++] = arena_strdup(s->mem, name);
}

struct sealer *sealer_new(const struct seal_options *o, struct log *log,
    struct error *err)
{
	struct seal_key *key = seal_key_load(o->key_file, o->owner, err);
	struct sealer *s;

	if (key == NULL)
		return NULL;
	if (seal_key_bits(key) < SEAL_KEY_BITS_GOOD)
		log_say(log, LOG_LEVEL_WARNING, "%s: a key of %u bits; %d are "
		    "recommended", o->key_file, seal_key_bits(key),
		    SEAL_KEY_BITS_GOOD);
	s = xcalloc(1, sizeof(*s));
	s->mem = arena_new(1024);
	s->key = key;
	s->domain = arena_strdup(s->mem, o->domain);
	s->selector = arena_strdup(s->mem, o->selector);
	s->fields = arena_array(s->mem, o->field_count + 1,
	    sizeof(*s->fields));
	add_field(s, "From");           /* RFC 6376 5.4 */
	for (size_t i = 0; i < o->field_count; i++)
		add_field(s, o->fields[i]);
	return s;
}

void sealer_free(struct sealer *s)
{
	if (s == NULL)
		return;
	seal_key_free(s->key);
	arena_free(s->mem);
	free(s);
}

const char *sealer_names(const struct sealer *s, struct arena *mem,
    const struct header *h)
{
	struct buf names = { 0 };
	const char *kept;

	for (size_t i = 0; i < s->field_count; i++) {
		size_t n = header_count(h, s->fields[i]);

		n = (n < SAME_NAME_MAX ? n : SAME_NAME_MAX) + (i == 0);
		for (; n > 0; n--)
			buf_addf(&names, "%s%s", names.len > 0 ? ":" : "",
			    s->fields[i]);
	}
	kept = arena_strdup(mem, buf_text(&names));
	buf_free(&names);
	return kept;
}

/* --- the body --- */

/* The form of all our signatures, without l=. */
static const struct body_part whole_body = { .form = CANONICAL_RELAXED };

void seal_want(struct body *b)
{
	body_want(b, whole_body);
}

const unsigned char *seal_body_hash(const struct body *b, struct arena *mem)
{
	struct body_digest d = body_digest(b, whole_body);

	return d.known ? arena_memdup(mem, d.digest, sizeof(d.digest)) : NULL;
}

/* --- one set --- */

struct sealing {
	const struct sealer *sealer;
	struct arena *mem;
	const struct seal_request *r;
	struct arc_chain chain;         /* before ours */
	struct seal *out;
	const char *instance, *time;
};

static bool refuse(struct sealing *g, enum seal_answer answer,
    const char *reason)
{
	g->out->answer = answer;
	g->out->reason = reason;
	return false;
}

/* 5.1 steps 2 and 3. A chain whose form is broken has no place for one more
 * set, and is left to fail where it is looked at (5.1.3). */
static bool may_seal(struct sealing *g)
{
	const struct arc_finding *found = g->r->found;

	if (g->chain.fault != NULL)
		return refuse(g, SEAL_NOT_ALLOWED, g->chain.fault);
	if (g->chain.count == ARC_SETS_MAX)
		return refuse(g, SEAL_NOT_ALLOWED,
		    "there are 50 ARC sets already");
	if (g->chain.count != found->instances)
		return refuse(g, SEAL_NOT_ALLOWED,
		    "the ARC sets are not those that were validated");
	/* 5.2.1 calls this a failure; but a seal that says so would be final,
	 * and another may have more luck. */
	if (found->code == AUTH_FAIL && found->key_missed)
		return refuse(g, SEAL_NOT_ALLOWED,
		    "the DNS did not tell a key of the chain");
	if (found->body_hash == NULL)
		return refuse(g, SEAL_TROUBLE, "the body was not hashed");
	return true;
}

static const char *field_name(enum arc_part part)
{
	return name_word(arc_part_names, part);
}

static const char *write_message(const struct sealing *g, const char *b)
{
	const struct seal_tag tags[] = {
		{ "i", g->instance },
		{ "a", "rsa-sha256" },
		{ "c", "relaxed/relaxed" },
		{ "d", g->sealer->domain },
		{ "s", g->sealer->selector },
		{ "t", g->time },
		{ "h", g->r->names },
		{ "bh", dkim_base64_text(g->mem, g->r->found->body_hash,
		    CRYPTO_DIGEST) },
		{ "b", b },
	};

	return seal_tags(g->mem, field_name(ARC_MESSAGE), tags,
	    sizeof(tags) / sizeof(*tags), g->r->sorted);
}

static const char *write_seal(const struct sealing *g, const char *b)
{
	const struct seal_tag tags[] = {
		{ "i", g->instance },
		{ "a", "rsa-sha256" },
		{ "t", g->time },
		{ "cv", name_word(arc_names, (int)g->r->found->code) },
		{ "d", g->sealer->domain },
		{ "s", g->sealer->selector },
		{ "b", b },
	};

	return seal_tags(g->mem, field_name(ARC_SEAL), tags,
	    sizeof(tags) / sizeof(*tags), g->r->sorted);
}

/* The selected fields with their line ends. */
static bool hash_selected(struct sealing *g, const struct dkim_sig_parsed *sig,
    struct crypto_hash *h)
{
	const struct header *header = g->r->header;
	const size_t *selected = dkim_select(dkim_index_new(g->mem, header),
	    sig, DKIM_NO_FIELD);

	for (size_t i = 0; i < sig->name_count; i++) {
		const struct field *f;

		if (selected[i] == DKIM_NO_FIELD)
			continue;
		f = &header->fields[selected[i]];
		/* No two readers need agree about it. */
		if (!dkim_field_is_plain(f->value))
			return refuse(g, SEAL_NOT_ALLOWED,
			    "a field to be signed holds control characters");
		dkim_hash_field(h, DKIM_FOLDING_RELAXED, f);
		crypto_hash_feed(h, "\r\n", 2);
	}
	return true;
}

static void hash_set(struct crypto_hash *h, const struct field *results,
    const struct field *message)
{
	dkim_hash_field(h, DKIM_FOLDING_RELAXED, results);
	crypto_hash_feed(h, "\r\n", 2);
	dkim_hash_field(h, DKIM_FOLDING_RELAXED, message);
	crypto_hash_feed(h, "\r\n", 2);
}

/* 5.1.1: all sets in order. 5.1.2: with cv=fail, ours as if it were the only
 * one. */
static bool hash_sets(struct sealing *g, const struct dkim_sig_parsed *sig,
    struct crypto_hash *h)
{
	const struct field *fields = g->r->header->fields;
	struct field own[ARC_PARTS];
	unsigned older = sig->cv == ARC_CV_FAIL ? 0 : g->chain.count;

	for (unsigned i = 0; i < older; i++) {
		const struct arc_field *parts = g->chain.sets[i].parts;

		hash_set(h, &fields[parts[ARC_RESULTS].field],
		    &fields[parts[ARC_MESSAGE].field]);
		dkim_hash_field(h, DKIM_FOLDING_RELAXED,
		    &fields[parts[ARC_SEAL].field]);
		crypto_hash_feed(h, "\r\n", 2);
	}
	for (int p = ARC_RESULTS; p < ARC_SEAL; p++)
		own[p] = (struct field){
			.name = slice_of(field_name((enum arc_part)p)),
			.value = slice_of(g->out->values[p]),
		};
	hash_set(h, &own[ARC_RESULTS], &own[ARC_MESSAGE]);
	return true;
}

/* Which of the two signatures: how it is written and read, what it covers. */
struct shape {
	enum arc_part part;
	enum dkim_kind kind;
	const char *(*write)(const struct sealing *g, const char *b);
	bool (*hash)(struct sealing *g, const struct dkim_sig_parsed *sig,
	    struct crypto_hash *h);
};

static const struct shape shapes[] = {
	{ ARC_MESSAGE, DKIM_KIND_ARC_MESSAGE, write_message, hash_selected },
	{ ARC_SEAL, DKIM_KIND_ARC_SEAL, write_seal, hash_sets },
};

/*
 * Written with any b=, read as verifiers will read it, hashed without b=,
 * written again. Nothing but b= differs: folds do not count in relaxed form.
 */
static bool sign(struct sealing *g, const struct shape *shape)
{
	struct crypto_hash *h = crypto_hash_new(g->mem);
	unsigned char digest[CRYPTO_DIGEST];
	struct dkim_sig_parsed sig;
	struct octets b;

	dkim_sig_parse(g->mem, shape->kind, slice_of(shape->write(g, "AAAA")),
	    &sig);
	if (sig.cause != DKIM_CAUSE_NONE)
		return refuse(g, SEAL_TROUBLE, sig.reason);
	if (!shape->hash(g, &sig, h))
		return false;
	dkim_hash_signature(h, DKIM_FOLDING_RELAXED,
	    slice_of(field_name(shape->part)), &sig);
	if (!crypto_hash_end(h, digest) ||
	    !seal_key_sign(g->sealer->key, g->mem, digest, &b))
		return refuse(g, SEAL_TROUBLE, "OpenSSL is in trouble");
	g->out->values[shape->part] = shape->write(g,
	    dkim_base64_text(g->mem, b.data, b.len));
	return true;
}

/* 4.1.1: the same results as in our own field. */
static const char *write_results(const struct sealing *g)
{
	struct slice value = slice_of(g->r->results);

	value = slice_trim(value);
	return arena_printf(g->mem, " i=%s; %.*s", g->instance, (int)value.len,
	    value.data);
}

void arc_seal(const struct sealer *s, struct arena *mem,
    const struct seal_request *r, struct seal *out)
{
	struct sealing g = { .sealer = s, .mem = mem, .r = r, .out = out };

	*out = (struct seal){ .answer = SEAL_DONE };
	arc_chain_read(mem, r->header, &g.chain);
	if (!may_seal(&g))
		return;
	out->instance = g.chain.count + 1;
	g.instance = arena_printf(mem, "%u", out->instance);
	g.time = arena_printf(mem, "%jd", (intmax_t)r->now);
	out->values[ARC_RESULTS] = write_results(&g);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (!sign(&g, &shapes[i]))
			return;
}
