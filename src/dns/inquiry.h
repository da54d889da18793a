/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * inquiry: one message's view of the DNS.
 *
 * The only way to ask. It keeps this message's time budget and budget of
 * questions, answers the same question once, and writes the journal that
 * explain and history keep. Message (or connection) lifetime, one thread at a
 * time; answers stay valid until the arena it was made in is reset.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/answer.h"
#include "dns/resolver.h"

struct inquiry;

struct inquiry_limits {
	unsigned budget_ms;     /* waiting for all questions together; 0: 20000 */
	unsigned query_ms;      /* waiting for one; 0: 5000 */
	unsigned questions;     /* distinct ones per message; 0: 200 */
};

/*
 * `parent` (or NULL): the connection's inquiry. What it has asked or
 * prefetched is not asked again; its budget is its own.
 */
struct inquiry *inquiry_new(struct arena *mem, struct resolver *r,
    const struct inquiry_limits *limits, struct inquiry *parent);

/* A question nobody waits for; the later inquiry_ask() joins it. */
void inquiry_prefetch(struct inquiry *q, const char *name, enum dns_type type);

/* The same, and what its answer leads to (resolver.h). What the chase asks
 * stands in no journal and in no budget but its own. */
void inquiry_chase(struct inquiry *q, const char *name, enum dns_type type,
    const struct chaser *chaser, const void *about, size_t about_len);

/*
 * Wait for the answer as long as budget and query time allow; never NULL.
 * Time that is spent waiting counts, time between questions does not: a slow
 * client does not use up the budget. When it is spent every further question
 * is answered DNS_TIMEOUT at once, unless the answer is already there.
 */
const struct dns_answer *inquiry_ask(struct inquiry *q, const char *name,
    enum dns_type type);

/* Did a limit of this message make an answer fail? For the log, once. */
bool inquiry_out_of_time(const struct inquiry *q);
bool inquiry_out_of_questions(const struct inquiry *q);
int64_t inquiry_waited_us(const struct inquiry *q);

struct journal_entry {
	const char *name;
	enum dns_type type;
	const struct dns_answer *answer;        /* NULL: prefetched, never used */
	int64_t waited_us;              /* how long this message stood still */
};

/* In the order in which they were first named. */
size_t inquiry_journal_count(const struct inquiry *q);
struct journal_entry inquiry_journal(const struct inquiry *q, size_t i);
