/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * check: the one shape of all checks, and what they are given.
 *
 * Evidence in, the check's own finding out, nothing else. A check reads
 * findings only of checks that stand before it in checks[]. Adding a method is
 * one file, one struct in findings.h and one row.
 */
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/name.h"
#include "check/body.h"
#include "check/findings.h"
#include "dns/inquiry.h"
#include "mail/address.h"
#include "mail/blocklist.h"
#include "mail/header.h"
#include "mail/ip.h"
#include "mail/phase.h"

enum client_class { CLIENT_LOCAL, CLIENT_RELAY, CLIENT_AUTHENTICATED,
	CLIENT_OUTSIDE };
extern const struct name client_class_names[];  /* local relay authenticated outside */

/* HELO by its form alone: a name of two labels or more, an address literal,
 * one label, nothing usable, nothing at all. */
enum helo_status { HELO_OK, HELO_LITERAL, HELO_BARE, HELO_INVALID, HELO_ABSENT };
extern const struct name helo_status_names[];   /* ok literal bare invalid absent */

/*
 * What the MTA told us. Filled by the session as the phases go by; a check may
 * read what its phase knows. Text is NULL when it was not told.
 */
struct evidence {
	/* The client that is judged: the one behind a trusted relay, if any. */
	struct ip client_ip;            /* IP_NONE: not known, see why_no_client */
	const char *client_name;        /* the MTA's verified name, or NULL */
	const char *why_no_client;
	bool client_settled;            /* false until the header is read, for mail
					 * from a trusted relay */
	enum client_class client_class;
	struct ip peer_ip;              /* who is really connected */
	const char *helo;               /* verbatim, of the judged client */
	const char *helo_domain;        /* house form, NULL unless HELO_OK */
	enum helo_status helo_status;
	const char *tls_version, *tls_cipher;
	const char *auth_user, *auth_method;

	struct path mail;               /* MAIL FROM */
	const struct path *rcpts;       /* as many as limits let us keep */
	size_t rcpt_count;              /* all of them */
	size_t rcpt_kept;

	struct header header;
	struct author author;           /* from PHASE_HEADERS on */
	bool utf8;                      /* SMTPUTF8, as far as can be told */
	size_t body_octets;
	size_t forged_results;          /* fields that claimed our name */

	/* What the policy asks of DNS lists. */
	const struct lookup *lookups;
	size_t lookup_count;

	const char *queue_id;           /* NULL: not known yet */
	time_t received;                /* what time it is for this message */
};

/*
 * Why this client is not judged by SPF, iprev and DMARC, or NULL. Mail of our
 * own users and of this host comes in before the domain's own signature and
 * from an address no record names: it is our setup that would be judged.
 */
const char *client_exempt(const struct evidence *e);

/* The message as it was sent: its header, the empty line, its body. 0 while
 * nothing of it is there. */
int64_t message_octets(const struct evidence *e);

enum engine { ENGINE_LIBRARY, ENGINE_NATIVE, ENGINE_BOTH };
extern const struct name engine_names[];        /* library native both */

struct check_options {
	const char *authserv_id;        /* "localhost" */
	enum engine spf_engine, dkim_engine;
	unsigned spf_void_lookups;      /* RFC 7208 4.6.4: 2 */
	unsigned dkim_minimum_bits;     /* RFC 8301: 1024 */
	unsigned dkim_signatures;       /* verified at the most: 15 */
	unsigned dmarc_identifiers;     /* walked at the most: 10 */
	const struct seal_options *seal;        /* of check/arc/seal.h; NULL:
						 * no ARC set is added */
};
extern const struct check_options check_defaults;

/* Process lifetime: libraries' handles and caches, shared by all threads. */
struct check_env;

/* Strings of the options, none of them NULL, are copied, and what seal points
 * to; the log is kept. */
struct check_env *check_env_new(const struct check_options *o, struct log *log,
    struct error *err);
void check_env_free(struct check_env *env);             /* NULL is fine */
const struct check_options *check_env_options(const struct check_env *env);
struct dkim_libraries;          /* of check/dkim/library.h */
struct dkim_libraries *check_env_dkim(const struct check_env *env);
struct log *check_env_log(const struct check_env *env);

/* One message under examination. Everything in it outlives the checks. */
struct examination {
	struct arena *mem;
	const struct check_env *env;
	const struct evidence *evidence;
	struct inquiry *dns;
	struct findings *findings;
	struct body *body;              /* who judges by it says what he wants
					 * when HEADERS is reached */
};

struct check {
	const char *name;
	/* From this phase on finish() may be called (once; it may wait for DNS).
	 * IPREV, SPF and DNSBL: MAIL, which says whether the client has logged
	 * in and so is not looked at; RHSBL: HEADERS, the others: EOM. For a
	 * client that is not settled yet, not before HEADERS. */
	enum phase ready;
	/* Never NULL; called at MAIL. */
	void *(*open)(struct examination *x);
	/* The phase has been reached: start what can be started, never wait.
	 * Called for MAIL, HEADERS and EOM. NULL: nothing to start. */
	void (*reach)(void *state, enum phase phase);
	void (*finish)(void *state);
};

extern const struct check iprev_check, spf_check, dkim_check, arc_check,
    dmarc_check, dnsbl_check, rhsbl_check;

/* In order of dependency; ends with NULL. */
extern const struct check *const checks[];
