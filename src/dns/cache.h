/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * cache: answers that are still good, in front of a back end.
 *
 * The same few names are asked for with every message, and handing a question
 * to another thread and waiting for it costs more than the answer. Bounded: a
 * fixed number of places, an answer can stand in a few of them only, and what
 * is large is not kept. Holds no answer longer than its TTL, and no failure at
 * all. Process lifetime, all calls thread-safe; no lock is held but to look.
 */
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"

struct dns_cache;

struct dns_cache *dns_cache_new(void);
void dns_cache_free(struct dns_cache *c);               /* NULL is fine */

/* With a reference for the caller, or NULL. name: in the form of dname.h;
 * now_us: monotonic. */
const struct dns_answer *dns_cache_get(struct dns_cache *c, const char *name,
    enum dns_type type, int64_t now_us);
/* Takes a reference of its own, if it keeps the answer. */
void dns_cache_put(struct dns_cache *c, const char *name, enum dns_type type,
    const struct dns_answer *a, int64_t now_us);
/* Forget everything: other servers may answer otherwise. */
void dns_cache_flush(struct dns_cache *c);
