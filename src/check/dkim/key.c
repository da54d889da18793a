/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/key.h"

#include <string.h>

#include "base/error.h"
#include "check/dkim/rsa.h"
#include "mail/domain.h"
#include "mail/taglist.h"

#define ED25519_OCTETS 32

const struct name dkim_key_type_names[] = {
	{ DKIM_KEY_RSA,         "rsa" },
	{ DKIM_KEY_ED25519,     "ed25519" },
	{ 0, NULL },
};

/* One record being read. */
struct reading {
	struct arena *mem;
	struct dkim_key *key;
	struct octets data;             /* p= decoded */
	bool has_version, revoked;
};

static bool set_version(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	r->has_version = true;
	return slice_is(value, "DKIM1") || error_set(err, "v= is not DKIM1");
}

static bool set_type(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	if (slice_is(value, "rsa"))
		r->key->type = DKIM_KEY_RSA;
	else if (slice_is(value, "ed25519"))
		r->key->type = DKIM_KEY_ED25519;
	else
		return error_set(err, "unknown key type in k=");
	return true;
}

/* Unknown words of the three lists are ignored. */
static bool set_hashes(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	struct slice more = value, word;

	r->key->sha256 = false;
	while (dkim_list_next(&more, &word)) {
		if (!dkim_word(word))
			return error_set(err, "h= is no list of hashes");
		r->key->sha256 |= slice_is(word, "sha256");
	}
	return true;
}

static bool set_services(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	struct slice more = value, word;

	r->key->email = false;
	while (dkim_list_next(&more, &word)) {
		if (!dkim_word(word) && !slice_is(word, "*"))
			return error_set(err, "s= is no list of services");
		r->key->email |= slice_is(word, "*") || slice_is(word, "email");
	}
	return true;
}

static bool set_flags(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	struct slice more = value, word;

	while (dkim_list_next(&more, &word)) {
		if (!dkim_word(word))
			return error_set(err, "t= is no list of flags");
		r->key->testing |= slice_is(word, "y");
		r->key->no_subdomain |= slice_is(word, "s");
	}
	return true;
}

static bool set_data(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	if (value.len == 0) {
		r->revoked = true;
		return true;
	}
	return dkim_base64(r->mem, value, &r->data) ||
	    error_set(err, "p= is not base64");
}

/* RFC 6376 3.6.1; g= of RFC 4871 is gone, n= is for people. */
static const struct tag key_grammar[] = {
	{ "v", false, set_version },
	{ "h", false, set_hashes },
	{ "k", false, set_type },
	{ "p", true,  set_data },
	{ "s", false, set_services },
	{ "t", false, set_flags },
	{ NULL, false, NULL },
};

static void spoil(struct dkim_key *key, enum dkim_cause cause,
    const char *reason)
{
	key->cause = cause;
	key->reason = reason;
}

static void read_rsa(struct reading *r)
{
	struct dkim_rsa rsa;
	const char *reason;

	if (!dkim_rsa_read(r->data, &rsa, &reason)) {
		spoil(r->key, DKIM_CAUSE_KEY_SYNTAX, reason);
		return;
	}
	r->key->bits = rsa.bits;
	r->key->material = dkim_rsa_write(r->mem, &rsa);
}

/* RFC 8463 4: the 32 octets themselves, no ASN.1 around them. */
static void read_ed25519(struct reading *r)
{
	if (r->data.len != ED25519_OCTETS) {
		spoil(r->key, DKIM_CAUSE_KEY_SYNTAX,
		    "an Ed25519 key has 32 octets");
		return;
	}
	r->key->bits = 256;
	r->key->material = r->data;
}

static const struct {
	void (*read)(struct reading *r);
} key_types[] = {
	[DKIM_KEY_RSA] = { read_rsa },
	[DKIM_KEY_ED25519] = { read_ed25519 },
};

/* The name of the first tag. */
static struct slice first_tag(struct slice record)
{
	struct slice more = record;
	struct slice value = slice_cut(&more, ';');

	return slice_trim(slice_cut(&value, '='));
}

