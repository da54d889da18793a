/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_key: key records (RFC 6376 3.6, RFC 8301, RFC 8463), fetched through
 * the inquiry and read strictly.
 *
 * RSA keys are accepted as SubjectPublicKeyInfo and as the plain RSAPublicKey
 * of the RFC's letter, read as DER by hand, and written anew: an engine never
 * sees the owner's bytes, only number and exponent in the one right form.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "check/dkim/signature.h"
#include "check/dkim/tags.h"
#include "check/findings.h"
#include "dns/inquiry.h"

enum dkim_key_type { DKIM_KEY_RSA, DKIM_KEY_ED25519 };
extern const struct name dkim_key_type_names[];         /* rsa ed25519 */

struct dkim_key {
	/* DKIM_CAUSE_NONE: a key. DNS: could not be learnt. NO_KEY, REVOKED,
	 * KEY_SYNTAX: there is none that could be used by anybody. */
	enum dkim_cause cause;
	const char *reason;

	enum dkim_key_type type;
	unsigned bits;                  /* Ed25519: 256 */
	struct octets material;         /* RSA: SubjectPublicKeyInfo, DER;
					 * Ed25519: the 32 octets */
	bool sha256;                    /* h= allows it */
	bool email;                     /* s= allows it */
	bool testing;                   /* t=y */
	bool no_subdomain;              /* t=s */
	bool secure;                    /* by DNSSEC */

	const char *record;             /* the text found; NULL: none */
};

/* One record. */
void dkim_key_parse(struct arena *mem, struct slice record,
    struct dkim_key *out);

/* What libopendkim reads a key record into: longer ones are not for it. */
#define DKIM_LIBRARY_ROOM 1025

/* "v=DKIM1; k=..; p=.." made from the material of a sound key; NULL: that
 * needs more than room octets, the NUL included. */
const char *dkim_key_library_record(struct arena *mem,
    const struct dkim_key *key, size_t room);

void dkim_key_prefetch(struct inquiry *dns, const char *key_name);

/*
 * Ask for key_name and read what is there. Several TXT records are undefined
 * by RFC 6376 3.6.2.2; those that do not look like a key record are passed
 * over, and if more than one is left there is no key (KEY_SYNTAX). A record of
 * another version is none at all (3.6.1).
 */
void dkim_key_fetch(struct arena *mem, struct inquiry *dns,
    const char *key_name, struct dkim_key *out);

/*
 * May this key (cause NONE) verify this signature? NONE, or ALGORITHM (k= or
 * h= do not fit a=), NO_KEY (not for email), SYNTAX (t=s forbids this i=) or
 * WEAK, with the reason (RFC 6376 6.1.2, RFC 8301 3.2).
 */
enum dkim_cause dkim_key_serves(const struct dkim_key *key,
    const struct dkim_sig_parsed *sig, unsigned minimum_bits,
    const char **reason);

/*
 * selector._domainkey.domain, both as people write them (U-labels, any case);
 * NULL when no such name can be asked for.
 */
const char *dkim_key_name(struct arena *mem, const char *selector,
    const char *domain);

/* For a person who set up a domain: what is there, and all that is odd. */
enum dkim_remark_level { DKIM_REMARK_NOTE, DKIM_REMARK_WARNING,
	DKIM_REMARK_ERROR };
extern const struct name dkim_remark_names[];   /* note warning error */

struct dkim_remark {
	enum dkim_remark_level level;
	const char *text;
};

#define DKIM_REMARKS 12

struct dkim_key_report {
	const char *name;               /* asked for; NULL: cannot be asked */
	const struct dns_answer *answer;        /* NULL: was not asked */
	struct dkim_key key;
	enum auth_code code;            /* pass: usable; none: there is none;
					 * else what a signature would get */
	struct dkim_remark remarks[DKIM_REMARKS];
	size_t remark_count;
};

void dkim_key_describe(struct arena *mem, struct inquiry *dns,
    const char *domain, const char *selector, unsigned minimum_bits,
    struct dkim_key_report *out);
