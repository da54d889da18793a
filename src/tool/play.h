/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * play: one message file through a session, as the milter would send it.
 */
#include "mail/message.h"
#include "session/transaction.h"
#include "tool/tool.h"

/* What the command line says, or the message's own trace fields. */
struct envelope {
	struct client client;
	const char *helo, *from;
};

/* From --ip, --name, --helo and --from; false: err says what is wrong. */
bool play_envelope(const struct tool *t, struct arena *mem,
    const struct message *m, struct envelope *e, struct error *err);

/* With --rcpt and --auth; the outcome lives as long as the connection's
 * message. */
const struct outcome *play(const struct tool *t, struct connection *c,
    const struct envelope *e, const struct message *m);
