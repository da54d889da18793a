/* SPDX-License-Identifier: BSD-2-Clause */

/* answer and dname: counted answers, and names between octets and text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/dname.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void fail_row(const char *label, const char *why)
{
	fail_msg("%s: %s", label, why);
}

static void test_records_are_copied(void **state)
{
	(void)state;
	struct dns_answer *a = answer_new(DNS_FOUND, 0, 60);
	char bytes[] = { 'a', 0, 'b' };

	answer_put(a, bytes, sizeof(bytes), 7);
	answer_put(a, NULL, 0, 0);
	for (int i = 0; i < 100; i++)
		answer_put(a, &i, sizeof(i), 0);
	bytes[0] = 'x';
	const struct dns_answer *done = answer_done(a);

	assert_int_equal(done->status, DNS_FOUND);
	assert_int_equal(done->count, 102);
	assert_int_equal(done->records[0].len, 3);
	assert_memory_equal(done->records[0].data, "a\0b", 4);
	assert_int_equal(done->records[0].preference, 7);
	assert_string_equal(done->records[1].data, "");
	assert_ptr_equal(answer_ref(done), done);
	answer_drop(done);
	assert_int_equal(done->records[0].data[2], 'b');
	answer_drop(done);
	answer_drop(NULL);
}

static int made, dropped;

static void *count_octets(const struct dns_answer *a)
{
	made++;
	return a->count == 0 ? NULL : (void *)(uintptr_t)a->records[0].len;
}

static void *first_octet(const struct dns_answer *a)
{
	return (void *)a->records[0].data;
}

static void drop_count(void *reading)
{
	assert_int_equal((uintptr_t)reading, 3);
	dropped++;
}

static void drop_nothing(void *reading)
{
	(void)reading;
}

static void test_read_once(void **state)
{
	static const struct answer_reader counter = {
		count_octets, drop_count
	}, looker = { first_octet, drop_nothing };
	struct dns_answer *a = answer_new(DNS_FOUND, 0, 60);
	const struct dns_answer *none = answer_done(answer_new(DNS_NODATA, 0,
	    60));

	(void)state;
	made = dropped = 0;
	answer_put(a, "abc", 3, 0);
	answer_done(a);
	answer_ref(a);
	for (int i = 0; i < 3; i++) {
		assert_int_equal((uintptr_t)answer_reading(a, &counter), 3);
		assert_ptr_equal(answer_reading(a, &looker),
		    a->records[0].data);
		assert_null(answer_reading(none, &counter));
	}
	assert_int_equal(made, 2);
	answer_drop(none);
	answer_drop(a);
	assert_int_equal(dropped, 0);
	answer_drop(a);
	assert_int_equal(dropped, 1);
}

static void test_found_with_nothing_is_nodata(void **state)
{
	(void)state;
	const struct dns_answer *a = answer_done(answer_new(DNS_FOUND, 0, 1));

	assert_int_equal(a->status, DNS_NODATA);
	answer_drop(a);
}

static void test_trouble(void **state)
{
	static const struct {
		enum dns_status status;
		bool spent;
		bool trouble;
	} cases[] = {
		{ DNS_FOUND, false, false },
		{ DNS_NODATA, false, false },
		{ DNS_NXDOMAIN, false, false },
		{ DNS_FAILED, false, true },
		{ DNS_TIMEOUT, false, true },
		{ DNS_BOGUS, false, true },
		{ DNS_REFUSED_HERE, false, false },
		{ DNS_REFUSED_HERE, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_answer a = {
			.status = cases[i].status, .spent = cases[i].spent,
		};

		if (dns_is_trouble(&a) != cases[i].trouble)
			fail_row(name_word(dns_status_names,
			    (int)a.status), "wrong kind of trouble");
	}
}

static const struct {
	const char *label;
	const char *text;
	const char *again;              /* NULL: no name */
} names[] = {
	{ "plain", "Example.COM", "example.com" },
	{ "trailing dot", "example.com.", "example.com" },
	{ "underscore", "_dmarc.example.com", "_dmarc.example.com" },
	{ "escaped dot", "a\\.b.example", "a\\.b.example" },
	{ "decimal dot", "a\\046b.example", "a\\.b.example" },
	{ "backslash", "a\\\\b", "a\\\\b" },
	{ "decimal letter folds", "\\065", "a" },
	{ "space", "a b.example", "a\\032b.example" },
	{ "8-bit", "\xc3\xa4.example", "\\195\\164.example" },
	{ "asterisk", "*.example", "*.example" },
	{ "63", L63 ".example", L63 ".example" },
	{ "64", L63 "a.example", NULL },
	{ "253", L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61 },
	{ "253 and a dot", L63 "." L63 "." L63 "." L61 ".",
	    L63 "." L63 "." L63 "." L61 },
	{ "254", L63 "." L63 "." L63 "." L61 "a", NULL },
	{ "254 in one label more", L63 "." L63 "." L63 "." L61 ".a", NULL },
	{ "5 x 63", L63 "." L63 "." L63 "." L63 "." L63, NULL },
	{ "empty", "", NULL },
	{ "root", ".", NULL },
	{ "leading dot", ".example", NULL },
	{ "two dots", "a..b", NULL },
	{ "two dots at the end", "a..", NULL },
	{ "backslash at the end", "a\\", NULL },
	{ "256", "\\256", NULL },
	{ "two digits", "\\12", NULL },
	{ "digits and a letter", "\\12x", NULL },
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct dname d, wire;
		char text[DNAME_TEXT_MAX];
		bool ok = dname_parse(slice_of(names[i].text), &d);

		if (ok != (names[i].again != NULL))
			fail_row(names[i].label, "accepted or refused wrongly");
		if (!ok)
			continue;
		size_t len = dname_text(&d, text);

		assert_int_equal(len, strlen(text));
		if (strcmp(text, names[i].again) != 0)
			fail_row(names[i].label, text);
		if (dname_read(d.wire, d.len, &wire) != d.len ||
		    dname_compare(&d, &wire) != 0)
			fail_row(names[i].label, "octets do not come back");
		for (size_t cut = 0; cut < d.len; cut++)
			if (dname_read(d.wire, cut, &wire) != 0)
				fail_row(names[i].label, "read when cut off");
	}
}

