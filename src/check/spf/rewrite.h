/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_rewrite: a record written anew for libspf2, with names of our making.
 *
 * Nothing a stranger wrote reaches the library's compiler: what is left is the
 * shape of the record, addresses, and tokens that stand for domain-specs.
 *
 *	"t" scene "." directive ".x"    that directive's target
 *	"r" scene ".0.x"                the target of redirect
 *
 * Which directive matched the library does not tell. So one that would match
 * without asking, or asks for no token (ptr), is announced by an "exists" of
 * its own token ahead of it, which never matches.
 */
#include "base/buf.h"
#include "check/spf/fetch.h"

/*
 * Mechanisms up to the first that certainly matches, then redirect unless it
 * is to be ignored; no modifier else. NULL, or why the library cannot have it.
 */
const char *spf_rewrite(struct spf_walk *w, const char *domain,
    const struct spf_record *r, size_t scene, struct buf *out);
