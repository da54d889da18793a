/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * macros: which macros an MTA tells a filter before each command, as Postfix
 * 3.7 does it (seen with strace): the lists of its configuration, or that of the
 * filter for a stage that the filter names one for. Those of EOH come before
 * each field of the header, too, those of the end of message before each chunk
 * of the body. Macros of a command that is left out are told all the same; a
 * macro without a value is not, but the packet for it is.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* As the negotiation numbers them. */
enum macro_stage {
	MACRO_CONNECT, MACRO_HELO, MACRO_MAIL, MACRO_RCPT, MACRO_DATA,
	MACRO_EOM, MACRO_EOH, MACRO_STAGES
};

struct macro_lists {
	char *of[MACRO_STAGES];         /* names with blanks between */
};

/* What an MTA tells that is left as it comes. */
void macros_usual(struct macro_lists *l);
/* What the filter asks for: all that stands behind the three numbers of its
 * answer. False: that is no list of lists. */
bool macros_asked(struct macro_lists *l, const char *data, size_t n);
void macros_forget(struct macro_lists *l);

/* Those of the pairs (name, value or NULL, ..., NULL) that the stage's list
 * names, as a packet has them. */
void macros_pick(const struct macro_lists *l, enum macro_stage stage,
    const char *const *pairs, struct buf *out);
