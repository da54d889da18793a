/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * trust: exceptions that rest on what anyone can write.
 *
 * An exception is the `when` of a rule that accepts, and the `unless` of a
 * rule that refuses, holds or marks. Whoever meets it is spared, so naming an
 * identity there that nobody verified is a hole with a sign on it. Such a rule
 * is an error unless it says `unsafe`.
 *
 * Every way in which the condition can be true is looked at by itself. It is a
 * hole if it names an identity that can be forged, in a comparison that asks
 * what it is (not what it is not), and nothing beside it that verifies this
 * identity or names another one that was verified.
 */
#include "policy/compiler.h"

/* False: reported. */
bool trust_check(struct compiler *c, const struct rule *r);
