/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * apply: an outcome, told to the MTA.
 */
#include <stdbool.h>

#include <libmilter/mfapi.h>

#include "daemon/service.h"
#include "session/outcome.h"

/* What this MTA lets us do; fixed by the negotiation of a connection. */
struct rights {
	bool add_fields, change_fields, remove_rcpts, quarantine;
	bool leading_blank;     /* values travel with the blank after the colon */
	unsigned long unanswered;       /* SMFIP_NR_*: where no word is waited
					 * for, and none may be said */
};

/* The only place that turns a verdict into libmilter's answer and reply. */
sfsistat apply_verdict(SMFICTX *ctx, const struct verdict *v);

/* Edits, then the answer. An edit that the MTA has allowed and then refuses
 * makes it a tempfail: a forged field must not pass as ours. What became of
 * the outcome goes to the history. */
sfsistat apply_outcome(SMFICTX *ctx, const struct rights *rights,
    const struct outcome *o, struct service *s);

/* An early refusal: the answer, and the history. v NULL: there is none. */
sfsistat apply_refusal(SMFICTX *ctx, const struct verdict *v,
    const struct outcome *o, struct service *s);
