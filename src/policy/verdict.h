/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * verdict: what policy says about a message, and why. In the message's arena.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/name.h"

/* Mildest first: the order in which verdicts of several recipients merge. */
enum action { ACTION_ACCEPT, ACTION_TAG, ACTION_QUARANTINE, ACTION_TEMPFAIL,
	ACTION_REJECT, ACTION_DISCARD };
extern const struct name action_names[];

struct tag_header { const char *name, *value; };

struct verdict {
	enum action action;             /* TAG: accepted, with marks */
	const char *rule;               /* its name, or "default" */
	const char *file;
	unsigned line;
	/* TEMPFAIL and REJECT: "550", "5.7.26" and the text with facts filled
	 * in, printable ASCII, no CR or LF; QUARANTINE: text is the reason. */
	const char *code, *enhanced, *text;
	const struct tag_header *headers;
	size_t header_count;
	const char *subject_prefix;     /* NULL: none; several are joined */
	const char *const *log_notes;   /* texts of `log` in order */
	size_t log_count;
};

/*
 * The message's verdict from its recipients': the mildest
 * wins; marks are joined. `discards[i]` is set for recipients to be removed
 * because their own verdict is discard while the message goes on.
 */
struct verdict verdict_merge(struct arena *mem, const struct verdict *each,
    size_t count, bool *discards);
