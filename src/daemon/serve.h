/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * serve: the milter in its thread, and the main thread's wait for what happens
 * meanwhile: signals, the watchdog, files that change.
 */
#include "daemon/daemon.h"

/* Until told to stop. Messages under way are waited for as limits.drain says.
 * An exit code of <sysexits.h>. */
int serve(struct daemon *d);
