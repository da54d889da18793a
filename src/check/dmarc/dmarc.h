/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dmarc: RFC 9989, evaluated from scratch.
 *
 * Policy discovery by DNS tree walk, a walk for each identifier that needs one,
 * alignment, sp, np, psd and t. A DNS error is neither pass nor fail (4.10.1).
 */
#include "check/check.h"

struct dmarc_question {
	const char *author_domain;      /* house form */
	/* Authenticated identifiers only (4.3): SPF pass of MAIL FROM, and each
	 * DKIM signature that passed. House form. */
	const char *spf_domain;         /* NULL: none */
	const char *const *dkim_domains;
	size_t dkim_count;
	unsigned identifiers;           /* walked at the most */
};

/* out->reason is a sentence, whatever the result. */
void dmarc_evaluate(struct arena *mem, struct inquiry *dns,
    const struct dmarc_question *question, struct dmarc_finding *out);

/* Ask for a domain's walk before anybody needs it. */
void dmarc_prefetch(struct inquiry *dns, const char *domain);