static void test_hostile_octets(void **state)
{
	struct dname d;
	char text[DNAME_TEXT_MAX];
	unsigned char wild[300];

	(void)state;
	assert_int_equal(dname_read((const unsigned char *)"\1a\xc0\0", 4, &d),
	    0);
	assert_int_equal(dname_read((const unsigned char *)"\x40", 1, &d), 0);
	assert_int_equal(dname_read((const unsigned char *)"\0", 1, &d), 1);
	dname_text(&d, text);
	assert_string_equal(text, ".");
	/* NUL and every odd octet, at the greatest length. */
	memset(wild, 0, sizeof(wild));
	for (size_t at = 0; at + 64 <= 192; at += 64)
		wild[at] = 63;
	wild[192] = 61;
	assert_int_equal(dname_read(wild, sizeof(wild), &d), 255);
	assert_int_equal(dname_text(&d, text), 250 * 4 + 3);
	wild[192] = 62;
	assert_int_equal(dname_read(wild, sizeof(wild), &d), 0);
	memset(wild, 1, sizeof(wild));
	assert_int_equal(dname_read(wild, sizeof(wild), &d), 0);
}

static void test_relatives(void **state)
{
	struct dname d, up, star;
	char text[DNAME_TEXT_MAX];

	(void)state;
	assert_true(dname_parse(SLICE("a\\.b.c"), &d));
	assert_true(dname_wildcard(&d, &star));
	dname_text(&star, text);
	assert_string_equal(text, "*.a\\.b.c");
	assert_true(dname_parent(&d, &up));
	dname_text(&up, text);
	assert_string_equal(text, "c");
	assert_false(dname_parent(&up, &up));
	assert_true(dname_parse(SLICE(L63 "." L63 "." L63 "." L61), &d));
	assert_false(dname_wildcard(&d, &star));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_are_copied),
		cmocka_unit_test(test_read_once),
		cmocka_unit_test(test_found_with_nothing_is_nodata),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hostile_octets),
		cmocka_unit_test(test_relatives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
