/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * schema: the tables of the history and how they came to be.
 *
 * PRAGMA user_version counts the steps that a file has taken; a program that
 * is newer takes the missing ones, one transaction each, and one that is older
 * refuses the file. PRAGMA application_id tells our files from others.
 */
#include <stdbool.h>

#include <sqlite3.h>

#include "base/error.h"

#define SCHEMA_VERSION 5

/* Open for the one writer: make the file if there is none, take the missing
 * steps. NULL: err names the path and says why. */
sqlite3 *schema_open(const char *path, struct error *err);

/* Open for reading, beside a writer; nothing is changed. */
sqlite3 *schema_open_reader(const char *path, struct error *err);

/* Would schema_open() take this file, which exists? Nothing is changed. */
bool schema_check(const char *path, struct error *err);

/* Run SQL that answers nothing. */
bool schema_run(sqlite3 *db, const char *sql, struct error *err);
/* The one number that this SQL answers, or -1. */
sqlite3_int64 schema_number(sqlite3 *db, const char *sql);
