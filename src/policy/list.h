/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * list: a set of domains, mail addresses and networks.
 *
 * An entry is a domain ("example.org": this name alone), a dot and a domain
 * (".example.org": every name below it), a mail address, an IP address or a
 * network. Domains are kept and looked up as A-labels. Sorted arrays: a look-up
 * costs a binary search for each label, or for each prefix length in use.
 * Filled once, then sealed and never changed but for hit counters; any number
 * of threads may look things up.
 *
 * An entry of a file may say who owns it, why it is there, and until which day
 * it holds (that day included, UTC); from then on it matches nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "mail/ip.h"
#include "policy/report.h"

#define LIST_ENTRIES_MAX 1000000
#define LIST_ENTRY_OCTETS_MAX 512
#define LIST_FILE_OCTETS_MAX (64 * 1024 * 1024)

struct list;

/* What a file says beside an entry. Text is NULL when it is not said. */
struct list_note {
	const char *owner, *why;
	const char *until;              /* as written, YYYY-MM-DD */
	int64_t expires;                /* the first second after it; 0: never */
};

enum list_kind { LIST_DOMAIN, LIST_BELOW, LIST_ADDRESS, LIST_NETWORK };

struct list_entry {
	enum list_kind kind;
	unsigned line;                  /* of its file; 0: not from a file */
	union {
		const char *name;       /* house form; BELOW: without its dot */
		const struct network *network;
	};
	const struct list_note *note;   /* or NULL */
	struct list_entry *same;        /* another one of the same meaning */
	struct list_entry *next;        /* in the order in which they came */
	uint32_t order;                 /* how many came before */
	uint32_t hits;                  /* atomic; see list_hits() */
};

struct list *list_new(void);
void list_free(struct list *l);                         /* NULL is fine */

/* One entry; false with a reason when it is none. Adding twice is no harm. */
bool list_add(struct list *l, struct slice entry, struct error *err);
/* The same with its line and note, which is copied; it may be NULL. */
bool list_add_noted(struct list *l, struct slice entry, unsigned line,
    const struct list_note *note, struct error *err);

/* Every line of a file: an entry and what is said of it, or nothing; "#"
 * begins a comment. What is wrong goes into the report with the file's own
 * lines; so do entries that have expired by `now`, as a warning. */
void list_read(struct list *l, const struct source *file, int64_t now,
    struct policy_report *report);

/* Sort, once; look-ups may begin. */
void list_seal(struct list *l);

/* Those of different meaning, once the list is sealed. */
size_t list_count(const struct list *l);
bool list_has_networks(const struct list *l);
bool list_has_names(const struct list *l);      /* domains or addresses */

/*
 * What is looked up is in house form. Entries that have expired by `now` do
 * not match. The first entry that does is counted as hit.
 */
bool list_has_domain(const struct list *l, const char *domain, int64_t now);
/* The address itself, or its domain. The local part is compared without
 * regard to ASCII case; `domain` is its domain in house form, or NULL. */
bool list_has_address(const struct list *l, struct slice local,
    const char *domain, int64_t now);
bool list_has_ip(const struct list *l, const struct ip *ip, int64_t now);

/* All entries in the order in which they came, duplicates included. */
const struct list_entry *list_first(const struct list *l);
bool list_expired(const struct list_entry *e, int64_t now);
unsigned long list_hits(const struct list_entry *e);
/* How many have expired; *first is the first of them. */
size_t list_expired_count(const struct list *l, int64_t now,
    const struct list_entry **first);
void list_forget_hits(struct list *l);
/* As it would be written, in the arena. */
struct arena;
const char *list_entry_text(struct arena *mem, const struct list_entry *e);

/*
 * An entry that makes this one needless: it holds all that this one holds, and
 * no shorter. Of two that are the same, the first one is needed. NULL: none.
 */
const struct list_entry *list_cover(const struct list *l,
    const struct list_entry *e, int64_t now);

/* An entry of the same meaning that holds as long, or NULL. */
const struct list_entry *list_same(const struct list *l,
    const struct list_entry *e);

/* "2027-01-31", a day that exists, from 1970 on: the second at which it is
 * over (UTC). */
bool list_day_end(struct slice text, int64_t *out);
