/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * connection: one SMTP session, whatever speaks for it: the milter, `assay
 * check`, or a test. Holds what outlives a message: who is connected, HELO,
 * TLS, and at most one transaction. One thread at a time.
 */
#include "base/arena.h"
#include "dns/inquiry.h"
#include "mail/ip.h"
#include "mail/phase.h"
#include "session/kit.h"

struct transaction;

struct connection {
	struct kit *kit;                /* one reference */
	struct arena *mem;
	struct inquiry *dns;            /* for what is asked once per session */
	struct ip peer;
	const char *peer_name;          /* verified by the MTA, or NULL */
	bool submitted;                 /* no SMTP client: sendmail(1), cron */
	bool deaf[PHASE_EOM + 1];
	struct arena *greeting_mem;     /* HELO and TLS may come again */
	const char *helo;
	const char *tls_version, *tls_cipher;
	struct transaction *transaction;        /* NULL between messages */
	struct arena *message_mem;      /* reset for each message */
};

/* Who is connected, as the MTA or the command line tells it. */
struct client {
	struct ip address;              /* IP_NONE: not known */
	const char *name;               /* verified by the MTA, or NULL */
	bool submitted;                 /* no SMTP client: sendmail(1), cron */
	/* At these phases the MTA waits for no verdict: an early rule gives
	 * its own at the next one that it does wait at, where it is the same;
	 * the end of message always is such a one. */
	bool deaf[PHASE_EOM + 1];
};

/* Takes a reference to the kit; copies what `client` points to. */
struct connection *connection_open(struct kit *kit,
    const struct client *client);
void connection_close(struct connection *c);            /* NULL is fine */

/* Ask the DNS what it is asked about every client from outside, before that has
 * said a word; never waits. */
void connection_prefetch(struct connection *c);

/* May come several times; the last one counts. Any argument may be NULL. */
void connection_helo(struct connection *c, const char *helo);
void connection_tls(struct connection *c, const char *version,
    const char *cipher);
