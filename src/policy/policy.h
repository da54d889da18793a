/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * policy: the front door of the language. Read, parse, compile, run the
 * policy's own expectations, decide.
 *
 * A loaded policy is immutable but for hit counters and shared by all threads.
 * Knows facts and lists; knows nothing of SMTP, DNS or how a fact came to be.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "facts/facts.h"
#include "mail/blocklist.h"
#include "policy/report.h"
#include "policy/verdict.h"

struct policy;

/*
 * Entries that the configuration adds to a list of the policy (local-domains
 * of assay.conf). They are joined to what the policy says the list is; a
 * policy that has no list of this name is given it.
 */
struct policy_extra {
	const char *list;
	const char *const *entries;
	size_t count;
};

/*
 * NULL when anything is wrong, failing expectations included: the report says
 * everything, with places; it may hold warnings beside a policy that was
 * loaded. Lists that come from files are read relative to the policy's folder.
 * `extra` may be NULL.
 */
struct policy *policy_load(const char *path, const struct policy_extra *extra,
    struct policy_report *report);
/* The same from memory; `name` stands for the file. */
struct policy *policy_load_text(const char *text, size_t len, const char *name,
    const struct policy_extra *extra, struct policy_report *report);
void policy_free(struct policy *p);                     /* NULL is fine */

/* The file's name without folder and .policy. */
const char *policy_name(const struct policy *p);
/* Twelve signs that change when the text, a list or an included file does. */
const char *policy_version(const struct policy *p);
size_t policy_rule_count(const struct policy *p);

/* What the policy needs from whoever gathers facts. */
const char *const *policy_headers(const struct policy *p, size_t *count);
const struct lookup *policy_lookups(const struct policy *p, size_t *count);
/* It names rcpt.address or rcpt.domain. */
bool policy_per_recipient(const struct policy *p);
/* Is there an `early` rule that may fire at this phase? Early rules reject or
 * tempfail, nothing else. */
bool policy_early(const struct policy *p, enum phase phase);
/* The phase from which on rule i, from the top, may fire: its own facts are
 * certain by then, and the rules above it can be decided. EOM: not early, or it
 * only observes. */
enum phase policy_stage(const struct policy *p, size_t i);
/* A line for each file of entries that have expired by then, with the first. */
void policy_expired(const struct policy *p, int64_t now, struct buf *out);
/* How often a regular expression hit a limit, and so did not match. */
unsigned long policy_pattern_limits(const struct policy *p);

/* Add a verdict that was acted on to the counters below. Deciding alone counts
 * nothing: replay and expectations decide too. */
void policy_count(const struct policy *p, const struct verdict *v);

struct policy_hits {
	const char *rule, *file;
	unsigned line;
	int64_t since;                  /* when counting began */
	unsigned long acted;
	unsigned long observed;         /* also: left out of its sample */
	unsigned long waited;           /* its deferral was used up */
};
/* Of rule i, from the top; policy_rule_count() is `default`. */
struct policy_hits policy_hits(const struct policy *p, size_t i);
/* The counters of `count NAME`. */
size_t policy_counter_count(const struct policy *p);
struct policy_hits policy_counter(const struct policy *p, size_t i);

/*
 * `p` takes the place of `old`, which may go on counting: where both are read
 * from the same file, rules that are word by word the same, and counters of
 * the same name, go on with one tally for both. Before `p` is used.
 */
void policy_keep_counts(struct policy *p, const struct policy *old);

enum truth { TRUTH_NO, TRUTH_UNKNOWN, TRUTH_YES };
extern const struct name truth_names[];

/* One test that was asked. */
struct trace_test {
	const char *text;       /* "dmarc.result == fail" */
	enum truth truth;
	const char *value;      /* "pass", "absent", "not known yet", ... */
};
struct trace_tests {
	struct trace_test *items;
	size_t count;
	size_t room;
};
/* For people: "dmarc.result == fail: no (pass)". */
void trace_test_show(const struct trace_test *t, struct buf *out);

/* One rule tried, for explain. */
struct trace_step {
	const char *rule;
	const char *file;
	unsigned line;
	enum truth when, unless;
	bool fired;             /* it held and acted */
	enum effect effect;
	const char *note;       /* NULL, or "observed only: would reject",
				 * "in the sample of 10%", ... */
	struct trace_tests tests;       /* in the order they were asked in */
};
struct trace {
	struct trace_step *steps;
	size_t count;
	size_t room;
};

/*
 * The verdict, or false while it cannot be said yet.
 *
 * Rules are read in file order and reading stops at the first rule whose
 * facts are not all known. So a verdict given early is the verdict the same
 * policy gives at end of message, or later from history, and its reply is the
 * same text. Before PHASE_EOM only a rule marked `early` may be the one that
 * decides, from its stage on. `trace` may be NULL; it lives in mem, and its
 * texts are those of the policy and of the facts.
 */
bool policy_decide(const struct policy *p, const struct facts *f,
    enum phase phase, struct arena *mem, struct verdict *out,
    struct trace *trace);

/*
 * The same when the deferrals of these rules are used up, which who keeps
 * their memory knows (verdict's defer_key and defer_most): they let the
 * message pass and mark it, and reading goes on.
 */
struct policy_past {
	const char *const *rules;
	size_t count;
};
bool policy_decide_past(const struct policy *p, const struct facts *f,
    const struct policy_past *past, enum phase phase, struct arena *mem,
    struct verdict *out, struct trace *trace);

/* Run the policy's expectations and say how each went; for `policy test`.
 * Returns how many failed. `json` and `text` may be NULL. */
size_t policy_expectations(const struct policy *p, struct buf *text,
    struct json *json, size_t *total);
