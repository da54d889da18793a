/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * eval: conditions against facts, in the three-valued logic of Kleene.
 *
 * NO settles an "and", YES settles an "or"; whatever else rests on a fact that
 * is not known yet is UNKNOWN. A fact that is absent meets no comparison but
 * != and "not in". A quantifier over an empty or absent set is NO.
 */
#include "policy/tree.h"

struct eval {
	const struct policy *policy;
	const struct facts *facts;
	const struct list *const *lists;        /* by id, see expectation; or
						 * NULL */
	struct arena *mem;
	struct trace_tests *pen;        /* takes every test asked; or NULL */
};

enum truth eval_expr(const struct eval *v, const struct expr *e);
enum truth eval_rule(const struct eval *v, const struct rule *r,
    enum truth *when, enum truth *unless);
