/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_library: libopendkim as an engine, and its process-wide handle.
 *
 * It sees signatures that the strict front has accepted, and of those only the
 * ones it is known to judge right; keys reach it as records written anew; it
 * never touches the DNS and its clock decides nothing. The engine is
 * dkim_library_engine of engine.h.
 */
#include "base/error.h"
#include "check/dkim/engine.h"

/* Process lifetime, shared by all threads. */
struct dkim_libraries *dkim_libraries_new(unsigned minimum_bits,
    struct error *err);
void dkim_libraries_free(struct dkim_libraries *l);     /* NULL is fine */

/* How often the engines did not agree (`both`), for the status. */
void dkim_libraries_disagreed(struct dkim_libraries *l);
unsigned long long dkim_libraries_disagreements(
    const struct dkim_libraries *l);
