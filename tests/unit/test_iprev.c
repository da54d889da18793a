/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "check/iprev.h"
#include "dns/zone.h"

#define PTR4 "1.2.0.192.in-addr.arpa "
#define PTR6 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2" \
	".ip6.arpa "

static const struct {
	const char *label;
	const char *zone;
	const char *client;
	enum auth_code code;
	const char *name;
	const char *reason;
} cases[] = {
	{ "IPv4", PTR4 "PTR mail.example.com\nmail.example.com A 192.0.2.1\n",
	    "192.0.2.1", AUTH_PASS, "mail.example.com", NULL },
	{ "IPv6", PTR6 "PTR mail.example.com\n"
	    "mail.example.com AAAA 2001:db8::1\n", "2001:db8::1", AUTH_PASS,
	    "mail.example.com", NULL },
	{ "mapped", PTR4 "PTR mail.example.com\n"
	    "mail.example.com A 192.0.2.1\n", "::ffff:192.0.2.1", AUTH_PASS,
	    "mail.example.com", NULL },
	{ "through an alias", PTR4 "CNAME 1.0-7.2.0.192.in-addr.arpa\n"
	    "1.0-7.2.0.192.in-addr.arpa PTR mail.example.com\n"
	    "mail.example.com CNAME mx.example.com\n"
	    "mx.example.com A 192.0.2.1\n", "192.0.2.1", AUTH_PASS,
	    "mail.example.com", NULL },
	{ "second name, second address", PTR4 "PTR a.example.com\n"
	    PTR4 "PTR B.example.com\na.example.com A 192.0.2.9\n"
	    "b.example.com A 192.0.2.8\nb.example.com A 192.0.2.1\n",
	    "192.0.2.1", AUTH_PASS, "b.example.com", NULL },
	{ "no PTR", "example.com A 192.0.2.1\n", "192.0.2.1", AUTH_PERMERROR,
	    NULL, "the client's address has no PTR record" },
	{ "no PTR, but something", PTR4 "TXT \"x\"\n", "192.0.2.1",
	    AUTH_PERMERROR, NULL, "the client's address has no PTR record" },
	{ "PTR fails", PTR4 "STATUS servfail\n", "192.0.2.1", AUTH_TEMPERROR,
	    NULL, "DNS failure at 1.2.0.192.in-addr.arpa" },
	{ "PTR never answers", PTR4 "STATUS timeout\n", "192.0.2.1",
	    AUTH_TEMPERROR, NULL, "DNS failure at 1.2.0.192.in-addr.arpa" },
	{ "leads nowhere", PTR4 "PTR gone.example.com\n", "192.0.2.1",
	    AUTH_FAIL, NULL,
	    "gone.example.com does not lead back to the client" },
	{ "leads elsewhere", PTR4 "PTR bank.example\n"
	    "bank.example A 192.0.2.2\n", "192.0.2.1", AUTH_FAIL, NULL,
	    "bank.example does not lead back to the client" },
	{ "the other family", PTR4 "PTR mail.example.com\n"
	    "mail.example.com AAAA ::ffff:192.0.2.1\n", "192.0.2.1",
	    AUTH_FAIL, NULL,
	    "mail.example.com does not lead back to the client" },
	{ "forward fails", PTR4 "PTR a.example.com\n" PTR4
	    "PTR b.example.com\na.example.com A 192.0.2.2\n"
	    "b.example.com STATUS refused\n", "192.0.2.1", AUTH_TEMPERROR,
	    NULL, "DNS failure at b.example.com" },
	{ "forward fails, another confirms", PTR4 "PTR a.example.com\n" PTR4
	    "PTR b.example.com\na.example.com STATUS servfail\n"
	    "b.example.com A 192.0.2.1\n", "192.0.2.1", AUTH_PASS,
	    "b.example.com", NULL },
	{ "a name that is none", PTR4 "PTR a\\032\\(b.example.com\n"
	    "a\\032\\(b.example.com A 192.0.2.1\n", "192.0.2.1", AUTH_FAIL,
	    NULL, "the client's PTR record names no host" },
	{ "a control character", PTR4 "PTR a\\010b.example.com\n",
	    "192.0.2.1", AUTH_FAIL, NULL,
	    "the client's PTR record names no host" },
	{ "the root", PTR4 "PTR .\n", "192.0.2.1", AUTH_FAIL, NULL,
	    "the client's PTR record names no host" },
	{ "no address", "", NULL, AUTH_NONE, NULL,
	    "the client's address is not known" },
};

