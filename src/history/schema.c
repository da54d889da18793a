/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x61737379       /* "assy" */
#define BUSY_MS 5000

/*
 * The history of the schema. A step is never changed once it was released;
 * what is wrong with it is put right by another one.
 *
 * The detail stands in a table of its own: replay reads facts by the hundred
 * thousand and must not turn those pages.
 */
static const char *const steps[SCHEMA_VERSION] = {
	"CREATE TABLE message ("
	" seq INTEGER PRIMARY KEY,"
	" time INTEGER NOT NULL, id TEXT NOT NULL, queue_id TEXT, phase TEXT,"
	" client_ip TEXT, client_class TEXT, helo TEXT,"
	" mail_from TEXT, mail_domain TEXT, rcpt_count INTEGER, rcpts TEXT,"
	" from_domain TEXT, from_status TEXT,"
	" action TEXT, rule TEXT, policy TEXT, file TEXT, line INTEGER,"
	" code TEXT, enhanced TEXT, reply TEXT,"
	" spf_result TEXT, spf_domain TEXT, dkim_result TEXT,"
	" dmarc_result TEXT, policy_domain TEXT, org_domain TEXT,"
	" disposition TEXT, spf_aligned INTEGER, dkim_aligned INTEGER,"
	" octets INTEGER, took_us INTEGER, waited_us INTEGER,"
	" facts TEXT);"
	"CREATE TABLE detail (seq INTEGER PRIMARY KEY, json TEXT);"
	"CREATE INDEX message_id ON message (id);"
	"CREATE INDEX message_queue_id ON message (queue_id)"
	" WHERE queue_id IS NOT NULL;"
	"CREATE INDEX message_time ON message (time);",

	/* What became of the edits; aggregate reports go by policy domain. */
	"ALTER TABLE message ADD COLUMN edits TEXT;"
	"CREATE INDEX message_policy_domain ON message (policy_domain, time)"
	" WHERE policy_domain IS NOT NULL;",

	/* The memory of deferrals, over a restart; see session/deferral.h. */
	("CREATE TABLE deferral (key INTEGER PRIMARY KEY,"
	    " first INTEGER NOT NULL, seen INTEGER NOT NULL);"),

	/* What was not done, but might be: searched for before it is. */
	("ALTER TABLE message ADD COLUMN observed TEXT;"
	    "ALTER TABLE message ADD COLUMN shadow TEXT;"),

	/* Nobody asks by it, and with many domains each batch of records turned
	 * as many pages. */
	"DROP INDEX message_policy_domain;",
};

bool schema_run(sqlite3 *db, const char *sql, struct error *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	    error_set(err, "%s", sqlite3_errmsg(db));
}

sqlite3_int64 schema_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	sqlite3_int64 n = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static bool take_step(sqlite3 *db, int step, struct error *err)
{
	char *sql = sqlite3_mprintf("BEGIN IMMEDIATE;%s"
	    "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
	    steps[step], APPLICATION_ID, step + 1);
	bool good = sql != NULL && schema_run(db, sql, err);

	sqlite3_free(sql);
	if (!good && sqlite3_get_autocommit(db) == 0)
		schema_run(db, "ROLLBACK", NULL);
	return good || error_prefix(err, "schema version %d", step + 1);
}

/* Whose file is it, and of which version? 0: a new one. -1: not ours. */
static int version_of(sqlite3 *db, struct error *err)
{
	sqlite3_int64 application = schema_number(db, "PRAGMA application_id");
	sqlite3_int64 version = schema_number(db, "PRAGMA user_version");
	sqlite3_int64 tables = schema_number(db,
	    "SELECT count(*) FROM sqlite_schema");

	if (tables < 0 || version < 0) {
		error_set(err, "%s", sqlite3_errmsg(db));
		return -1;
	}
	if (tables == 0 && version == 0)
		return 0;
	if (application != APPLICATION_ID || version < 1) {
		error_set(err, "is the database of another program");
		return -1;
	}
	if (version > SCHEMA_VERSION) {
		error_set(err, "was written by a newer assay (schema version "
		    "%lld, this one knows %d)", (long long)version,
		    SCHEMA_VERSION);
		return -1;
	}
	return (int)version;
}

/* SQLite says no more than "unable to open": the system knows why. */
static bool explain_path(const char *path, int flags, struct error *err)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0660);
	struct stat st;

	if (fd < 0)
		return error_set(err, "%s", strerror(errno));
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, "is no file");
	}
	close(fd);
	return true;
}

/* What the log reaches before it is written back (1000 pages, and the batch
 * that goes beyond), and no less: it would be cut and allocated anew again and
 * again. */
#define LOG_LIMIT "PRAGMA journal_size_limit = 25165824"

static bool prepare_writer(sqlite3 *db, struct error *err)
{
	int keep = 1, version;

	/* Before the first table, or it needs a VACUUM. Rows are of some
	 * kilobytes, and small pages would be half empty. */
	if (!schema_run(db, "PRAGMA page_size = 16384;"
	    "PRAGMA auto_vacuum = INCREMENTAL", err))
		return false;
	version = version_of(db, err);
	if (version < 0)
		return false;
	/* WAL: readers and the writer do not wait for each other. NORMAL: what
	 * a power cut may take are the last moments, never the file. */
	if (!schema_run(db, "PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = NORMAL;"
	    LOG_LIMIT, err))
		return false;
	/* Whoever may only read cannot make these files himself. */
	sqlite3_file_control(db, NULL, SQLITE_FCNTL_PERSIST_WAL, &keep);
	for (; version < SCHEMA_VERSION; version++)
		if (!take_step(db, version, err))
			return false;
	return true;
}

sqlite3 *schema_open(const char *path, struct error *err)
{
	sqlite3 *db = NULL;

	if (!explain_path(path, O_RDWR | O_CREAT, err))
		goto fail;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		error_set(err, "%s", sqlite3_errmsg(db));
		goto fail;
	}
	sqlite3_busy_timeout(db, BUSY_MS);
	if (prepare_writer(db, err))
		return db;
fail:
	error_prefix(err, "%s", path);
	sqlite3_close(db);
	return NULL;
}

static sqlite3 *open_reader(const char *path, struct error *err)
{
	sqlite3 *db = NULL;

	if (!explain_path(path, O_RDONLY, err))
		return NULL;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY |
	    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		error_set(err, "%s", sqlite3_errmsg(db));
		sqlite3_close(db);
		return NULL;
	}
	sqlite3_busy_timeout(db, BUSY_MS);
	return db;
}

sqlite3 *schema_open_reader(const char *path, struct error *err)
{
	sqlite3 *db = open_reader(path, err);
	int version = db == NULL ? -1 : version_of(db, err);

	if (version == SCHEMA_VERSION)
		return db;
	if (version >= 0)
		error_set(err, version == 0 ? "is empty" : "was written by an "
		    "older assay; assayd brings it up to date when it starts");
	error_prefix(err, "%s", path);
	sqlite3_close(db);
	return NULL;
}

bool schema_check(const char *path, struct error *err)
{
	sqlite3 *db = NULL;
	bool good;

	good = access(path, W_OK) == 0 || error_set(err, "%s",
	    strerror(errno));
	if (good)
		db = open_reader(path, err);
	good = db != NULL && version_of(db, err) >= 0;
	sqlite3_close(db);
	return good || error_prefix(err, "%s", path);
}
