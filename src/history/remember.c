/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/remember.h"

#include <sqlite3.h>

#include "history/schema.h"

/* The oldest first: should there be too many, they are the ones to go. */
#define READ "SELECT key, first, seen FROM deferral WHERE seen >= ?1 " \
	"ORDER BY first"

static void put_back(sqlite3_stmt *s, struct deferrals *d)
{
	const struct deferral one = {
		.key = (uint64_t)sqlite3_column_int64(s, 0),
		.first = (time_t)sqlite3_column_int64(s, 1),
		.seen = (time_t)sqlite3_column_int64(s, 2),
	};

	deferrals_restore(d, &one);
}

bool remember_read(const char *path, struct deferrals *d, time_t now,
    struct error *err)
{
	sqlite3 *db = schema_open_reader(path, err);
	sqlite3_stmt *s = NULL;
	bool good;

	if (db == NULL)
		return false;
	if (sqlite3_prepare_v2(db, READ, -1, &s, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, (sqlite3_int64)now -
		    DEFERRAL_FORGOTTEN);
		while (sqlite3_step(s) == SQLITE_ROW)
			put_back(s, d);
	}
	good = sqlite3_finalize(s) == SQLITE_OK &&
	    sqlite3_errcode(db) == SQLITE_OK;
	if (!good)
		error_set(err, "%s: %s", path, sqlite3_errmsg(db));
	sqlite3_close(db);
	return good;
}

bool remember_write(struct remembered *r, struct deferrals *d,
    struct writer *w, struct error *err)
{
	/* What comes meanwhile is written another time. */
	uint64_t changes = deferrals_changes(d);

	if (r->written && r->changes == changes)
		return true;
	if (!writer_put_deferrals(w, d, err))
		return false;
	*r = (struct remembered){ .changes = changes, .written = true };
	return true;
}
