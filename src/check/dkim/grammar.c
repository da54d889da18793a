/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/grammar.h"

#include <string.h>

#include "base/error.h"

/* No honest h= is nearer to these than a factor of ten. */
#define NAMES_MAX 1000
#define LIBRARY_NAMES_OCTETS 4000
/* An RSA signature is as long as its key; libopendkim's key buffer ends at
 * about 5700 bits. */
#define LIBRARY_B_OCTETS 640

void dkim_keep_from_library(struct dkim_sig_parsed *sig, const char *why)
{
	if (sig->not_for_library == NULL)
		sig->not_for_library = why;
}

/* What the list as a whole cannot cure: remembered, said at the end. */
static void refuse(struct dkim_sig_parsed *sig, enum dkim_cause cause,
    const char *reason)
{
	if (sig->cause != DKIM_CAUSE_NONE)
		return;
	sig->cause = cause;
	sig->reason = reason;
}

static struct slice as_written(const struct reading *r, struct slice value)
{
	return slice_sub(r->sig->text, (size_t)(value.data - r->shadow.data),
	    value.len);
}

static bool set_version(void *out, struct slice value, struct error *err)
{
	(void)out;
	return slice_is(value, "1") || error_set(err, "v= is not 1");
}

/* Tag values are case-sensitive unless said otherwise (RFC 6376 3.2). */
static bool set_algorithm(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	struct slice more = value;
	struct slice key = slice_cut(&more, '-');

	if (!dkim_word(key) || !dkim_word(more) || value.len > 64 ||
	    memchr(more.data, '-', more.len) != NULL)
		return error_set(err, "a= is no algorithm");
	r->sig->algorithm_text = arena_strndup(r->mem, value.data, value.len);
	if (slice_is(value, "rsa-sha256"))
		r->sig->algorithm = DKIM_RSA_SHA256;
	else if (slice_is(value, "ed25519-sha256"))
		r->sig->algorithm = DKIM_ED25519_SHA256;
	else if (slice_is(value, "rsa-sha1"))
		refuse(r->sig, DKIM_CAUSE_ALGORITHM,
		    "rsa-sha1 proves nothing any more (RFC 8301)");
	else
		refuse(r->sig, DKIM_CAUSE_ALGORITHM, "unknown algorithm in a=");
	return true;
}

static bool set_b(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	char *text;

	if (!dkim_base64(r->mem, value, &r->sig->b))
		return error_set(err, "b= is not base64");
	text = arena_alloc(r->mem, value.len + 1);
	r->sig->b_text = text;
	for (size_t i = 0; i < value.len; i++)
		if (!dkim_is_fws(value.data[i]))
			*text++ = value.data[i];
	if (r->sig->b.len > LIBRARY_B_OCTETS)
		dkim_keep_from_library(r->sig,
		    "its key is longer than 5120 bits");
	return true;
}

static bool set_bh(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	return dkim_base64(r->mem, value, &r->hash) ||
	    error_set(err, "bh= is not base64");
}

static bool folding(struct slice word, enum dkim_folding *out)
{
	if (slice_is(word, "simple"))
		*out = DKIM_FOLDING_SIMPLE;
	else if (slice_is(word, "relaxed"))
		*out = DKIM_FOLDING_RELAXED;
	else
		return false;
	return true;
}

/* "relaxed" alone means relaxed/simple. */
static bool set_canonicalization(void *out, struct slice value,
    struct error *err)
{
	struct reading *r = out;
	struct slice body = value;
	struct slice header = slice_cut(&body, '/');

	if (!folding(header, &r->sig->header_folding) ||
	    (body.data != NULL && !folding(body, &r->sig->body_folding)))
		return error_set(err, "unknown canonicalization in c=");
	return true;
}

/* domain-name = sub-domain 1*("." sub-domain): a bare TLD signs for nobody. */
static bool set_domain(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	r->sig->domain = dkim_name(r->mem, as_written(r, value), 2);
	return r->sig->domain != NULL ||
	    error_set(err, "d= is no domain name");
}

static bool set_selector(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	r->sig->selector = dkim_name(r->mem, as_written(r, value), 1);
	return r->sig->selector != NULL ||
	    error_set(err, "s= is no selector");
}

static bool set_names(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	struct slice more = value, name, *names;
	size_t count = 1;

	for (size_t i = 0; i < value.len; i++)
		count += value.data[i] == ':';
	if (count > NAMES_MAX) {
		refuse(r->sig, DKIM_CAUSE_LIMIT, "h= names too many fields");
		return true;
	}
	names = arena_array(r->mem, count, sizeof(*names));
	r->sig->names = names;
	while (dkim_list_next(&more, &name)) {
		/* The chain suite of RFC 8617's authors wants it so. */
		if (name.len == 0 && r->sig->kind == DKIM_KIND_ARC_MESSAGE)
			continue;
		if (!dkim_field_name(name))
			return error_set(err, "h= is no list of field names");
		if (slice_is_nocase(name, "from"))
			r->signs_from = true;
		if (slice_is_nocase(name, "dkim-signature"))
			dkim_keep_from_library(r->sig,
			    "it covers DKIM-Signature");
		names[r->sig->name_count++] = name;
	}
	if (value.len > LIBRARY_NAMES_OCTETS)
		dkim_keep_from_library(r->sig, "h= is longer than 4000 octets");
	return true;
}

