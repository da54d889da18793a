/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/unbound_channel.h"

#include <signal.h>
#include <stdlib.h>

#include <unbound.h>

#include "base/mem.h"

#define CLASS_IN 1

void question_unlink(struct question *q)
{
	if (q->ticket != NULL)
		q->channel->open_count--;
	else
		q->channel->overdue_count--;
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
	else if (q->channel->open_end == &q->next)
		q->channel->open_end = q->link;
}

static void question_open(struct channel *c, struct question *q)
{
	q->channel = c;
	q->next = NULL;
	q->link = c->open_end;
	*c->open_end = q;
	c->open_end = &q->next;
	c->open_count++;
}

struct dns_ticket *question_give_up(struct question *q)
{
	struct channel *c = q->channel;
	struct dns_ticket *t = q->ticket;

	question_unlink(q);
	q->ticket = NULL;
	q->next = c->overdue;
	q->link = &c->overdue;
	if (q->next != NULL)
		q->next->link = &q->next;
	c->overdue = q;
	c->overdue_count++;
	return t;
}

static void free_questions(struct question *q)
{
	for (struct question *next; q != NULL; q = next) {
		next = q->next;
		free(q);
	}
}

struct channel *channel_new(const struct unbound_settings *s,
    struct error *err)
{
	struct ub_ctx *ctx = unbound_context_new(s, err);

	if (ctx == NULL)
		return NULL;
	struct channel *c = xcalloc(1, sizeof(*c));

	c->ctx = ctx;
	c->open_end = &c->open;
	return c;
}

void channel_free(struct channel *c)
{
	ub_ctx_delete(c->ctx);
	free_questions(c->open);
	free_questions(c->overdue);
	free(c);
}

/* The first question starts libunbound's thread; signals are not for it. */
int channel_ask(struct channel *c, struct question *q, const char *name,
    void (*callback)(void *q, int error, struct ub_result *res))
{
	sigset_t all, old;
	bool first = !c->used;

	question_open(c, q);
	c->used = true;
	sigfillset(&all);
	if (first)
		pthread_sigmask(SIG_SETMASK, &all, &old);
	int e = ub_resolve_async(c->ctx, name, (int)q->type, CLASS_IN, q,
	    callback, NULL);

	if (first)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e != UB_NOERROR)
		question_unlink(q);
	return e;
}
