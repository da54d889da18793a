/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim_signature.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "check/dkim_key.h"
#include "mail/domain.h"
#include "mail/taglist.h"

/* No honest h= is nearer to these than a factor of ten. */
#define NAMES_MAX 1000
#define LIBRARY_NAMES_OCTETS 4000
#define LIBRARY_IDENTITY_OCTETS 256
/* An RSA signature is as long as its key; libopendkim's key buffer ends at
 * about 5700 bits. */
#define LIBRARY_B_OCTETS 640

/* One field being read. */
struct reading {
	struct arena *mem;
	struct dkim_sig_parsed *sig;
	struct slice shadow;            /* sig->text as the tag list may see it */
	struct slice identity;          /* i= as received; absent: none */
	struct octets hash;
	bool signs_from;
};

static void keep_from_library(struct dkim_sig_parsed *sig, const char *why)
{
	if (sig->not_for_library == NULL)
		sig->not_for_library = why;
}

/*
 * U-labels and UTF-8 are allowed in d=, s=, i= and z= (RFC 8616 5) while a tag
 * list is ASCII. So the list is read from a shadow of the text, in which those
 * octets are filled in; the values of the three tags come from the text again.
 */
static struct slice cast_shadow(struct arena *mem, struct slice text)
{
	char *copy = arena_memdup(mem, text.data, text.len);
	struct slice more = text;

	while (more.data != NULL) {
		struct slice value = slice_cut(&more, ';');
		struct slice name = slice_trim(slice_cut(&value, '='));

		if (value.data == NULL || name.len != 1 ||
		    strchr("dsiz", name.data[0]) == NULL)
			continue;
		for (size_t i = 0; i < value.len; i++)
			if ((unsigned char)value.data[i] > 0x7f)
				copy[value.data - text.data + i] = 'x';
	}
	return (struct slice){ copy, text.len };
}

static struct slice as_written(const struct reading *r, struct slice value)
{
	return slice_sub(r->sig->text, (size_t)(value.data - r->shadow.data),
	    value.len);
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
		keep_from_library(r->sig, "its key is longer than 5120 bits");
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
		if (!dkim_field_name(name))
			return error_set(err, "h= is no list of field names");
		if (slice_is_nocase(name, "from"))
			r->signs_from = true;
		if (slice_is_nocase(name, "dkim-signature"))
			keep_from_library(r->sig, "it covers DKIM-Signature");
		names[r->sig->name_count++] = name;
	}
	if (value.len > LIBRARY_NAMES_OCTETS)
		keep_from_library(r->sig, "h= is longer than 4000 octets");
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
		keep_from_library(r->sig, "t= is before libopendkim's time");
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

static const struct tag *const grammars[] = {
	[DKIM_KIND_SIGNATURE] = signature_grammar,
	[DKIM_KIND_ARC_MESSAGE] = arc_message_grammar,
	[DKIM_KIND_ARC_SEAL] = arc_seal_grammar,
};

/* What people want to see of a field that could not be read. */
static const struct tag display_grammar[] = {
	{ "a", false, set_algorithm },
	{ "b", false, set_b },
	{ "d", false, set_domain },
	{ "s", false, set_selector },
	{ NULL, false, NULL },
};

/* Local-part of RFC 5321 and 6532: a quoted string, or atoms and dots (more
 * freely than the RFC, as addresses in use are). */
static bool local_part_ok(struct slice local)
{
	static const char specials[] = "()<>[]:;@\\,\" ";
	bool quoted = local.len >= 2 && local.data[0] == '"';
	size_t end = quoted ? local.len - 1 : local.len;

	if (quoted && local.data[end] != '"')
		return false;
	for (size_t i = quoted; i < end; i++) {
		char c = local.data[i];

		if (quoted && c == '\\') {
			if (++i == end)
				return false;
		} else if (quoted ? c == '"' : strchr(specials, c) != NULL) {
			return false;
		}
	}
	return true;
}

static bool printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f)
			return false;
	return utf8_valid(s);
}

/* i= = [ Local-part ] "@" domain-name, in dkim-quoted-printable. */
static bool read_identity(struct reading *r, struct error *err)
{
	struct dkim_sig_parsed *sig = r->sig;
	struct slice raw = r->identity, text;
	const char *at, *domain;

	if (!dkim_quoted(r->mem, raw, &text) || !printable(text))
		return error_set(err, "i= is not quoted-printable text");
	at = memrchr(text.data, '@', text.len);
	if (at == NULL)
		return error_set(err, "i= has no @");
	text.len = (size_t)(at - text.data);
	if (!local_part_ok(text))
		return error_set(err, "i= is no address");
	domain = dkim_name(r->mem, slice_of(at + 1), 2);
	if (domain == NULL)
		return error_set(err, "i= has no domain");
	if (!domain_is_same_or_below(domain, sig->domain))
		return error_set(err, "i= is outside d=");
	sig->identity = arena_printf(r->mem, "%.*s@%s", (int)text.len,
	    text.data, domain);
	sig->identity_below = !domain_equal(domain, sig->domain);
	if (raw.len > LIBRARY_IDENTITY_OCTETS)
		keep_from_library(sig, "i= is longer than 256 octets");
	for (size_t i = 0; i < raw.len; i++)
		if (dkim_is_fws(raw.data[i]) || strchr("=\"\\", raw.data[i]))
			keep_from_library(sig, "i= is quoted");
	return true;
}

