/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * zone_text: the grammar of zone text (see zone.h), words to records.
 */
#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"
#include "dns/zone_tree.h"

/* Adds to the tree, which is the caller's to free on failure too. */
bool zone_text_read(struct zone_tree *t, struct slice text, const char *origin,
    struct error *err);
