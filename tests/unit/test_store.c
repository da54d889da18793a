/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The history on disk: written, read beside the writer, pruned, brought up to
 * date, and what happens when the disk or the process does not want to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/mem.h"
#include "history/reader.h"
#include "history/schema.h"
#include "history/remember.h"
#include "history/store.h"
#include "history/writer.h"

#include "all_deferrals.h"

static char folder[64];
static char path[96];

static const struct store_limits wide = { 30, (int64_t)1 << 30, 10000 };

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assay-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/h.db", folder);
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
		rmdir(name);
	}
	return rmdir(folder);
}

/* A record without a message behind it. */
static struct record *make(const char *id, int64_t when, size_t octets)
{
	struct arena *mem = arena_new(512);
	struct record *r = arena_alloc(mem, sizeof(*r));
	char *detail = arena_alloc(mem, octets + 16);

	strcpy(detail, "{\"x\":\"");
	memset(detail + 6, 'x', octets);
	strcpy(detail + 6 + octets, "\"}");
	*r = (struct record){
		.mem = mem, .time = when, .id = arena_strdup(mem, id),
		.queue_id = "Q", .phase = "eom", .client_ip = "192.0.2.1",
		.action = "accept", .rule = "default", .facts = "{}",
		.from_domain = "mail.example.com", .rcpts = "[]",
		.detail = detail,
	};
	return r;
}

static struct record *make_nth(long i, int64_t when, size_t octets)
{
	char id[32];

	snprintf(id, sizeof(id), "id%ld", i);
	return make(id, when, octets);
}

static int64_t now(void)
{
	return (int64_t)time(NULL);
}

static struct store *open_store(const struct store_limits *limits)
{
	struct error err;
	struct store *s = store_open(path, limits, NULL, &err);

	if (s == NULL)
		fail_msg("%s", err.text);
	return s;
}

static struct reader *open_reader(void)
{
	struct error err;
	struct reader *r = reader_open(path, &err);

	if (r == NULL)
		fail_msg("%s", err.text);
	return r;
}

static int64_t count_rows(void)
{
	const struct history_query all = { .since = 0 };
	struct reader *r = open_reader();
	struct error err;
	int64_t n = reader_count(r, &all, &err);

	reader_close(r);
	return n;
}

/* Until this many are written; a store that hangs is ended by ctest. */
static void wait_written(struct store *s, unsigned long n)
{
	while (store_counts(s).written < n)
		usleep(2000);
}

static void what_is_kept_is_read(void **state)
{
	const struct history_query q = { .id = "id7", .detail = true };
	struct store *s = open_store(&wide);
	struct reader *r;
	const struct record *row;
	struct error err;

	(void)state;
	for (long i = 0; i < 20; i++)
		assert_true(store_keep(s, make_nth(i, now(), 10)));
	assert_false(store_keep(s, NULL));
	store_close(s);                 /* writes what is waiting */
	r = open_reader();
	assert_true(reader_ask(r, &q, &err));
	row = reader_next(r, &err);
	assert_non_null(row);
	assert_string_equal(row->id, "id7");
	assert_string_equal(row->queue_id, "Q");
	assert_string_equal(row->detail, "{\"x\":\"xxxxxxxxxx\"}");
	assert_null(row->mail_from);
	assert_null(row->edits);
	assert_true(row->time > 1700000000);
	assert_null(reader_next(r, &err));
	assert_string_equal(err.text, "");
	reader_close(r);
	assert_int_equal(count_rows(), 20);
}

