/* SPDX-License-Identifier: BSD-2-Clause */

/* zone: the grammar, which names exist, CNAMEs, moods, delays, tickets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns/zone.h"

#define FOREVER (clock_monotonic_us() + 60 * (int64_t)1000000)

static const char zone_text[] =
    "; a comment\n"
    "# another\n"
    "\n"
    "example.com. 3600 IN SOA ns.example.com. host.example.com. (\n"
    "	1 ; serial\n"
    "	7200 3600\n"
    "	1209600 300 )\n"
    "example.com IN 60 NS ns.example.com.\n"
    "Example.COM TXT \"v=spf1 \" \"-all\" ; joined\n"
    "example.com TXT bare\n"
    "example.com 10 MX 10 Mail.Example.com.\n"
    "example.com 20 MX 20 .\n"
    "mail.example.com A 192.0.2.1\n"
    "mail.example.com A 192.0.2.2\n"
    "  mail.example.com AAAA 2001:db8::1\r\n"
    "1.2.0.192.in-addr.arpa PTR a\\.b\\032c.example.com.\n"
    "odd.example.com TXT \"a;b#c\" \"\\\"q\\\\ \\000\\255\" (\"x\"\n\"y\")\n"
    "empty.example.com TXT \"\"\n"
    "deep.under.example.com A 192.0.2.3\n"
    "*.wild.example.com TXT \"wild\"\n"
    "sub.there.wild.example.com A 192.0.2.4\n"
    "mailed.wild.example.com MX 1 mail.example.com\n"
    "www.example.com 30 CNAME mail.example.com\n"
    "www2.example.com CNAME www.example.com.\n"
    "lost.example.com CNAME nowhere.example.com.\n"
    "towild.example.com CNAME any.wild.example.com.\n"
    "tobad.example.com CNAME servfail.example.com.\n"
    "loop.example.com CNAME pool.example.com.\n"
    "pool.example.com CNAME loop.example.com.\n"
    "servfail.example.com STATUS servfail\n"
    "refused.example.com STATUS REFUSED\n"
    "never.example.com STATUS timeout\n"
    "bogus.example.com STATUS bogus\n"
    "gone.example.com STATUS nxdomain\n"
    "gone.example.com A 192.0.2.5\n"
    "*.sick.example.com STATUS servfail\n"
    "safe.example.com TXT safe\n"
    "safe.example.com SECURE\n"
    "tosafe.example.com CNAME safe.example.com\n"
    "slow.example.com TXT slow\n"
    "slow.example.com DELAY 30ms\n"
    "slower.example.com DELAY 3000s\n"
    "slower.example.com TXT never seen\n"
    "slownone.example.com DELAY 1ms";

static const struct {
	const char *label;
	const char *name;
	enum dns_type type;
	enum dns_status status;
	int rcode;
	const char *data;               /* records joined with "|" */
	bool alias, secure;
	unsigned ttl;                   /* 0: not looked at */
} cases[] = {
	{ "txt", "example.com", DNS_TXT, DNS_FOUND, 0,
	    .data = "v=spf1 -all|bare" },
	{ "case, dot", "EXAMPLE.com.", DNS_TXT, DNS_FOUND, 0,
	    .data = "v=spf1 -all|bare" },
	{ "ns", "example.com", DNS_NS, DNS_FOUND, 0, .data = "ns.example.com",
	    .ttl = 60 },
	{ "soa", "example.com", DNS_SOA, DNS_FOUND, 0,
	    .data = "ns.example.com" },
	{ "mx", "example.com", DNS_MX, DNS_FOUND, 0,
	    .data = "10 mail.example.com|20 .", .ttl = 10 },
	{ "a", "mail.example.com", DNS_A, DNS_FOUND, 0,
	    .data = "\xc0\0\2\1|\xc0\0\2\2", .ttl = 3600 },
	{ "ptr", "1.2.0.192.in-addr.arpa", DNS_PTR, DNS_FOUND, 0,
	    .data = "a\\.b\\032c.example.com" },
	{ "empty txt", "empty.example.com", DNS_TXT, DNS_FOUND, 0, .data = "" },
	{ "nodata", "mail.example.com", DNS_TXT, DNS_NODATA, 0, .data = NULL,
	    .ttl = 300 },
	{ "nxdomain", "absent.example.com", DNS_TXT, DNS_NXDOMAIN, 3,
	    .data = NULL },
	{ "out of zone", "example.net", DNS_A, DNS_NXDOMAIN, 3, .data = NULL },
	{ "names below", "under.example.com", DNS_A, DNS_NODATA, 0,
	    .data = NULL },
	{ "names below, top", "com", DNS_A, DNS_NODATA, 0, .data = NULL },
	{ "wildcard", "a.wild.example.com", DNS_TXT, DNS_FOUND, 0,
	    .data = "wild" },
	{ "wildcard, deep", "a.b.c.wild.example.com", DNS_TXT, DNS_FOUND, 0,
	    .data = "wild" },
	{ "wildcard, type", "a.wild.example.com", DNS_A, DNS_NODATA, 0,
	    .data = NULL },
	{ "wildcard itself", "*.wild.example.com", DNS_TXT, DNS_FOUND, 0,
	    .data = "wild" },
	{ "wildcard's parent", "wild.example.com", DNS_TXT, DNS_NODATA, 0,
	    .data = NULL },
	{ "name covers wildcard", "mailed.wild.example.com", DNS_TXT,
	    DNS_NODATA, 0, .data = NULL },
	{ "empty name covers wildcard", "there.wild.example.com", DNS_TXT,
	    DNS_NODATA, 0, .data = NULL },
	{ "encloser without wildcard", "x.there.wild.example.com", DNS_TXT,
	    DNS_NXDOMAIN, 3, .data = NULL },
	{ "cname", "www.example.com", DNS_AAAA, DNS_FOUND, 0,
	    .data = " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", .alias = true,
	    .ttl = 30 },
	{ "two cnames", "www2.example.com", DNS_A, DNS_FOUND, 0,
	    .data = "\xc0\0\2\1|\xc0\0\2\2", .alias = true },
	{ "asked for cname", "www2.example.com", DNS_CNAME, DNS_FOUND, 0,
	    .data = "www.example.com", .alias = true },
	{ "cname, nodata", "www.example.com", DNS_TXT, DNS_NODATA, 0,
	    .data = NULL,
	    .alias = true },
	{ "cname to absent", "lost.example.com", DNS_TXT, DNS_NXDOMAIN, 3,
	    .data = NULL, .alias = true },
	{ "cname to wildcard", "towild.example.com", DNS_TXT, DNS_FOUND, 0,
	    .data = "wild", .alias = true },
	{ "cname to servfail", "tobad.example.com", DNS_TXT, DNS_FAILED, 2,
	    .data = NULL, .alias = true },
	{ "cname loop", "loop.example.com", DNS_A, DNS_FAILED, 2, .data = NULL,
	    .alias = true },
	{ "servfail", "servfail.example.com", DNS_A, DNS_FAILED, 2,
	    .data = NULL },
	{ "refused", "refused.example.com", DNS_A, DNS_FAILED, 5,
	    .data = NULL },
	{ "bogus", "bogus.example.com", DNS_A, DNS_BOGUS, 2, .data = NULL },
	{ "said to be absent", "gone.example.com", DNS_A, DNS_NXDOMAIN, 3,
	    .data = NULL },
	{ "servfail by wildcard", "x.sick.example.com", DNS_A, DNS_FAILED, 2,
	    .data = NULL },
	{ "secure", "safe.example.com", DNS_TXT, DNS_FOUND, 0, .data = "safe",
	    .secure = true },
	{ "cname breaks security", "tosafe.example.com", DNS_TXT, DNS_FOUND,
	    0, .data = "safe", .alias = true },
	{ "delayed", "slow.example.com", DNS_TXT, DNS_FOUND, 0,
	    .data = "slow" },
	{ "delayed absence", "slownone.example.com", DNS_TXT, DNS_NXDOMAIN, 3,
	    .data = NULL },
	{ "empty label", "a..example.com", DNS_A, DNS_REFUSED_HERE, -1,
	    .data = NULL },
	{ "empty name", "", DNS_A, DNS_REFUSED_HERE, -1, .data = NULL },
	{ "control octet", "a\nb.example.com", DNS_A, DNS_REFUSED_HERE, -1,
	    .data = NULL },
	{ "escaped NUL", "a\\000.example.com", DNS_A, DNS_REFUSED_HERE, -1,
	    .data = NULL },
};

