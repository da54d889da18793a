/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * compile: a parsed policy made ready for use, in place.
 *
 * Names become fact ids and lists, words become codes, patterns are compiled,
 * every rule gets its phase. Whatever can be seen to be wrong without a message
 * is an error here: types, words, codes, rules that never hold or are never
 * reached.
 */
#include "policy/tree.h"

/* False: errors were reported. `extra` may be NULL. */
bool policy_compile(struct policy *p, const struct policy_extra *extra,
    struct policy_report *report);
