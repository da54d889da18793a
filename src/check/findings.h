/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * findings: what the checks concluded about one message. Data only, in the
 * message's arena; text is NULL when unknown. The word tables are in the file
 * of the check that owns the enum.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"

enum auth_code {                /* the results of RFC 8601 2.7, all methods */
	AUTH_NONE, AUTH_PASS, AUTH_FAIL, AUTH_SOFTFAIL, AUTH_NEUTRAL,
	AUTH_POLICY, AUTH_TEMPERROR, AUTH_PERMERROR,
};
extern const struct name iprev_names[], spf_names[], dkim_names[], arc_names[],
    dmarc_names[];

struct iprev_finding {          /* RFC 8601 section 3 */
	enum auth_code code;
	const char *name;       /* the confirmed name */
	const char *reason;
};

struct spf_identity {           /* one check_host() of RFC 7208 */
	enum auth_code code;
	const char *domain;     /* asked for; NULL: there was no identity */
	const char *mechanism;  /* the directive that matched, "-all" */
	const char *reason;     /* a sentence of ours; NULL: nothing to say */
	const char *explanation;        /* the domain's own words, only for fail;
					 * printable ASCII, foreign */
	bool local_part_used;   /* a macro named it: RFC 8601 2.7.2 */
	unsigned lookups, void_lookups;
};
enum spf_scope { SPF_SCOPE_MAILFROM, SPF_SCOPE_HELO };
extern const struct name spf_scope_names[];     /* mailfrom helo */
struct spf_finding {
	struct spf_identity mailfrom;   /* postmaster@HELO for a null sender */
	enum spf_scope mailfrom_scope;  /* HELO when it was a null sender */
	struct spf_identity helo;
};

enum dkim_cause {
	DKIM_CAUSE_NONE, DKIM_CAUSE_BODY, DKIM_CAUSE_HEADER, DKIM_CAUSE_SYNTAX,
	DKIM_CAUSE_NO_KEY, DKIM_CAUSE_REVOKED, DKIM_CAUSE_KEY_SYNTAX,
	DKIM_CAUSE_WEAK, DKIM_CAUSE_ALGORITHM, DKIM_CAUSE_EXPIRED,
	DKIM_CAUSE_DNS, DKIM_CAUSE_LENGTH, DKIM_CAUSE_LIMIT,
	DKIM_CAUSE_ENGINE,
};
extern const struct name dkim_cause_names[];
struct dkim_signature {
	enum auth_code code;
	enum dkim_cause cause;
	const char *reason;     /* a sentence of ours; NULL for a plain pass */
	const char *domain, *selector;          /* house form */
	const char *identity;   /* i=, or @d when there is none */
	const char *algorithm;  /* "rsa-sha256" */
	const char *b;          /* enough of b= to be unique, RFC 6008 */
	unsigned key_bits;      /* 0: no key seen; Ed25519: 256 */
	bool testing;           /* t=y in the key */
	bool secure;            /* key by DNSSEC */
};
struct dkim_finding {
	enum auth_code code;    /* pass if one passed, else the best hope */
	struct dkim_signature *signatures;      /* top of the message first */
	size_t count;
	size_t ignored;         /* beyond the limit, not listed above */
};

struct arc_sealer { const char *domain, *selector; };
struct arc_finding {            /* RFC 8617 */
	enum auth_code code;    /* none pass fail */
	const char *reason;
	struct arc_sealer *sealers;     /* of seals that verified, newest first */
	size_t count;
	unsigned instances;     /* sets in the message */
	unsigned oldest_pass;   /* 0: all */
	bool oldest_known;      /* oldest_pass means something */
	bool key_missed;        /* the DNS failed for a key of the chain */
	/* Of a chain that passes: the client of the first hop, as that hop
	 * has told it (smtp.remote-ip); NULL: it has not. */
	const char *first_client;
	/* SHA-256 of the body, relaxed; NULL: not known, or nobody seals. */
	const unsigned char *body_hash;
};

struct dmarc_record;            /* of check/dmarc/record.h */
struct dmarc_identifier;        /* of check/dmarc/align.h */
enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE,
	DMARC_POLICY_REJECT, DMARC_POLICY_ABSENT };
extern const struct name dmarc_policy_names[];  /* none quarantine reject */
enum dmarc_discovery { DMARC_DISCOVERY_AUTHOR, DMARC_DISCOVERY_ORG,
	DMARC_DISCOVERY_PSD, DMARC_DISCOVERY_NOTHING };
extern const struct name dmarc_discovery_names[];       /* author org psd none */
struct dmarc_finding {          /* RFC 9989 */
	enum auth_code code;
	const char *reason;
	enum dmarc_policy policy;       /* after sp, np and t; ABSENT: none applies */
	enum dmarc_policy published;    /* the tag that was selected, before t */
	enum dmarc_policy disposition;  /* what the owner asks for this message */
	const char *author_domain;
	const char *org_domain;         /* of the author domain */
	const char *policy_domain;      /* where the applied record stands */
	enum dmarc_discovery discovery;
	const char *record;             /* the text of the record found there,
					 * or of one that cannot be applied */
	const struct dmarc_record *tags;        /* the same, read: rua, fo, ... */
	bool testing;                   /* t=y */
	bool spf_aligned, dkim_aligned;
	/* What was authenticated, each compared with the author's domain. */
	const struct dmarc_identifier *identifiers;
	size_t identifier_count;
	const char **queries;           /* _dmarc names of the author's walk */
	size_t query_count;
};

enum listed { LISTED_UNKNOWN, LISTED_NO, LISTED_YES };   /* by a DNS list */
extern const struct name listed_names[];

struct findings {
	struct iprev_finding iprev;
	struct spf_finding spf;
	struct dkim_finding dkim;
	struct arc_finding arc;
	struct dmarc_finding dmarc;
	enum listed *listed;    /* of each lookup of the evidence; or NULL */
};