static struct resolver *open_zone(const char *text)
{
	struct error err = { "" };
	struct resolver *r = zone_resolver(slice_of(text), "test", &err);

	if (r == NULL)
		fail_msg("%s", err.text);
	return r;
}

/* Addresses are compared as they are, so this works on octets; the last one
 * is a NUL. */
static size_t join(const struct dns_answer *a, enum dns_type type, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (i > 0)
			out[n++] = '|';
		if (type == DNS_MX)
			n += (size_t)sprintf(out + n, "%u ",
			    (unsigned)a->records[i].preference);
		memcpy(out + n, a->records[i].data, a->records[i].len);
		n += a->records[i].len;
	}
	out[n++] = '\0';
	return n;
}

static void check(size_t i, const struct dns_answer *a)
{
	char got[256];

	if (a->status != cases[i].status)
		fail_msg("%s: %s", cases[i].label,
		    name_word(dns_status_names, (int)a->status));
	if (a->rcode != cases[i].rcode)
		fail_msg("%s: rcode %d", cases[i].label, a->rcode);
	if (a->alias != cases[i].alias)
		fail_msg("%s: alias %d", cases[i].label, a->alias);
	if (a->secure != cases[i].secure)
		fail_msg("%s: secure %d", cases[i].label, a->secure);
	if (cases[i].ttl != 0 && a->ttl != cases[i].ttl)
		fail_msg("%s: ttl %u", cases[i].label, (unsigned)a->ttl);
	if ((a->count > 0) != (cases[i].data != NULL))
		fail_msg("%s: %zu records", cases[i].label, a->count);
	if (cases[i].data != NULL &&
	    memcmp(got, cases[i].data, join(a, cases[i].type, got)) != 0)
		fail_msg("%s: other data", cases[i].label);
}