static const struct {
	const char *label;
	struct history_query query;
	int64_t rows;
} queries[] = {
	{ "all",            { .since = 0 }, 4 },
	{ "since",          { .since = 2000 }, 3 },
	{ "id",             { .id = "b" }, 1 },
	{ "queue id",       { .id = "Q" }, 4 },
	{ "no id",          { .id = "z" }, 0 },
	{ "rule",           { .rule = "odd" }, 1 },
	{ "action",         { .action = "reject" }, 1 },
	{ "domain",         { .domain = "mail.example.com" }, 3 },
	{ "domain above",   { .domain = "example.com" }, 3 },
	{ "no label",       { .domain = "ample.com" }, 0 },
	{ "of MAIL FROM",   { .domain = "sender.example" }, 1 },
	{ "client",         { .client = "192.0.2.1" }, 4 },
	{ "hostile",        { .rule = "' OR 1=1 --" }, 0 },
	{ "wildcard",       { .domain = "%" }, 0 },
	{ "both",           { .since = 2000, .rule = "odd" }, 1 },
	{ "watched",        { .observed = "spf" }, 1 },
	{ "watched, last",  { .observed = "b_d" }, 1 },
	{ "part of a name", { .observed = "pf" }, 0 },
	{ "its action",     { .observed = "reject" }, 0 },
	{ "watched, %",     { .observed = "b%d" }, 0 },
	{ "shadow",         { .shadow = true }, 1 },
};

static void queries_find(void **state)
{
	struct store *s = open_store(&(struct store_limits){ 36500,
	    1 << 30, 10 });
	struct record *odd = make("d", 4000, 1);
	struct reader *r;
	struct error err;

	(void)state;
	odd->rule = "odd";
	odd->action = "reject";
	odd->observed = "spf:reject,b_d:tag";
	odd->shadow = "tag:other";
	odd->from_domain = NULL;
	odd->mail_domain = "sub.sender.example";
	store_keep(s, make("a", 1000, 1));
	store_keep(s, make("b", 2000, 1));
	store_keep(s, make("c", 3000, 1));
	store_keep(s, odd);
	store_close(s);
	r = open_reader();
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		const struct history_query *q = &queries[i].query;
		int64_t n = 0, last = 0;
		const struct record *row;
		struct history_query newest = *q;

		if (reader_count(r, q, &err) != queries[i].rows)
			fail_msg("%s: count", queries[i].label);
		assert_true(reader_ask(r, q, &err));
		for (; (row = reader_next(r, &err)) != NULL; n++) {
			assert_true(row->seq > last);
			assert_null(row->detail);
			last = row->seq;
		}
		if (n != queries[i].rows)
			fail_msg("%s: rows", queries[i].label);
		newest.newest_first = true;
		assert_true(reader_ask(r, &newest, &err));
		for (last = INT64_MAX; (row = reader_next(r, &err)) != NULL;
		    n--) {
			assert_true(row->seq < last);
			last = row->seq;
		}
		if (n != 0)
			fail_msg("%s: the other way", queries[i].label);
	}
	reader_close(r);
}

/* More rows than one piece, and none twice. */
static void pieces_are_joined(void **state)
{
	const struct history_query all = { .since = 0 };
	struct store *s = open_store(&wide);
	struct reader *r;
	const struct record *row;
	struct error err;
	int64_t n = 0, last = 0;

	(void)state;
	for (long i = 0; i < 3001; i++)
		assert_true(store_keep(s, make_nth(i, now(), 1)));
	store_close(s);
	r = open_reader();
	assert_true(reader_ask(r, &all, &err));
	while ((row = reader_next(r, &err)) != NULL) {
		assert_int_equal(row->seq, last + 1);
		last = row->seq;
		n++;
	}
	assert_int_equal(n, 3001);
	reader_close(r);
}

/* Somebody holds the file: the queue fills, and mail does not wait. */
static void a_full_queue_counts(void **state)
{
	const struct store_limits narrow = { 30, 1 << 30, 5 };
	struct store *s = open_store(&narrow);
	struct store_counts counts;
	struct error err;
	sqlite3 *other = NULL;
	long kept = 0;

	(void)state;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	sqlite3_busy_timeout(other, 5000);
	assert_true(schema_run(other, "BEGIN IMMEDIATE", &err));
	for (long i = 0; i < 50; i++)
		kept += store_keep(s, make_nth(i, now(), 1));
	assert_int_equal(kept, 5);
	counts = store_counts(s);
	assert_int_equal(counts.left_out, 45);
	assert_int_equal(counts.written, 0);
	assert_true(schema_run(other, "COMMIT", &err));
	sqlite3_close(other);
	store_close(s);
	assert_int_equal(count_rows(), 5);
}

