/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/heap.h"

#include <malloc.h>
#include <unistd.h>

void heap_limit(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 1 || cpus > 1024)
		cpus = 1;
	mallopt(M_ARENA_MAX, HEAPS_PER_CPU * (int)cpus);
}

void heap_trim(int64_t now_us, int64_t *trimmed_us)
{
	if (now_us - *trimmed_us < HEAP_TRIM_US)
		return;
	malloc_trim(0);
	*trimmed_us = now_us;
}
