/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * parse: a policy's text to its tree, by recursive descent.
 *
 * Problems are reported with their places; after one the parser goes on at
 * the next statement, so that one slip does not hide the others. Names are not
 * looked up here: that is compile's.
 */
#include "policy/tree.h"

/* No sane policy comes near these; they bound what a file can cost. */
#define RULES_MAX 1000
#define LISTS_MAX 1000
#define EXPECTATIONS_MAX 5000
#define MARKS_MAX 100
#define HEADERS_MAX 100
#define LOOKUPS_MAX 30
#define DEPTH_MAX 64
#define COUNTERS_MAX 1000
#define DEFERRAL_MIN 60         /* of at-most, in seconds */
#define DEFERRAL_MAX (30 * 86400)

/* p->mem and p->source are set; fills the rest. False: errors were reported. */
bool policy_parse(struct policy *p, struct policy_report *report);