/* Reader and writer do not hinder each other. */
static void readers_beside_the_writer(void **state)
{
	const struct history_query all = { .since = 0, .detail = true };
	struct store *s = open_store(&wide);
	struct reader *r;
	struct error err;
	int64_t before, seen = 0;

	(void)state;
	for (long i = 0; i < 2000; i++)
		store_keep(s, make_nth(i, now(), 100));
	wait_written(s, 2000);
	r = open_reader();
	before = reader_count(r, &all, &err);
	assert_int_equal(before, 2000);
	assert_true(reader_ask(r, &all, &err));
	assert_non_null(reader_next(r, &err));
	/* In the middle of a piece. */
	for (long i = 0; i < 2000; i++)
		store_keep(s, make_nth(i, now(), 100));
	wait_written(s, 4000);
	for (seen = 1; reader_next(r, &err) != NULL; seen++)
		;
	assert_string_equal(err.text, "");
	assert_true(seen >= before);
	reader_close(r);
	store_close(s);
	assert_int_equal(count_rows(), 4000);
}

static void old_rows_go(void **state)
{
	const struct store_limits week = { 7, 1 << 30, 10000 };
	struct store *s = open_store(&wide);

	(void)state;
	for (long i = 0; i < 3000; i++)
		store_keep(s, make_nth(i, now() - 8 * 86400, 10));
	for (long i = 0; i < 100; i++)
		store_keep(s, make_nth(i, now() - 6 * 86400, 10));
	/* A clock that was wrong for a moment takes nobody with it. */
	store_keep(s, make("wrong clock", 1, 10));
	store_close(s);
	s = open_store(&week);          /* prunes when it starts */
	store_keep(s, make("new", now(), 10));
	wait_written(s, 1);
	store_close(s);
	assert_int_equal(count_rows(), 101);
}

static int64_t file_octets(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (int64_t)st.st_size;
}

static void large_files_shrink(void **state)
{
	const struct store_limits small = { 30, 4 << 20, 100000 };
	struct store *s = open_store(&small);
	const struct history_query newest = { .id = "id4999" };
	struct reader *r;
	struct error err;
	int64_t rows;

	(void)state;
	/* About 20 MB into 4. */
	for (long i = 0; i < 5000; i++)
		assert_true(store_keep(s, make_nth(i, now(), 4000)));
	wait_written(s, 5000);
	/* It goes on without new records. */
	while (store_counts(s).expired < 3800)
		usleep(2000);
	store_close(s);
	s = open_store(&small);
	store_keep(s, make("one more", now(), 10));
	wait_written(s, 1);
	store_close(s);
	rows = count_rows();
	/* What fits stays, but for the last piece that went. */
	assert_in_range(rows, 700, 1200);
	assert_true(file_octets() <= (4 << 20) + (1 << 20));
	r = open_reader();
	assert_int_equal(reader_count(r, &newest, &err), 1);
	assert_int_equal(reader_count(r, &(struct history_query){
	    .id = "id1" }, &err), 0);
	reader_close(r);
}

static void limits_can_change(void **state)
{
	struct store *s = open_store(&wide);

	(void)state;
	for (long i = 0; i < 3000; i++)
		store_keep(s, make_nth(i, now(), 4000));
	wait_written(s, 3000);
	assert_string_equal(store_path(s), path);
	store_set_limits(s, &(struct store_limits){ 30, 2 << 20, 10 });
	store_keep(s, make("last", now(), 1));
	while (store_counts(s).expired < 2400)
		usleep(2000);
	store_close(s);
	assert_in_range(count_rows(), 300, 601);
}

/* --- files that are no history --- */

static void write_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

/* Maybe beside a store that has just been opened, whose thread writes. */
static void run_sql(const char *sql)
{
	struct error err;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	if (!schema_run(db, sql, &err))
		fail_msg("%s", err.text);
	sqlite3_close(db);
}

static void make_garbage(void)
{
	char noise[8192];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 131 + 7);
	write_file(noise, sizeof(noise));
}

