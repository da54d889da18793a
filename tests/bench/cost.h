/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * cost: what programs have used so far, as the kernel counted it. Several
 * processes of one filter are added up; one that is gone counts nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define COST_PIDS_MAX 16

struct cost_pids {
	pid_t pids[COST_PIDS_MAX];
	size_t count;
};

struct cost {
	double cpu_s;                   /* exact */
	double user_s, system_s;        /* in ticks */
	long peak_kb, rss_kb;
	long pss_kb;                    /* what is shared, shared out */
	long threads, fds;
	long waits;                     /* gave its core up; living threads */
};

/* False: there are too many. */
bool cost_pids_add(struct cost_pids *all, const char *text);
struct cost cost_now(const struct cost_pids *of);
/* CPU of this process: the load. */
double cost_own_cpu_s(void);
