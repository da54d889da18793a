/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * resolver: questions with a deadline, for everybody.
 *
 * A back end (unbound.h, zone.h) only starts questions; this file joins it to
 * the threads that wait. A ticket has two owners, the asker and the back end;
 * whoever comes last frees it, so a question nobody waits for any more (a
 * prefetch, a timeout) is safe. Process lifetime, all calls thread-safe.
 */
#include <stdint.h>

#include "dns/answer.h"
#include "dns/cache.h"

struct resolver;
struct dns_ticket;

/* --- for askers --- */

/*
 * Never blocks for the network, never NULL. name: any text, read as in
 * dname.h, so the names in answers can be asked as they are. A name that
 * cannot exist in the DNS, or one with control characters, is answered
 * DNS_REFUSED_HERE without being sent.
 */
struct dns_ticket *resolver_start(struct resolver *r, const char *name,
    enum dns_type type);

/*
 * Wait until the answer is there or the monotonic time `deadline_us` has come
 * (clock.h), then say DNS_TIMEOUT. Never NULL; the ticket keeps the answer
 * until it is dropped.
 */
const struct dns_answer *ticket_wait(struct dns_ticket *t, int64_t deadline_us);
const struct dns_answer *ticket_peek(struct dns_ticket *t);     /* NULL: not yet */
void ticket_drop(struct dns_ticket *t);                 /* NULL is fine */

/*
 * The answer if it is known here and still good, with a reference for the
 * caller; else NULL. Asks nobody. name: in the form of dname.h.
 */
const struct dns_answer *resolver_known(struct resolver *r, const char *name,
    enum dns_type type);

/*
 * A chase: a question whose answer tells what will be asked next. What is
 * found is shown to `show`, in the thread it arrives in, and whatever that names
 * by chase_on() is asked at once, nobody waiting: when somebody does ask, the
 * answer is known or on its way. Without a cache there is no chase, only the
 * first question. `about` is copied; `questions` ends every loop.
 */
struct chase;
struct chaser {
	void (*show)(struct chase *c, const char *name, enum dns_type type,
	    const struct dns_answer *a);
	unsigned questions;             /* that follow, at the most */
};
struct dns_ticket *resolver_chase(struct resolver *r, const char *name,
    enum dns_type type, const struct chaser *chaser, const void *about,
    size_t about_len);
/* For show() only. */
void chase_on(struct chase *c, const char *name, enum dns_type type);
const void *chase_about(const struct chase *c);

struct resolver *resolver_ref(struct resolver *r);
/* The last reference stops the back end; tickets still open are answered
 * DNS_FAILED. */
void resolver_drop(struct resolver *r);                 /* NULL is fine */

/* --- for back ends --- */

struct resolver_backend {
	void *self;
	/*
	 * Must end in at most one ticket_answer(), now or from another thread;
	 * what is open at stop is answered by resolver_drop(). name is in the
	 * form of dname.h and lent for this call.
	 */
	void (*start)(void *self, struct dns_ticket *t, const char *name,
	    enum dns_type type);
	/* Frees self; no ticket_answer() after it has returned. */
	void (*stop)(void *self);
	/* NULL: nothing is remembered. The resolver fills it and frees it,
	 * after stop; the back end may flush it. */
	struct dns_cache *cache;
};

/* One reference, the caller's. */
struct resolver *resolver_new(struct resolver_backend backend);
/* Takes over the caller's reference to the answer. */
void ticket_answer(struct dns_ticket *t, const struct dns_answer *a);
