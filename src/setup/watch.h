/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * watch: have files changed since they were read? Policies and their lists,
 * looked at from outside (stat) every few seconds by one thread.
 */
#include "policy/report.h"

struct watch;

struct watch *watch_new(void);
void watch_free(struct watch *w);                       /* NULL is fine */

/* Every file that was read for this policy, or should have been. */
void watch_add(struct watch *w, const struct policy_report *r);

/* What could not be loaded read fewer files than what is in use: those of
 * `old` that are missing here are watched as they look now. */
void watch_join(struct watch *w, const struct watch *old);

/*
 * A file that looks different than when it was read, and as it did when it was
 * looked at last: so nobody is writing it just now. NULL: none.
 */
const char *watch_changed(struct watch *w);
