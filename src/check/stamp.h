/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * stamp: findings become the fields that travel with the message.
 */
#include "base/buf.h"
#include "check/check.h"
#include "mail/authres.h"

/*
 * Every method in the order iprev, auth, spf, dkim, arc, dmarc (RFC 8601 2.7,
 * RFC 6008, RFC 8616); methods that did not apply to this client are left out:
 * for local and authenticated clients iprev, spf and dmarc, and dkim and arc
 * when the message has no signature. Names are A-labels, always.
 */
void stamp_results(struct arena *mem, const struct check_options *options,
    const struct evidence *e, const struct findings *f, struct authres *out);

/* The value of a Received-SPF field (RFC 7208 9.1), folded with CRLF SP,
 * starting with a blank, without final CRLF. Foreign octets that are not
 * printable ASCII become "?". */
void stamp_received_spf(const struct check_options *options,
    const struct evidence *e, const struct spf_finding *f, struct buf *out);
