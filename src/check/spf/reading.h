/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_reading: the SPF record in an answer, read once for as long as the
 * answer is kept.
 */
#include "check/spf/record.h"
#include "dns/answer.h"

/*
 * The one record among the answer's texts, if it is the only one (RFC 7208
 * 4.5), has no error and not too many terms to be kept; else NULL, which says
 * nothing: read it yourself. Lives as long as the answer.
 */
const struct spf_record *spf_reading(const struct dns_answer *a);

/* How many records begin with the version section; the last one's text. */
size_t spf_records(const struct dns_answer *a, struct slice *text);
