/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_dns: what one check_host() asks the DNS, and how much of it.
 *
 * Both engines ask and count through this walk, so that they differ in nothing
 * but the evaluation itself. The limits
 * of RFC 7208 4.6.4 are kept here: terms that ask and void lookups count over
 * the whole tree. Message lifetime; everything it gives out is in its arena.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "check/spf/spf.h"
#include "check/spf/record.h"
#include "dns/inquiry.h"
#include "mail/domain.h"

/* RFC 7208 4.6.4, each of them. */
#define SPF_TERMS_MAX 10
#define SPF_MX_MAX 10
#define SPF_PTR_MAX 10

/* A target name, escaped: four octets for one at the worst, and the NUL. */
#define SPF_ESCAPED_MAX (4 * DOMAIN_MAX + 1)

enum spf_step {
	SPF_YES,                /* go on, it is there, it matches */
	SPF_NO,                 /* nothing there: no match, no record */
	SPF_TEMPERROR,          /* the whole evaluation ends so; see reason */
	SPF_PERMERROR,
};

struct spf_walk {
	struct arena *mem;
	struct inquiry *dns;
	const struct spf_question *question;
	unsigned void_limit;
	unsigned terms, voids;
	unsigned foreseen;              /* questions started ahead of time */
	bool over_limit;                /* terms or voids are too many */
	bool explaining;                /* lookups for exp= are free */
	bool local_part_used;
	bool local_part_ascii;
	bool validated_known;
	const char *const *validated;   /* names of the client, 5.5 */
	size_t validated_count;
	const char *reason;             /* of the last step that said no */
};

void spf_walk_start(struct spf_walk *w, struct arena *mem,
    struct inquiry *dns, const struct spf_settings *settings,
    const struct spf_question *question);

/* One more term that asks: YES, or PERMERROR for the eleventh. */
enum spf_step spf_count_term(struct spf_walk *w);

/*
 * Octets as text of the DNS (RFC 1035 5.1): an expansion is not subject to
 * escaping (RFC 7208 4.8), so a backslash in it is an octet like any other.
 * False for what is no name.
 */
bool spf_escape(const char *target, char out[SPF_ESCAPED_MAX]);

/* TEMPERROR, with the reason that this answer is one. */
enum spf_step spf_trouble(struct spf_walk *w, const char *name,
    enum dns_type type, const struct dns_answer *a);

/*
 * Ask for a name made of octets (a target) or in the form in which answers
 * give names. NO for void lookups, which count, and for names that cannot be
 * asked, which do not. YES sets *out.
 */
enum spf_step spf_ask_target(struct spf_walk *w, const char *target,
    enum dns_type type, const struct dns_answer **out);
enum spf_step spf_ask(struct spf_walk *w, const char *name,
    enum dns_type type, const struct dns_answer **out);

/* The type that holds addresses of the client's family (section 5). */
enum dns_type spf_address_type(const struct spf_walk *w);

/* ip4, ip6, all: does it match without asking? */
bool spf_matches_unasked(const struct spf_walk *w,
    const struct spf_directive *d);

/* Is the client within an address of the answer, by the prefix of d? */
bool spf_answer_has_client(const struct spf_walk *w,
    const struct dns_answer *a, const struct spf_directive *d);

/* MX hosts: YES sets *out; more than ten are a permerror (4.6.4). */
enum spf_step spf_ask_mx(struct spf_walk *w, const char *target,
    const struct dns_answer **out);

/* Names of the client, validated or not, ten at the most; never an error
 * (5.5) but for the limit of void lookups. */
enum spf_step spf_ask_ptr(struct spf_walk *w, const struct dns_answer **out,
    size_t *count);
/* Has this name an address that is the client's? Trouble is a no (5.5). */
bool spf_validates(struct spf_walk *w, const char *name);
