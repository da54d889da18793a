/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
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
		char *text = json_render(j, false);

		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%s: %s", cases[i].label, text);
		free(text);
		json_drop(j);
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
	char *text = json_render(j, true);

	assert_non_null(strstr(text, "\n  \"e\": \"x\"\n}"));
	free(text);
	json_drop(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rendering),
		cmocka_unit_test(deep_and_indented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
