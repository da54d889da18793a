/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/blocklist.h"
#include "mail/ip.h"

static void masks(void **state)
{
	static const struct { const char *text, *code; bool counts; } rows[] = {
		{ "zen.example.org", "127.0.0.2", true },
		{ "ZEN.Example.org.", "127.9.9.9", true },
		{ "a.b=127.0.0.2", "127.0.0.2", true },
		{ "a.b=127.0.0.2", "127.0.0.3", false },
		{ "a.b=127.0.0.[2..11]", "127.0.0.2", true },
		{ "a.b=127.0.0.[2..11]", "127.0.0.11", true },
		{ "a.b=127.0.0.[2..11]", "127.0.0.12", false },
		{ "a.b=127.0.[0;2..3].[4;6]", "127.0.0.4", true },
		{ "a.b=127.0.[0;2..3].[4;6]", "127.0.3.6", true },
		{ "a.b=127.0.[0;2..3].[4;6]", "127.0.1.4", false },
		{ "a.b=127.0.[0;2..3].[4;6]", "127.0.2.5", false },
		{ "a.b=[127].[0..255].0.255", "127.77.0.255", true },
	};
	struct arena *mem = arena_new(512);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct blocklist b;
		struct error err = { .text = "" };
		struct ip ip;
		size_t at;

		assert_true(ip_parse(slice_of(rows[i].code), &ip));
		if (!blocklist_parse(mem, slice_of(rows[i].text), &b, &at, &err))
			fail_msg("%s: %s", rows[i].text, err.text);
		if (blocklist_counts(&b, ip.octets) != rows[i].counts)
			fail_msg("%s %s", rows[i].text, rows[i].code);
		assert_null(strchr(b.zone, 'Z'));
	}
	arena_free(mem);
}

static void wrong(void **state)
{
	static const struct { const char *text; size_t at; } rows[] = {
		{ "", 0 }, { "example", 0 }, { "a..b", 0 }, { "a b.c", 0 },
		{ "=127.0.0.2", 0 }, { "a.b=", 4 }, { "a.b=127.0.0", 11 },
		{ "a.b=127.0.0.2.3", 13 }, { "a.b=127.0.0.256", 12 },
		{ "a.b=127.0.0.[2..1]", 17 }, { "a.b=127.0.0.[2..", 16 },
		{ "a.b=127.0.0.[2;]", 15 }, { "a.b=127.0.0.[]", 13 },
		{ "a.b=127.0.0.[2", 14 }, { "a.b=127.0.0.2x", 13 },
		{ "a.b=127.0.0.0002", 12 }, { "a.b=10.0.0.2", 4 },
		{ "a.b=127.0.0.[2.3]", 15 }, { "a.b=127.0.0.-1", 12 },
	};
	struct arena *mem = arena_new(512);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		/* On the heap, without a NUL: nothing is read beyond it. */
		size_t len = strlen(rows[i].text);
		char *copy = malloc(len + 1);
		struct blocklist b;
		struct error err;
		size_t at = 99;

		assert_non_null(copy);
		memcpy(copy, rows[i].text, len);
		copy = realloc(copy, len > 0 ? len : 1);
		if (blocklist_parse(mem, (struct slice){ copy, len }, &b, &at,
		    &err) || at != rows[i].at)
			fail_msg("%s: at %zu", rows[i].text, at);
		free(copy);
	}
	arena_free(mem);
}

static void refusals(void **state)
{
	static const struct { const char *code; bool refuses; } rows[] = {
		{ "127.0.0.1", true }, { "127.0.0.2", false },
		{ "127.255.255.252", true }, { "127.255.255.254", true },
		{ "127.255.255.255", true }, { "127.255.255.251", false },
		{ "127.255.254.255", false }, { "192.0.2.1", true },
		{ "0.0.0.0", true }, { "126.255.255.255", true },
		{ "128.0.0.2", true }, { "127.0.1.1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ip ip;

		assert_true(ip_parse(slice_of(rows[i].code), &ip));
		if (blocklist_refuses(ip.octets) != rows[i].refuses)
			fail_msg("%s", rows[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks),
		cmocka_unit_test(wrong),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
