/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * unbound_channel: a libunbound context and the questions it was asked. No
 * lock in here: unbound.c holds its own over every call but channel_new() and
 * channel_free().
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "dns/resolver.h"
#include "dns/unbound_context.h"

struct channel;
struct ub_result;

/*
 * One question under way. It lives until libunbound's callback or the end of
 * the channel, also when its ticket was answered for it because it took too
 * long: then ticket is NULL.
 */
struct question {
	struct question *next;
	struct question **link;         /* who points here */
	void *owner;                    /* of the callback */
	struct channel *channel;
	struct dns_ticket *ticket;
	enum dns_type type;
	int64_t due_us;
};

/*
 * A context and what it was asked. The first in the list takes new questions;
 * the others were replaced, and go when nobody waits for them.
 */
struct channel {
	struct channel *next;
	struct ub_ctx *ctx;
	struct question *open;          /* earliest due first */
	struct question **open_end;
	struct question *overdue;
	size_t open_count, overdue_count;
	bool used;                      /* has been asked anything */
	bool broken;                    /* libunbound's thread is gone */
};

struct channel *channel_new(const struct unbound_settings *s,
    struct error *err);
/* No callback comes after it; questions are freed, tickets are not answered. */
void channel_free(struct channel *c);

/*
 * Put q, with its due_us, behind the open ones and ask libunbound: an enum
 * ub_ctx_err. On failure q is in no list; else it is the callback's to unlink
 * and free.
 */
int channel_ask(struct channel *c, struct question *q, const char *name,
    void (*callback)(void *q, int error, struct ub_result *res));
void question_unlink(struct question *q);
/* Out of the open ones; the ticket is the caller's to answer. */
struct dns_ticket *question_give_up(struct question *q);
