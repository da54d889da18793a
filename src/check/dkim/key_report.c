/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "check/dkim/key.h"
#include "check/dkim/rsa.h"

/* RFC 8301 3.2 asks signers for this, and DNS has room for that. */
#define SIGNER_BITS 2048
#define VERIFIER_BITS_MAX 4096
#define TTL_SHORT 60

const struct name dkim_remark_names[] = {
	{ DKIM_REMARK_NOTE,     "note" },
	{ DKIM_REMARK_WARNING,  "warning" },
	{ DKIM_REMARK_ERROR,    "error" },
	{ 0, NULL },
};

static void remark(struct dkim_key_report *r, enum dkim_remark_level level,
    const char *text)
{
	if (r->remark_count < DKIM_REMARKS)
		r->remarks[r->remark_count++] =
		    (struct dkim_remark){ level, text };
}

/* The plain value of a tag of a list that is known to be well-formed. */
static bool has_tag(const char *record, const char *name)
{
	struct slice more = slice_of(record);

	while (more.data != NULL) {
		struct slice value = slice_cut(&more, ';');

		if (slice_is(slice_trim(slice_cut(&value, '=')), name))
			return true;
	}
	return false;
}

static void remark_rsa(struct arena *mem, struct dkim_key_report *r,
    unsigned minimum_bits)
{
	const struct dkim_key *k = &r->key;

	if (k->bits < minimum_bits)
		remark(r, DKIM_REMARK_ERROR, arena_printf(mem,
		    "%u bits are too few: verifiers must not accept fewer than "
		    "%u (RFC 8301 3.2)", k->bits, minimum_bits));
	else if (k->bits < SIGNER_BITS)
		remark(r, DKIM_REMARK_WARNING, arena_printf(mem,
		    "%u bits; signers should have 2048 at least (RFC 8301 3.2)",
		    k->bits));
	else if (k->bits > VERIFIER_BITS_MAX)
		remark(r, DKIM_REMARK_WARNING, "verifiers need not accept keys "
		    "of more than 4096 bits (RFC 8301 3.2)");
}

static void remark_plain(struct arena *mem, struct dkim_key_report *r)
{
	struct slice more = slice_of(r->key.record);
	const char *reason;

	while (more.data != NULL) {
		struct slice value = slice_cut(&more, ';');
		struct octets der;
		struct dkim_rsa rsa;

		if (slice_is(slice_trim(slice_cut(&value, '=')), "p") &&
		    dkim_base64(mem, value, &der) &&
		    dkim_rsa_read(der, &rsa, &reason) && rsa.plain)
			remark(r, DKIM_REMARK_WARNING, "p= is an RSAPublicKey; "
			    "many verifiers only read SubjectPublicKeyInfo");
	}
}

/* The record is a key. What will its signatures meet? */
static void remark_key(struct arena *mem, struct dkim_key_report *r,
    unsigned minimum_bits)
{
	const struct dkim_key *k = &r->key;

	if (!has_tag(k->record, "v"))
		remark(r, DKIM_REMARK_NOTE, "v=DKIM1 is recommended, as the "
		    "first tag");
	if (k->type == DKIM_KEY_RSA) {
		remark_rsa(mem, r, minimum_bits);
		remark_plain(mem, r);
	} else {
		remark(r, DKIM_REMARK_NOTE, "not every verifier knows Ed25519: "
		    "sign with an RSA key beside it (RFC 8463)");
	}
	if (!k->sha256)
		remark(r, DKIM_REMARK_ERROR, "h= does not allow sha256, and "
		    "sha1 is not accepted (RFC 8301 3.1)");
	if (!k->email)
		remark(r, DKIM_REMARK_ERROR, "s= does not name email");
	if (k->testing)
		remark(r, DKIM_REMARK_NOTE, "t=y: the domain says that it is "
		    "only testing");
	if (k->no_subdomain)
		remark(r, DKIM_REMARK_NOTE, "t=s: i= must have the very domain "
		    "of d=");
	if (has_tag(k->record, "g"))
		remark(r, DKIM_REMARK_NOTE, "g= has no meaning any more");
	if (dkim_key_library_record(mem, k, DKIM_LIBRARY_ROOM) ==
	    NULL)
		remark(r, DKIM_REMARK_WARNING, "the key is longer than many "
		    "verifiers can read");
	if (r->answer->ttl < TTL_SHORT)
		remark(r, DKIM_REMARK_NOTE, "the TTL is below a minute");
}

static enum auth_code code_of(const struct dkim_key *k, unsigned minimum_bits)
{
	switch (k->cause) {
	case DKIM_CAUSE_NONE:
		return k->sha256 && k->email && k->bits >= (k->type ==
		    DKIM_KEY_RSA ? minimum_bits : 0) ? AUTH_PASS :
		    AUTH_PERMERROR;
	case DKIM_CAUSE_NO_KEY:
		return AUTH_NONE;
	case DKIM_CAUSE_DNS:
		return AUTH_TEMPERROR;
	case DKIM_CAUSE_BODY: case DKIM_CAUSE_HEADER: case DKIM_CAUSE_SYNTAX:
	case DKIM_CAUSE_REVOKED: case DKIM_CAUSE_KEY_SYNTAX:
	case DKIM_CAUSE_WEAK: case DKIM_CAUSE_ALGORITHM:
	case DKIM_CAUSE_EXPIRED: case DKIM_CAUSE_LENGTH:
	case DKIM_CAUSE_LIMIT: case DKIM_CAUSE_ENGINE:
		break;
	}
	return AUTH_PERMERROR;
}

void dkim_key_describe(struct arena *mem, struct inquiry *dns,
    const char *domain, const char *selector, unsigned minimum_bits,
    struct dkim_key_report *out)
{
	*out = (struct dkim_key_report){
		.name = dkim_key_name(mem, selector, domain),
		.code = AUTH_PERMERROR,
	};
	if (out->name == NULL) {
		out->key.cause = DKIM_CAUSE_SYNTAX;
		out->key.reason = "selector and domain make no name";
		remark(out, DKIM_REMARK_ERROR, out->key.reason);
		return;
	}
	out->answer = inquiry_ask(dns, out->name, DNS_TXT);
	dkim_key_fetch(mem, dns, out->name, &out->key);
	out->code = code_of(&out->key, minimum_bits);
	if (out->answer->count > 1)
		remark(out, DKIM_REMARK_WARNING, "there are several TXT "
		    "records at the selector (RFC 6376 3.6.2.2)");
	if (out->key.cause != DKIM_CAUSE_NONE)
		remark(out, DKIM_REMARK_ERROR, out->key.reason);
	else
		remark_key(mem, out, minimum_bits);
}
