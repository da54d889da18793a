/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Files that change: seen, read when they are quiet, and refused when they are
 * wrong, without end only when they change again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setup/setup.h"

static char folder[] = "/tmp/assay-watch-XXXXXX";
static char path[3][64];        /* policy, list, shadow policy */

static void put(int file, const char *text)
{
	FILE *out = fopen(path[file], "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static int begin(void **state)
{
	static const char *const names[] = { "a.policy", "a.list", "b.policy" };

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (int i = 0; i < 3; i++)
		snprintf(path[i], sizeof(path[i]), "%s/%s", folder, names[i]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		unlink(path[i]);
	return rmdir(folder);
}

static const char good[] = "list l from \"a.list\"\n"
    "rule r { when from.domain in l reject 550 5.7.1 \"no\" }\n"
    "default accept\n";

/* As the daemon does it; NULL, and the old watch goes on, when it is refused. */
static struct kit *load(const struct conf *conf, struct watch **watch)
{
	struct watch *fresh = watch_new();
	struct buf problems = { 0 };
	struct kit *k = setup_kit(&(struct setup){ .conf = conf,
	    .watch = fresh }, &problems);

	if (k == NULL && *watch != NULL)
		watch_join(fresh, *watch);
	assert_int_equal(k == NULL, problems.len > 0);
	watch_free(*watch);
	*watch = fresh;
	buf_free(&problems);
	return k;
}

static void quiet(struct watch *w)
{
	assert_null(watch_changed(w));
	assert_null(watch_changed(w));
}

/* Seen at the first look, answered at the second. */
static void changed(struct watch *w, int file)
{
	const char *which;

	assert_null(watch_changed(w));
	which = watch_changed(w);
	assert_non_null(which);
	assert_string_equal(which, path[file]);
}

static void files_change(void **state)
{
	struct watch *w = NULL;
	struct buf problems = { 0 };
	struct conf conf;
	struct kit *k;

	(void)state;
	assert_true(conf_read(&conf, NULL, &problems));
	conf.authserv_id = "mx.example.org";
	conf.policy = path[0];
	put(0, good);
	put(1, "example.org\n");
	k = load(&conf, &w);
	assert_non_null(k);
	kit_drop(k);
	quiet(w);
	put(1, "example.org\nexample.net\n");
	changed(w, 1);
	kit_drop(load(&conf, &w));
	quiet(w);
	/* Being written: not yet. */
	put(0, "rule r { when");
	assert_null(watch_changed(w));
	put(0, "rule r { when from.domain in l");
	changed(w, 0);
	assert_null(load(&conf, &w));
	/* Refused once, not for ever; the list is still watched. */
	quiet(w);
	put(1, "example.org\n");
	changed(w, 1);
	assert_null(load(&conf, &w));
	quiet(w);
	unlink(path[0]);
	changed(w, 0);
	assert_null(load(&conf, &w));
	quiet(w);
	put(0, good);
	changed(w, 0);
	k = load(&conf, &w);
	assert_non_null(k);
	kit_drop(k);
	quiet(w);
	watch_free(w);
	conf_free(&conf);
}

/* A shadow policy is read, watched and refused as the other one. */
static void shadow(void **state)
{
	struct watch *w = NULL;
	struct buf problems = { 0 };
	struct conf conf;
	struct kit *k;

	(void)state;
	assert_true(conf_read(&conf, NULL, &problems));
	conf.authserv_id = "mx.example.org";
	conf.policy = path[0];
	conf.shadow_policy = path[2];
	put(0, good);
	put(1, "example.org\n");
	put(2, "default discard\nexpect accept { }\n");
	assert_null(load(&conf, &w));
	put(2, "default discard\n");
	changed(w, 2);
	k = load(&conf, &w);
	assert_non_null(k);
	assert_string_equal(policy_name(k->policy), "a");
	assert_string_equal(policy_name(k->shadow), "b");
	kit_drop(k);
	watch_free(w);
	conf_free(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_change),
		cmocka_unit_test(shadow),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
