/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "policy/list.h"

static struct list *filled(const char *text, struct policy_report *r)
{
	struct source s = { .name = "test.list", .text = slice_of(text) };
	struct list *l = list_new();

	list_read(l, &s, 0, r);
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
		if (list_has_domain(l, cases[i].domain, 0) != cases[i].in)
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
		    cases[i].domain, 0) != cases[i].in)
			fail_msg("%s@%s", cases[i].local, cases[i].domain);
	assert_non_null(huge);
	memset(huge, 'x', 1999);
	assert_false(list_has_address(l, slice_of(huge), "example.com", 0));
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
		if (list_has_ip(l, &ip, 0) != cases[i].in)
			fail_msg("%s", cases[i].ip);
	}
	assert_false(list_has_ip(l, &none, 0));
	assert_true(list_has_networks(l));
	assert_true(list_has_names(l));
	list_free(l);
	l = filled("fe80::/10\nfd00::1\n", &r);
	assert_int_equal(list_count(l), 2);
	assert_true(ip_parse(slice_of("fe80::1"), &ip));
	assert_true(list_has_ip(l, &ip, 0));
	list_free(l);
	l = filled("0.0.0.0/0\n", &r);
	assert_true(ip_parse(slice_of("8.8.8.8"), &ip));
	assert_true(list_has_ip(l, &ip, 0));
	assert_true(ip_parse(slice_of("::1"), &ip));
	assert_false(list_has_ip(l, &ip, 0));
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
		{ "a.b owner=", "x:1:11: a value is missing" },
		{ "a.b owner=\"\"", "x:1:11: a value is missing" },
		{ "a.b until=soon", "x:1:5: \"until\" wants a day" },
		{ "a.b until=2027-02-29", "x:1:5: \"until\" wants a day" },
		{ "a.b until=2027-1-1", "x:1:5: \"until\" wants a day" },
		{ "a.b until=1969-12-31", "x:1:5: \"until\" wants a day" },
		{ "a.b until=2027-01-01x", "x:1:5: \"until\" wants a day" },
		{ "a.b why=\"open", "x:1:9: the quote is not closed" },
		{ "a.b why=\"open\\", "x:1:9: the quote is not closed" },
		{ "a.b why=\"x\"y", "x:1:12: a blank must stand here" },
		{ "a.b why=x\"y\"", "x:1:10: a quote inside a word" },
		{ "a.b why=a why=b", "x:1:11: a second \"why=\"" },
		{ "a.b ownr=me", "x:1:5: behind an entry stand owner=" },
		{ "a.b owner =me", "x:1:5: one entry a line" },
		{ "a.b =me", "x:1:5: one entry a line" },
		{ "a.b why=a\x01", "x:1:9: a control character" },
		{ "a.b why=\xff", "x:1:9: too long, or not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source s = { .name = "x", .text = slice_of(cases[i].line) };
		struct policy_report r = { 0 };
		struct list *l = list_new();

		list_read(l, &s, 0, &r);
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
	assert_false(list_has_domain(l, "a", 0));
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
		assert_int_equal(list_has_domain(l, text, 0), below);
		assert_int_equal(list_has_domain(l, text + 2, 0), !below);
	}
	list_free(l);
}

static const char noted[] =
    "a.example owner=joe until=2027-01-31 why=\"ticket #12 \\\"x\\\"\" # note\n"
    "\n"
    "a.example until=2026-12-31\n"
    ".b.example why=because\n"
    "b@a.example until=2030-01-01\n"
    "192.0.2.0/24 until=2027-01-31\n";

