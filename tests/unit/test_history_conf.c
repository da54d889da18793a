/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Section history of assay.conf, and whether there is a history at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "setup/setup.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assay-history-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static void path_in(const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", folder, name);
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "a.conf", "h.db", "h.db-wal",
	    "h.db-shm" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		path_in(names[i], path);
		unlink(path);
	}
	return rmdir(folder);
}

/* %s in the text is the folder. */
static bool read_conf(struct conf *c, const char *text, struct buf *problems)
{
	char path[128];
	FILE *f;

	path_in("a.conf", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "authserv-id = \"mx.example.org\"\n");
	for (; *text != '\0'; text++) {
		if (text[0] == '%' && text[1] == 's') {
			fputs(folder, f);
			text++;
		} else {
			fputc(*text, f);
		}
	}
	fclose(f);
	return conf_read(c, path, problems);
}

static const struct {
	const char *label, *text;
	bool good;
	bool named;
	long days, octets, queue;
} confs[] = {
	{ "nothing",     "", true, false, 30, 1 << 30, 10000 },
	{ "other keys",  "history { days = 7 size = 2M queue = 5 }", true, false,
	  7, 2 << 20, 5 },
	{ "the default", "history { path = \"/var/lib/assay/history.db\" }",
	  true, true, 30, 1 << 30, 10000 },
	{ "none",        "history { path = \"\" }", true, true, 30, 1 << 30,
	  10000 },
	{ "no day",      "history { days = 0 }", false, false, 0, 0, 0 },
	{ "too small",   "history { size = 1K }", false, false, 0, 0, 0 },
	{ "no queue",    "history { queue = 0 }", false, false, 0, 0, 0 },
	{ "unknown",     "history { paht = \"x\" }", false, false, 0, 0, 0 },
};

static void keys_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(confs) / sizeof(*confs); i++) {
		struct buf problems = { 0 };
		struct conf c;
		bool good = read_conf(&c, confs[i].text, &problems);

		if (good != confs[i].good)
			fail_msg("%s: %s", confs[i].label, buf_text(&problems));
		if (good && (c.history_named != confs[i].named ||
		    c.history_days != confs[i].days ||
		    c.history_octets != confs[i].octets ||
		    c.history_queue != confs[i].queue))
			fail_msg("%s: another value", confs[i].label);
		buf_free(&problems);
		conf_free(&c);
	}
}

static const struct {
	const char *label, *text;
	bool good;              /* there is one, or none is wanted */
	bool there;
} stores[] = {
	{ "named",       "history { path = \"%s/h.db\" }", true, true },
	{ "switched off", "history { path = \"\" }", true, false },
	{ "no folder",   "history { path = \"%s/no/h.db\" }", false, false },
	{ "a folder",    "history { path = \"%s\" }", false, false },
	{ "no database", "history { path = \"%s/a.conf\" }", false, false },
};

static void store_is_there_or_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stores) / sizeof(*stores); i++) {
		struct buf problems = { 0 };
		struct error err = { .text = "" };
		struct store *s;
		struct conf c;

		assert_true(read_conf(&c, stores[i].text, &problems));
		if (setup_store_check(&c, &err) != stores[i].good)
			fail_msg("%s: check: %s", stores[i].label, err.text);
		if (setup_store(&c, NULL, &s, &err) != stores[i].good ||
		    (s != NULL) != stores[i].there)
			fail_msg("%s: %s", stores[i].label, err.text);
		if (!stores[i].good && strncmp(err.text, "history: ", 9) != 0)
			fail_msg("%s: says %s", stores[i].label, err.text);
		store_close(s);
		conf_free(&c);
		buf_free(&problems);
	}
}

/* Nobody named one, and its folder is not there: a trial goes on without. */
static void unnamed_without_folder_is_none(void **state)
{
	struct buf problems = { 0 };
	struct error err;
	struct store *s;
	struct conf c;

	(void)state;
	assert_true(conf_read(&c, NULL, &problems));
	assert_string_equal(c.history, "/var/lib/assay/history.db");
	assert_false(c.history_named);
	c.history = "/nonexistent/history.db";
	assert_true(setup_store_check(&c, &err));
	assert_true(setup_store(&c, NULL, &s, &err));
	assert_null(s);
	c.history_named = true;
	assert_false(setup_store_check(&c, &err));
	assert_false(setup_store(&c, NULL, &s, &err));
	conf_free(&c);
	buf_free(&problems);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_are_read),
		TEST(store_is_there_or_said),
		TEST(unnamed_without_folder_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
