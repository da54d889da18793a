/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * negotiate: what an MTA and we agree upon when it connects, and how that is
 * kept where no memory can be: as an odd number.
 */
#include <stdbool.h>
#include <stdint.h>

#include <libmilter/mfapi.h>

#include "daemon/apply.h"
#include "daemon/service.h"
#include "mail/phase.h"

/* From what the MTA offers: what is wanted, and so agreed. Says once what is
 * missing. */
struct rights negotiate(SMFICTX *ctx, struct service *s,
    unsigned long actions, unsigned long steps, unsigned long *want_actions,
    unsigned long *want_steps);

/* Was it agreed that the MTA waits for no word of ours at this phase? */
bool rights_deaf(const struct rights *r, enum phase phase);

uintptr_t rights_keep(const struct rights *r);
/* Is it such a number, and not a pointer? */
bool rights_are_kept(uintptr_t kept);
/* Of a number; 0: nothing was agreed. */
struct rights rights_kept(uintptr_t kept);
