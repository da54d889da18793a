/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * gather: evidence and findings of one message, flattened into facts.
 */
#include "check/check.h"
#include "facts/facts.h"

struct gathering {
	struct arena *mem;
	const struct evidence *evidence;
	const struct findings *findings;
	enum phase phase;               /* reached so far */
	/* Which checks have finished, by their place in checks[]. */
	const bool *finished;
	/* Names whose header("...") the policy uses; value looked up here. */
	const char *const *headers;
	size_t header_count;
};

/*
 * Fill what is known by now; the rest stays unknown. Calling it again later
 * only adds: a value once given never changes. Nothing is given before the
 * phase its row in fact_defs names, nor before its check has finished.
 *
 * forwarded.likely is concluded here, and forwarded.by names what speaks for
 * it. Only what somebody verified counts, since everything else can be
 * written by anyone:
 *   list       List-Id, and a DKIM or SPF pass of the list's domain
 *   srs        MAIL FROM rewritten by SRS, and SPF pass
 *   verp       MAIL FROM that encodes a recipient, SPF pass, and a List-Id
 *   resent     Resent-From or Resent-Sender, and a DKIM or SPF pass of its
 *              domain, which is not the author's
 *   signature  a signature of another domain that holds, above one of the
 *              author's domain that was broken on the way
 * An author domain that passes DMARC needs none of it. rcpt.address and
 * rcpt.domain are left to gather_recipient().
 */
void gather(const struct gathering *g, struct facts *out);

/* The recipient's view: rcpt.address, as it was given, and rcpt.domain set to
 * this one. The path's text is kept, not copied. */
void gather_recipient(struct facts *f, const struct path *rcpt);
