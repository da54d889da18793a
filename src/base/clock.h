/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * clock: the time, settable.
 *
 * Wall time is asked through a struct clock, so that a test, or `assay check`
 * on an old message, can say what day it is. Durations use the monotonic
 * clock, which nobody can set.
 */
#include <stdint.h>
#include <time.h>

struct clock {
	time_t fixed;           /* 0: the machine's own time */
};

time_t clock_now(const struct clock *c);
int64_t clock_monotonic_us(void);