static void test_answers(void **state)
{
	struct resolver *r = open_zone(zone_text);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_ticket *t = resolver_start(r, cases[i].name,
		    cases[i].type);

		check(i, ticket_wait(t, FOREVER));
		assert_ptr_equal(ticket_peek(t), ticket_wait(t, 0));
		ticket_drop(t);
	}
	resolver_drop(r);
}

static void test_escapes_in_strings(void **state)
{
	static const char want[] = "a;b#c\"q\\ \0\377xy";
	struct resolver *r = open_zone(zone_text);
	struct dns_ticket *t = resolver_start(r, "odd.example.com", DNS_TXT);
	const struct dns_answer *a = ticket_wait(t, FOREVER);

	(void)state;
	assert_int_equal(a->count, 1);
	assert_int_equal(a->records[0].len, sizeof(want) - 1);
	assert_memory_equal(a->records[0].data, want, sizeof(want));
	ticket_drop(t);
	resolver_drop(r);
}

static void test_name_from_answer_can_be_asked(void **state)
{
	struct resolver *r = open_zone(
	    "1.example PTR A\\.b\\032c.example\n"
	    "a\\.b\\032c.example A 192.0.2.9\n");
	struct dns_ticket *ptr = resolver_start(r, "1.example", DNS_PTR);
	const struct dns_answer *name = ticket_wait(ptr, FOREVER);
	struct dns_ticket *t = resolver_start(r, name->records[0].data, DNS_A);

	(void)state;
	assert_int_equal(ticket_wait(t, FOREVER)->status, DNS_FOUND);
	ticket_drop(t);
	t = resolver_start(r, "a\\.b c.example", DNS_A);
	assert_int_equal(ticket_wait(t, FOREVER)->status, DNS_FOUND);
	ticket_drop(t);
	ticket_drop(ptr);
	resolver_drop(r);
}

