/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/transaction.h"

#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "session/conclude.h"
#include "session/edits.h"
#include "session/judged.h"

/*
 * What may follow what. MTAs send several RCPT, leave out the body of an empty
 * message, and send one header field after another.
 */
static const bool may_follow[PHASE_EOM + 1][PHASE_EOM + 1] = {
	[PHASE_MAIL] = { [PHASE_RCPT] = true, [PHASE_HEADERS] = true,
	    [PHASE_BODY] = true, [PHASE_EOM] = true },
	[PHASE_RCPT] = { [PHASE_RCPT] = true, [PHASE_HEADERS] = true,
	    [PHASE_BODY] = true, [PHASE_EOM] = true },
	[PHASE_HEADERS] = { [PHASE_BODY] = true, [PHASE_EOM] = true },
	[PHASE_BODY] = { [PHASE_BODY] = true, [PHASE_EOM] = true },
};

static size_t check_count(void)
{
	size_t n = 0;

	while (checks[n] != NULL)
		n++;
	return n;
}

/* Tell the checks that a phase is reached; they start what they can. */
static void reach(struct transaction *t, enum phase phase)
{
	for (size_t i = 0; checks[i] != NULL; i++)
		if (checks[i]->reach != NULL)
			checks[i]->reach(t->states[i], phase);
}

static void headers_complete(struct transaction *t)
{
	judge_headers(t);
	reach(t, PHASE_HEADERS);
}

/* The only place where the phase changes. False: the event does not fit. */
static bool move_to(struct transaction *t, enum phase next)
{
	if (t == NULL || t->over || !may_follow[t->phase][next])
		return false;
	if (t->phase < PHASE_HEADERS && next > PHASE_HEADERS)
		headers_complete(t);
	t->phase = next;
	if (next == PHASE_HEADERS)
		headers_complete(t);
	if (next == PHASE_EOM)
		reach(t, PHASE_EOM);
	return true;
}

/*
 * Twelve signs of Crockford's base 32: seven of the second, five of chance.
 * Short enough to be read over the telephone, and sorted by time.
 */
static const char *new_id(struct arena *mem, time_t now)
{
	static const char sign[] = "0123456789abcdefghjkmnpqrstvwxyz";
	uint64_t bits = 0;
	char id[13];

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		bits = (uint64_t)clock_monotonic_us() * 0x9e3779b97f4a7c15u;
	bits = ((uint64_t)now << 25) | (bits >> 39);
	for (int i = 11; i >= 0; i--) {
		id[i] = sign[bits & 31];
		bits >>= 5;
	}
	id[12] = '\0';
	return arena_strdup(mem, id);
}

static struct transaction *begin(struct connection *c, enum phase phase)
{
	struct transaction *t = arena_alloc(c->message_mem, sizeof(*t));

	t->connection = c;
	t->kit = c->kit;
	t->mem = c->message_mem;
	t->phase = phase;
	t->began_us = clock_monotonic_us();
	t->evidence.received = clock_now(&c->kit->clock);
	t->id = new_id(t->mem, t->evidence.received);
	t->examination = (struct examination){
		.mem = t->mem,
		.env = c->kit->checks,
		.evidence = &t->evidence,
		.dns = inquiry_new(t->mem, c->kit->resolver,
		    &c->kit->options.dns, c->dns),
		.findings = &t->findings,
		.body = body_new(t->mem),
	};
	t->asked = asked_of(t->mem, c->kit);
	t->evidence.lookups = t->asked.lookups;
	t->evidence.lookup_count = t->asked.lookup_count;
	/* Not looked for is not "none". */
	t->findings.dmarc.policy = DMARC_POLICY_ABSENT;
	t->findings.dmarc.published = DMARC_POLICY_ABSENT;
	t->findings.dmarc.disposition = DMARC_POLICY_ABSENT;
	t->findings.dmarc.discovery = DMARC_DISCOVERY_NOTHING;
	t->states = arena_array(t->mem, check_count(), sizeof(*t->states));
	t->finished = arena_array(t->mem, check_count(), sizeof(*t->finished));
	c->transaction = t;
	return t;
}

/* No check is opened: who he is, and so what is asked about him, is certain at
 * MAIL FROM. A transaction that nothing may follow remains of a refusal. */
static const struct verdict *refuse_session(struct connection *c,
    enum phase phase)
{
	const struct verdict *refusal;
	struct transaction *t = begin(c, phase);

	judge_client(t);
	refusal = conclude_early(t, NULL);
	if (refusal == NULL)
		transaction_end(c);
	return refusal;
}

const struct verdict *transaction_greeted(struct connection *c,
    enum phase phase)
{
	const struct verdict *refusal = NULL;

	transaction_end(c);
	if (conclude_is_due(c, phase))
		refusal = refuse_session(c, phase);
	/* About a client that is turned away at the door nobody is asked. */
	if (refusal == NULL && phase == PHASE_CONNECT)
		connection_prefetch(c);
	return refusal;
}

const struct verdict *transaction_mail(struct connection *c,
    const struct mail_event *event)
{
	struct transaction *t;

	transaction_end(c);
	t = begin(c, PHASE_MAIL);
	t->evidence.mail = path_read(t->mem, event->path);
	t->evidence.auth_user = arena_strdup(t->mem, event->auth_user);
	t->evidence.auth_method = arena_strdup(t->mem, event->auth_method);
	t->evidence.queue_id = arena_strdup(t->mem, event->queue_id);
	t->evidence.utf8 = event->utf8;
	judge_client(t);
	for (size_t i = 0; checks[i] != NULL; i++)
		t->states[i] = checks[i]->open(&t->examination);
	reach(t, PHASE_MAIL);
	return conclude_early(t, NULL);
}

