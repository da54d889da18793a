/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * milter: libmilter's doorman. Thin callbacks that hand each event to the
 * session and its answer to the MTA; nothing is decided here.
 */
#include <stdbool.h>

#include "base/error.h"
#include "daemon/service.h"

/* Once, before milter_listen(). The service must outlive milter_run(). */
bool milter_register(struct service *s, struct error *err);

/* Open the listening socket; "local:/path" or "inet:PORT@HOST". */
bool milter_listen(const char *address, struct error *err);

/* Serve until milter_stop(). False when libmilter gave up by itself. */
bool milter_run(void);
void milter_stop(void);