static char *clean(struct arena *mem, const char *text)
{
	char *copy = arena_strdup(mem, text);

	for (char *c = copy; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return copy;
}

void dkim_key_parse(struct arena *mem, struct slice record,
    struct dkim_key *out)
{
	struct reading r = { .mem = mem, .key = out };
	struct error err = { "" };

	*out = (struct dkim_key){
		.type = DKIM_KEY_RSA, .sha256 = true, .email = true,
		.record = arena_strndup(mem, record.data, record.len),
	};
	if (!taglist_parse_strict(record, key_grammar, &r, &err)) {
		spoil(out, DKIM_CAUSE_KEY_SYNTAX, clean(mem, err.text));
		return;
	}
	if (r.has_version && !slice_is(first_tag(record), "v")) {
		spoil(out, DKIM_CAUSE_KEY_SYNTAX, "v= is not the first tag");
		return;
	}
	if (r.revoked) {
		spoil(out, DKIM_CAUSE_REVOKED, "the key was revoked");
		return;
	}
	key_types[out->type].read(&r);
}

const char *dkim_key_library_record(struct arena *mem,
    const struct dkim_key *key, size_t room)
{
	const char *text = arena_concat(mem, "v=DKIM1; k=",
	    name_word(dkim_key_type_names, key->type), "; p=",
	    dkim_base64_text(mem, key->material.data, key->material.len),
	    NULL);

	return strlen(text) < room ? text : NULL;
}

void dkim_key_prefetch(struct inquiry *dns, const char *key_name)
{
	inquiry_prefetch(dns, key_name, DNS_TXT);
}

/* Does it have a tag of that name? However broken the rest is. */
static bool has_tag(struct slice record, const char *name)
{
	while (record.data != NULL) {
		struct slice value = slice_cut(&record, ';');
		struct slice before = slice_cut(&value, '=');

		if (value.data != NULL && slice_is(slice_trim(before), name))
			return true;
	}
	return false;
}

/* "Records beginning with a v= tag with any other value MUST be discarded." */
static bool other_version(struct slice record)
{
	struct slice value = slice_cut(&record, ';');
	struct slice name = slice_trim(slice_cut(&value, '='));

	return value.data != NULL && slice_is(name, "v") &&
	    !slice_is(slice_trim(value), "DKIM1");
}

static void choose(struct arena *mem, const struct dns_answer *a,
    struct dkim_key *out)
{
	struct slice found = { NULL, 0 };
	size_t candidates = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct slice record = { a->records[i].data, a->records[i].len };

		if (other_version(record))
			continue;
		if (a->count > 1 && !has_tag(record, "p") &&
		    !has_tag(record, "v"))
			continue;
		if (candidates++ == 0)
			found = record;
	}
	if (candidates == 1)
		dkim_key_parse(mem, found, out);
	else if (candidates == 0)
		spoil(out, DKIM_CAUSE_NO_KEY, "no key record at the selector");
	else
		spoil(out, DKIM_CAUSE_KEY_SYNTAX,
		    "several key records at the selector");
}

/* A key name has passed the rules of names, so REFUSED_HERE says that this
 * message has asked too much: not known, as with any trouble. */
static const struct {
	enum dkim_cause cause;
	const char *reason;
} no_answer[] = {
	[DNS_FOUND]        = { DKIM_CAUSE_NONE,   NULL },
	[DNS_NODATA]       = { DKIM_CAUSE_NO_KEY, "no key at the selector" },
	[DNS_NXDOMAIN]     = { DKIM_CAUSE_NO_KEY, "no such selector" },
	[DNS_FAILED]       = { DKIM_CAUSE_DNS, "the key's name server fails" },
	[DNS_TIMEOUT]      = { DKIM_CAUSE_DNS, "no DNS answer in time" },
	[DNS_BOGUS]        = { DKIM_CAUSE_DNS, "the key fails DNSSEC" },
	[DNS_REFUSED_HERE] = { DKIM_CAUSE_DNS, "too many DNS questions" },
};

void dkim_key_fetch(struct arena *mem, struct inquiry *dns,
    const char *key_name, struct dkim_key *out)
{
	const struct dns_answer *a = inquiry_ask(dns, key_name, DNS_TXT);

	*out = (struct dkim_key){ .type = DKIM_KEY_RSA };
	if (a->status == DNS_FOUND)
		choose(mem, a, out);
	else
		spoil(out, no_answer[a->status].cause,
		    no_answer[a->status].reason);
	out->secure = a->secure;
}

enum dkim_cause dkim_key_serves(const struct dkim_key *key,
    const struct dkim_sig_parsed *sig, unsigned minimum_bits,
    const char **reason)
{
	static const enum dkim_key_type needed[] = {
		[DKIM_RSA_SHA256] = DKIM_KEY_RSA,
		[DKIM_ED25519_SHA256] = DKIM_KEY_ED25519,
	};

	if (key->type != needed[sig->algorithm]) {
		*reason = "the key is of another type than a=";
		return DKIM_CAUSE_ALGORITHM;
	}
	if (!key->sha256) {
		*reason = "the key does not allow SHA-256";
		return DKIM_CAUSE_ALGORITHM;
	}
	if (!key->email) {
		*reason = "the key is not for email";
		return DKIM_CAUSE_NO_KEY;
	}
	if (key->no_subdomain && sig->identity_below) {
		*reason = "the key does not allow i= below d=";
		return DKIM_CAUSE_SYNTAX;
	}
	if (key->type == DKIM_KEY_RSA && key->bits < minimum_bits) {
		*reason = "the key is too short";
		return DKIM_CAUSE_WEAK;
	}
	*reason = NULL;
	return DKIM_CAUSE_NONE;
}

const char *dkim_key_name(struct arena *mem, const char *selector,
    const char *domain)
{
	const char *s = dkim_name(mem, slice_of(selector), 1);
	const char *d = dkim_name(mem, slice_of(domain), 1);
	const char *name;

	if (s == NULL || d == NULL)
		return NULL;
	name = arena_concat(mem, s, "._domainkey.", d, NULL);
	return strlen(name) <= DOMAIN_MAX ? name : NULL;
}