static struct path *new_rcpt(struct transaction *t)
{
	struct evidence *e = &t->evidence;

	if (e->rcpt_kept == t->rcpt_room) {
		size_t room = t->rcpt_room == 0 ? 8 : 2 * t->rcpt_room;
		struct path *more = arena_array(t->mem, room, sizeof(*more));

		if (e->rcpt_kept > 0)
			memcpy(more, t->rcpts, e->rcpt_kept * sizeof(*more));
		t->rcpts = more;
		t->rcpt_room = room;
		e->rcpts = more;
	}
	return &t->rcpts[e->rcpt_kept++];
}

const struct verdict *transaction_rcpt(struct connection *c, const char *path)
{
	struct transaction *t = c->transaction;
	struct evidence *e;
	struct path *rcpt;
	const struct verdict *early;

	if (!move_to(t, PHASE_RCPT))
		return NULL;
	e = &t->evidence;
	if (e->rcpt_kept >= t->kit->options.limits.recipients) {
		e->rcpt_count++;
		log_say_rarely(t->kit->log, LOG_LEVEL_WARNING,
		    "a message has more recipients than limits.recipients");
		return NULL;
	}
	rcpt = new_rcpt(t);
	*rcpt = path_read(t->mem, path);
	e->rcpt_count++;
	early = conclude_early(t, rcpt);
	if (early != NULL) {            /* the MTA drops this recipient */
		e->rcpt_count--;
		e->rcpt_kept--;
	}
	return early;
}

/*
 * Beyond a limit nothing more is kept, and the author becomes ambiguous
 * (judged.c): a limit must not be a way around a check.
 */
static bool header_is_full(struct transaction *t, size_t more)
{
	const struct session_limits *l = &t->kit->options.limits;
	const struct header *h = &t->evidence.header;

	/* Not even what is small: the fields of a name are counted. */
	if (!t->header_cut && h->count < l->header_fields &&
	    h->octets + more <= l->header_octets)
		return false;
	if (!t->header_cut)
		log_say_rarely(t->kit->log, LOG_LEVEL_WARNING,
		    "a header is larger than limits.header-fields or "
		    "limits.header-octets");
	t->header_cut = true;
	return true;
}

/* Not kept; but a forged field must not pass as ours, wherever it stands. */
static void pass_by(struct transaction *t, struct slice name,
    struct slice value)
{
	struct late_field *more;
	unsigned instance;

	if (!edits_is_our_name(name))
		return;
	instance = header_pass_by(&t->evidence.header, t->mem, name);
	if (!edits_is_forged(t, name, value))
		return;
	if (t->late_count == t->late_room) {
		t->late_room = t->late_room == 0 ? 16 : 2 * t->late_room;
		more = arena_array(t->mem, t->late_room, sizeof(*more));
		if (t->late_count > 0)
			memcpy(more, t->late, t->late_count * sizeof(*more));
		t->late = more;
	}
	t->late[t->late_count++] = (struct late_field){
		arena_strndup(t->mem, name.data, name.len), instance };
}

void transaction_header(struct connection *c, struct slice name,
    struct slice value)
{
	struct transaction *t = c->transaction;

	if (t == NULL || t->over || t->phase >= PHASE_HEADERS)
		return;
	if (header_is_full(t, name.len + value.len + 3)) {
		pass_by(t, slice_trim(name), value);
		return;
	}
	header_append(&t->evidence.header, t->mem, name, value);
}

void transaction_headers_done(struct connection *c)
{
	move_to(c->transaction, PHASE_HEADERS);
}

void transaction_body(struct connection *c, const void *bytes, size_t n)
{
	struct transaction *t = c->transaction;

	if (!move_to(t, PHASE_BODY))
		return;
	t->evidence.body_octets += n;
	body_feed(t->examination.body, bytes, n);
}

/* A confused MTA ended a message that it never began, or went on with one that
 * was refused: nothing is known, so nothing is let through. */
static const struct outcome *nothing_to_conclude(struct connection *c)
{
	static const struct verdict lost = {
		.action = ACTION_TEMPFAIL, .rule = "no-transaction", .file = "",
		.code = "451", .enhanced = "4.3.0",
		.text = "no message is under way",
	};
	struct outcome *o = arena_alloc(c->message_mem, sizeof(*o));

	*o = (struct outcome){
		.id = "none",
		.verdict = &lost,
		.evidence = arena_alloc(c->message_mem, sizeof(*o->evidence)),
		.findings = arena_alloc(c->message_mem, sizeof(*o->findings)),
		.facts = arena_alloc(c->message_mem, sizeof(*o->facts)),
		.trace = arena_alloc(c->message_mem, sizeof(*o->trace)),
		.dns = c->dns,
		.policy = policy_name(c->kit->policy),
		.policy_version = policy_version(c->kit->policy),
	};
	log_say_rarely(c->kit->log, LOG_LEVEL_WARNING,
	    "the MTA ended a message that it had not begun");
	return o;
}

const struct outcome *transaction_conclude(struct connection *c,
    const char *queue_id)
{
	struct transaction *t = c->transaction;

	if (!move_to(t, PHASE_EOM))
		return nothing_to_conclude(c);
	if (queue_id != NULL)
		t->evidence.queue_id = arena_strdup(t->mem, queue_id);
	t->over = true;
	return conclude(t);
}

const struct outcome *transaction_refusal(const struct connection *c)
{
	return c->transaction != NULL ? c->transaction->refusal : NULL;
}

void transaction_end(struct connection *c)
{
	c->transaction = NULL;
	arena_reset(c->message_mem);
}
