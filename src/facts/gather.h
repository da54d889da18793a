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
 * only adds: a value once given never changes.
 *
 * forwarded.likely is concluded here, from List-Id with a passing signature of
 * the list's domain, SRS or VERP in MAIL FROM, Resent- fields, an intact DKIM
 * signature of an intermediary; forwarded.by names the evidence.
 */
void gather(const struct gathering *g, struct facts *out);

/* The recipient's view: rcpt.address and rcpt.domain set to this one. */
void gather_recipient(struct facts *f, const struct path *rcpt);
