/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_grammar: the tags of signature fields, one row and one set function
 * each. Between signature.c, which reads fields, and itself.
 */
#include "check/dkim/signature.h"
#include "mail/taglist.h"

/* One field being read. */
struct reading {
	struct arena *mem;
	struct dkim_sig_parsed *sig;
	struct slice shadow;            /* sig->text for the tag list */
	struct slice identity;          /* i= as received; absent: none */
	struct octets hash;
	bool signs_from;
};

/* RFC 6376 3.5, RFC 8617 4.1.2 and 4.1.3: by enum dkim_kind; `out` of their set
 * functions is a struct reading. */
extern const struct tag *const dkim_grammars[];
/* What people want to see of a field that could not be read. */
extern const struct tag dkim_display_grammar[];

/* It is well-formed, but libopendkim would get it wrong; the first reason
 * stays. */
void dkim_keep_from_library(struct dkim_sig_parsed *sig, const char *why);
