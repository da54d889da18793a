/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * transaction: one message from MAIL FROM to its end; or, refused by an early
 * rule before its first, a session.
 *
 * Moves the phase, stores evidence, and tells the checks. The phase changes in
 * one function with a table of allowed next phases; an event that the table
 * does not allow is ignored, because MTAs repeat, skip and abort. All memory is
 * the connection's message arena, reset by transaction_end().
 */
#include <stdbool.h>
#include <stddef.h>

#include "check/check.h"
#include "facts/facts.h"
#include "policy/policy.h"
#include "session/asked.h"
#include "session/connection.h"
#include "session/outcome.h"

/* A forged field beyond the limits: not kept, and removed. */
struct late_field {
	const char *name;
	unsigned instance;
};

struct transaction {
	struct connection *connection;
	struct kit *kit;                /* the connection's */
	struct arena *mem;
	enum phase phase;
	const char *id;                 /* decision id, unique per message */
	struct evidence evidence;
	struct path *rcpts;
	size_t rcpt_room;
	struct findings findings;
	struct examination examination;
	struct facts facts;
	struct asked asked;
	void **states;                  /* of checks[], same order */
	bool *finished;
	int64_t began_us;               /* monotonic */
	bool header_cut;                /* a limit was hit */
	struct late_field *late;        /* top of the message first */
	size_t late_count, late_room;
	bool over;                      /* concluded, or refused before */
	const struct outcome *refusal;  /* the last early one, or NULL */
};

/* What the MTA tells with MAIL FROM. Any text may be NULL. */
struct mail_event {
	const char *path;               /* "<user@example.com>" */
	const char *auth_user, *auth_method;
	const char *queue_id;
	bool utf8;                      /* SMTPUTF8 was asked for */
};

/*
 * Each event answers NULL for "go on", or the verdict of an `early` rule: a
 * refusal of this command (MAIL: the message, RCPT: this recipient only; before
 * them: the session). After connection_open() comes transaction_greeted() with
 * PHASE_CONNECT, after each connection_helo() with PHASE_HELO; without it the
 * same is said later, and the DNS is asked later. transaction_mail() begins a
 * new message; one that is still open is ended.
 */
const struct verdict *transaction_greeted(struct connection *c,
    enum phase phase);
const struct verdict *transaction_mail(struct connection *c,
    const struct mail_event *event);
const struct verdict *transaction_rcpt(struct connection *c, const char *path);
/* Value as received, with the leading blank if the MTA sends it. */
void transaction_header(struct connection *c, struct slice name,
    struct slice value);
void transaction_headers_done(struct connection *c);
void transaction_body(struct connection *c, const void *bytes, size_t n);

/*
 * End of message. Never NULL: without a message under way (a confused MTA) the
 * outcome is a tempfail. The outcome lives until transaction_end(). `queue_id`
 * may be NULL.
 */
const struct outcome *transaction_conclude(struct connection *c,
    const char *queue_id);

/* What the last early refusal of this message or session was about, for who
 * wants to say more than its verdict; NULL: there was none. */
const struct outcome *transaction_refusal(const struct connection *c);

/* The message is over or was aborted; the connection goes on. Any time. */
void transaction_end(struct connection *c);
