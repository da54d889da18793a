/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/writer.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "history/schema.h"

/* Rows removed in one transaction: old ones, and those that are too many; of
 * these fewer, for a small history must not go whole. */
#define OLD_ROWS 500
#define FIRST_ROWS 50
/* Deferrals looked at in one go. */
#define PIECE 256
/* Pages given back in one transaction. */
#define VACUUM_PAGES 1000

enum statement {
	BEGIN, COMMIT, ROLLBACK, PUT_MESSAGE, PUT_DETAIL, PAGES, FREE_PAGES,
	OLD_DETAILS, OLD_MESSAGES, FIRST_DETAILS, FIRST_MESSAGES,
	DROP_DEFERRALS, PUT_DEFERRAL, STATEMENTS
};

#define OLD "SELECT seq FROM message WHERE time < ?1 ORDER BY time LIMIT ?2"
#define FIRST "SELECT seq FROM message ORDER BY seq LIMIT ?2"

/* PUT_MESSAGE is made from record_columns. */
static const char *const sql_of[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[PUT_DETAIL] = "INSERT INTO detail (seq, json) VALUES (?1, ?2)",
	[PAGES] = "PRAGMA page_count",
	[FREE_PAGES] = "PRAGMA freelist_count",
	[OLD_DETAILS] = "DELETE FROM detail WHERE seq IN (" OLD ")",
	[OLD_MESSAGES] = "DELETE FROM message WHERE seq IN (" OLD ")",
	[FIRST_DETAILS] = "DELETE FROM detail WHERE seq IN (" FIRST ")",
	[FIRST_MESSAGES] = "DELETE FROM message WHERE seq IN (" FIRST ")",
	[DROP_DEFERRALS] = "DELETE FROM deferral",
	[PUT_DEFERRAL] = "REPLACE INTO deferral (key, first, seen) "
	    "VALUES (?1, ?2, ?3)",
};

struct writer {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	int64_t page_octets;
};

static sqlite3_stmt *prepare(struct writer *w, const char *sql)
{
	sqlite3_stmt *s = NULL;

	sqlite3_prepare_v3(w->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);
	return s;
}

static sqlite3_stmt *prepare_put(struct writer *w)
{
	struct buf names = { 0 }, marks = { 0 }, sql = { 0 };
	sqlite3_stmt *s;

	for (const struct record_column *c = record_columns; c->name != NULL;
	    c++) {
		buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", c->name);
		buf_adds(&marks, marks.len > 0 ? ", ?" : "?");
	}
	buf_addf(&sql, "INSERT INTO message (%s) VALUES (%s)",
	    buf_text(&names), buf_text(&marks));
	s = prepare(w, buf_text(&sql));
	buf_free(&names);
	buf_free(&marks);
	buf_free(&sql);
	return s;
}

static bool prepare_all(struct writer *w)
{
	for (int i = 0; i < STATEMENTS; i++) {
		w->statements[i] = sql_of[i] != NULL ? prepare(w, sql_of[i]) :
		    prepare_put(w);
		if (w->statements[i] == NULL)
			return false;
	}
	return true;
}

struct writer *writer_open(const char *path, struct error *err)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->db = schema_open(path, err);
	if (w->db == NULL)
		goto fail;
	w->page_octets = schema_number(w->db, "PRAGMA page_size");
	if (prepare_all(w))
		return w;
	error_set(err, "%s: %s", path, sqlite3_errmsg(w->db));
fail:
	writer_close(w);
	return NULL;
}

