/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * verdict: what policy says about a message, and why. In the message's arena.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/name.h"

/* Mildest first: the order in which verdicts of several recipients merge. */
enum action { ACTION_ACCEPT, ACTION_TAG, ACTION_QUARANTINE, ACTION_TEMPFAIL,
	ACTION_REJECT, ACTION_DISCARD };
extern const struct name action_names[];

struct tag_header { const char *name, *value; };

/*
 * What came of a rule that held. One that only observes, or whose sample does
 * not hold the message, is told with what it would have done; one whose
 * deferral was used up let the message pass.
 */
enum effect { EFFECT_NONE, EFFECT_ACTED, EFFECT_OBSERVED, EFFECT_UNSAMPLED,
	EFFECT_WAITED };
extern const struct name effect_names[];

struct rule_hit {
	const char *rule;
	size_t index;                   /* its place in the policy */
	enum effect effect;
	const char *action;             /* what it does, or would do */
};

/* Reasons of RFC 9990 why a receiver did not do what a domain asks for. */
enum override { OVERRIDE_LOCAL_POLICY, OVERRIDE_MAILING_LIST, OVERRIDE_OTHER,
	OVERRIDE_POLICY_TEST_MODE, OVERRIDE_TRUSTED_FORWARDER };
extern const struct name override_names[];

struct verdict {
	enum action action;             /* TAG: accepted, with marks */
	const char *rule;               /* its name, or "default" */
	const char *file;
	unsigned line;
	/* TEMPFAIL and REJECT: "550", "5.7.26" and the text with facts filled
	 * in, printable ASCII, no CR or LF; QUARANTINE: text is the reason. */
	const char *code, *enhanced, *text;
	const struct tag_header *headers;
	size_t header_count;
	const char *subject_prefix;     /* NULL: none; several are joined */
	const char *const *log_notes;   /* texts of `log` in order */
	size_t log_count;
	const struct rule_hit *hits;    /* every rule that held, in order */
	size_t hit_count;
	const size_t *counts;           /* ids of the counters to count in */
	size_t count_count;
	const enum override *overrides; /* of `report override` */
	size_t override_count;
	/* TEMPFAIL by a rule with `at-most`: for how many seconds at most, and
	 * under which key the deferral is remembered; else 0. */
	uint32_t defer_most;
	uint64_t defer_key;
};

/* Was it observed only, or left out of a sample? */
bool effect_would(enum effect e);
/* Was its deferral used up? */
bool effect_waited(enum effect e);

/* What rules that only watch would have done: "spf:reject,other:tag". */
void verdict_observed(const struct verdict *v, struct buf *out);
/* The rules whose deferral was used up: "dns,other". */
void verdict_waited(const struct verdict *v, struct buf *out);

/*
 * The message's verdict from its recipients': the mildest
 * wins; marks are joined. `discards[i]` is set for recipients to be removed
 * because their own verdict is discard while the message goes on.
 */
struct verdict verdict_merge(struct arena *mem, const struct verdict *each,
    size_t count, bool *discards);
