/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * received: who handed a message over, by the words of a Received field
 * (RFC 5321 4.4). Forms of Postfix, Sendmail, Exim and their relatives:
 *
 *	from HELO (NAME [ADDRESS]) by ...
 *	from NAME ([ADDRESS] helo=HELO) by ...
 *	from HELO ([ADDRESS]) by ...
 *
 * Whether the field can be believed is the caller's business.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/ip.h"

struct received {
	struct ip client;
	const char *helo;               /* NULL: not told */
	const char *name;               /* NULL: none, or "unknown" */
};

/* False when no client address can be told for sure. */
bool received_read(struct arena *mem, struct slice value, struct received *out);
