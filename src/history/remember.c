/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/remember.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/mem.h"
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

static bool same(const struct deferral *a, const struct deferral *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].key != b[i].key || a[i].first != b[i].first ||
		    a[i].seen != b[i].seen)
			return false;
	return true;
}

bool remember_write(struct remembered *r, struct deferrals *d,
    struct writer *w, struct error *err)
{
	size_t room = deferrals_list(d, NULL, 0), n;
	struct deferral *list = xcalloc(room + 1, sizeof(*list));

	/* What comes meanwhile is written another time. */
	n = deferrals_list(d, list, room);
	n = n < room ? n : room;
	if (r->written && n == r->count && same(list, r->list, n)) {
		free(list);
		return true;
	}
	if (!writer_put_deferrals(w, list, n, err)) {
		free(list);
		return false;
	}
	free(r->list);
	*r = (struct remembered){ list, n, true };
	return true;
}

void remembered_free(struct remembered *r)
{
	free(r->list);
	*r = (struct remembered){ .list = NULL };
}