static void make_foreign(void)
{
	run_sql("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
}

static void make_newer(void)
{
	struct error err;

	writer_close(writer_open(path, &err));
	run_sql("PRAGMA user_version = 99");
}

static void make_folder_there(void)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_truncated(void)
{
	struct error err;

	writer_close(writer_open(path, &err));
	assert_int_equal(truncate(path, 5000), 0);
}

static const struct {
	const char *label;
	void (*make)(void);
	const char *says;
} wrong_files[] = {
	{ "garbage",   make_garbage,      "not a database" },
	{ "foreign",   make_foreign,      "another program" },
	{ "newer",     make_newer,        "newer assay" },
	{ "a folder",  make_folder_there, "directory" },
	{ "truncated", make_truncated,    "malformed" },
};

static void wrong_files_are_named(void **state)
{
	for (size_t i = 0; i < sizeof(wrong_files) / sizeof(*wrong_files);
	    i++) {
		struct error err = { .text = "" };
		bool strange;

		wrong_files[i].make();
		strange = store_open(path, &wide, NULL, &err) == NULL &&
		    strstr(err.text, path) != NULL &&
		    strstr(err.text, wrong_files[i].says) != NULL;
		if (!strange)
			fail_msg("%s: writer: %s", wrong_files[i].label,
			    err.text);
		err.text[0] = '\0';
		if (reader_open(path, &err) != NULL ||
		    strstr(err.text, path) == NULL)
			fail_msg("%s: reader: %s", wrong_files[i].label,
			    err.text);
		err.text[0] = '\0';
		if (store_check(path, &err) || strstr(err.text, path) == NULL)
			fail_msg("%s: check: %s", wrong_files[i].label,
			    err.text);
		remove_folder(state);
		make_folder(state);
	}
}

static void missing_places_are_named(void **state)
{
	struct error err = { .text = "" };

	(void)state;
	assert_null(store_open("/nonexistent/h.db", &wide, NULL, &err));
	assert_non_null(strstr(err.text, "/nonexistent/h.db"));
	assert_non_null(strstr(err.text, "No such file"));
	assert_null(reader_open(path, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_false(store_check("/nonexistent/h.db", &err));
	/* It could be made, and was not. */
	assert_true(store_check(path, &err));
	assert_int_equal(access(path, F_OK), -1);
}

static void no_permission_is_named(void **state)
{
	struct error err = { .text = "" };

	(void)state;
	store_close(open_store(&wide));
	assert_int_equal(chmod(path, 0), 0);
	/* Nobody is refused; root would not be. */
	if (geteuid() == 0) {
		assert_int_equal(chmod(folder, 0777), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	assert_null(store_open(path, &wide, NULL, &err));
	assert_non_null(strstr(err.text, "Permission denied"));
	assert_null(reader_open(path, &err));
	assert_non_null(strstr(err.text, "Permission denied"));
	assert_false(store_check(path, &err));
	assert_non_null(strstr(err.text, "Permission denied"));
	assert_int_equal(seteuid(getuid()), 0);
}

/* Who may only read can do so while the writer is there, and afterwards. */
static void reading_needs_no_more(void **state)
{
	const struct history_query all = { .since = 0 };
	struct store *s = open_store(&wide);

	(void)state;
	if (geteuid() != 0)
		skip();
	store_keep(s, make("a", now(), 1));
	wait_written(s, 1);
	for (int round = 0; round < 2; round++) {
		struct error err = { .text = "" };
		struct reader *r;
		int64_t n;

		assert_int_equal(chmod(folder, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
		r = reader_open(path, &err);
		n = r == NULL ? -1 : reader_count(r, &all, &err);
		reader_close(r);
		assert_int_equal(seteuid(0), 0);
		if (n != 1)
			fail_msg("round %d: %s", round, err.text);
		if (round == 0)
			store_close(s);
	}
}

/* A file as the first version made it, with a row of its time. */
static const char version_1[] =
	"PRAGMA auto_vacuum = INCREMENTAL;"
	"CREATE TABLE message (seq INTEGER PRIMARY KEY,"
	" time INTEGER NOT NULL, id TEXT NOT NULL, queue_id TEXT, phase TEXT,"
	" client_ip TEXT, client_class TEXT, helo TEXT,"
	" mail_from TEXT, mail_domain TEXT, rcpt_count INTEGER, rcpts TEXT,"
	" from_domain TEXT, from_status TEXT,"
	" action TEXT, rule TEXT, policy TEXT, file TEXT, line INTEGER,"
	" code TEXT, enhanced TEXT, reply TEXT,"
	" spf_result TEXT, spf_domain TEXT, dkim_result TEXT,"
	" dmarc_result TEXT, policy_domain TEXT, org_domain TEXT,"
	" disposition TEXT, spf_aligned INTEGER, dkim_aligned INTEGER,"
	" octets INTEGER, took_us INTEGER, waited_us INTEGER, facts TEXT);"
	"CREATE TABLE detail (seq INTEGER PRIMARY KEY, json TEXT);"
	"CREATE INDEX message_id ON message (id);"
	"CREATE INDEX message_queue_id ON message (queue_id)"
	" WHERE queue_id IS NOT NULL;"
	"CREATE INDEX message_time ON message (time);"
	"PRAGMA application_id = 1634956153; PRAGMA user_version = 1;"
	"INSERT INTO message (time, id, phase, action, rule, facts) VALUES"
	" (strftime('%s', 'now'), 'first', 'eom', 'accept', 'default', '{}');"
	"INSERT INTO detail VALUES (1, '{}');";

static void old_files_are_brought_up_to_date(void **state)
{
	const struct history_query q = { .id = "first" };
	struct error err;
	struct store *s;
	struct reader *r;
	const struct record *row;
	sqlite3 *db;

	(void)state;
	run_sql(version_1);
	/* Whoever only reads does not change it, and says so. */
	assert_null(reader_open(path, &err));
	assert_non_null(strstr(err.text, "older assay"));
	assert_true(store_check(path, &err));
	s = open_store(&wide);
	store_keep(s, make("second", now(), 1));
	store_close(s);
	assert_int_equal(count_rows(), 2);
	r = open_reader();
	assert_true(reader_ask(r, &q, &err));
	row = reader_next(r, &err);
	assert_non_null(row);
	assert_string_equal(row->rule, "default");
	assert_null(row->edits);        /* the column of version 2 */
	reader_close(r);
	db = schema_open(path, &err);
	assert_int_equal(schema_number(db, "PRAGMA user_version"),
	    SCHEMA_VERSION);
	/* Of version 2, gone with version 5. */
	assert_int_equal(schema_number(db, "SELECT count(*) FROM sqlite_schema"
	    " WHERE name = 'message_policy_domain'"), 0);
	sqlite3_close(db);
}

/* A step that fails leaves the file as it was. */
static void a_failed_step_changes_nothing(void **state)
{
	struct error err = { .text = "" };
	sqlite3 *db = NULL;

	(void)state;
	run_sql(version_1);
	run_sql("CREATE INDEX message_policy_domain ON message (rule)");
	assert_null(store_open(path, &wide, NULL, &err));
	assert_non_null(strstr(err.text, "schema version 2"));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(schema_number(db, "PRAGMA user_version"), 1);
	assert_int_equal(schema_number(db, "SELECT count(*) FROM "
	    "pragma_table_info('message') WHERE name = 'edits'"), 0);
	sqlite3_close(db);
}

/* --- deferrals --- */

static void deferrals_survive(void **state)
{
	static const struct deferral before[] = {
		{ 1, -90000, -10 }, { UINT64_MAX, -500, -400 },
		{ UINT64_C(1) << 63, -300, 0 }, { 0, -20, -20 },
	};
	struct deferral list[8];
	struct deferrals *d = deferrals_new();
	const struct deferral old = { 77, now() - 200000,
	    now() - DEFERRAL_FORGOTTEN - 100 };
	time_t began = now();
	struct store *s = open_store(&wide);
	struct error err;

	(void)state;
	assert_true(store_remember(s, d, &err));
	assert_int_equal(all_deferrals(d, list, 8), 0);
	deferrals_restore(d, &old);
	for (size_t i = 0; i < 4; i++) {
		list[0] = before[i];
		list[0].first += began;
		list[0].seen += began;
		deferrals_restore(d, &list[0]);
	}
	store_close(s);
	deferrals_free(d);

	/* Started anew: all but what nobody has tried for a day. */
	d = deferrals_new();
	s = open_store(&wide);
	assert_true(store_remember(s, d, &err));
	assert_int_equal(all_deferrals(d, list, 8), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(list[i].key == before[i].key);
		assert_int_equal(list[i].first, began + before[i].first);
		assert_int_equal(list[i].seen, began + before[i].seen);
	}
	assert_int_equal(deferrals_age(d, 1, began), 90000);
	deferrals_note(d, 5, began);
	store_close(s);
	deferrals_free(d);

	d = deferrals_new();
	s = open_store(&wide);
	assert_true(store_remember(s, d, &err));
	assert_int_equal(all_deferrals(d, list, 8), 5);
	assert_int_equal(list[0].seen, began);  /* tried once more */
	store_close(s);
	deferrals_free(d);
}

/* Not at the end alone: who is killed has no end. */
static void deferrals_are_written_meanwhile(void **state)
{
	struct deferrals *d = deferrals_new(), *seen = deferrals_new();
	struct store *s = open_store(&wide);
	struct error err;

	(void)state;
	assert_true(store_remember(s, d, &err));
	deferrals_note(d, 4711, now());
	store_keep(s, make("a", now(), 1));
	for (int i = 0; i < 3000 && all_deferrals(seen, NULL, 0) == 0; i++) {
		usleep(10000);
		assert_true(remember_read(path, seen, now(), &err));
	}
	assert_int_equal(all_deferrals(seen, NULL, 0), 1);
	store_close(s);
	deferrals_free(seen);
	deferrals_free(d);
}

static void as_many_deferrals_as_there_may_be(void **state)
{
	struct deferrals *d = deferrals_new(), *again = deferrals_new();
	struct store *s = open_store(&wide);
	struct error err;

	(void)state;
	assert_true(store_remember(s, d, &err));
	for (uint64_t i = 0; i < DEFERRALS_MAX + 10; i++)
		deferrals_note(d, i * UINT64_C(0x9e3779b97f4a7c15), now());
	store_close(s);
	s = open_store(&wide);
	assert_true(store_remember(s, again, &err));
	assert_int_equal(all_deferrals(again, NULL, 0), DEFERRALS_MAX);
	store_close(s);
	deferrals_free(again);
	deferrals_free(d);
}

/* A file of the second version has none, and gets the table for them. */
static void old_files_learn_deferrals(void **state)
{
	struct deferrals *d = deferrals_new();
	struct deferral one;
	struct store *s;
	struct error err;

	(void)state;
	writer_close(writer_open(path, &err));
	run_sql("DROP TABLE deferral;"
	    "ALTER TABLE message DROP COLUMN observed;"
	    "ALTER TABLE message DROP COLUMN shadow;"
	    "CREATE INDEX message_policy_domain ON message"
	    " (policy_domain, time);"
	    "PRAGMA user_version = 2");
	s = open_store(&wide);
	assert_true(store_remember(s, d, &err));
	deferrals_note(d, 9, now());
	store_close(s);
	deferrals_free(d);

	/* What cannot be read is said, and written all the same. */
	d = deferrals_new();
	s = open_store(&wide);
	run_sql("ALTER TABLE deferral RENAME TO away");
	assert_false(store_remember(s, d, &err));
	assert_non_null(strstr(err.text, "no such table"));
	run_sql("ALTER TABLE away RENAME TO deferral");
	deferrals_note(d, 10, now());
	store_close(s);
	deferrals_free(d);
	d = deferrals_new();
	assert_true(remember_read(path, d, now(), &err));
	assert_int_equal(all_deferrals(d, &one, 1), 1);
	assert_int_equal(one.key, 10);
	deferrals_free(d);
}

/* --- trouble while writing --- */

/* A file that may not grow is a disk that is full, until it may again. */
static void a_full_disk_is_waited_out(void **state)
{
	struct rlimit before, tight = { .rlim_cur = 128 * 1024 };
	struct store *s;
	struct store_counts counts;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight.rlim_max = before.rlim_max;
	s = open_store(&wide);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (long i = 0; i < 300; i++)
		store_keep(s, make_nth(i, now(), 4000));
	usleep(500000);
	counts = store_counts(s);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(counts.written, 0);
	assert_int_equal(counts.lost, 0);
	wait_written(s, 300);
	store_close(s);
	assert_int_equal(count_rows(), 300);
}

/* At the end there is nobody to wait for: it is counted and said. */
static void a_full_disk_does_not_stop_the_end(void **state)
{
	struct rlimit before, tight = { .rlim_cur = 128 * 1024 };
	struct store *s;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight.rlim_max = before.rlim_max;
	s = open_store(&wide);
	store_keep(s, make("before", now(), 1));
	wait_written(s, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (long i = 0; i < 300; i++)
		store_keep(s, make_nth(i, now(), 4000));
	store_close(s);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(count_rows(), 1);
}

/* The child writes until it is killed; what it called written is there. */
static void write_for_ever(int report)
{
	struct error err;
	struct store *s = store_open(path, &wide, NULL, &err);

	for (long i = 0; s != NULL; i++) {
		unsigned long n = store_counts(s).written;

		store_keep(s, make_nth(i, now(), 200));
		if (write(report, &n, sizeof(n)) != sizeof(n))
			break;
		usleep(100);
	}
	_exit(1);
}

static void killed_while_writing(void **state)
{
	unsigned long n, written = 0, seen = 0;
	int fds[2], status;
	struct store *s;
	sqlite3 *db;
	struct error err;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		write_for_ever(fds[1]);
	}
	close(fds[1]);
	while (seen < 2000 && read(fds[0], &n, sizeof(n)) == sizeof(n)) {
		written = n;
		seen++;
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(fds[0], &n, sizeof(n)) == sizeof(n))
		written = n;
	close(fds[0]);
	s = open_store(&wide);
	assert_true(count_rows() >= (int64_t)written);
	store_keep(s, make("after", now(), 1));
	store_close(s);
	db = schema_open(path, &err);
	assert_non_null(db);
	assert_int_equal(schema_number(db, "SELECT count(*) FROM "
	    "pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	/* Every message has its detail. */
	assert_int_equal(schema_number(db, "SELECT count(*) FROM message "
	    "WHERE seq NOT IN (SELECT seq FROM detail)"), 0);
	sqlite3_close(db);
	assert_true(written > 0);
}

/* An id is looked up by index, whatever the size of the history. */
static void ids_are_found_by_index(void **state)
{
	struct error err;
	sqlite3 *db = schema_open(path, &err);
	char *sql = reader_sql(&(struct history_query){ .id = "x",
	    .detail = true });
	char explain[4096];
	sqlite3_stmt *plan = NULL;
	bool scanned = false;

	(void)state;
	snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &plan, NULL),
	    SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW)
		scanned |= strstr((const char *)sqlite3_column_text(plan, 3),
		    "SCAN") != NULL;
	sqlite3_finalize(plan);
	sqlite3_close(db);
	free(sql);
	assert_false(scanned);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_kept_is_read),
		TEST(queries_find),
		TEST(pieces_are_joined),
		TEST(a_full_queue_counts),
		TEST(readers_beside_the_writer),
		TEST(old_rows_go),
		TEST(large_files_shrink),
		TEST(limits_can_change),
		TEST(wrong_files_are_named),
		TEST(missing_places_are_named),
		TEST(no_permission_is_named),
		TEST(reading_needs_no_more),
		TEST(old_files_are_brought_up_to_date),
		TEST(a_failed_step_changes_nothing),
		TEST(deferrals_survive),
		TEST(deferrals_are_written_meanwhile),
		TEST(as_many_deferrals_as_there_may_be),
		TEST(old_files_learn_deferrals),
		TEST(a_full_disk_is_waited_out),
		TEST(a_full_disk_does_not_stop_the_end),
		TEST(killed_while_writing),
		TEST(ids_are_found_by_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
