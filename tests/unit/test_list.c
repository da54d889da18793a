/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/list.h"

static struct list *filled(const char *text, struct policy_report *r)
{
	struct source s = { "test.list", slice_of(text) };
	struct list *l = list_new();

	list_read(l, &s, r);
	list_seal(l);
	return l;
}

static const char entries[] =
    "# domains\r\n"
    "example.org\r\n"
    ".example.org   # below\n"
    ".Sub.EXAMPLE.net.\n"
    "b\xc3\xbc" "cher.example\n"
    "_dmarc.under.example\n"
    "com.example\n"
    "Boss@Example.COM\n"
    "\"odd@local\"@example.com\n"
    "192.0.2.0/28\n"
    "198.51.100.7\n"
    "2001:db8:1::/48\n"
    "[2001:db8:2::5]\n"
    "::ffff:203.0.113.9\n";

static void domains(void **state)
{
	static const struct { const char *domain; bool in; } cases[] = {
		{ "example.org", true }, { "a.example.org", true },
		{ "a.b.example.org", true }, { "badexample.org", false },
		{ "org", false }, { "example.orgs", false },
		{ "sub.example.net", false }, { "x.sub.example.net", true },
		{ "example.net", false }, { "xn--bcher-kva.example", true },
		{ "_dmarc.under.example", true }, { "under.example", false },
		{ "com.example", true }, { "x.com.example", false },
		{ "example.com", false }, { "", false },
	};
	struct policy_report r = { 0 };
	struct list *l = filled(entries, &r);

	(void)state;
	assert_string_equal(buf_text(&r.text), "");
	assert_int_equal(list_count(l), 13);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (list_has_domain(l, cases[i].domain) != cases[i].in)
			fail_msg("\"%s\"", cases[i].domain);
	list_free(l);
}

static void addresses(void **state)
{
	static const struct { const char *local, *domain; bool in; } cases[] = {
		{ "boss", "example.com", true },
		{ "BOSS", "example.com", true },
		{ "bos", "example.com", false },
		{ "boss", "example.net", false },
		{ "\"odd@local\"", "example.com", true },
		{ "anybody", "example.org", true },
		{ "anybody", "deep.example.org", true },
		{ "anybody", NULL, false },
		{ "", "example.com", false },
	};
	struct policy_report r = { 0 };
	struct list *l = filled(entries, &r);
	char *huge = calloc(1, 2000);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (list_has_address(l, slice_of(cases[i].local),
		    cases[i].domain) != cases[i].in)
			fail_msg("%s@%s", cases[i].local, cases[i].domain);
	assert_non_null(huge);
	memset(huge, 'x', 1999);
	assert_false(list_has_address(l, slice_of(huge), "example.com"));
	free(huge);
	list_free(l);
}

static void networks(void **state)
{
	static const struct { const char *ip; bool in; } cases[] = {
		{ "192.0.2.0", true }, { "192.0.2.15", true },
		{ "192.0.2.16", false }, { "192.0.1.255", false },
		{ "198.51.100.7", true }, { "198.51.100.8", false },
		{ "2001:db8:1:ffff::1", true }, { "2001:db8:3::", false },
		{ "2001:db8:2::5", true }, { "2001:db8:2::6", false },
		{ "203.0.113.9", true }, { "::ffff:192.0.2.3", true },
		{ "::", false }, { "0.0.0.0", false },
	};
	struct policy_report r = { 0 };
	struct list *l = filled(entries, &r);
	struct ip ip, none = { .family = IP_NONE };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(ip_parse(slice_of(cases[i].ip), &ip));
		if (list_has_ip(l, &ip) != cases[i].in)
			fail_msg("%s", cases[i].ip);
	}
	assert_false(list_has_ip(l, &none));
	assert_true(list_has_networks(l));
	assert_true(list_has_names(l));
	list_free(l);
	l = filled("0.0.0.0/0\n", &r);
	assert_true(ip_parse(slice_of("8.8.8.8"), &ip));
	assert_true(list_has_ip(l, &ip));
	assert_true(ip_parse(slice_of("::1"), &ip));
	assert_false(list_has_ip(l, &ip));
	assert_false(list_has_names(l));
	list_free(l);
}

static void bad_entries(void **state)
{
	static const struct { const char *line, *says; } cases[] = {
		{ "a..b", "x:1:1: not a domain" },
		{ "..", "x:1:1: not a domain" }, { ".", "x:1:1: not a domain" },
		{ "-\xff", "x:1:1: not UTF-8" },
		{ "a b", "x:1:3: one entry a line" },
		{ "*.b", "x:1:1: no stars here" },
		{ "a@b@", "x:1:1: not a mail address" },
		{ "@b", "x:1:1: not a mail address" },
		{ "1.2.3.4/33", "x:1:1: not a prefix length" },
		{ "1.2.3.4/24", "x:1:1: bits are set" },
		{ "1.2.3", "x:1:1: not an address" },
		{ "a\x01" "b", "x:1:1: a blank or control" },
		{ "example.org until=2027-01-01",
		    "x:1:13: \"until=\" comes in a later version" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source s = { "x", slice_of(cases[i].line) };
		struct policy_report r = { 0 };
		struct list *l = list_new();

		list_read(l, &s, &r);
		if (r.errors != 1 || strncmp(buf_text(&r.text), cases[i].says,
		    strlen(cases[i].says)) != 0)
			fail_msg("%s: %s", cases[i].line, buf_text(&r.text));
		policy_report_free(&r);
		list_free(l);
	}
}

static void hostile_entries(void **state)
{
	struct list *l = list_new();
	char *huge = malloc(100000);
	struct error err;

	(void)state;
	assert_non_null(huge);
	memset(huge, 'a', 100000);
	assert_false(list_add(l, (struct slice){ huge, 100000 }, &err));
	assert_false(list_add(l, (struct slice){ "a\0b", 3 }, &err));
	assert_false(list_add(l, (struct slice){ "a\0@b", 4 }, &err));
	assert_false(list_add(l, (struct slice){ "", 0 }, &err));
	assert_int_equal(list_count(l), 0);
	list_seal(l);
	assert_false(list_has_domain(l, "a"));
	free(huge);
	list_free(l);
	list_free(NULL);
}

/* Twice the same is once; thousands are found like one. */
static void many(void **state)
{
	struct list *l = list_new();
	char text[64];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			snprintf(text, sizeof(text), "%sd%d.example",
			    i % 2 ? "." : "", i * 7919 % 5000);
			assert_true(list_add(l, slice_of(text), NULL));
		}
	list_seal(l);
	assert_int_equal(list_count(l), 5000);
	for (int i = 0; i < 5000; i++) {
		bool below = i % 2;

		snprintf(text, sizeof(text), "x.d%d.example", i * 7919 % 5000);
		assert_int_equal(list_has_domain(l, text), below);
		assert_int_equal(list_has_domain(l, text + 2), !below);
	}
	list_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains),
		cmocka_unit_test(addresses),
		cmocka_unit_test(networks),
		cmocka_unit_test(bad_entries),
		cmocka_unit_test(hostile_entries),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