/*
 * Where b= stands: everything from "=" to ";" is what the signer left empty
 * (RFC 6376 3.7). libopendkim looks for "b=" by its letters, so a blank
 * before "=" or another tag ending in b leads it astray.
 */
static void find_b(struct dkim_sig_parsed *sig)
{
	struct slice more = sig->text;

	while (more.data != NULL) {
		struct slice value = slice_cut(&more, ';');
		struct slice before = slice_cut(&value, '=');
		struct slice name = slice_trim(before);
		bool ends_in_b = name.len > 0 &&
		    ascii_lower(name.data[name.len - 1]) == 'b';

		if (value.data == NULL)
			continue;
		if (slice_is(name, "b")) {
			sig->b_from = (size_t)(value.data - sig->text.data);
			sig->b_len = value.len;
			if (before.data[before.len - 1] != 'b')
				keep_from_library(sig, "blank before = of b=");
		} else if (ends_in_b) {
			keep_from_library(sig, "a tag that ends in b");
		}
	}
}

/* What no single tag can say. The list itself is sound. */
static bool check_whole(struct reading *r, struct error *err)
{
	struct dkim_sig_parsed *sig = r->sig;
	bool body = sig->kind != DKIM_KIND_ARC_SEAL;

	if (sig->cause != DKIM_CAUSE_NONE)
		return true;    /* refused already, and for a better reason */
	if (body && r->hash.len != sizeof(sig->bh))
		return error_set(err, "bh= is no SHA-256 hash");
	if (body)
		memcpy(sig->bh, r->hash.data, sizeof(sig->bh));
	if (sig->has_time && sig->has_expiry && sig->expiry <= sig->time)
		return error_set(err, "x= is not later than t=");
	if (sig->kind == DKIM_KIND_SIGNATURE && !r->signs_from)
		return error_set(err, "h= does not cover From");
	if (sig->kind == DKIM_KIND_SIGNATURE && r->identity.data != NULL &&
	    !read_identity(r, err))
		return false;
	sig->key_name = dkim_key_name(r->mem, sig->selector, sig->domain);
	return sig->key_name != NULL ||
	    error_set(err, "s= and d= are too long together");
}

bool dkim_fold_crlf(struct arena *mem, struct slice value, struct slice *out)
{
	size_t folds = 0, len = 0;
	char *text;

	for (size_t i = 0; i < value.len; i++)
		folds += value.data[i] == '\n';
	text = arena_alloc(mem, value.len + folds + 1);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c == '\0')
			return false;
		if (c == '\r' && (++i == value.len || value.data[i] != '\n'))
			return false;
		if (c == '\r' || c == '\n') {
			if (i + 1 == value.len ||
			    !dkim_is_wsp(value.data[i + 1]))
				return false;
			text[len++] = '\r';
			c = '\n';
		}
		text[len++] = c;
	}
	*out = (struct slice){ text, len };
	return true;
}

static void unreadable(struct reading *r, const struct error *err)
{
	struct dkim_sig_parsed *sig = r->sig;
	char *reason = arena_strdup(r->mem, err->text);

	for (char *c = reason; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	sig->cause = DKIM_CAUSE_NONE;
	taglist_parse_lenient(r->shadow, display_grammar, r, NULL);
	sig->cause = DKIM_CAUSE_SYNTAX;
	sig->reason = reason;
	sig->name_count = 0;
}

void dkim_sig_parse(struct arena *mem, enum dkim_kind kind, struct slice value,
    struct dkim_sig_parsed *out)
{
	struct reading r = { .mem = mem, .sig = out };
	struct error err = { "" };

	*out = (struct dkim_sig_parsed){ .kind = kind };
	if (value.len > DKIM_FIELD_MAX) {
		refuse(out, DKIM_CAUSE_LIMIT, "the field is too long");
		return;
	}
	if (!dkim_fold_crlf(mem, value, &out->text)) {
		refuse(out, DKIM_CAUSE_SYNTAX, "it holds NUL or a bare CR or LF");
		return;
	}
	if (!dkim_ascii(out->text))
		keep_from_library(out, "it holds 8-bit text");
	r.shadow = cast_shadow(mem, out->text);
	if (!taglist_parse_strict(r.shadow, grammars[kind], &r, &err) ||
	    !check_whole(&r, &err))
		unreadable(&r, &err);
	find_b(out);
	if (kind == DKIM_KIND_SIGNATURE && r.identity.data == NULL &&
	    out->domain != NULL)
		out->identity = arena_printf(mem, "@%s", out->domain);
}
