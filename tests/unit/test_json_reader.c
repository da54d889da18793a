/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/json_reader.h"

#define BYTES(text) { (text), sizeof(text) - 1 }

static const struct {
	const char *label;
	struct slice text;
	bool good;
} documents[] = {
	{ "object",         BYTES("{\"a\":1}"), true },
	{ "array",          BYTES("[]"), true },
	{ "blanks",         BYTES(" \n{ } "), true },
	{ "nothing",        BYTES(""), false },
	{ "absent",         { NULL, 0 }, false },
	{ "no container",   BYTES("1"), false },
	{ "truncated",      BYTES("{\"a\":\"b"), false },
	{ "two",            BYTES("{}{}"), false },
	{ "NUL behind",     BYTES("{}\0"), false },
	{ "bare NUL",       BYTES("{\"a\":\"x\0y\"}"), false },
	{ "no UTF-8",       BYTES("{\"a\":\"\xff\"}"), false },
	{ "surrogate",      BYTES("{\"a\":\"\\ud800\"}"), false },
	{ "large number",   BYTES("{\"a\":99999999999999999999}"), false },
};

static void documents_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
		struct error err = { .text = "" };
		struct json_document *d = json_read(documents[i].text, &err);

		if ((d != NULL) != documents[i].good)
			fail_msg("%s: %s", documents[i].label, err.text);
		if (d == NULL && err.text[0] == '\0')
			fail_msg("%s: no reason", documents[i].label);
		json_document_drop(d);
	}
}

/* A document of a stranger must not eat the stack. */
static void depth_is_bounded(void **state)
{
	const size_t depth = 200000;
	char *text = malloc(depth);
	struct error err;

	(void)state;
	memset(text, '[', depth);
	assert_null(json_read((struct slice){ text, depth }, &err));
	free(text);
}

static void values_have_their_type(void **state)
{
	static const char text[] = "{\"t\":\"x\",\"nul\":\"a\\u0000b\",\"n\":-7,"
	    "\"real\":1.5,\"y\":true,\"f\":false,\"z\":null,\"l\":[1,\"two\"],"
	    "\"o\":{\"in\":\"side\"}}";
	struct json_document *d = json_read(SLICE(text), NULL);
	const struct json_node *n = json_root(d), *m;
	int64_t number = 0;
	bool yes = false;

	(void)state;
	assert_non_null(d);
	assert_string_equal(json_member_text(n, "t"), "x");
	/* A C string would hide what stands behind a NUL. */
	assert_null(json_member_text(n, "nul"));
	assert_int_equal(json_read_slice(json_member(n, "nul")).len, 3);
	assert_int_equal(json_kind(json_member(n, "nul")), KIND_TEXT);
	assert_true(json_read_number(json_member(n, "n"), &number));
	assert_int_equal(number, -7);
	assert_false(json_read_number(json_member(n, "real"), &number));
	assert_false(json_read_number(json_member(n, "t"), &number));
	assert_true(json_read_yes_no(json_member(n, "y"), &yes));
	assert_true(yes);
	assert_true(json_read_yes_no(json_member(n, "f"), &yes));
	assert_false(yes);
	assert_false(json_read_yes_no(json_member(n, "z"), &yes));
	assert_int_equal(json_kind(json_member(n, "z")), KIND_NULL);
	assert_int_equal(json_kind(json_member(n, "missing")), KIND_MISSING);
	assert_int_equal(json_kind(n), KIND_OBJECT);
	m = json_member(n, "l");
	assert_int_equal(json_count(m), 2);
	assert_string_equal(json_read_text(json_item(m, 1)), "two");
	assert_null(json_item(m, 2));
	assert_string_equal(json_member_text(json_member(n, "o"), "in"), "side");
	assert_int_equal(json_member_number(n, "t", 42), 42);
	assert_true(json_member_yes_no(n, "n", true));
	json_document_drop(d);
}

static void nothing_is_no_node(void **state)
{
	int64_t number;
	bool yes;

	(void)state;
	assert_null(json_member(NULL, "a"));
	assert_null(json_item(NULL, 0));
	assert_int_equal(json_count(NULL), 0);
	assert_null(json_next_key(NULL, NULL));
	assert_null(json_read_text(NULL));
	assert_null(json_read_slice(NULL).data);
	assert_false(json_read_number(NULL, &number));
	assert_false(json_read_yes_no(NULL, &yes));
	json_document_drop(NULL);
}

static void members_in_order(void **state)
{
	struct json_document *d = json_read(SLICE("{\"b\":1,\"a\":2,\"c\":3}"),
	    NULL);
	char seen[8] = "";

	(void)state;
	for (const char *key = json_next_key(json_root(d), NULL); key != NULL;
	    key = json_next_key(json_root(d), key))
		strcat(seen, key);
	assert_string_equal(seen, "bac");
	json_document_drop(d);
}

/* What json.h writes is read again, whatever the bytes were. */
static void what_was_written_is_read(void **state)
{
	struct json *j = json_new();
	struct json_document *d;
	char *text;

	(void)state;
	json_text(j, "quote", "\"}],\\\r\n\t\x01");
	json_slice(j, "nul", SLICE("a\0b"));
	json_text(j, "bad", "\xff");
	json_number(j, "n", INT64_MIN);
	text = json_finish(j, false);
	d = json_read(slice_of(text), NULL);
	free(text);
	assert_non_null(d);
	assert_string_equal(json_member_text(json_root(d), "quote"),
	    "\"}],\\\r\n\t\x01");
	assert_memory_equal(json_read_slice(json_member(json_root(d),
	    "nul")).data, "a\0b", 3);
	assert_string_equal(json_member_text(json_root(d), "bad"),
	    "\xef\xbf\xbd");
	assert_true(json_member_number(json_root(d), "n", 0) == INT64_MIN);
	j = json_new();
	json_part(j, "again", json_member(json_root(d), "quote"));
	json_part(j, "missing", NULL);
	text = json_finish(j, false);
	json_document_drop(d);
	assert_string_equal(text,
	    "{\"again\":\"\\\"}],\\\\\\r\\n\\t\\u0001\"}");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_read),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(values_have_their_type),
		cmocka_unit_test(nothing_is_no_node),
		cmocka_unit_test(members_in_order),
		cmocka_unit_test(what_was_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
