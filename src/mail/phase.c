/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/phase.h"

#include <stddef.h>

const struct name phase_names[] = {
	{ PHASE_NONE,    "none" },
	{ PHASE_CONNECT, "connect" },
	{ PHASE_HELO,    "helo" },
	{ PHASE_MAIL,    "mail" },
	{ PHASE_RCPT,    "rcpt" },
	{ PHASE_HEADERS, "headers" },
	{ PHASE_BODY,    "body" },
	{ PHASE_EOM,     "eom" },
	{ 0, NULL },
};
