/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * past: what the commands on the history share: where it is, since when, how
 * a moment is written.
 */
#include <stdint.h>

#include "history/reader.h"
#include "tool/tool.h"

/* Options that all of them take. */
#define PAST_FLAG { "--history", "DATABASE", "the history (default: the " \
	"configured one)" }
#define SINCE_FLAG { "--since", "TIME", "no older ones: 2h, 14d, 2026-01-31" }

/* The history that --history names, else the configuration. NULL: it was said
 * why, and *code is what to exit with. conf_free() in either case. */
struct reader *past_open(const struct tool *t, struct conf *conf, int *code);

/* --since as seconds since 1970, 0 when it is not given. */
bool past_since(const struct tool *t, int64_t *out, struct error *err);

/* "2026-01-31 12:00:00" (UTC) */
#define PAST_TIME_MAX 32
const char *past_time(int64_t t, char out[PAST_TIME_MAX]);

/* Foreign text on one line of a terminal; "-" for NULL. */
const char *past_clean(struct arena *mem, const char *text);
