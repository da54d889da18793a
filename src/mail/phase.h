/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * phase: how far one SMTP transaction has come. Ordered: a later phase knows
 * everything an earlier one knew.
 */
#include "base/name.h"

enum phase {
	PHASE_NONE,             /* nothing yet, or between connections */
	PHASE_CONNECT,
	PHASE_HELO,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_HEADERS,          /* the header is complete (RFC 5322 2.1) */
	PHASE_BODY,
	PHASE_EOM,              /* end of message: all is known */
};

extern const struct name phase_names[];
