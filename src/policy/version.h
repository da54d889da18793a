/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * version: a short name for all that was read to make a policy, so that a
 * record can say by what it was decided. Two policies with the same version
 * have, as good as certainly, the same text and lists; it is no seal.
 */
#include "policy/tree.h"

void version_mix(struct policy *p, struct slice bytes);
/* In the policy's arena. */
const char *version_text(const struct policy *p);
