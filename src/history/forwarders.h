/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * forwarders: who forwards mail to us, as the records have it.
 *
 * A message counts when its client is an outside one, it bore verified signs
 * of a forwarder (forwarded.likely), and it failed DMARC or was marked or
 * refused. A client with several such messages of several authors is likely
 * a forwarder; whether it deserves trust only a person can say.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/facts.h"
#include "history/record.h"
#include "policy/verdict.h"
#include "policy/verdict.h"

#define FORWARDER_MESSAGES 3            /* no fewer */
#define FORWARDER_AUTHORS 2
#define FORWARDER_EXAMPLES 3
#define FORWARDER_SIGNS (FORWARDED_SIGNATURE + 1)

/* Different texts, as they came; only the first ones are kept. */
struct forwarder_texts {
	const char *items[FORWARDER_EXAMPLES];
	size_t count;
};

struct forwarder {
	const char *client;             /* address, as ip_text() writes it */
	int64_t messages;
	int64_t authors;                /* different author domains */
	int64_t dmarc_failed;
	int64_t actions[ACTION_DISCARD + 1];    /* by enum action */
	int64_t signs[FORWARDER_SIGNS]; /* by enum forwarded */
	struct forwarder_texts names;   /* of the client, confirmed */
	struct forwarder_texts senders; /* MAIL FROM domains that SPF passed */
	struct forwarder_texts examples;        /* of author domains */
	struct forwarder_texts ids;
};

struct forwarders;

struct forwarders *forwarders_new(void);
void forwarders_free(struct forwarders *f);             /* NULL is fine */

/* Does this record count? What is kept of it is copied. */
bool forwarders_look(struct forwarders *f, const struct record *r);

/* The likely ones, most messages first. Lasts as long as f; looking at further
 * records ends it. */
const struct forwarder *forwarders_list(struct forwarders *f, size_t *count);
