/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/reader.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "history/schema.h"

/* Rows of one piece. */
#define PIECE 1000

struct reader {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *rows;             /* of the query under way, or NULL */
	struct history_query query;
	struct record record;
	int64_t last;                   /* seq of the last row, -1: none yet */
	int in_piece;
};

struct reader *reader_open(const char *path, struct error *err)
{
	sqlite3 *db = schema_open_reader(path, err);
	struct reader *r;

	if (db == NULL)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->db = db;
	r->path = xstrdup(path);
	return r;
}

void reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	sqlite3_finalize(r->rows);
	sqlite3_close(r->db);
	free(r->path);
	free(r);
}

/* ?1 since, ?2 id, ?3 rule, ?4 action, ?5 domain, ?6 client, ?7 seq, ?8 limit,
 * ?9 observed.
 * Only what is asked for stands in the text, so that an index can be used. */
static void add_conditions(const struct history_query *q, struct buf *sql)
{
	buf_adds(sql, " WHERE 1");
	if (q->since != 0)
		buf_adds(sql, " AND time >= ?1");
	if (q->id != NULL)
		buf_adds(sql, " AND (id = ?2 OR queue_id = ?2)");
	if (q->rule != NULL)
		buf_adds(sql, " AND rule = ?3");
	if (q->action != NULL)
		buf_adds(sql, " AND action = ?4");
	if (q->domain != NULL)
		buf_adds(sql, " AND (from_domain = ?5 OR mail_domain = ?5 OR "
		    "substr(from_domain, -length(?5) - 1) = '.' || ?5 OR "
		    "substr(mail_domain, -length(?5) - 1) = '.' || ?5)");
	if (q->client != NULL)
		buf_adds(sql, " AND client_ip = ?6");
	if (q->observed != NULL)
		buf_adds(sql, " AND instr(',' || observed, "
		    "',' || ?9 || ':') > 0");
	if (q->shadow)
		buf_adds(sql, " AND shadow IS NOT NULL");
}

static void bind(sqlite3_stmt *s, const struct history_query *q)
{
	const char *texts[] = { q->id, q->rule, q->action, q->domain,
	    q->client };

	sqlite3_bind_int64(s, 1, q->since);
	for (int i = 0; i < 5; i++)
		sqlite3_bind_text(s, i + 2, texts[i], -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 9, q->observed, -1, SQLITE_STATIC);
}

static bool fail(const struct reader *r, struct error *err)
{
	return error_set(err, "%s: %s", r->path, sqlite3_errmsg(r->db));
}

int64_t reader_count(struct reader *r, const struct history_query *q,
    struct error *err)
{
	struct buf sql = { 0 };
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	buf_adds(&sql, "SELECT count(*) FROM message");
	add_conditions(q, &sql);
	if (sqlite3_prepare_v2(r->db, buf_text(&sql), -1, &s, NULL) ==
	    SQLITE_OK) {
		bind(s, q);
		if (sqlite3_step(s) == SQLITE_ROW)
			n = sqlite3_column_int64(s, 0);
	}
	if (n < 0)
		fail(r, err);
	sqlite3_finalize(s);
	buf_free(&sql);
	return n;
}

/* By id there are few rows, and seq must not be the index. */
char *reader_sql(const struct history_query *q)
{
	struct buf sql = { 0 };

	buf_adds(&sql, "SELECT seq");
	for (const struct record_column *c = record_columns; c->name != NULL;
	    c++)
		buf_addf(&sql, ", %s", c->name);
	buf_adds(&sql, q->detail ? ", (SELECT json FROM detail"
	    " WHERE detail.seq = message.seq)" : ", NULL");
	buf_adds(&sql, " FROM message");
	add_conditions(q, &sql);
	buf_addf(&sql, " AND %sseq %s ?7 ORDER BY seq%s LIMIT ?8",
	    q->id != NULL ? "+" : "", q->newest_first ? "<" : ">",
	    q->newest_first ? " DESC" : "");
	return buf_detach(&sql);
}

bool reader_ask(struct reader *r, const struct history_query *q,
    struct error *err)
{
	char *sql = reader_sql(q);
	int code;

	sqlite3_finalize(r->rows);
	r->rows = NULL;
	code = sqlite3_prepare_v2(r->db, sql, -1, &r->rows, NULL);
	free(sql);
	if (code != SQLITE_OK)
		return fail(r, err);
	r->query = *q;
	r->last = q->newest_first ? INT64_MAX : -1;
	r->in_piece = 0;
	bind(r->rows, q);
	sqlite3_bind_int64(r->rows, 7, r->last);
	sqlite3_bind_int64(r->rows, 8, PIECE);
	return true;
}

static const struct record *take_row(struct reader *r)
{
	struct record *out = &r->record;
	int i = 1;

	*out = (struct record){ .seq = sqlite3_column_int64(r->rows, 0) };
	for (const struct record_column *c = record_columns; c->name != NULL;
	    c++, i++) {
		void *at = (char *)out + c->offset;

		if (c->is_number)
			*(int64_t *)at = sqlite3_column_int64(r->rows, i);
		else
			*(const char **)at = (const char *)(const void *)
			    sqlite3_column_text(r->rows, i);
	}
	out->detail = (const char *)(const void *)sqlite3_column_text(r->rows,
	    i);
	r->last = out->seq;
	r->in_piece++;
	return out;
}

/* A full piece was read: the next one begins behind it. */
static bool go_on(struct reader *r)
{
	bool was_full = r->in_piece == PIECE;

	sqlite3_reset(r->rows);
	sqlite3_bind_int64(r->rows, 7, r->last);
	r->in_piece = 0;
	return was_full;
}

const struct record *reader_next(struct reader *r, struct error *err)
{
	int code;

	err->text[0] = '\0';
	do {
		code = sqlite3_step(r->rows);
		if (code == SQLITE_ROW)
			return take_row(r);
		if (code != SQLITE_DONE) {
			fail(r, err);
			return NULL;
		}
	} while (go_on(r));
	return NULL;
}