/* Needs d=, which may come later. */
static bool set_identity(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	r->identity = as_written(r, value);
	return true;
}

/* The grammar has 76 digits; no body has 10^18 octets, and l= must not be
 * larger than the body. */
static bool set_length(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	r->sig->has_length = true;
	if (!dkim_number(value, 76, &r->sig->length))
		return error_set(err, "l= is no number");
	return r->sig->length < 1000000000000000000u ||
	    error_set(err, "l= is larger than any body");
}

/* Unknown methods are ignored, one must be known (RFC 6376 3.5). */
static bool set_query(void *out, struct slice value, struct error *err)
{
	struct slice more = value, method;
	bool known = false;

	(void)out;
	while (dkim_list_next(&more, &method)) {
		struct slice args = method;
		struct slice type = slice_cut(&args, '/');

		if (!dkim_word(type))
			return error_set(err, "q= is no list of methods");
		known |= slice_is(method, "dns/txt");
	}
	return known || error_set(err, "no known method in q=");
}

static bool set_time(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	r->sig->has_time = true;
	if (!dkim_number(value, 12, &r->sig->time))
		return error_set(err, "t= is no time");
	if (r->sig->time < DKIM_LIBRARY_TIME_MIN)
		dkim_keep_from_library(r->sig,
		    "t= is before libopendkim's time");
	return true;
}

static bool set_expiry(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	r->sig->has_expiry = true;
	return dkim_number(value, 12, &r->sig->expiry) ||
	    error_set(err, "x= is no time");
}

static bool set_instance(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	uint64_t n;

	if (!dkim_number(value, 2, &n) || n < 1 || n > 50)
		return error_set(err, "i= is no instance of 1 to 50");
	r->sig->instance = (unsigned)n;
	return true;
}

static bool set_cv(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	if (slice_is_nocase(value, "none"))
		r->sig->cv = ARC_CV_NONE;
	else if (slice_is_nocase(value, "fail"))
		r->sig->cv = ARC_CV_FAIL;
	else if (slice_is_nocase(value, "pass"))
		r->sig->cv = ARC_CV_PASS;
	else
		return error_set(err, "unknown cv=");
	return true;
}

/* RFC 8617 4.1.3: an h= in a seal makes the chain fail. */
static bool set_forbidden(void *out, struct slice value, struct error *err)
{
	(void)out, (void)value;
	return error_set(err, "h= has no place in a seal");
}

/* RFC 6376 3.5 */
static const struct tag signature_grammar[] = {
	{ "v",  true,  set_version },
	{ "a",  true,  set_algorithm },
	{ "b",  true,  set_b },
	{ "bh", true,  set_bh },
	{ "c",  false, set_canonicalization },
	{ "d",  true,  set_domain },
	{ "h",  true,  set_names },
	{ "i",  false, set_identity },
	{ "l",  false, set_length },
	{ "q",  false, set_query },
	{ "s",  true,  set_selector },
	{ "t",  false, set_time },
	{ "x",  false, set_expiry },
	{ NULL, false, NULL },
};

/* RFC 8617 4.1.2 */
static const struct tag arc_message_grammar[] = {
	{ "i",  true,  set_instance },
	{ "a",  true,  set_algorithm },
	{ "b",  true,  set_b },
	{ "bh", true,  set_bh },
	{ "c",  false, set_canonicalization },
	{ "d",  true,  set_domain },
	{ "h",  true,  set_names },
	{ "l",  false, set_length },
	{ "q",  false, set_query },
	{ "s",  true,  set_selector },
	{ "t",  false, set_time },
	{ "x",  false, set_expiry },
	{ NULL, false, NULL },
};

/* RFC 8617 4.1.3 */
static const struct tag arc_seal_grammar[] = {
	{ "i",  true,  set_instance },
	{ "a",  true,  set_algorithm },
	{ "b",  true,  set_b },
	{ "cv", true,  set_cv },
	{ "d",  true,  set_domain },
	{ "h",  false, set_forbidden },
	{ "s",  true,  set_selector },
	{ "t",  false, set_time },
	{ NULL, false, NULL },
};

const struct tag *const dkim_grammars[] = {
	[DKIM_KIND_SIGNATURE] = signature_grammar,
	[DKIM_KIND_ARC_MESSAGE] = arc_message_grammar,
	[DKIM_KIND_ARC_SEAL] = arc_seal_grammar,
};

const struct tag dkim_display_grammar[] = {
	{ "a", false, set_algorithm },
	{ "b", false, set_b },
	{ "d", false, set_domain },
	{ "s", false, set_selector },
	{ NULL, false, NULL },
};

