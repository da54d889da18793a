/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/inquiry.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "dns/dname.h"

#define DEFAULT_BUDGET_MS 20000
#define DEFAULT_QUERY_MS 5000
#define DEFAULT_QUESTIONS 200

struct entry {
	const char *name;
	enum dns_type type;
	struct dns_ticket *ticket;      /* NULL: known or refused */
	const struct dns_answer *known; /* without asking anybody */
	const struct dns_answer *answer;        /* as told to this message */
	int64_t waited_us;
};

struct inquiry {
	struct arena *mem;
	struct resolver *resolver;
	struct inquiry *parent;
	int64_t budget_us, query_us, waited_us;
	unsigned questions_left;
	bool out_of_time, out_of_questions;
	struct entry *entries;
	size_t count, room;
};

static unsigned given_or(unsigned value, unsigned fallback)
{
	return value != 0 ? value : fallback;
}

struct inquiry *inquiry_new(struct arena *mem, struct resolver *r,
    const struct inquiry_limits *limits, struct inquiry *parent)
{
	struct inquiry *q = arena_alloc(mem, sizeof(*q));
	const struct inquiry_limits l = limits != NULL ? *limits :
	    (struct inquiry_limits){ 0 };

	assert(r != NULL);
	*q = (struct inquiry){
		.mem = mem, .resolver = r, .parent = parent,
		.budget_us = given_or(l.budget_ms, DEFAULT_BUDGET_MS) *
		    (int64_t)1000,
		.query_us = given_or(l.query_ms, DEFAULT_QUERY_MS) *
		    (int64_t)1000,
		.questions_left = given_or(l.questions, DEFAULT_QUESTIONS),
	};
	return q;
}

/* Equal questions have equal text; what is no name stays as it is. */
static const char *one_form(const char *name, char text[DNAME_TEXT_MAX])
{
	struct dname d;

	if (!dname_parse(slice_of(name), &d))
		return name;
	dname_text(&d, text);
	return text;
}

static struct entry *find(const struct inquiry *q, const char *name,
    enum dns_type type)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->entries[i].type == type &&
		    strcmp(q->entries[i].name, name) == 0)
			return &q->entries[i];
	return NULL;
}

static struct entry *add(struct inquiry *q, const char *name,
    enum dns_type type)
{
	if (q->count == q->room) {
		size_t room = q->room == 0 ? 16 : q->room * 2;
		struct entry *more = arena_array(q->mem, room, sizeof(*more));

		if (q->count > 0)
			memcpy(more, q->entries, q->count * sizeof(*more));
		q->entries = more;
		q->room = room;
	}
	struct entry *e = &q->entries[q->count++];

	*e = (struct entry){
		.name = arena_strdup(q->mem, name), .type = type,
	};
	return e;
}

static void drop_ticket(void *t)
{
	ticket_drop(t);
}

static void drop_answer(void *a)
{
	answer_drop(a);
}

/* The connection outlives its messages, so what it has may be lent. */
static bool lent_by_parent(const struct inquiry *q, struct entry *e)
{
	for (const struct inquiry *p = q->parent; p != NULL; p = p->parent) {
		const struct entry *lender = find(p, e->name, e->type);

		if (lender == NULL ||
		    (lender->ticket == NULL && lender->known == NULL))
			continue;
		e->ticket = lender->ticket;
		e->known = lender->known;
		return true;
	}
	return false;
}

static const struct dns_answer *refusal(struct inquiry *q)
{
	struct dns_answer *a = answer_new(DNS_REFUSED_HERE, -1, 0);

	a->spent = true;
	q->out_of_questions = true;
	arena_defer(q->mem, drop_answer, a);
	return answer_done(a);
}

/* What an answer leads to, or nothing. */
struct sequel {
	const struct chaser *chaser;
	const void *about;
	size_t about_len;
};

static struct dns_ticket *start(struct inquiry *q, const char *form,
    enum dns_type type, const struct sequel *sequel)
{
	return sequel == NULL ? resolver_start(q->resolver, form, type) :
	    resolver_chase(q->resolver, form, type, sequel->chaser,
		sequel->about, sequel->about_len);
}

/* The entry of this question; a new one is known, has its ticket, or is
 * refused. */
static struct entry *entry_of(struct inquiry *q, const char *name,
    enum dns_type type, const struct sequel *sequel)
{
	char text[DNAME_TEXT_MAX];
	const char *form;
	/* Nearly always it is in its form already. */
	struct entry *e = find(q, name, type);

	if (e != NULL)
		return e;
	form = one_form(name, text);
	e = find(q, form, type);
	if (e != NULL)
		return e;
	e = add(q, form, type);
	if (lent_by_parent(q, e))
		return e;
	if (q->questions_left == 0) {
		e->answer = refusal(q);
		return e;
	}
	q->questions_left--;
	e->known = resolver_known(q->resolver, form, type);
	if (e->known != NULL) {
		arena_defer(q->mem, drop_answer, (void *)e->known);
		return e;
	}
	e->ticket = start(q, form, type, sequel);
	arena_defer(q->mem, drop_ticket, e->ticket);
	return e;
}

void inquiry_prefetch(struct inquiry *q, const char *name, enum dns_type type)
{
	/* The last questions are kept for those who need an answer. */
	if (q->questions_left > 0)
		entry_of(q, name, type, NULL);
}

void inquiry_chase(struct inquiry *q, const char *name, enum dns_type type,
    const struct chaser *chaser, const void *about, size_t about_len)
{
	const struct sequel sequel = { chaser, about, about_len };

	if (q->questions_left > 0)
		entry_of(q, name, type, &sequel);
}

static const struct dns_answer *wait_for(struct inquiry *q, struct entry *e)
{
	int64_t now = clock_monotonic_us();
	int64_t left = q->budget_us - q->waited_us;
	bool short_of_time = left <= q->query_us;
	int64_t patience = short_of_time ? left : q->query_us;
	const struct dns_answer *a = ticket_wait(e->ticket,
	    now + (patience > 0 ? patience : 0));

	e->waited_us = clock_monotonic_us() - now;
	q->waited_us += e->waited_us;
	if (a->status == DNS_TIMEOUT && short_of_time)
		q->out_of_time = true;
	return a;
}

const struct dns_answer *inquiry_ask(struct inquiry *q, const char *name,
    enum dns_type type)
{
	struct entry *e = entry_of(q, name, type, NULL);

	/* Told once, told always: all checks of a message see one DNS. */
	if (e->answer == NULL)
		e->answer = e->known != NULL ? e->known :
		    ticket_peek(e->ticket);
	if (e->answer == NULL)
		e->answer = wait_for(q, e);
	return e->answer;
}

bool inquiry_out_of_time(const struct inquiry *q)
{
	return q->out_of_time;
}

bool inquiry_out_of_questions(const struct inquiry *q)
{
	return q->out_of_questions;
}

int64_t inquiry_waited_us(const struct inquiry *q)
{
	return q->waited_us;
}

size_t inquiry_journal_count(const struct inquiry *q)
{
	return q->count;
}

struct journal_entry inquiry_journal(const struct inquiry *q, size_t i)
{
	assert(i < q->count);
	const struct entry *e = &q->entries[i];

	return (struct journal_entry){
		.name = e->name, .type = e->type, .answer = e->answer,
		.waited_us = e->waited_us,
	};
}
