/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * word_diff: what changed between two texts, word by word, for people.
 */
#include "base/arena.h"
#include "tool/tool.h"

/* A line "- words" or "+ words" for each run that is only in one of them.
 * Very long texts are printed whole. */
void word_diff_print(const struct tool *t, const char *old, const char *new,
    struct arena *mem);