static void test_chain_length(void **state)
{
	char text[4096] = "";
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 17; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "c%d.example CNAME c%d.example\n", i, i + 1);
	snprintf(text + n, sizeof(text) - n, "c17.example A 192.0.2.1\n");
	struct resolver *r = open_zone(text);
	struct dns_ticket *t = resolver_start(r, "c0.example", DNS_A);

	assert_int_equal(ticket_wait(t, FOREVER)->status, DNS_FAILED);
	ticket_drop(t);
	t = resolver_start(r, "c1.example", DNS_A);
	assert_int_equal(ticket_wait(t, FOREVER)->status, DNS_FOUND);
	ticket_drop(t);
	resolver_drop(r);
}

/* One asker that is too late, one that never looks, one still waiting. */
static void test_unanswered(void **state)
{
	struct resolver *r = open_zone(zone_text);
	struct dns_ticket *late = resolver_start(r, "never.example.com",
	    DNS_A);
	struct dns_ticket *open = resolver_start(r, "slower.example.com",
	    DNS_TXT);

	(void)state;
	ticket_drop(resolver_start(r, "never.example.com", DNS_A));
	ticket_drop(resolver_start(r, "slow.example.com", DNS_TXT));
	assert_null(ticket_peek(late));
	const struct dns_answer *a = ticket_wait(late,
	    clock_monotonic_us() + 1000);

	assert_int_equal(a->status, DNS_TIMEOUT);
	assert_int_equal(a->rcode, -1);
	assert_ptr_equal(a, ticket_wait(late, 0));
	resolver_drop(r);
	assert_int_equal(ticket_peek(late)->status, DNS_FAILED);
	assert_int_equal(ticket_wait(open, 0)->status, DNS_FAILED);
	assert_int_equal(a->status, DNS_TIMEOUT);
	ticket_drop(late);
	ticket_drop(open);
	ticket_drop(NULL);
	resolver_drop(NULL);
}

static void *ask_all(void *arg)
{
	struct resolver *r = arg;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_ticket *t = resolver_start(r, cases[i].name,
		    cases[i].type);

		if (i % 5 != 0 &&
		    ticket_wait(t, FOREVER)->status != cases[i].status) {
			ticket_drop(t);
			return (void *)cases[i].label;
		}
		ticket_drop(t);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct resolver *r = open_zone(zone_text);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_all, r),
		    0);
	for (size_t i = 0; i < 4; i++) {
		void *label;

		pthread_join(threads[i], &label);
		if (label != NULL)
			fail_msg("%s: wrong among threads",
			    (const char *)label);
	}
	resolver_drop(r);
}

static void *wait_long(void *arg)
{
	return (void *)(uintptr_t)ticket_wait(arg, FOREVER)->status;
}

static void test_free_wakes_waiters(void **state)
{
	struct resolver *r = open_zone(zone_text);
	struct dns_ticket *t = resolver_start(r, "never.example.com", DNS_A);
	pthread_t thread;
	void *status;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wait_long, t), 0);
	resolver_drop(r);
	pthread_join(thread, &status);
	assert_int_equal((uintptr_t)status, DNS_FAILED);
	ticket_drop(t);
}

