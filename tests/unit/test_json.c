/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

/* Each row writes into a new document; the text is what comes out. */
static void write_order(struct json *j)
{
	json_text(j, "z", "1");
	json_number(j, "a", INT64_MIN);
	json_yes_no(j, "m", true);
	json_nothing(j, "n");
}

static void write_absent(struct json *j)
{
	json_text(j, "a", NULL);
	json_slice(j, "b", slice_of(NULL));
	json_text(j, "c", "");
}

static void write_hostile(struct json *j)
{
	json_slice(j, "nul", SLICE("a\0b"));
	json_text(j, "bad", "\xff\xc3(\xed\xa0\x80");
	json_text(j, "quote", "\"},\\\r\n");
	json_text(j, "k\xff", "\xc3\xa4");
}

static void write_nested(struct json *j)
{
	json_open_array(j, "list");
	for (int i = 0; i < 2; i++) {
		json_open_object(j, NULL);
		json_number(j, "i", i);
		json_close(j);
	}
	json_text(j, NULL, "x");
	json_text(j, NULL, NULL);
	json_open_array(j, NULL);
	json_close(j);
	json_close(j);
	json_open_object(j, "o");
	json_close(j);
}

static const struct {
	const char *label;
	void (*write)(struct json *j);
	const char *text;
} cases[] = {
	{ "order",   write_order,
	  "{\"z\":\"1\",\"a\":-9223372036854775808,\"m\":true,\"n\":null}" },
	{ "absent",  write_absent, "{\"c\":\"\"}" },
	{ "hostile", write_hostile,
	  "{\"nul\":\"a\\u0000b\","
	  "\"bad\":\"\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd"
	  "\xef\xbf\xbd\",\"quote\":\"\\\"},\\\\\\r\\n\","
	  "\"k\xef\xbf\xbd\":\"\xc3\xa4\"}" },
	{ "nested",  write_nested,
	  "{\"list\":[{\"i\":0},{\"i\":1},\"x\",[]],\"o\":{}}" },
};

static void rendering(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct json *j = json_new();

		cases[i].write(j);
		char *text = json_finish(j, false);

		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].label, text);
		free(text);
	}
	json_drop(NULL);
}

static void deep_and_indented(void **state)
{
	struct json *j = json_new();

	(void)state;
	for (int i = 0; i < 50; i++)
		json_open_object(j, "d");
	for (int i = 0; i < 50; i++)
		json_close(j);
	json_text(j, "e", "x");
	char *text = json_finish(j, true);

	assert_non_null(strstr(text, "\n  \"e\": \"x\"\n}"));
	free(text);
}

/* What an octet becomes in a string. */
static void shown(int c, char out[16])
{
	static const char shorts[] = "\b" "b" "\f" "f" "\n" "n" "\r" "r" "\t"
	    "t" "\"" "\"" "\\" "\\";

	for (size_t i = 0; i < sizeof(shorts) - 1; i += 2) {
		if (c != shorts[i])
			continue;
		snprintf(out, 16, "\\%c", shorts[i + 1]);
		return;
	}
	if (c >= 0x80)
		snprintf(out, 16, "\xef\xbf\xbd");
	else if (c < ' ')
		snprintf(out, 16, "\\u%04X", (unsigned)c);
	else
		snprintf(out, 16, "%c", c);
}

/* Every octet, at every place it can have in a text. */
static void every_octet(void **state)
{
	static const char as[] = "aaaaaaaaaaaaaaaaaaaaaaaa";
	char text[sizeof(as) - 1], want[64], middle[16];

	(void)state;
	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < sizeof(text); at++) {
			struct json *j = json_new();
			char *got;

			memcpy(text, as, sizeof(text));
			text[at] = (char)c;
			json_slice(j, "k", (struct slice){ text,
			    sizeof(text) });
			got = json_finish(j, false);
			shown(c, middle);
			snprintf(want, sizeof(want), "{\"k\":\"%.*s%s%s\"}",
			    (int)at, as, middle, as + at + 1);
			if (strcmp(got, want) != 0)
				fail_msg("octet %d at %zu: %s", c, at, got);
			free(got);
		}
	}
}

static void numbers(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} rows[] = {
		{ 0, "{\"n\":0}" }, { 7, "{\"n\":7}" }, { -1, "{\"n\":-1}" },
		{ 1795423116, "{\"n\":1795423116}" },
		{ INT64_MAX, "{\"n\":9223372036854775807}" },
		{ INT64_MIN, "{\"n\":-9223372036854775808}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json *j = json_new();
		char *got;

		json_number(j, "n", rows[i].value);
		got = json_finish(j, false);
		assert_string_equal(got, rows[i].text);
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rendering),
		cmocka_unit_test(deep_and_indented),
		cmocka_unit_test(every_octet),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