void writer_close(struct writer *w)
{
	if (w == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(w->statements[i]);
	/* Not left to the close: a persistent log would keep it all. */
	if (w->db != NULL)
		sqlite3_wal_checkpoint_v2(w->db, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(w->db);
	free(w);
}

/* A statement that answers at most one number; false on trouble. */
static bool ask(struct writer *w, enum statement which, int64_t *out)
{
	sqlite3_stmt *s = w->statements[which];
	int code = sqlite3_step(s);

	if (out != NULL)
		*out = 0;
	if (code == SQLITE_ROW && out != NULL)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static void bind_record(sqlite3_stmt *s, const struct record *r)
{
	int i = 1;

	for (const struct record_column *c = record_columns; c->name != NULL;
	    c++, i++) {
		const void *at = (const char *)r + c->offset;

		if (c->is_number)
			sqlite3_bind_int64(s, i, *(const int64_t *)at);
		else
			sqlite3_bind_text(s, i, *(const char *const *)at, -1,
			    SQLITE_STATIC);
	}
}

static bool put_one(struct writer *w, const struct record *r)
{
	sqlite3_stmt *detail = w->statements[PUT_DETAIL];

	bind_record(w->statements[PUT_MESSAGE], r);
	if (!ask(w, PUT_MESSAGE, NULL))
		return false;
	sqlite3_bind_int64(detail, 1, sqlite3_last_insert_rowid(w->db));
	sqlite3_bind_text(detail, 2, r->detail, -1, SQLITE_STATIC);
	return ask(w, PUT_DETAIL, NULL);
}

static enum written trouble(struct writer *w, struct error *err)
{
	int code = sqlite3_errcode(w->db) & 0xff;

	error_set(err, "%s", sqlite3_errmsg(w->db));
	if (sqlite3_get_autocommit(w->db) == 0)
		ask(w, ROLLBACK, NULL);
	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_CANTOPEN:
		return WRITTEN_NOTHING_YET;
	default:                /* a number of SQLite's, not an enum of ours */
		return WRITTEN_NEVER;
	}
}

enum written writer_put(struct writer *w, struct record *const *records,
    size_t count, struct error *err)
{
	if (!ask(w, BEGIN, NULL))
		return trouble(w, err);
	for (size_t i = 0; i < count; i++)
		if (!put_one(w, records[i]))
			return trouble(w, err);
	if (!ask(w, COMMIT, NULL))
		return trouble(w, err);
	return WRITTEN_ALL;
}

static bool put_deferral(struct writer *w, const struct deferral *one)
{
	sqlite3_stmt *s = w->statements[PUT_DEFERRAL];

	sqlite3_bind_int64(s, 1, (sqlite3_int64)one->key);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)one->first);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)one->seen);
	return ask(w, PUT_DEFERRAL, NULL);
}

bool writer_put_deferrals(struct writer *w, struct deferrals *d,
    struct error *err)
{
	bool good = ask(w, BEGIN, NULL) && ask(w, DROP_DEFERRALS, NULL);
	struct deferral piece[PIECE];
	uint32_t at = 0;
	size_t n;

	while (good && (n = deferrals_list(d, &at, piece, PIECE)) > 0)
		for (size_t i = 0; good && i < n; i++)
			good = put_deferral(w, &piece[i]);
	good = good && ask(w, COMMIT, NULL);
	if (!good)
		trouble(w, err);
	return good;
}

/* One piece: of each table the rows that this pair of statements names. */
static long drop_rows(struct writer *w, const enum statement both[2],
    int64_t before, int64_t rows, struct error *err)
{
	long gone;

	if (!ask(w, BEGIN, NULL))
		goto fail;
	for (size_t i = 0; i < 2; i++) {
		sqlite3_bind_int64(w->statements[both[i]], 1, before);
		sqlite3_bind_int64(w->statements[both[i]], 2, rows);
		if (!ask(w, both[i], NULL))
			goto fail;
	}
	gone = (long)sqlite3_changes(w->db);
	if (!ask(w, COMMIT, NULL))
		goto fail;
	return gone;
fail:
	trouble(w, err);
	return -1;
}

static bool too_large(struct writer *w, int64_t octets)
{
	int64_t pages, unused;

	return ask(w, PAGES, &pages) && ask(w, FREE_PAGES, &unused) &&
	    (pages - unused) * w->page_octets > octets;
}

/* Pages of rows that went are used again; a file that became too large all
 * the same gives them back. */
static bool shrink(struct writer *w, int64_t octets, bool *more,
    struct error *err)
{
	int64_t pages, unused;
	char sql[64];

	if (!ask(w, PAGES, &pages) || !ask(w, FREE_PAGES, &unused))
		return error_set(err, "%s", sqlite3_errmsg(w->db));
	if (unused == 0 || (pages * w->page_octets <= octets &&
	    unused < pages / 4))
		return true;
	*more = unused > VACUUM_PAGES;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)",
	    VACUUM_PAGES);
	return schema_run(w->db, sql, err);
}

long writer_prune(struct writer *w, int64_t before, int64_t octets, bool *more,
    struct error *err)
{
	static const enum statement old[] = { OLD_DETAILS, OLD_MESSAGES };
	static const enum statement first[] = { FIRST_DETAILS,
	    FIRST_MESSAGES };
	long gone = drop_rows(w, old, before, OLD_ROWS, err);

	*more = false;
	if (gone == 0 && too_large(w, octets))
		gone = drop_rows(w, first, 0, FIRST_ROWS, err);
	if (gone == 0)
		return shrink(w, octets, more, err) ? 0 : -1;
	*more = gone > 0;
	return gone;
}
