/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * heap: how glibc keeps the memory of the process.
 *
 * By itself it makes up to eight heaps for each CPU, one for each thread. What
 * a thread keeps for the next hour (an answer of the DNS, a key) then holds on
 * to the holes around it, which no other thread can fill: the process grows
 * for hours. The fewer the heaps, the less; but threads wait for each other
 * over pieces above a kilobyte (smaller ones go by a cache of each one's own).
 * For small messages with engine library a second CPU brings 1.78 times as many
 * with one heap for each CPU, 1.83 to 1.94 times with two.
 */
#include <stdint.h>

#define HEAPS_PER_CPU 2

/* Before the first other thread. */
void heap_limit(void);

/* Large messages, a DNS that stood still, or a reload leave holes, which glibc
 * by itself gives back from the end of a heap only. To be called often; does
 * something every HEAP_TRIM_US. */
#define HEAP_TRIM_US (INT64_C(30) * 1000000)
void heap_trim(int64_t now_us, int64_t *trimmed_us);
