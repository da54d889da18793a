/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * report: what is wrong with a policy, told to a person.
 *
 * A problem names its place as file:line:column, shows the line with a caret
 * under the place, and may end with a hint. Columns count characters from 1.
 * The file is untrusted: whatever cannot be printed is shown as "?".
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/name.h"
#include "base/slice.h"
#include "policy/file.h"

/* At most this many problems are shown; all are counted. */
#define REPORT_SHOWN 20

/* Starts as { 0 }. A policy with warnings works; one with errors does not. */
struct policy_report {
	struct buf text;
	size_t errors;
	size_t warnings;
	struct file_seen *files;        /* that were read, or should have been */
	size_t file_count;
};

/*
 * A file, or what stands for one. Both are borrowed. A policy with includes
 * has the texts of all its files behind one another: then `parts` says whose
 * they are, in order of their starts, the file itself first, so that one
 * offset is one place wherever it stands.
 */
struct source_part {
	const char *name;
	size_t start, end;
};
struct source {
	const char *name;
	struct slice text;
	const struct source_part *parts;        /* NULL: one file */
	size_t part_count;
};

void policy_report_free(struct policy_report *r);       /* and starts anew */

/* `offset` is an octet of the source's text, or its end. */
void report_error(struct policy_report *r, const struct source *s,
    size_t offset, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void report_warning(struct policy_report *r, const struct source *s,
    size_t offset, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A line below the problem reported last. */
void report_hint(struct policy_report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The hint `did you mean "best"?`; nothing when nothing was near. */
void report_meant(struct policy_report *r, const struct closest *c);

/* The last word: how many problems were not shown. */
void report_finish(struct policy_report *r);

/* This file is about to be read; how it looks now is kept in report.files. */
void report_file(struct policy_report *r, const char *path);

/* Of the file the offset stands in. */
unsigned source_line(const struct source *s, size_t offset);
const char *source_name(const struct source *s, size_t offset);

/* "line 3", or "line 3 of base.policy" when that is not the file `here`. */
const char *source_where(const struct source *s, size_t offset, size_t here,
    struct arena *mem);
