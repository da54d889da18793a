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

/* A file, or what stands for one. Both are borrowed. */
struct source {
	const char *name;
	struct slice text;
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

unsigned source_line(const struct source *s, size_t offset);