/* 2027-01-31 is over at 1801440000. */
static void notes(void **state)
{
	static const struct { int64_t now; bool in; } days[] = {
		{ 1, true }, { 1801439999, true }, { 1801440000, false },
		{ INT64_MAX, false },
	};
	struct policy_report r = { 0 };
	struct list *l = filled(noted, &r);
	const struct list_entry *e = list_first(l);
	struct ip ip;

	(void)state;
	assert_string_equal(buf_text(&r.text), "");
	assert_int_equal(e->line, 1);
	assert_string_equal(e->note->owner, "joe");
	assert_string_equal(e->note->until, "2027-01-31");
	assert_string_equal(e->note->why, "ticket #12 \"x\"");
	assert_int_equal(e->note->expires, 1801440000);
	assert_int_equal(e->next->line, 3);
	assert_null(e->next->next->note->owner);
	assert_true(ip_parse(slice_of("192.0.2.9"), &ip));
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		assert_int_equal(list_has_domain(l, "a.example", days[i].now),
		    days[i].in);
		assert_int_equal(list_has_ip(l, &ip, days[i].now), days[i].in);
		assert_true(list_has_domain(l, "x.b.example", days[i].now));
	}
	assert_int_equal(list_hits(e) + list_hits(e->next), 2);
	assert_int_equal(list_hits(e->next->next), 4);
	list_forget_hits(l);
	assert_int_equal(list_hits(e->next->next), 0);
	list_free(l);
}

static void days(void **state)
{
	static const struct { const char *text; int64_t end; } rows[] = {
		{ "1970-01-01", 86400 }, { "2000-02-29", 951868800 },
		{ "9999-12-31", 253402300800 }, { "1900-01-01", 0 },
		{ "2100-02-29", 0 }, { "2027-13-01", 0 }, { "2027-00-01", 0 },
		{ "2027-01-00", 0 }, { "2027-01-32", 0 }, { "2027/01/01", 0 },
		{ "-027-01-01", 0 }, { "2027-01-+1", 0 }, { "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t end = 0;
		bool good = list_day_end(slice_of(rows[i].text), &end);

		if (good != (rows[i].end != 0) || (good && end != rows[i].end))
			fail_msg("%s: %lld", rows[i].text, (long long)end);
	}
}

/* What has expired is said once, with the place of the first one. */
static void expiry_is_said(void **state)
{
	struct source s = { .name = "x", .text = slice_of(noted) };
	struct policy_report r = { 0 };
	struct list *l = list_new();

	(void)state;
	list_read(l, &s, 1801440000, &r);
	assert_int_equal(r.errors, 0);
	assert_int_equal(r.warnings, 1);
	assert_non_null(strstr(buf_text(&r.text), "x:1:1: warning: this entry "
	    "held until 2027-01-31 and matches nothing any more"));
	assert_non_null(strstr(buf_text(&r.text), "3 entries of this file"));
	policy_report_free(&r);
	list_free(l);
}

static void covers(void **state)
{
	static const struct { const char *entry, *by; } rows[] = {
		{ "org", NULL }, { ".example.org", NULL },
		{ "example.org", NULL }, { "a.example.org", ".example.org" },
		{ ".b.example.org", ".example.org" },
		{ "joe@x.example.org", ".example.org" },
		{ "joe@example.org", "example.org" },
		{ "joe@example.net", NULL }, { "192.0.2.0/24", NULL },
		{ "192.0.2.1/32", "192.0.2.0/24" },
		{ "192.0.3.1/32", NULL }, { "example.org", "example.org" },
		/* The wider one ends sooner. */
		{ ".short.example until=2030-01-01", NULL },
		{ "x.short.example", NULL },
		{ "y.short.example until=2029-01-01", ".short.example" },
		/* The first one of two ends sooner, so it is the needless. */
		{ "twice.example until=2030-01-01", "twice.example" },
		{ "twice.example", NULL },
	};
	struct policy_report r = { 0 };
	struct buf text = { 0 };
	struct arena *mem = arena_new(512);
	const struct list_entry *e;
	struct list *l;
	size_t i = 0;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		buf_addf(&text, "%s\n", rows[i].entry);
	l = filled(buf_text(&text), &r);
	assert_string_equal(buf_text(&r.text), "");
	for (e = list_first(l), i = 0; e != NULL; e = e->next, i++) {
		const struct list_entry *by = list_cover(l, e, 1);

		if ((by == NULL) != (rows[i].by == NULL) || (by != NULL &&
		    strcmp(list_entry_text(mem, by), rows[i].by) != 0))
			fail_msg("%s: %s", rows[i].entry, by == NULL ? "none" :
			    list_entry_text(mem, by));
	}
	assert_int_equal(i, sizeof(rows) / sizeof(*rows));
	buf_free(&text);
	arena_free(mem);
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
		cmocka_unit_test(notes),
		cmocka_unit_test(days),
		cmocka_unit_test(expiry_is_said),
		cmocka_unit_test(covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
