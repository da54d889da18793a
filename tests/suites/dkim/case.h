/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * A DKIM case: what a signer did, what happened on the way, and what must be
 * said of it, argued from the RFC. Fields that a row does not name have the
 * plain value.
 */
#include <time.h>

#include "base/slice.h"
#include "check/findings.h"

/* A field of the message, without its line end. */
struct line {
	const char *name;               /* NULL: none */
	struct slice value;
};
#define F(name, text) { (name), { (text), sizeof(text) - 1 } }
#define TEXT(s) { (s), sizeof(s) - 1 }

enum { CASE_LINES = 8 };

enum case_key { KEY_RSA1024, KEY_RSA2048, KEY_RSA4096, KEY_RSA768, KEY_RSA_E3,
	KEY_ED25519, KEY_OTHER, CASE_KEYS };

struct dkim_case {
	const char *label;
	const char *why;                /* clause: what it says */

	/* The field as it is signed, and as it arrives if that is different.
	 * {a} {c} {h} {bh} {b} are what the signer makes; {B}: b= folded;
	 * {nul}: that octet. */
	const char *sig, *got_sig;
	const char *form;               /* "rs": relaxed/simple; NULL: "rr" */
	const char *h;                  /* what is hashed; NULL: CASE_H */
	struct line fields[CASE_LINES], got[CASE_LINES];
	/* In place of what canonicalization would give, by the RFC's letter. */
	struct slice canon_header, canon_body;
	struct slice body, got_body;
	bool split;                     /* at every octet, in two pieces */
	enum case_key key;
	bool sha1;

	/* At sel._domainkey.example.com; {p}: the key. */
	const char *record, *record2;
	const char *zone;               /* master text, in place of records */
	time_t now;
	unsigned minimum_bits;
	/* So many fields of this text above the signature. */
	const char *above;
	unsigned above_count;
	unsigned limit;                 /* of signatures; 0: 15 */

	enum auth_code code;
	enum dkim_cause cause;
	/* NULL: the same by the library. Else why it may say otherwise, which
	 * is never a pass. */
	const char *library;
};

#define CASE_NOW 1700000000
#define CASE_H "from:to:subject"

#define PASS .code = AUTH_PASS
#define PERM(what) .code = AUTH_PERMERROR, .cause = DKIM_CAUSE_##what
#define SYNTAX PERM(SYNTAX)
#define BAD_HEADER .code = AUTH_FAIL, .cause = DKIM_CAUSE_HEADER
#define BAD_BODY .code = AUTH_FAIL, .cause = DKIM_CAUSE_BODY
#define TEMP .code = AUTH_TEMPERROR, .cause = DKIM_CAUSE_DNS
#define LIMITED .code = AUTH_POLICY, .cause = DKIM_CAUSE_LIMIT
#define UNSIGNED_TAIL .code = AUTH_POLICY, .cause = DKIM_CAUSE_LENGTH

/* Signature fields, with one part in another way. */
#define V "v=1; "
#define A "a={a}; "
#define C "c={c}; "
#define D "d=example.com; "
#define S "s=sel; "
#define H "h={h}; "
#define BH "bh={bh}; "
#define B "b={b}"
#define PLAIN " " V A C D S H BH B
#define WITH(more) " " V A C D S more H BH B

/* Both are altered, and the engines look in another order. */
#define EITHER_FIRST "it looks at b= first, and then not at the body"

struct case_table {
	const char *name;
	const struct dkim_case *rows;
	size_t count;
};
#define TABLE(name, rows) { name, rows, sizeof(rows) / sizeof((rows)[0]) }
