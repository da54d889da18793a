/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/header.h"

static void add(struct header *h, struct arena *mem, const char *name)
{
	header_append(h, mem, slice_of(name), slice_of(" v"));
}

static void finding(void **state)
{
	struct arena *mem = arena_new(0);
	struct header h = { 0 };

	(void)state;
	assert_null(header_find(&h, "From", 0));
	assert_int_equal(header_count(&h, "From"), 0);
	add(&h, mem, "Received");
	add(&h, mem, "From");
	add(&h, mem, "received");
	add(&h, mem, "FROM \t");
	add(&h, mem, "From2");
	assert_int_equal(h.count, 5);
	assert_int_equal(header_count(&h, "from"), 2);
	assert_int_equal(header_count(&h, "RECEIVED"), 2);
	assert_int_equal(header_count(&h, "To"), 0);
	assert_int_equal(h.fields[2].instance, 2);
	assert_int_equal(h.fields[3].instance, 2);
	assert_int_equal(h.fields[4].instance, 1);
	assert_true(slice_is(h.fields[3].name, "FROM \t"));

	const struct field *f = header_find(&h, "from", 0);

	assert_int_equal(header_index(&h, f), 1);
	f = header_find(&h, "from", header_index(&h, f) + 1);
	assert_int_equal(header_index(&h, f), 3);
	assert_null(header_find(&h, "from", 4));
	assert_null(header_find(&h, "from", 1000));
	assert_int_equal(h.octets, 8 + 4 + 8 + 6 + 5 + 5 * (1 + 2 + 2));
	arena_free(mem);
}

static void owns_its_bytes(void **state)
{
	struct arena *mem = arena_new(0);
	struct header h = { 0 };
	char name[] = "X\0Y", value[] = " \0\xff\r\n a";

	(void)state;
	header_append(&h, mem, (struct slice){ name, 3 },
	    (struct slice){ value, 7 });
	header_append(&h, mem, SLICE(""), SLICE(""));
	memset(name, '!', sizeof(name));
	memset(value, '!', sizeof(value));
	assert_true(slice_equal(h.fields[0].name, SLICE("X\0Y")));
	assert_true(slice_equal(h.fields[0].value, SLICE(" \0\xff\r\n a")));
	assert_int_equal(header_count(&h, "X"), 0);
	assert_int_equal(header_count(&h, ""), 1);
	arena_free(mem);
}

static void many(void **state)
{
	enum { COUNT = 50000 };
	struct arena *mem = arena_new(0);
	struct header h = { 0 };
	char name[32];

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), i % 2 ? "X-%u" : "x-%u", i / 4);
		add(&h, mem, name);
		assert_int_equal(h.fields[i].instance, i % 4 + 1);
	}
	assert_int_equal(header_count(&h, "X-0"), 4);
	assert_int_equal(header_count(&h, "X-12499"), 4);
	assert_int_equal(header_count(&h, "X-12500"), 0);
	arena_free(mem);
}

static const struct {
	const char *label;
	struct slice raw;
	const char *text;
} folds[] = {
	{ "plain",       { " a b ", 5 }, "a b" },
	{ "CRLF",        { " a\r\n b", 6 }, "a b" },
	{ "LF tab",      { "a\n\tb", 4 }, "a\tb" },
	{ "last",        { "a\r\n ", 4 }, "a" },
	{ "no fold",     { "a\r\nBcc: b", 9 }, "a Bcc: b" },
	{ "bare CR",     { "a\rb", 3 }, "a b" },
	{ "CR CR LF",    { "a\r\r\n b", 6 }, "a  b" },
	{ "NUL",         { "a\0b\0", 4 }, "a b" },
	{ "8-bit",       { "\xff", 1 }, "\xff" },
	{ "only blanks", { " \r\n ", 4 }, "" },
	{ "only NUL",    { "\0\0", 2 }, "" },
	{ "empty",       { "", 0 }, "" },
	{ "absent",      { NULL, 0 }, "" },
};

static void unfolding(void **state)
{
	struct arena *mem = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(folds) / sizeof(*folds); i++) {
		const char *got = header_unfold(mem, folds[i].raw);

		if (strcmp(got, folds[i].text) != 0)
			fail_msg("%s: [%s]", folds[i].label, got);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finding), cmocka_unit_test(owns_its_bytes),
		cmocka_unit_test(many), cmocka_unit_test(unfolding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
