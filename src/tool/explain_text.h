/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * explain_text: a record, told to a person.
 */
#include "base/json_reader.h"
#include "history/record.h"
#include "tool/nearest.h"
#include "tool/tool.h"

/* `detail` NULL: it is lost, and what it would say is left out. */
void explain_message(const struct tool *t, const struct record *r,
    const struct json_node *detail, struct arena *mem);

/* What would have changed the verdict. */
struct explain_why {
	struct nearest nearest;
	const char *not_computed;       /* why; NULL: it was */
	const char *remark;             /* to be known beside it; NULL: nothing */
};

void explain_nearest(const struct tool *t, const struct record *r,
    const struct json_node *detail, const struct explain_why *why,
    struct arena *mem);
