/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * include: a policy in several files. The text of an included file is put
 * behind that of the policy (see struct source), and its statements are read
 * as if they stood where it is named.
 */
#include "policy/parser.h"

#define INCLUDES_MAX 100
#define INCLUDE_DEPTH_MAX 8

/* Before anything is parsed: the policy itself is the outermost file. */
void include_start(struct parser *p, struct opened *outermost);

/* The statement, behind its word. Reads the statements of the file. */
bool parse_include(struct parser *p);

/* A file name as it is written in the file at hand, as it would be written in
 * the policy itself: a relative one starts at the folder of its own file. */
const char *include_path(const struct parser *p, const char *path);
