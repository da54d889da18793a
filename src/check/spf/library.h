/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_library: check_host() by libspf2, behind a front of ours.
 *
 * The library is handed no text and no name that a stranger wrote. Each record
 * is read by our grammar and written anew with names of our own making, which
 * the library gives back when it wants to know something: what stands behind
 * them is expanded, asked and counted by the walk. Explanations are no
 * business of the library either.
 */
#include <stdbool.h>

#include "check/spf/fetch.h"

/* Take over the library's process-wide handlers; once, from any thread. */
void spf_library_init(void);

/*
 * False: somewhere in this tree is a thing the library is known to get wrong,
 * or it did not answer as it should; then the walk is spent and the question
 * is one for the native engine, from its beginning. *why says what it was.
 */
bool spf_library(struct spf_walk *w, struct spf_outcome *out,
    const char **why);
