/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * remember: the memory of deferrals in the history, so that a restart does not
 * let anybody begin anew.
 */
#include "history/writer.h"
#include "session/deferral.h"

/* Put back what the file remembers, but what is forgotten by now. False: err
 * names the path and says why; nothing, or a part, was put back. */
bool remember_read(const char *path, struct deferrals *d, time_t now,
    struct error *err);

/* What state was written last; starts as { 0 }. For the writer's thread. */
struct remembered {
	uint64_t changes;
	bool written;
};

/* Unless nothing has changed. False: err says why, and the file is as it was. */
bool remember_write(struct remembered *r, struct deferrals *d,
    struct writer *w, struct error *err);
