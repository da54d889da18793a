/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <stddef.h>

time_t clock_now(const struct clock *c)
{
	return c->fixed != 0 ? c->fixed : time(NULL);
}

int64_t clock_monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
