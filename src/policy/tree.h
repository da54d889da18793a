/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * tree: a policy as it was written, and, once compiled, as it is evaluated.
 *
 * parse makes the nodes and fills what was written; compile fills the rest in
 * place: fact ids, word codes, lists, patterns. Nodes keep their positions, so
 * explain is the same walk with a pen. Everything lives in the policy's arena
 * and is never changed after loading.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "facts/facts.h"
#include "mail/blocklist.h"
#include "policy/list.h"
#include "policy/policy.h"
#include "policy/report.h"
#include "policy/verdict.h"

/* One value as written: a word or a string. In a value the backslashes of a
 * string still stand in text: what they mean depends on the operator. */
struct literal {
	const char *text;
	struct slice raw;
	size_t offset;
	bool quoted;
	struct literal *next;
};

/* One word or several in braces. */
struct value {
	struct literal *first;
	size_t count;
	size_t offset;
	bool braces;
};

/* The name of a fact, or header("Name"), or dnsbl("zone"), or
 * rhsbl("zone", fact). */
struct subject {
	const char *name;
	size_t offset;
	const char *header;     /* NULL: no field */
	size_t header_offset;
	bool looks_up;          /* in a DNS list */
	struct literal zone, of;        /* of: text NULL when not written */
	const struct lookup *lookup;    /* compiled */
	enum fact fact;         /* compiled; FACT_COUNT for what is none */
	enum fact_type type;    /* compiled; of a header: FACT_TEXT */
};

/* From when on it is known. */
enum phase subject_phase(const struct subject *s);

enum quantifier { QUANTIFIER_NONE, QUANTIFIER_ANY, QUANTIFIER_ALL };

enum test_op {
	OP_IS,                  /* the yes/no fact alone */
	OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE,
	OP_IN, OP_NOT_IN, OP_MATCHES, OP_REGEX,
};
extern const struct name op_names[];

struct pattern;                 /* of policy/pattern.h */

struct test {
	const char *text;       /* as written, blanks collapsed */
	enum quantifier quantifier;
	struct subject subject;
	enum test_op op;
	size_t op_offset;
	struct value value;

	/* What is compared, by the type of the fact and the operator. */
	int64_t number;
	bool yes;
	struct ip ip;
	const int *words;       /* OP_EQ, OP_NE, OP_IN, OP_NOT_IN on words */
	const char *const *texts;       /* the same on text */
	size_t count;
	const char *text_value; /* ==, != on domains and addresses; globs */
	const struct list *list;        /* inline set of domains, networks */
	size_t list_id;         /* a named one; else LIST_NOT_NAMED */
	const struct pattern *pattern;
};
#define LIST_NOT_NAMED SIZE_MAX

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_TEST };

/* AND and OR have all their parts as children: "a and b and c" is one node,
 * so the depth of a tree is the depth of its parentheses. */
struct expr {
	enum expr_kind kind;
	size_t offset;
	struct expr *first;     /* children, by next */
	struct expr *next;
	struct test *test;      /* EXPR_TEST */
};

/* A text with {fact} in it. */
struct piece {
	const char *text;
	enum fact fact;         /* FACT_COUNT: only the text */
	struct piece *next;
};
struct template {
	struct piece *first;
	struct literal source;
};

struct mark {                   /* a header of a tag, a subject, a log, ... */
	struct literal name;    /* of a header, a counter, an override */
	struct template text;
	size_t offset;
	size_t id;              /* compiled; of a counter, an override */
	struct mark *next;
};

/* What a rule does; also `default`. */
struct deed {
	bool final;
	enum action action;     /* with final */
	size_t offset;          /* of the final action's word */
	struct literal code, enhanced;  /* text NULL: not written */
	struct template text;   /* reply or reason */
	struct mark *headers, *subjects, *logs;
	struct mark *counts, *overrides;
};

/* `sample N%` in hundredths of a percent, `at-most DURATION` in seconds. */
struct setting {
	uint32_t value;         /* 0: not written */
	size_t offset;
};
#define SAMPLE_ALL 10000

struct rule {
	const char *name;
	size_t offset;          /* of its name */
	size_t index;           /* from the top, 0..; default is the last */
	const char *file;
	unsigned line;
	bool early, observe, unsafe;
	struct expr *when, *unless;     /* NULL: always, never */
	struct deed deed;
	struct setting sample, at_most;
	enum phase phase;       /* of its latest fact */
	enum phase stage;       /* from which on it may fire, see logic.h; EOM
				 * for one that is not early */
	bool asks_rcpt;         /* it names rcpt.address or rcpt.domain */
	struct rule *next;
};

/* list NAME { ... } or list NAME from "file" */
struct list_def {
	const char *name;
	size_t offset;
	bool from_file;
	struct value entries;   /* the entries, or the one path */
	size_t id;
	const char *file;       /* that was read; NULL: inline */
	struct list *list;
	struct list_def *next;
};

/* fact = value, or list = { entries } for this expectation alone. */
struct given {
	struct subject subject;
	struct value value;
	struct given *next;
};

struct expectation {
	size_t offset;
	unsigned line;
	const char *file;
	bool wants_log;         /* `expect log by RULE` */
	bool wants_observe;     /* `expect observe by RULE` */
	const char *past;       /* rule whose at-most is used up, or NULL */
	size_t past_offset;
	enum action action;
	const char *rule;       /* NULL: any */
	size_t rule_offset;
	bool not_rule;          /* `not by RULE`: it must not hold */
	struct given *givens;
	struct facts *facts;
	const struct list **lists;      /* by id; NULL: the policy's own */
	struct expectation *next;
};

struct counter {                /* of `count NAME` */
	const char *name;
	struct counter *next;
};

/* What changes while a policy is in use: all of it counts. */
struct policy_counts {
	atomic_ulong pattern_limits;
	struct tally **rules;           /* by index, see counts.h */
	size_t rule_count;              /* `default` among them */
	struct tally **counters;        /* by id */
	size_t counter_count;
};

struct policy {
	struct arena *mem;
	const char *name;
	const char *folder;     /* lists are read from here; NULL: from "." */
	struct source source;
	uint64_t content;       /* hash of all that was read, see version.h */
	const char *version;
	char *text_room;        /* what source.text stands in, with room to */
	size_t text_room_size;  /* put included files behind it */
	struct list_def *lists;
	size_t list_count;
	const struct list **lists_by_id;
	struct rule *rules;
	size_t rule_count;
	struct rule *fallback;  /* `default`; its name is "default" */
	struct expectation *expectations;
	size_t expectation_count;
	const char **headers;   /* header("...") anywhere */
	size_t header_count;
	struct lookup *lookups;         /* dnsbl(), rhsbl() in rules */
	size_t lookup_count;
	bool per_recipient;
	struct counter *counters;
	size_t counter_count;
	struct policy_counts *counts;
};
