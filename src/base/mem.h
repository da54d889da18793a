/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * mem: the heap, without failure.
 *
 * When memory is gone these print one line to stderr and abort: systemd
 * restarts the daemon and the MTA answers 4xx meanwhile. So no caller has a
 * second, untested path. Memory that lives as long as one connection or one
 * message belongs in an arena instead.
 */
#include <stddef.h>

void *xcalloc(size_t count, size_t size);               /* zeroed */
void *xrealloc(void *old, size_t count, size_t size);   /* count * size, checked */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);                /* NUL added after n */
