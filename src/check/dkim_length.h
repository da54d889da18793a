/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_length: how long a body is once it is canonical (RFC 6376 3.4.3, 3.4.4),
 * so that it can be said what l= leaves out. One pass for both forms; starts
 * as { 0 }; wants whole line ends (mail/canon.h).
 */
#include <stddef.h>
#include <stdint.h>

#include "check/dkim_signature.h"

struct dkim_length {
	uint64_t total[2];      /* by enum dkim_folding: lines that count */
	uint64_t line[2];       /* of the line under way */
	uint64_t empty[2];      /* empty lines that count if text follows */
	bool blank;             /* WSP at the end of the line under way */
};

void dkim_length_feed(struct dkim_length *l, const void *bytes, size_t n);
uint64_t dkim_length_of(const struct dkim_length *l, enum dkim_folding form);
