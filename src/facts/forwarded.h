/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * forwarded: does this message look as if somebody passed it on?
 *
 * Only evidence that somebody verified counts; gather.h lists it.
 */
#include "check/check.h"
#include "facts/facts.h"

/* The words of forwarded.by that apply, in the order of the table. */
size_t forwarded_evidence(struct arena *mem, const struct evidence *e,
    const struct findings *f, const char **words, size_t room);

/* The identifier between <> of a List-Id field in house form, or NULL. */
const char *forwarded_list_id(struct arena *mem, const struct header *h);
