/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * record: what is kept of one message, self-contained: who sent it, what was
 * concluded, what was told to the MTA, and why. Never a body.
 *
 * What is searched for and grouped by is a member, and a column of the
 * database. The rest is JSON: the facts, which replay decides anew, and the
 * detail, which explain shows. A new fact or finding so needs no migration.
 *
 * Whatever a stranger can make large is cut here; a recipient list or a fact
 * that would have to be cut is left out instead, because a decision on half of
 * it would be another one.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/name.h"
#include "session/outcome.h"

#define RECORD_TEXT_MAX 1024            /* octets kept of a text */
#define RECORD_RCPTS_MAX 1000
#define RECORD_RCPTS_OCTETS 65536
#define RECORD_JOURNAL_OCTETS 65536     /* of records in DNS answers */
#define RECORD_FIELDS_MAX 100           /* header fields, each way */

/* What became of the changes that the verdict asks for. */
enum edits_fate {
	EDITS_NONE,             /* there were none */
	EDITS_MADE,
	EDITS_NOT_ALLOWED,      /* this MTA does not let us, at least some */
	EDITS_REFUSED,          /* by the MTA, so it was told to try again */
};
extern const struct name edits_fate_names[];

/* A member beside the facts: names of rules whose deferral was used up. */
#define RECORD_DEFERRALS_USED "deferrals_used"

/* Text is NULL when unknown. */
struct record {
	struct arena *mem;      /* owns all of it; NULL: borrowed, from a row */
	int64_t seq;            /* its number in the history; 0: not there yet */
	int64_t time;           /* seconds since 1970 */
	const char *id, *queue_id;
	const char *phase;      /* of the decision: eom, or that of a refusal */

	const char *client_ip, *client_class, *helo;
	const char *mail_from, *mail_domain;
	int64_t rcpt_count;
	const char *rcpts;      /* JSON array of texts; NULL: too many to keep */
	const char *from_domain, *from_status;

	const char *action, *rule, *policy, *file;
	int64_t line;
	const char *code, *enhanced, *reply;
	const char *edits;      /* a word of edits_fate_names */
	const char *observed;   /* "rule:action,...": what rules that only
				 * watch would have done; NULL: none held */
	const char *shadow;     /* "action:rule" of the shadow policy, where
				 * that is another verdict */

	const char *spf_result, *spf_domain, *dkim_result, *dmarc_result;
	const char *policy_domain, *org_domain, *disposition;
	int64_t spf_aligned, dkim_aligned;
	int64_t octets, took_us, waited_us;

	const char *facts;      /* JSON object, of facts_json_kept() */
	const char *detail;     /* JSON object; NULL in a row unless asked for */
};

/* The columns of table `message`, in order; ends with name NULL. */
struct record_column {
	const char *name;
	bool is_number;
	size_t offset;          /* into struct record */
};
extern const struct record_column record_columns[];
size_t record_column_count(void);

/* NULL when the outcome is of no message: a confused MTA ended nothing. */
struct record *record_make(const struct outcome *o, enum edits_fate edits);
void record_drop(struct record *r);                     /* NULL is fine */

/* For record.c: the JSON of the detail; the caller frees. Changes of the header
 * are told where there were any: a refused message has none. */
char *record_detail(const struct outcome *o, enum edits_fate edits);
