/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * reader: the history, read, while a daemon may be writing it.
 *
 * Rows are fetched a piece at a time, so that no snapshot stands in the way of
 * the writer however long the caller thinks about them. For one thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "history/record.h"

/* What is NULL or 0 is not asked for. All texts are borrowed. */
struct history_query {
	int64_t since;                  /* time of the record, or later */
	const char *id;                 /* decision id or queue id */
	const char *rule, *action;
	const char *domain;             /* of author or MAIL FROM, or above it */
	const char *client;             /* address as ip_text() writes it */
	const char *observed;           /* this rule only watched, and held */
	bool shadow;                    /* the shadow policy disagrees */
	bool newest_first;
	bool detail;                    /* fill record.detail, too */
};

struct reader;

/* NULL: err names the path and says why. */
struct reader *reader_open(const char *path, struct error *err);
void reader_close(struct reader *r);                    /* NULL is fine */

/* The SQL of a query; the caller frees. */
char *reader_sql(const struct history_query *q);

/* How many rows the query has. -1: err says why. */
int64_t reader_count(struct reader *r, const struct history_query *q,
    struct error *err);

/* Begin a query; the one before is over. Texts of `q` must last as long. */
bool reader_ask(struct reader *r, const struct history_query *q,
    struct error *err);
/*
 * The next row, valid until the next call; NULL at the end, or on trouble, and
 * then err->text is not empty.
 */
const struct record *reader_next(struct reader *r, struct error *err);
