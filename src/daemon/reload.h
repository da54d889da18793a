/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * reload: configuration, policies and lists read anew, at a signal or because
 * a file has changed. Everything new, or everything as it was; both are said
 * in the log.
 */
#include "daemon/daemon.h"

/* How often files are looked at. A change is read at the second look, so that
 * a file is not read while it is written. */
#define LOOK_MS 2000

void reload(struct daemon *d);

/* To be called at least every LOOK_MS: reloads when a file has changed, and
 * says once a day which list entries have ended. */
void reload_look(struct daemon *d);