struct world {
	struct arena *mem;
	struct resolver *resolver;
	struct inquiry *dns;
};

static struct world world_new(const char *label, struct slice zone)
{
	const struct inquiry_limits limits = { .query_ms = 50 };
	struct world w = { .mem = arena_new(4096) };
	struct error err = { "" };

	w.resolver = zone_resolver(zone, label, &err);
	if (w.resolver == NULL)
		fail_msg("%s", err.text);
	w.dns = inquiry_new(w.mem, w.resolver, &limits, NULL);
	return w;
}

static void world_free(struct world *w)
{
	arena_free(w->mem);
	resolver_drop(w->resolver);
}

static struct ip ip_of(const char *text)
{
	struct ip ip = { .family = IP_NONE };

	if (text != NULL)
		assert_true(ip_parse(slice_of(text), &ip));
	return ip;
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void test_evaluate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct world w = world_new(cases[i].label,
		    slice_of(cases[i].zone));
		struct ip client = ip_of(cases[i].client);
		struct iprev_finding f;

		iprev_prefetch(w.dns, &client);
		iprev_evaluate(w.mem, w.dns, &client, &f);
		if (f.code != cases[i].code || !same(f.name, cases[i].name) ||
		    !same(f.reason, cases[i].reason))
			fail_msg("%s: %s, %s, %s", cases[i].label,
			    name_word(iprev_names, (int)f.code),
			    f.name == NULL ? "-" : f.name,
			    f.reason == NULL ? "-" : f.reason);
		world_free(&w);
	}
}

/* An eleventh name is not followed, even if it would confirm. */
static void test_many_names(void **state)
{
	struct buf zone = { 0 };
	struct ip client = ip_of("192.0.2.1");
	struct iprev_finding f;
	struct world w;

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_addf(&zone, PTR4 "PTR h%03d.example.com\n", i);
	w = world_new("many", buf_slice(&zone));
	iprev_evaluate(w.mem, w.dns, &client, &f);
	assert_int_equal(f.code, AUTH_FAIL);
	assert_int_equal(inquiry_journal_count(w.dns), 11);
	world_free(&w);
	buf_free(&zone);
}

static const struct {
	const char *label;
	enum client_class class;
	const char *client;
	enum auth_code code;
	const char *reason;
} classes[] = {
	{ "outside", CLIENT_OUTSIDE, "192.0.2.1", AUTH_PASS, NULL },
	{ "behind a relay", CLIENT_RELAY, "192.0.2.1", AUTH_PASS, NULL },
	{ "behind a relay, unknown", CLIENT_RELAY, NULL, AUTH_NONE,
	    "the relay does not say" },
	{ "local", CLIENT_LOCAL, "192.0.2.1", AUTH_NONE, "local client" },
	{ "authenticated", CLIENT_AUTHENTICATED, "192.0.2.1", AUTH_NONE,
	    "authenticated submission" },
};

static void test_check(void **state)
{
	(void)state;
	assert_int_equal(iprev_check.ready, PHASE_MAIL);
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		struct world w = world_new(classes[i].label, SLICE(PTR4
		    "PTR a.example.com\na.example.com A 192.0.2.1\n"));
		const struct evidence e = {
			.client_class = classes[i].class,
			.client_ip = ip_of(classes[i].client),
			.client_settled = true,
			.why_no_client = classes[i].client != NULL ? NULL :
			    "the relay does not say",
		};
		struct findings f = { .iprev.code = AUTH_NONE };
		struct examination x = { w.mem, NULL, &e, w.dns, &f, NULL };
		void *s = iprev_check.open(&x);

		iprev_check.reach(s, PHASE_MAIL);
		iprev_check.finish(s);
		if (f.iprev.code != classes[i].code ||
		    !same(f.iprev.reason, classes[i].reason))
			fail_msg("%s: %s, %s", classes[i].label,
			    name_word(iprev_names, (int)f.iprev.code),
			    f.iprev.reason);
		if (f.iprev.code == AUTH_NONE)
			assert_int_equal(inquiry_journal_count(w.dns), 0);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evaluate),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
