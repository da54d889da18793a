/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_native: check_host() by our own hand, RFC 7208 sections 4 to 6.
 *
 * Says everything the RFC says, so it also answers what the library cannot.
 */
#include "check/spf/fetch.h"

/* The question's domain is not NULL and its client is known. */
void spf_native(struct spf_walk *w, struct spf_outcome *out);
