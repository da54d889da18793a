/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * explain_methods: of a record, what each method has concluded.
 */
#include "base/arena.h"
#include "base/json_reader.h"
#include "tool/tool.h"

/* `detail` NULL: nothing is told. */
void explain_methods(const struct tool *t, const struct json_node *detail,
    struct arena *mem);
