/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/file.h"
#include "policy/list_accept.h"

#define NOW 1800000000          /* 2027-01-15 */

static const char before[] = "# ours\n192.0.2.0/24 owner=joe\n"
    "old.example until=2020-01-01\nsoon.example until=2027-02-01\n"
    ".wide.example\nlast.example";

static char folder[] = "/tmp/assay-accept-XXXXXX";
static char path[64], link_path[64];

static void put(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void expect_text(const char *label, const char *first, const char *more)
{
	struct buf text = { 0 };
	size_t n = strlen(first);

	assert_true(file_read(path, 1 << 20, &text, NULL));
	if (strncmp(buf_text(&text), first, n) != 0 ||
	    strcmp(buf_text(&text) + n, more) != 0)
		fail_msg("%s: %s", label, buf_text(&text));
	buf_free(&text);
}

static size_t files(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

struct row {
	const char *label, *entry, *owner, *why, *until;
	const char *result;     /* what is appended, or what err says */
};

static bool accept_row(const struct row *r, const char *where,
    struct error *err)
{
	const struct list_accepted what = {
		.entry = r->entry, .now = NOW,
		.note = { .owner = r->owner, .why = r->why, .until = r->until },
	};

	return list_accept(where, &what, err);
}

static void accepted(void **state)
{
	static const struct row rows[] = {
		{ "address", "198.51.100.7", "ann", "the club", NULL,
		  "\n198.51.100.7 owner=\"ann\" why=\"the club\"\n" },
		{ "until", "2001:db8::/32", "ann", "b", "2027-01-15",
		  "\n2001:db8::/32 owner=\"ann\" until=2027-01-15 "
		  "why=\"b\"\n" },
		{ "quotes", "x.example", "a\"b", "c\\d # \xc3\xbc", NULL,
		  "\nx.example owner=\"a\\\"b\" why=\"c\\\\d # \xc3\xbc\"\n" },
		{ "it has expired", "old.example", "ann", "again", NULL,
		  "\nold.example owner=\"ann\" why=\"again\"\n" },
		{ "for longer", "soon.example", "ann", "on", "2027-12-31",
		  "\nsoon.example owner=\"ann\" until=2027-12-31 "
		  "why=\"on\"\n" },
		{ "wider", "192.0.0.0/16", "ann", "all", NULL,
		  "\n192.0.0.0/16 owner=\"ann\" why=\"all\"\n" },
	};
	struct error err;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		put(before, 0640);
		if (!accept_row(&rows[i], path, &err))
			fail_msg("%s: %s", rows[i].label, err.text);
		expect_text(rows[i].label, before, rows[i].result);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_equal(files(), 1);
		/* Twice is once too often. */
		assert_false(accept_row(&rows[i], path, &err));
		assert_non_null(strstr(err.text, "there already"));
		expect_text(rows[i].label, before, rows[i].result);
	}
}

static void refused(void **state)
{
	static const struct row rows[] = {
		{ "inside", "192.0.2.7", "a", "b", NULL, ":2: 192.0.2.0/24 is" },
		{ "below", "a.wide.example", "a", "b", NULL, ":5: " },
		{ "the last", "last.example", "a", "b", NULL, ":6: " },
		{ "holds as long", "soon.example", "a", "b", "2027-01-31",
		  "there already" },
		{ "no entry", "not_an entry", "a", "b", NULL, "not one entry" },
		{ "two lines", "# x\nb.example", "a", "b", NULL,
		  "not one entry" },
		{ "nothing", "", "a", "b", NULL, "not one entry" },
		{ "a comment", "#b.example", "a", "b", NULL, "not one entry" },
		{ "no network", "192.0.2.0/99", "a", "b", NULL, ":7:1: " },
		{ "no owner", "b.example", "", "b", NULL, "value is missing" },
		{ "no reason", "b.example", "a", "", NULL, "value is missing" },
		{ "a line in it", "b.example", "a", "b\nc.example", NULL,
		  "not closed" },
		{ "control character", "b.example", "a", "b\033[2J", NULL,
		  "control character" },
		{ "not UTF-8", "b.example", "a", "\xff", NULL, "UTF-8" },
		{ "no day", "b.example", "a", "b", "2027-02-30", "a day that" },
		{ "has passed", "b.example", "a", "b", "2027-01-14",
		  "has passed" },
		{ "more behind the day", "b.example", "a", "b", "2028-01-14 #",
		  "not one entry" },
	};
	struct error err;

	(void)state;
	put(before, 0600);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (accept_row(&rows[i], path, &err))
			fail_msg("%s: was accepted", rows[i].label);
		if (strstr(err.text, rows[i].result) == NULL)
			fail_msg("%s: %s", rows[i].label, err.text);
		expect_text(rows[i].label, before, "");
	}
	assert_int_equal(files(), 1);
}

static void odd_files(void **state)
{
	static const struct row row = { "", "b.example", "a", "b", NULL, NULL };
	struct error err;
	struct stat st;

	(void)state;
	put("", 0600);
	assert_int_equal(symlink(path, link_path), 0);
	assert_true(accept_row(&row, link_path, &err));
	expect_text("empty", "", "b.example owner=\"a\" why=\"b\"\n");
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	unlink(link_path);

	put("good.example\nbad..example\n", 0600);
	assert_false(accept_row(&row, path, &err));
	assert_non_null(strstr(err.text, ":2:1: "));
	expect_text("with mistakes", "good.example\nbad..example\n", "");

	assert_false(accept_row(&row, folder, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	unlink(path);
	assert_false(accept_row(&row, path, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(files(), 0);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a.list", folder);
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(odd_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