static const struct {
	const char *label;
	const char *text;
	const char *error;
} errors[] = {
	{ "type", "a.b TXT x\n\na.b HINFO x", "test:3: unknown type" },
	{ "no type", "a.b 60 IN", "test:1: no type" },
	{ "only a name", "a.b", "test:1: no type" },
	{ "bad name", "a..b A 192.0.2.1", "is no name" },
	{ "origin", "$ORIGIN example.com.", "is no name" },
	{ "no owner", "a.b A 192.0.2.1\n  IN A 192.0.2.1", "test:2:" },
	{ "bad address", "a.b A 192.0.2.256", "is no IPv4 address" },
	{ "bad address 6", "a.b AAAA 192.0.2.1", "is no IPv6 address" },
	{ "two addresses", "a.b A 192.0.2.1 192.0.2.2", "A with 2 words" },
	{ "no data", "a.b TXT", "TXT with 0 words" },
	{ "mx", "a.b MX mail.a.b", "MX with 1 words" },
	{ "preference", "a.b MX 65536 mail.a.b", "is no preference" },
	{ "mx name", "a.b MX 1 mail..b", "is no name" },
	{ "quote", "a.b TXT \"abc\n\"", "test:1: a quoted string" },
	{ "escape", "a.b TXT \"\\9\"", "broken escape" },
	{ "escape 256", "a.b TXT \"\\256\"", "broken escape" },
	{ "parenthesis", "a.b TXT ( a\nb", "test:1: \"(\"" },
	{ "parenthesis too", "a.b TXT ) a", "\")\" without" },
	{ "status", "a.b STATUS sick", "unknown STATUS" },
	{ "status, nothing", "a.b STATUS", "STATUS with 0" },
	{ "delay", "a.b DELAY 5", "is no DELAY" },
	{ "delay, huge", "a.b DELAY 99999999999999999999ms", "is no DELAY" },
	{ "secure", "a.b SECURE yes", "SECURE with 1" },
	{ "ttl", "a.b 4294967296 A 192.0.2.1", "TTL" },
	{ "soa", "a.b SOA a.b a.b 1 2 3 4 x", "is no number" },
	{ "soa, short", "a.b SOA a.b a.b 1 2 3 4", "SOA with 6" },
	{ "quoted owner", "\"a.b\" A 192.0.2.1", "is no name" },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct error err = { "" };
		struct resolver *r = zone_resolver(slice_of(errors[i].text),
		    "test", &err);

		resolver_drop(r);
		if (r != NULL)
			fail_msg("%s: accepted", errors[i].label);
		if (strstr(err.text, errors[i].error) == NULL)
			fail_msg("%s: said \"%s\"", errors[i].label, err.text);
	}
}

/* Cut anywhere, and with any octet changed: an error or a zone, no crash. */
static void test_damaged(void **state)
{
	char text[sizeof(zone_text)];
	size_t read = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(zone_text); i += 3) {
		struct resolver *r = zone_resolver(
		    (struct slice){ zone_text, i }, "cut", NULL);

		read += r != NULL;
		resolver_drop(r);
		memcpy(text, zone_text, sizeof(text));
		text[i] = (char)(i * 37);
		r = zone_resolver((struct slice){ text, sizeof(text) - 1 },
		    "changed", NULL);
		read += r != NULL;
		resolver_drop(r);
	}
	assert_true(read > 0);
}

static void test_huge(void **state)
{
	size_t len = 200000;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "a.b TXT ", 8);
	assert_null(zone_resolver((struct slice){ text, len }, "x", NULL));
	memset(text + 8, '(', len - 8);
	assert_null(zone_resolver((struct slice){ text, len }, "x", NULL));
	for (size_t i = 8; i < len; i++)
		text[i] = i % 2 ? 'x' : ' ';
	assert_null(zone_resolver((struct slice){ text, len }, "x", NULL));
	free(text);
}

static void test_file(void **state)
{
	char path[] = "/tmp/test_zone.XXXXXX";
	int fd = mkstemp(path);
	struct error err = { "" };

	(void)state;
	assert_true(fd >= 0);
	assert_true(write(fd, zone_text, sizeof(zone_text) - 1) > 0);
	close(fd);
	struct resolver *r = zone_resolver_file(path, &err);

	unlink(path);
	assert_non_null(r);
	struct dns_ticket *t = resolver_start(r, "safe.example.com", DNS_TXT);

	assert_int_equal(ticket_wait(t, FOREVER)->status, DNS_FOUND);
	ticket_drop(t);
	resolver_drop(r);
	assert_null(zone_resolver_file(path, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_null(zone_resolver_file("/", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_escapes_in_strings),
		cmocka_unit_test(test_name_from_answer_can_be_asked),
		cmocka_unit_test(test_chain_length),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_free_wakes_waiters),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
