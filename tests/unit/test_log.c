/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

/* stderr goes to a file while one case runs. */
struct capture {
	FILE *file;
	int saved;
	char text[65536];
};

static void capture_begin(struct capture *c)
{
	c->file = tmpfile();
	assert_non_null(c->file);
	fflush(stderr);
	c->saved = dup(STDERR_FILENO);
	dup2(fileno(c->file), STDERR_FILENO);
}

static const char *capture_end(struct capture *c)
{
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	rewind(c->file);
	size_t n = fread(c->text, 1, sizeof(c->text) - 1, c->file);

	c->text[n] = '\0';
	fclose(c->file);
	return c->text;
}

static const struct {
	const char *label;
	const char *value;
	const char *logfmt;     /* after "v=" */
	const char *json;       /* after "v": */
} values[] = {
	{ "bare",      "a@b.example", "a@b.example", "\"a@b.example\"" },
	{ "empty",     "",          "\"\"",            "\"\"" },
	{ "blank",     "a b",       "\"a b\"",         "\"a b\"" },
	{ "new pair",  "x action=accept", "\"x action=accept\"",
	  "\"x action=accept\"" },
	{ "equals",    "a=b",       "\"a=b\"",         "\"a=b\"" },
	{ "quote",     "a\"b\\",    "\"a\\\"b\\\\\"",  "\"a\\\"b\\\\\"" },
	{ "new line",  "a\r\nb",    "\"a\\u000d\\u000ab\"",
	  "\"a\\u000d\\u000ab\"" },
	{ "escape",    "\033[2J",   "\"\\u001b[2J\"",  "\"\\u001b[2J\"" },
	{ "C1",        "\xc2\x9b",  "\"\\u009b\"",     "\"\\u009b\"" },
	{ "bidi",      "\xe2\x80\xae" "x", "\"\\u202ex\"", "\"\\u202ex\"" },
	{ "UTF-8",     "\xc3\xa4",  "\"\xc3\xa4\"",    "\"\xc3\xa4\"" },
	{ "not UTF-8", "\xff",      "\"\\xff\"",       "\"\xef\xbf\xbd\"" },
};

static void values_are_escaped(void **state)
{
	static struct capture c;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(values) / sizeof(*values); i++) {
		enum log_format format = i % 2 ? LOG_FORMAT_JSON :
		    LOG_FORMAT_LOGFMT;
		char want[256];

		if (i % 2)
			snprintf(want, sizeof(want),
			    "{\"queue_id\":\"4xYz\",\"v\":%s,\"n\":-7}\n",
			    values[i / 2].json);
		else
			snprintf(want, sizeof(want), "4xYz v=%s n=-7\n",
			    values[i / 2].logfmt);
		struct log *l = log_open(LOG_TARGET_STDERR, format, "t");
		struct log_line line;

		log_line_begin(&line, l, "4xYz");
		log_line_text(&line, "v", values[i / 2].value);
		log_line_text(&line, "absent", NULL);
		log_line_number(&line, "n", -7);
		capture_begin(&c);
		log_line_end(&line, l);
		const char *got = capture_end(&c);

		log_free(l);
		if (strcmp(got, want) != 0)
			fail_msg("%s: %s", values[i / 2].label, got);
	}
}

static void long_values_are_cut(void **state)
{
	static struct capture c;
	static char big[100000];
	struct log *l = log_open(LOG_TARGET_STDERR, LOG_FORMAT_LOGFMT, NULL);
	struct log_line line;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	log_line_begin(&line, l, big);
	log_line_text(&line, "v", big);
	log_line_text(&line, "w", "last");
	capture_begin(&c);
	log_line_end(&line, l);
	log_say(l, LOG_LEVEL_ERROR, "%s", big);
	const char *got = capture_end(&c);

	assert_non_null(strstr(got, "xxx...\" w=last\n"));
	assert_true(strlen(got) < 6000);
	log_free(l);
}

static void sentences(void **state)
{
	static struct capture c;

	(void)state;
	capture_begin(&c);
	log_say(NULL, LOG_LEVEL_ERROR, "nobody hears %d", 1);
	struct log *l = log_open(LOG_TARGET_NONE, LOG_FORMAT_JSON, "t");

	log_say(l, LOG_LEVEL_ERROR, "nobody hears %d", 2);
	log_free(l);
	log_free(NULL);
	l = log_open(LOG_TARGET_STDERR, LOG_FORMAT_LOGFMT, "t");
	log_say(l, LOG_LEVEL_WARNING, "%s: gone\nlevel=info", "x");
	log_free(l);
	l = log_open(LOG_TARGET_STDERR, LOG_FORMAT_JSON, "t");
	log_say(l, LOG_LEVEL_INFO, "started");
	log_free(l);
	setenv("JOURNAL_STREAM", "8:1", 1);
	l = log_open(LOG_TARGET_STDERR, LOG_FORMAT_LOGFMT, "t");
	log_say(l, LOG_LEVEL_DEBUG, "deep");
	log_free(l);
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(capture_end(&c),
	    "level=warning msg=\"x: gone\\u000alevel=info\"\n"
	    "{\"level\":\"info\",\"msg\":\"started\"}\n"
	    "<7>level=debug msg=\"deep\"\n");
}

static void rarely(void **state)
{
	static struct capture c;
	struct log *l = log_open(LOG_TARGET_STDERR, LOG_FORMAT_LOGFMT, "t");

	(void)state;
	capture_begin(&c);
	for (int i = 0; i < 1000; i++)
		log_say_rarely(l, LOG_LEVEL_WARNING, "odd %d", i);
	log_say_rarely(l, LOG_LEVEL_WARNING, "other");
	log_say_rarely(NULL, LOG_LEVEL_WARNING, "other");
	log_free(l);
	assert_string_equal(capture_end(&c),
	    "level=warning msg=\"odd 0\"\n"
	    "level=warning msg=\"other\"\n"
	    "level=warning msg=\"left out 999 more like: odd %d\"\n");
}

static void *talk(void *l)
{
	for (int i = 0; i < 100; i++)
		log_say(l, LOG_LEVEL_INFO, "0123456789");
	return NULL;
}

static void threads_do_not_mix(void **state)
{
	static struct capture c;
	static const char want[] = "level=info msg=\"0123456789\"\n";
	struct log *l = log_open(LOG_TARGET_STDERR, LOG_FORMAT_LOGFMT, "t");
	pthread_t threads[4];
	size_t lines = 0;

	(void)state;
	capture_begin(&c);
	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, talk, l);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	const char *got = capture_end(&c);

	for (; *got != '\0'; got += sizeof(want) - 1, lines++)
		assert_memory_equal(got, want, sizeof(want) - 1);
	assert_int_equal(lines, 400);
	log_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(sentences),
		cmocka_unit_test(rarely),
		cmocka_unit_test(threads_do_not_mix),
	};

	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
