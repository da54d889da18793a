/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_signature: the strict front of every signature field.
 *
 * DKIM-Signature (RFC 6376 3.5), ARC-Message-Signature and ARC-Seal (RFC 8617
 * 4.1) are parsed here, by the grammar and completely, before any engine may
 * see them. What comes out well-formed has one reading only. No DNS, no key,
 * no clock. Results live in the arena that was given.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "check/dkim/tags.h"
#include "check/findings.h"
#include "mail/header.h"

enum dkim_kind {
	DKIM_KIND_SIGNATURE,    /* DKIM-Signature */
	DKIM_KIND_ARC_MESSAGE,  /* ARC-Message-Signature: i= is the instance,
				 * v= is ignored, h= needs no From and may
				 * have empty elements */
	DKIM_KIND_ARC_SEAL,     /* ARC-Seal: i a b d s t cv; h= is an error */
};

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };
enum dkim_folding { DKIM_FOLDING_SIMPLE, DKIM_FOLDING_RELAXED };
enum arc_cv { ARC_CV_NONE, ARC_CV_FAIL, ARC_CV_PASS };

/* Octets of a field value; a longer one is not read (no DNS label, key or
 * honest list needs it). */
#define DKIM_FIELD_MAX 16384

/* libopendkim gets this as its clock drift, so that it judges no t= and x=
 * (dkim.c does); it subtracts the drift from t= without looking. */
#define DKIM_LIBRARY_TIME_MIN 1000000000

struct dkim_sig_parsed {
	/*
	 * DKIM_CAUSE_NONE: well-formed, everything below is as it says.
	 * SYNTAX, ALGORITHM (unknown, or rsa-sha1 by RFC 8301 3.1) or LIMIT:
	 * of no use; `reason` says why, and domain, selector, algorithm_text,
	 * identity and b_text are what could still be read, for people, else
	 * NULL.
	 */
	enum dkim_cause cause;
	const char *reason;
	enum dkim_kind kind;

	/* The value with every fold as CRLF: what an engine hashes. b_text
	 * with the FWS around it stands at text[b_from .. b_from + b_len). */
	struct slice text;
	size_t b_from, b_len;

	const char *algorithm_text;     /* "rsa-sha256" */
	enum dkim_algorithm algorithm;
	enum dkim_folding header_folding, body_folding;
	const char *domain, *selector;  /* house form */
	const char *key_name;           /* selector._domainkey.domain */
	const char *identity;           /* i= decoded, else "@" d; not ARC */
	bool identity_below;            /* its domain is below d */

	struct octets b;
	const char *b_text;             /* b= without white space */
	unsigned char bh[32];           /* not for ARC-Seal */

	const struct slice *names;      /* h= in order, as written */
	size_t name_count;

	bool has_length, has_time, has_expiry;
	uint64_t length, time, expiry;

	unsigned instance;              /* ARC: 1..50 */
	enum arc_cv cv;                 /* ARC-Seal */

	/* NULL, or what in this well-formed signature libopendkim is known to
	 * get wrong; then only the native engine may have it. */
	const char *not_for_library;
};

/* value: as received, folds as LF or CRLF. */
void dkim_sig_parse(struct arena *mem, enum dkim_kind kind, struct slice value,
    struct dkim_sig_parsed *out);

/* The value with folds as CRLF. False: it holds NUL, or a CR or LF that is no
 * fold, so that no two hashers need agree about it. */
bool dkim_fold_crlf(struct arena *mem, struct slice value, struct slice *out);
