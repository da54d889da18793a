/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * list: a set of domains, mail addresses and networks.
 *
 * An entry is a domain ("example.org": this name alone), a dot and a domain
 * (".example.org": every name below it), a mail address, an IP address or a
 * network. Domains are kept and looked up as A-labels. Sorted arrays: a look-up
 * costs a binary search for each label, or for each prefix length in use.
 * Filled once, then sealed and never changed; any number of threads may look
 * things up.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"
#include "mail/ip.h"
#include "policy/report.h"

#define LIST_ENTRIES_MAX 1000000
#define LIST_ENTRY_OCTETS_MAX 512
#define LIST_FILE_OCTETS_MAX (64 * 1024 * 1024)

struct list;

struct list *list_new(void);
void list_free(struct list *l);                         /* NULL is fine */

/* One entry; false with a reason when it is none. Adding twice is no harm. */
bool list_add(struct list *l, struct slice entry, struct error *err);

/* Every line of a file: an entry, or nothing; "#" begins a comment. What is
 * wrong goes into the report with the file's own lines. */
void list_read(struct list *l, const struct source *file,
    struct policy_report *report);

/* Sort, once; look-ups may begin. */
void list_seal(struct list *l);

size_t list_count(const struct list *l);
bool list_has_networks(const struct list *l);
bool list_has_names(const struct list *l);      /* domains or addresses */

/* In house form. */
bool list_has_domain(const struct list *l, const char *domain);
/* The address itself, or its domain. The local part is compared without
 * regard to ASCII case; `domain` is its domain in house form, or NULL. */
bool list_has_address(const struct list *l, struct slice local,
    const char *domain);
bool list_has_ip(const struct list *l, const struct ip *ip);
