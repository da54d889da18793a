/* SPDX-License-Identifier: BSD-2-Clause */

/* spf: check_host() in all engines, the limits, hostile trees, the check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/spf/spf.h"
#include "check/spf/layer.h"
#include "check/spf/library.h"
#include "check/spf/native.h"
#include "dns/zone.h"

static const enum engine engines[] = { ENGINE_LIBRARY, ENGINE_NATIVE,
	ENGINE_BOTH };

static const char zone_text[] =
    "plain.example TXT \"other\"\n"
    "plain.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
    "plain6.example TXT \"v=spf1 ip6:2001:db8::/32 ~all\"\n"
    "a.example TXT \"v=spf1 a mx ?all\"\n"
    "a.example A 192.0.2.1\n"
    "a.example AAAA 2001:db8::1\n"
    "a.example MX 10 mx.a.example\n"
    "a.example MX 20 mx2.a.example\n"
    "mx.a.example A 192.0.2.2\n"
    "mx2.a.example A 192.0.2.3\n"
    "mx2.a.example AAAA 2001:db8::3\n"
    "mx.a.example AAAA 2001:db8::2\n"
    "none.example TXT \"nothing here\"\n"
    "two.example TXT \"v=spf1 -all\"\n"
    "two.example TXT \"v=spf1 +all\"\n"
    "bad.example TXT \"v=spf1 +all moo\"\n"
    "servfail.example STATUS servfail\n"
    "refused.example STATUS refused\n"
    "bogus.example STATUS bogus\n"

    "inc.example TXT \"v=spf1 include:plain.example -all\"\n"
    "incnone.example TXT \"v=spf1 include:none.example -all\"\n"
    "inctemp.example TXT \"v=spf1 include:servfail.example -all\"\n"
    "incperm.example TXT \"v=spf1 include:bad.example -all\"\n"
    "incsingle.example TXT \"v=spf1 include:%{d1} -all\"\n"
    "incinc.example TXT \"v=spf1 ?include:inc.example -a:a.example +all\"\n"
    "incsoft.example TXT \"v=spf1 include:softer.example a:a.example -all\"\n"
    "softer.example TXT \"v=spf1 ~include:plain.example ?all\"\n"
    "red.example TXT \"v=spf1 redirect=plain.example\"\n"
    "redfirst.example TXT \"v=spf1 redirect=plain.example ~ip4:192.0.2.7\"\n"
    "redall.example TXT \"v=spf1 redirect=servfail.example ?all\"\n"
    "rednone.example TXT \"v=spf1 redirect=none.example\"\n"
    "redred.example TXT \"v=spf1 redirect=red.example\"\n"
    "increderr.example TXT \"v=spf1 include:red.example "
	"redirect=red.example\"\n"

    "zero.example TXT \"v=spf1 ip4:10.0.0.0/0 -all\"\n"
    "zeroa.example TXT \"v=spf1 a:a.example/0 -all\"\n"
    "mapped.example TXT \"v=spf1 ip6:::ffff:192.0.2.1 -all\"\n"
    "unknown.example TXT \"v=spf1 x.y-z=%{t} ip4:192.0.2.1 -all\"\n"

    "ptr.example TXT \"v=spf1 ptr -all\"\n"
    "host.ptr.example A 192.0.2.9\n"
    "host.ptr.example A 192.0.2.90\n"
    "9.2.0.192.in-addr.arpa PTR liar.example\n"
    "9.2.0.192.in-addr.arpa PTR host.ptr.example\n"
    "90.2.0.192.in-addr.arpa PTR a\\\\b.host.ptr.example\n"
    "90.2.0.192.in-addr.arpa PTR servfail.example\n"
    "90.2.0.192.in-addr.arpa PTR HOST.ptr.example\n"
    "8.2.0.192.in-addr.arpa STATUS servfail\n"
    "91.2.0.192.in-addr.arpa PTR host.ptr.example\n"
    "10.2.0.192.in-addr.arpa PTR n1.example\n"
    "10.2.0.192.in-addr.arpa PTR n2.example\n"
    "10.2.0.192.in-addr.arpa PTR n3.example\n"
    "10.2.0.192.in-addr.arpa PTR n4.example\n"
    "10.2.0.192.in-addr.arpa PTR n5.example\n"
    "10.2.0.192.in-addr.arpa PTR n6.example\n"
    "10.2.0.192.in-addr.arpa PTR n7.example\n"
    "10.2.0.192.in-addr.arpa PTR n8.example\n"
    "10.2.0.192.in-addr.arpa PTR n9.example\n"
    "10.2.0.192.in-addr.arpa PTR ten.ptr10.example\n"
    "10.2.0.192.in-addr.arpa PTR eleven.ptr11.example\n"
    "ten.ptr10.example A 192.0.2.10\n"
    "eleven.ptr11.example A 192.0.2.10\n"
    "ptr10.example TXT \"v=spf1 ptr -all\"\n"
    "ptr11.example TXT \"v=spf1 ptr -all\"\n"
    "notptr.example TXT \"v=spf1 ptr:tr.example -all\"\n"
    "oddptr.example TXT \"v=spf1 ptr:%{l}.ptr.example -all\"\n"
    "pptr.example TXT \"v=spf1 ptr:%{p} -all\"\n"
    "pmacro.example TXT \"v=spf1 exists:%{p}.ok.example -all\"\n"
    "host.ptr.example.ok.example A 127.0.0.2\n"
    "unknown.ok.example A 127.0.0.2\n"

    "ex.example TXT \"v=spf1 exists:%{l}.%{o2}.%{v}.user.example -all\"\n"
    "joe.ex.example.in-addr.user.example A 127.0.0.2\n"
    "joe.ex.example.ip6.user.example A 127.0.0.2\n"
    "back\\092slash.ex.example.in-addr.user.example A 127.0.0.2\n"
    "exl.example TXT \"v=spf1 -exists:%{l}.x.example include:%{l}.example "
	"+all\"\n"
    "redl.example TXT \"v=spf1 redirect=%{l}.example\"\n";

static const char more_zone_text[] =
    "mx10.example TXT \"v=spf1 mx -all\"\n"
    "mx10.example MX 1 a.example\nmx10.example MX 2 a.example\n"
    "mx10.example MX 3 a.example\nmx10.example MX 4 a.example\n"
    "mx10.example MX 5 a.example\nmx10.example MX 6 a.example\n"
    "mx10.example MX 7 a.example\nmx10.example MX 8 a.example\n"
    "mx10.example MX 9 a.example\nmx10.example MX 10 mx.a.example\n"
    "mx11.example TXT \"v=spf1 mx:m.mx11.example -all\"\n"
    "m.mx11.example MX 1 a.example\nm.mx11.example MX 2 a.example\n"
    "m.mx11.example MX 3 a.example\nm.mx11.example MX 4 a.example\n"
    "m.mx11.example MX 5 a.example\nm.mx11.example MX 6 a.example\n"
    "m.mx11.example MX 7 a.example\nm.mx11.example MX 8 a.example\n"
    "m.mx11.example MX 9 a.example\nm.mx11.example MX 10 a.example\n"
    "m.mx11.example MX 11 mx.a.example\n"
    "nullmx.example TXT \"v=spf1 mx ?all\"\n"
    "nullmx.example MX 0 .\n"

    "ten.example TXT \"v=spf1 a:a.example a:a.example a:a.example "
	"a:a.example a:a.example a:a.example a:a.example a:a.example "
	"a:a.example include:plain.example ?all\"\n"
    "eleven.example TXT \"v=spf1 include:ten.example a:a.example +all\"\n"
    "loop.example TXT \"v=spf1 include:loop.example -all\"\n"
    "redloop.example TXT \"v=spf1 redirect=redloop.example\"\n"
    "void2.example TXT \"v=spf1 a:v1.example mx:v2.example ?all\"\n"
    "void3.example TXT \"v=spf1 a:v1.example include:void2.example +all\"\n"
    "voidmx.example TXT \"v=spf1 mx +all\"\n"
    "voidmx.example MX 1 v1.example\nvoidmx.example MX 2 v2.example\n"
    "voidmx.example MX 3 v3.example\n"

    "exp.example TXT \"v=spf1 exp=why.%{d} -all\"\n"
    "why.exp.example TXT \"%{i} is not %{l} of %{d}, 100%% \" "
	"\"sure says %{r}\"\n"
    "exp2.example TXT \"v=spf1 exp=why2.example -all\"\n"
    "why2.example TXT one\nwhy2.example TXT two\n"
    "exp8.example TXT \"v=spf1 exp=why8.example -all\"\n"
    "why8.example TXT \"\\195\\164\"\n"
    "expfail.example TXT \"v=spf1 exp=servfail.example -all\"\n"
    "exppass.example TXT \"v=spf1 exp=why.exp.example +all\"\n"
    "expl.example TXT \"v=spf1 exp=%{l}.exp.example -all\"\n"
    "expred.example TXT \"v=spf1 exp=why2.example redirect=exp.example\"\n"
    "expinc.example TXT \"v=spf1 include:exp.example exp=w.exp.example "
	"-all\"\n"
    "w.exp.example TXT \"from %{p}\"\n";

#define V4 "192.0.2.1"
#define V6 "2001:db8::1"
#define OUT "203.0.113.1"

static const struct {
	const char *label;
	const char *client, *domain, *local;
	enum auth_code code;
	const char *mechanism;
	const char *reason;             /* part of it */
	unsigned lookups, voids;
	const char *explanation;
	bool local_part_used;
} cases[] = {
	{ "ip4", V4, "plain.example", NULL, AUTH_PASS,
	    .mechanism = "ip4:192.0.2.0/24" },
	{ "all", OUT, "plain.example", NULL, AUTH_FAIL, .mechanism = "-all" },
	{ "v6 against ip4", V6, "plain.example", NULL, AUTH_FAIL,
	    .mechanism = "-all" },
	{ "ip6", V6, "plain6.example", NULL, AUTH_PASS,
	    .mechanism = "ip6:2001:db8::/32" },
	{ "v4 against ip6", V4, "plain6.example", NULL, AUTH_SOFTFAIL,
	    .mechanism = "~all" },
	{ "mapped client", "::ffff:192.0.2.1", "plain.example", NULL,
	    AUTH_PASS, .mechanism = "ip4:192.0.2.0/24" },
	{ "a", V4, "a.example", NULL, AUTH_PASS, .mechanism = "a",
	    .lookups = 1 },
	{ "aaaa", V6, "a.example", NULL, AUTH_PASS, .mechanism = "a",
	    .lookups = 1 },
	{ "mx", "192.0.2.3", "a.example", NULL, AUTH_PASS, .mechanism = "mx",
	    .lookups = 2 },
	{ "mx6", "2001:db8::3", "a.example", NULL, AUTH_PASS,
	    .mechanism = "mx", .lookups = 2 },
	{ "neutral", OUT, "a.example", NULL, AUTH_NEUTRAL, .mechanism = "?all",
	    .lookups = 2 },
	{ "none", V4, "none.example", NULL, AUTH_NONE,
	    .reason = "none.example has no SPF record" },
	{ "nxdomain", V4, "nowhere.example", NULL, AUTH_NONE,
	    .reason = "nowhere.example does not exist" },
	{ "single label", V4, "localhost", NULL, AUTH_NONE,
	    .reason = "two labels" },
	{ "no domain", V4, NULL, NULL, AUTH_NONE, .reason = "no domain" },
	{ "loopback", "127.0.0.1", "plain.example", NULL, AUTH_NONE,
	    .reason = "loopback client" },
	{ "loopback6", "::1", "plain.example", NULL, AUTH_NONE,
	    .reason = "loopback client" },
	{ "two records", V4, "two.example", NULL, AUTH_PERMERROR,
	    .reason = "more than one" },
	{ "bad term", V4, "bad.example", NULL, AUTH_PERMERROR,
	    .reason = "term \"moo\"" },
	{ "servfail", V4, "servfail.example", NULL, AUTH_TEMPERROR,
	    .reason = "servfail.example TXT: failed" },
	{ "refused", V4, "refused.example", NULL, AUTH_TEMPERROR,
	    .reason = "TXT" },
	{ "bogus", V4, "bogus.example", NULL, AUTH_TEMPERROR,
	    .reason = "bogus" },

	{ "include", V4, "inc.example", NULL, AUTH_PASS,
	    .mechanism = "include:plain.example", .lookups = 1 },
	{ "include, no", OUT, "inc.example", NULL, AUTH_FAIL,
	    .mechanism = "-all", .lookups = 1 },
	{ "include none", V4, "incnone.example", NULL, AUTH_PERMERROR,
	    .reason = "include: none.example", .lookups = 1 },
	{ "include temperror", V4, "inctemp.example", NULL, AUTH_TEMPERROR,
	    .reason = "servfail", .lookups = 1 },
	{ "include permerror", V4, "incperm.example", NULL, AUTH_PERMERROR,
	    .reason = "bad.example", .lookups = 1 },
	{ "include of one label", V4, "incsingle.example", NULL,
	    AUTH_PERMERROR, .reason = "two labels", .lookups = 1 },
	{ "include in include", V4, "incinc.example", NULL, AUTH_NEUTRAL,
	    .mechanism = "?include:inc.example", .lookups = 2 },
	{ "include in include, no", OUT, "incinc.example", NULL, AUTH_PASS,
	    .mechanism = "+all", .lookups = 3 },
	{ "include that softfails", V4, "incsoft.example", NULL, AUTH_PASS,
	    .mechanism = "a:a.example", .lookups = 3 },
	{ "redirect", V4, "red.example", NULL, AUTH_PASS,
	    .mechanism = "ip4:192.0.2.0/24", .lookups = 1 },
	{ "redirect twice", OUT, "redred.example", NULL, AUTH_FAIL,
	    .mechanism = "-all", .lookups = 2 },
	{ "redirect first", "192.0.2.7", "redfirst.example", NULL,
	    AUTH_SOFTFAIL, .mechanism = "~ip4:192.0.2.7" },
	{ "redirect first, taken", OUT, "redfirst.example", NULL, AUTH_FAIL,
	    .mechanism = "-all", .lookups = 1 },
	{ "redirect and all", V4, "redall.example", NULL, AUTH_NEUTRAL,
	    .mechanism = "?all" },
	{ "redirect none", V4, "rednone.example", NULL, AUTH_PERMERROR,
	    .reason = "redirect: none.example", .lookups = 1 },
	{ "include, then redirect", OUT, "increderr.example", NULL, AUTH_FAIL,
	    .mechanism = "-all", .lookups = 4 },

	{ "/0", OUT, "zero.example", NULL, AUTH_PASS,
	    .mechanism = "ip4:10.0.0.0/0" },
	{ "/0 of the other family", V6, "zero.example", NULL, AUTH_FAIL,
	    .mechanism = "-all" },
	{ "a/0", OUT, "zeroa.example", NULL, AUTH_PASS,
	    .mechanism = "a:a.example/0", .lookups = 1 },
	{ "mapped network", V4, "mapped.example", NULL, AUTH_FAIL,
	    .mechanism = "-all" },
	{ "unknown modifier", V4, "unknown.example", NULL, AUTH_PASS,
	    .mechanism = "ip4:192.0.2.1" },

	{ "ptr", "192.0.2.9", "ptr.example", NULL, AUTH_PASS,
	    .mechanism = "ptr", .lookups = 1 },
	{ "ptr past trouble", "192.0.2.90", "ptr.example", NULL, AUTH_PASS,
	    .mechanism = "ptr", .lookups = 1 },
	{ "ptr trouble is no match", "192.0.2.8", "ptr.example", NULL,
	    AUTH_FAIL, .mechanism = "-all", .lookups = 1 },
	{ "ptr of a name that leads elsewhere", "192.0.2.91", "ptr.example",
	    NULL, AUTH_FAIL, .mechanism = "-all", .lookups = 1 },
	{ "tenth name", "192.0.2.10", "ptr10.example", NULL, AUTH_PASS,
	    .mechanism = "ptr", .lookups = 1 },
	{ "eleventh name", "192.0.2.10", "ptr11.example", NULL, AUTH_FAIL,
	    .mechanism = "-all", .lookups = 1 },
	{ "ptr void", V4, "ptr.example", NULL, AUTH_FAIL, .mechanism = "-all",
	    .lookups = 1, .voids = 1 },
	{ "ptr by whole labels", "192.0.2.9", "notptr.example", NULL,
	    AUTH_FAIL, .mechanism = "-all", .lookups = 1 },
	{ "ptr of odd target", "192.0.2.9", "oddptr.example", "a b", AUTH_FAIL,
	    .mechanism = "-all", .lookups = 1, .local_part_used = true },
	{ "ptr of %{p}", "192.0.2.9", "pptr.example", NULL, AUTH_PASS,
	    .mechanism = "ptr:%{p}", .lookups = 2 },
	{ "%{p}", "192.0.2.9", "pmacro.example", NULL, AUTH_PASS,
	    .mechanism = "exists:%{p}.ok.example", .lookups = 2 },
	{ "%{p} unknown", V4, "pmacro.example", NULL, AUTH_PASS,
	    .mechanism = "exists:%{p}.ok.example", .lookups = 2, .voids = 1 },

	{ "exists", V4, "ex.example", "joe", AUTH_PASS,
	    .mechanism = "exists:%{l}.%{o2}.%{v}.user.example", .lookups = 1,
	    .local_part_used = true },
	{ "exists asks A for v6", V6, "ex.example", "joe", AUTH_PASS,
	    .mechanism = "exists:%{l}.%{o2}.%{v}.user.example", .lookups = 1,
	    .local_part_used = true },
	{ "exists not", V4, "ex.example", "jane", AUTH_FAIL,
	    .mechanism = "-all", .lookups = 1, .voids = 1,
	    .local_part_used = true },
	{ "backslash is an octet", V4, "ex.example", "back\\slash", AUTH_PASS,
	    .mechanism = "exists:%{l}.%{o2}.%{v}.user.example", .lookups = 1,
	    .local_part_used = true },
	{ "empty labels", V4, "ex.example", "a..b", AUTH_FAIL,
	    .mechanism = "-all", .lookups = 1, .local_part_used = true },
	{ "utf-8 local part", V4, "exl.example", "\xc3\xa4", AUTH_PASS,
	    .mechanism = "+all", .lookups = 2, .local_part_used = true },
	{ "utf-8 in redirect", V4, "redl.example", "\xc3\xa4", AUTH_PERMERROR,
	    .reason = "local-part", .lookups = 1, .local_part_used = true },

	{ "ten mx", "192.0.2.2", "mx10.example", NULL, AUTH_PASS,
	    .mechanism = "mx", .lookups = 1 },
	{ "eleven mx", V4, "mx11.example", NULL, AUTH_PERMERROR,
	    .reason = "10 MX", .lookups = 1 },
	{ "null mx", V4, "nullmx.example", NULL, AUTH_NEUTRAL,
	    .mechanism = "?all", .lookups = 1 },
	{ "ten terms", V4, "ten.example", NULL, AUTH_PASS,
	    .mechanism = "a:a.example", .lookups = 1 },
	{ "ten terms, all", "192.0.2.77", "ten.example", NULL, AUTH_PASS,
	    .mechanism = "include:plain.example", .lookups = 10 },
	{ "eleven terms", OUT, "eleven.example", NULL, AUTH_PERMERROR,
	    .reason = "more than 10 terms", .lookups = 11 },
	{ "include loop", V4, "loop.example", NULL, AUTH_PERMERROR,
	    .reason = "more than 10 terms", .lookups = 11 },
	{ "redirect loop", V4, "redloop.example", NULL, AUTH_PERMERROR,
	    .reason = "more than 10 terms", .lookups = 11 },
	{ "two voids", V4, "void2.example", NULL, AUTH_NEUTRAL,
	    .mechanism = "?all", .lookups = 2, .voids = 2 },
	{ "three voids", V4, "void3.example", NULL, AUTH_PERMERROR,
	    .reason = "void", .lookups = 4, .voids = 3 },
	{ "voids of mx hosts", V4, "voidmx.example", NULL, AUTH_PERMERROR,
	    .reason = "void", .lookups = 1, .voids = 3 },

	{ "explanation", OUT, "exp.example", "joe", AUTH_FAIL,
	    .mechanism = "-all",
	    .explanation = "203.0.113.1 is not joe of exp.example, 100% sure "
	    "says mx.receiver.example" },
	{ "hostile explanation", OUT, "exp.example", "x\x1b[2J\xff", AUTH_FAIL,
	    .mechanism = "-all",
	    .explanation = "203.0.113.1 is not x?[2J? of exp.example, 100% "
	    "sure says mx.receiver.example" },
	{ "two explanations", OUT, "exp2.example", NULL, AUTH_FAIL,
	    .mechanism = "-all" },
	{ "8-bit explanation", OUT, "exp8.example", NULL, AUTH_FAIL,
	    .mechanism = "-all" },
	{ "explanation fails", OUT, "expfail.example", NULL, AUTH_FAIL,
	    .mechanism = "-all" },
	{ "explanation of a pass", OUT, "exppass.example", NULL, AUTH_PASS,
	    .mechanism = "+all" },
	{ "explanation elsewhere", OUT, "expl.example", "why", AUTH_FAIL,
	    .mechanism = "-all",
	    .explanation = "203.0.113.1 is not why of expl.example, "
	    "100% sure says mx.receiver.example" },
	{ "explanation after redirect", OUT, "expred.example", NULL, AUTH_FAIL,
	    .mechanism = "-all", .lookups = 1,
	    .explanation = "203.0.113.1 is not postmaster of exp.example, "
	    "100% sure says mx.receiver.example" },
	{ "explanation after include", "192.0.2.9", "expinc.example", NULL,
	    AUTH_FAIL, .mechanism = "-all", .lookups = 1,
	    .explanation = "from host.ptr.example" },
};

struct fixture {
	struct resolver *zone;
	struct arena *mem;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error err = { "" };
	struct buf text = { 0 };

	buf_adds(&text, zone_text);
	buf_adds(&text, more_zone_text);
	f->zone = zone_resolver(buf_slice(&text), "zone", &err);
	buf_free(&text);
	if (f->zone == NULL)
		fail_msg("%s", err.text);
	f->mem = arena_new(16384);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->mem);
	resolver_drop(f->zone);
	free(f);
	return 0;
}

static void ask(struct arena *mem, struct resolver *zone, enum engine engine,
    const char *client, const char *domain, const char *local,
    struct spf_identity *out)
{
	struct inquiry *dns = inquiry_new(mem, zone, NULL, NULL);
	struct spf_settings settings = { .engine = engine,
	    .void_lookups = 2 };
	struct spf_question q = {
		.domain = domain,
		.local = local,
		.helo = "helo.example",
		.receiver = "mx.receiver.example",
		.now = 1700000000,
	};

	if (client != NULL)
		assert_true(ip_parse(slice_of(client), &q.client));
	spf_evaluate(mem, dns, &settings, &q, out);
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void compare(size_t i, const char *engine,
    const struct spf_identity *got)
{
	const char *label = cases[i].label;

	if (got->code != cases[i].code)
		fail_msg("%s, %s: %s (%s)", label, engine,
		    name_word(spf_names, (int)got->code),
		    got->reason != NULL ? got->reason : "");
	if (!same(got->mechanism, cases[i].mechanism))
		fail_msg("%s, %s: mechanism %s", label, engine,
		    got->mechanism != NULL ? got->mechanism : "NULL");
	if ((got->reason == NULL) != (cases[i].reason == NULL) ||
	    (got->reason != NULL &&
	    strstr(got->reason, cases[i].reason) == NULL))
		fail_msg("%s, %s: reason %s", label, engine,
		    got->reason != NULL ? got->reason : "NULL");
	if (!same(got->explanation, cases[i].explanation))
		fail_msg("%s, %s: explanation %s", label, engine,
		    got->explanation != NULL ? got->explanation : "NULL");
	if (got->lookups != cases[i].lookups ||
	    got->void_lookups != cases[i].voids)
		fail_msg("%s, %s: %u lookups, %u void", label, engine,
		    got->lookups, got->void_lookups);
	if (got->local_part_used != cases[i].local_part_used)
		fail_msg("%s, %s: local part %d", label, engine,
		    got->local_part_used);
	if (!same(got->domain, cases[i].domain))
		fail_msg("%s, %s: domain", label, engine);
}

static void test_cases(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t e = 0; e < 3; e++) {
			struct spf_identity got;

			ask(f->mem, f->zone, engines[e], cases[i].client,
			    cases[i].domain, cases[i].local, &got);
			compare(i, name_word(engine_names, (int)engines[e]),
			    &got);
			arena_reset(f->mem);
		}
}

static void test_unknown_client(void **state)
{
	struct fixture *f = *state;
	struct spf_identity got;

	ask(f->mem, f->zone, ENGINE_BOTH, NULL, "plain.example", NULL, &got);
	assert_int_equal(got.code, AUTH_NONE);
	assert_string_equal(got.reason, "the client's address is not known");
}

/* A budget that is spent is trouble, not a missing name. */
static void test_spent_budget(void **state)
{
	struct fixture *f = *state;
	struct inquiry_limits limits = { .questions = 1 };

	for (size_t e = 0; e < 3; e++) {
		struct inquiry *dns = inquiry_new(f->mem, f->zone, &limits,
		    NULL);
		struct spf_settings settings = { engines[e], 2, NULL };
		struct spf_question q = { .domain = "ex.example",
		    .local = "jane" };
		struct spf_identity got;

		assert_true(ip_parse(SLICE(V4), &q.client));
		spf_evaluate(f->mem, dns, &settings, &q, &got);
		assert_int_equal(got.code, AUTH_TEMPERROR);
	}
}

static void test_void_limit_is_a_setting(void **state)
{
	struct fixture *f = *state;
	struct inquiry *dns = inquiry_new(f->mem, f->zone, NULL, NULL);
	struct spf_question q = { .domain = "void3.example" };
	struct spf_identity got;

	assert_true(ip_parse(SLICE(V4), &q.client));
	for (size_t e = 0; e < 3; e++) {
		struct spf_settings settings = { engines[e], 3, NULL };

		spf_evaluate(f->mem, dns, &settings, &q, &got);
		assert_int_equal(got.code, AUTH_PASS);
		settings.void_lookups = 0;
		spf_evaluate(f->mem, dns, &settings, &q, &got);
		assert_int_equal(got.code, AUTH_PERMERROR);
		assert_int_equal(got.void_lookups, 1);
	}
}

/* --- hostile --- */

/* As the zone language writes it; DNS strings hold 255 octets. */
static void put_txt(struct buf *zone, const char *name, struct slice text)
{
	buf_addf(zone, "%s TXT", name);
	for (size_t at = 0; at < text.len; at += 255) {
		struct slice piece = slice_sub(text, at, 255);

		buf_adds(zone, " \"");
		for (size_t i = 0; i < piece.len; i++)
			buf_addf(zone, "\\%03u", (unsigned char)piece.data[i]);
		buf_adds(zone, "\"");
	}
	buf_adds(zone, "\n");
}

static void repeat(struct buf *out, const char *text, size_t upto)
{
	while (out->len + strlen(text) <= upto)
		buf_adds(out, text);
}

static const struct {
	const char *label, *head, *again, *tail;
	enum auth_code code;
} huge[] = {
	{ "networks", "v=spf1 ", "ip4:198.51.100.1 ", "-all", AUTH_FAIL },
	{ "the last matches", "v=spf1 ", "ip4:198.51.100.1 ", "ip4:192.0.2.1",
	    AUTH_PASS },
	{ "spaces", "v=spf1", "          ", "+all", AUTH_PASS },
	{ "terms that ask", "v=spf1 ", "a:a.example/32 ", "+all", AUTH_PASS },
	{ "terms that do not match", "v=spf1 ", "exists:%{i}.x.example ",
	    "+all", AUTH_PERMERROR },
	{ "ptr", "v=spf1 ", "ptr:x.example ", "+all", AUTH_PERMERROR },
	{ "modifiers", "v=spf1 ", "x=%{s} ", "+all", AUTH_PASS },
	{ "one long name", "v=spf1 a:", "abcdefghi.", "example +all",
	    AUTH_PASS },
	{ "one long label", "v=spf1 a:", "abcdefghij", ".example +all",
	    AUTH_PASS },
	{ "macro bomb", "v=spf1 exists:", "%{S}%{L9r-}%{I}", " +all",
	    AUTH_PASS },
	{ "include bomb", "v=spf1 include:", "%{s}.%{i}.%{p}.", "example +all",
	    AUTH_PERMERROR },
	{ "%{p} in each", "v=spf1 ", "exists:%{p}.x.example ", "+all",
	    AUTH_PERMERROR },
};

static void test_huge_records(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		struct buf text = { 0 }, zone = { 0 };
		struct error err = { "" };
		struct resolver *r;
		char local[3000];

		memset(local, '-', sizeof(local) - 1);
		local[sizeof(local) - 1] = '\0';
		buf_adds(&text, huge[i].head);
		repeat(&text, huge[i].again, 60000);
		buf_adds(&text, huge[i].tail);
		buf_adds(&zone, "a.example A 192.0.2.1\n");
		put_txt(&zone, "huge.example", buf_slice(&text));
		r = zone_resolver(buf_slice(&zone), "huge", &err);
		if (r == NULL)
			fail_msg("%s: %s", huge[i].label, err.text);
		for (size_t e = 0; e < 3; e++) {
			struct spf_identity got;

			ask(f->mem, r, engines[e], V4, "huge.example", local,
			    &got);
			if (got.code != huge[i].code)
				fail_msg("%s, engine %zu: %s (%s)",
				    huge[i].label, e,
				    name_word(spf_names, (int)got.code),
				    got.reason != NULL ? got.reason : "");
			if (got.mechanism != NULL)
				assert_in_range(strlen(got.mechanism), 1, 255);
			arena_reset(f->mem);
		}
		resolver_drop(r);
		buf_free(&text);
		buf_free(&zone);
	}
}

/* Any octet at any place is a result, and nothing unprintable comes out. */
static void test_any_octet(void **state)
{
	static const char record[] = "v=spf1 include:%{d2r-}.x.example "
	    "ip4:198.51.100.0/24 -all";
	struct fixture *f = *state;

	for (size_t at = 6; at < sizeof(record) - 1; at += 3) {
		static const unsigned char octets[] = { 0, 1, '\t', '\n', '\r',
		    '"', '%', '\\', 0x7f, 0x80, 0xc3, 0xff };
		struct buf zone = { 0 };

		for (size_t i = 0; i < sizeof(octets); i++) {
			char name[32], text[sizeof(record)];

			memcpy(text, record, sizeof(record));
			text[at] = (char)octets[i];
			snprintf(name, sizeof(name), "r%zu.example", i);
			put_txt(&zone, name, (struct slice){ text,
			    sizeof(record) - 1 });
		}
		struct resolver *r = zone_resolver(buf_slice(&zone), "z", NULL);

		assert_non_null(r);
		for (size_t i = 0; i < sizeof(octets); i++) {
			struct spf_identity lib, own;
			char name[32];

			snprintf(name, sizeof(name), "r%zu.example", i);
			ask(f->mem, r, ENGINE_LIBRARY, V4, name, NULL, &lib);
			ask(f->mem, r, ENGINE_NATIVE, V4, name, NULL, &own);
			assert_int_equal(lib.code, own.code);
			assert_int_not_equal(own.code, AUTH_PASS);
			for (const char *p = own.reason; p != NULL &&
			    *p != '\0'; p++)
				assert_in_range((unsigned char)*p, ' ', '~');
		}
		resolver_drop(r);
		buf_free(&zone);
		arena_reset(f->mem);
	}
}

/* --- random trees: the engines agree in all they say --- */

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static const char *const pieces[] = {
	"a", "mx", "ptr", "a:n1.example", "a:n2.example/24", "mx:n3.example",
	"mx:n0.example//64", "include:n1.example", "include:n2.example",
	"include:n3.example", "include:n4.example", "exists:%{i}.n1.example",
	"exists:n2.example", "exists:%{p}.n1.example", "ip4:192.0.2.1",
	"ip4:192.0.2.128/25", "ip6:2001:db8::/64", "ip6:2001:db8::1",
	"ptr:n1.example", "ptr:example", "exists:%{l}.n5.example",
	"a:n5.example", "mx:n5.example", "include:n0.example",
	"include:%{d}", "a:%{h}", "x=y", "exp=n6.example", "all",
	"a:n7.example", "include:n7.example", "ip4:192.0.2.1/0", "moo",
};

static void random_record(struct buf *zone, uint32_t *seed, int n)
{
	static const char qualifiers[] = "+-~?";
	unsigned terms = next(seed) % 6;

	buf_addf(zone, "n%d.example TXT \"v=spf1", n);
	for (unsigned i = 0; i < terms; i++) {
		/* The last four spoil much: not so often. */
		size_t spread = sizeof(pieces) / sizeof(pieces[0]) -
		    (next(seed) % 4 == 0 ? 0 : 4);
		const char *p = pieces[next(seed) % spread];

		if (strchr(p, '=') == NULL && next(seed) % 2 == 0)
			buf_addf(zone, " %c%s", qualifiers[next(seed) % 4], p);
		else
			buf_addf(zone, " %s", p);
	}
	if (next(seed) % 4 == 0)
		buf_addf(zone, " redirect=n%u.example", next(seed) % 6);
	else if (next(seed) % 2 == 0)
		buf_addf(zone, " %call", qualifiers[next(seed) % 4]);
	buf_adds(zone, "\"\n");
}

static void random_zone(struct buf *zone, uint32_t *seed)
{
	for (int n = 0; n < 5; n++) {
		random_record(zone, seed, n);
		if (next(seed) % 2 == 0)
			buf_addf(zone, "n%d.example A 192.0.2.%u\n", n,
			    next(seed) % 3);
		if (next(seed) % 3 == 0)
			buf_addf(zone, "n%d.example AAAA 2001:db8::%u\n", n,
			    next(seed) % 3);
		for (unsigned i = next(seed) % 3; i > 0; i--)
			buf_addf(zone, "n%d.example MX %u n%u.example\n", n, i,
			    next(seed) % 7);
	}
	for (unsigned i = next(seed) % 3; i > 0; i--)
		buf_addf(zone, "1.2.0.192.in-addr.arpa PTR n%u.example\n",
		    next(seed) % 4);
	buf_adds(zone, "n6.example TXT \"because of %{i}, %{p}\"\n"
	    "n7.example STATUS servfail\n");
}

struct tally {
	unsigned by_library, agreed, codes[AUTH_PERMERROR + 1];
};

static void run_both(struct arena *mem, struct resolver *zone,
    const char *client, uint32_t seed, struct tally *tally)
{
	struct spf_settings settings = { ENGINE_BOTH, 2, NULL };
	struct spf_question q = { .domain = "n0.example", .local = "joe",
	    .helo = "n1.example" };
	struct spf_outcome library, native;
	struct spf_walk w, v;
	const char *why;

	assert_true(ip_parse(slice_of(client), &q.client));
	spf_walk_start(&w, mem, inquiry_new(mem, zone, NULL, NULL), &settings,
	    &q);
	spf_native(&w, &native);
	tally->codes[native.code]++;
	spf_walk_start(&v, mem, inquiry_new(mem, zone, NULL, NULL), &settings,
	    &q);
	if (!spf_library(&v, &library, &why))
		return;
	tally->by_library++;
	if (library.code != native.code ||
	    (library.matched == NULL) != (native.matched == NULL) ||
	    w.terms != v.terms || w.voids != v.voids ||
	    w.local_part_used != v.local_part_used)
		fail_msg("seed %u: library %s %u/%u, native %s %u/%u", seed,
		    name_word(spf_names, (int)library.code), v.terms, v.voids,
		    name_word(spf_names, (int)native.code), w.terms, w.voids);
	if (native.matched != NULL &&
	    !slice_equal(native.matched->text, library.matched->text))
		fail_msg("seed %u: library by %.*s, native by %.*s", seed,
		    (int)library.matched->text.len, library.matched->text.data,
		    (int)native.matched->text.len, native.matched->text.data);
	assert_true(same(spf_explain(&w, &native), spf_explain(&v, &library)));
	tally->agreed++;
}

static void test_engines_agree(void **state)
{
	struct fixture *f = *state;
	struct tally tally = { 0 };

	for (uint32_t n = 1; n <= 1500; n++) {
		uint32_t seed = n * 2654435761u;
		struct buf text = { 0 };
		struct resolver *zone;
		struct error err;

		random_zone(&text, &seed);
		zone = zone_resolver(buf_slice(&text), "random", &err);
		if (zone == NULL)
			fail_msg("%s in\n%s", err.text, buf_text(&text));
		run_both(f->mem, zone, V4, n, &tally);
		run_both(f->mem, zone, V6, n, &tally);
		resolver_drop(zone);
		buf_free(&text);
		arena_reset(f->mem);
	}
	/* The generator reaches what it should. */
	assert_in_range(tally.by_library, 2000, 3000);
	assert_int_equal(tally.agreed, tally.by_library);
	assert_int_equal(tally.codes[AUTH_NONE], 0);
	assert_in_range(tally.codes[AUTH_PASS], 100, 3000);
	assert_in_range(tally.codes[AUTH_FAIL], 100, 3000);
	assert_in_range(tally.codes[AUTH_SOFTFAIL], 50, 3000);
	assert_in_range(tally.codes[AUTH_NEUTRAL], 100, 3000);
	assert_in_range(tally.codes[AUTH_TEMPERROR], 10, 3000);
	assert_in_range(tally.codes[AUTH_PERMERROR], 100, 3000);
}

/* What libspf2 is known to get wrong it does not get. */
static void test_not_for_the_library(void **state)
{
	static const struct {
		const char *client, *domain, *why;
	} rows[] = {
		{ V4, "plain.example", NULL },
		{ V4, "zero.example", "a prefix length of zero" },
		{ V4, "zeroa.example", "a prefix length of zero" },
		{ V4, "oddptr.example", "a ptr target that is no plain name" },
		{ V4, "pptr.example", "a ptr target that needs the DNS" },
	};
	struct spf_settings settings = { ENGINE_LIBRARY, 2, NULL };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_question q = { .domain = rows[i].domain,
		    .local = "a b" };
		struct spf_outcome outcome;
		struct spf_walk w;
		const char *why;

		assert_true(ip_parse(slice_of(rows[i].client), &q.client));
		spf_walk_start(&w, f->mem, inquiry_new(f->mem, f->zone, NULL,
		    NULL), &settings, &q);
		assert_int_equal(spf_library(&w, &outcome, &why),
		    rows[i].why == NULL);
		if (!same(why, rows[i].why))
			fail_msg("%s: %s", rows[i].domain, why);
	}
}

/* This function stands before the library's own and may say something else. */
static bool lies;
static SPF_result_t lie;

SPF_result_t SPF_response_result(SPF_response_t *response)
{
	SPF_result_t (*real)(SPF_response_t *);
	void *at = dlsym(RTLD_NEXT, "SPF_response_result");

	assert_non_null(at);
	memcpy(&real, &at, sizeof(real));
	return lies ? lie : real(response);
}

/* Of two engines that disagree, the one is taken that does not pass. */
static void test_disagreement(void **state)
{
	static const struct {
		const char *client;
		SPF_result_t lie;
		enum auth_code code;
	} rows[] = {
		{ V4, SPF_RESULT_FAIL, AUTH_FAIL },     /* is a pass */
		{ V4, SPF_RESULT_NEUTRAL, AUTH_NEUTRAL },
		{ OUT, SPF_RESULT_PASS, AUTH_FAIL },    /* is a fail */
		/* its own errors are none: the other engine is asked */
		{ V4, SPF_RESULT_TEMPERROR, AUTH_PASS },
		{ V4, SPF_RESULT_INVALID, AUTH_PASS },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spf_identity got;

		lies = true;
		lie = rows[i].lie;
		ask(f->mem, f->zone, ENGINE_BOTH, rows[i].client,
		    "plain.example", NULL, &got);
		lies = false;
		assert_int_equal(got.code, rows[i].code);
	}
}

/* --- threads share the resolver and nothing else --- */

struct worker {
	pthread_t thread;
	struct resolver *zone;
	unsigned wrong;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct arena *mem = arena_new(16384);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spf_identity got;

		ask(mem, w->zone, ENGINE_BOTH, cases[i].client,
		    cases[i].domain, cases[i].local, &got);
		w->wrong += got.code != cases[i].code ||
		    !same(got.mechanism, cases[i].mechanism);
		arena_reset(mem);
	}
	arena_free(mem);
	return NULL;
}

static void test_threads(void **state)
{
	struct fixture *f = *state;
	struct worker workers[4];

	for (size_t i = 0; i < 4; i++) {
		workers[i] = (struct worker){ .zone = f->zone };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work,
		    &workers[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].wrong, 0);
	}
}

/* --- the check --- */

static void examine(struct fixture *f, struct evidence *e, const char *from,
    struct spf_finding *out)
{
	struct error err;
	struct check_env *env = check_env_new(&check_defaults, NULL, &err);
	struct findings findings = { 0 };
	struct examination x = {
		.mem = f->mem,
		.env = env,
		.evidence = e,
		.dns = inquiry_new(f->mem, f->zone, NULL, NULL),
		.findings = &findings,
	};
	void *state;

	assert_non_null(env);
	e->mail = path_read(f->mem, from);
	e->client_settled = true;
	state = spf_check.open(&x);
	assert_non_null(state);
	spf_check.reach(state, PHASE_MAIL);
	spf_check.reach(state, PHASE_HEADERS);
	spf_check.finish(state);
	*out = findings.spf;
	check_env_free(env);
}

static void test_check(void **state)
{
	struct fixture *f = *state;
	struct evidence e = { .client_class = CLIENT_OUTSIDE,
	    .helo = "a.example", .helo_domain = "a.example" };
	struct spf_finding got;

	assert_int_equal(spf_check.ready, PHASE_MAIL);
	assert_true(ip_parse(SLICE(V4), &e.client_ip));
	examine(f, &e, "<joe@plain.example>", &got);
	assert_int_equal(got.mailfrom_scope, SPF_SCOPE_MAILFROM);
	assert_int_equal(got.mailfrom.code, AUTH_PASS);
	assert_string_equal(got.mailfrom.domain, "plain.example");
	assert_int_equal(got.helo.code, AUTH_PASS);
	assert_string_equal(got.helo.mechanism, "a");

	examine(f, &e, "<joe@ex.example>", &got);
	assert_int_equal(got.mailfrom.code, AUTH_PASS);
	assert_true(got.mailfrom.local_part_used);

	examine(f, &e, "<>", &got);
	assert_int_equal(got.mailfrom_scope, SPF_SCOPE_HELO);
	assert_int_equal(got.mailfrom.code, AUTH_PASS);
	assert_string_equal(got.mailfrom.domain, "a.example");

	examine(f, &e, "<joe@[192.0.2.1]>", &got);
	assert_int_equal(got.mailfrom_scope, SPF_SCOPE_MAILFROM);
	assert_int_equal(got.mailfrom.code, AUTH_NONE);
	assert_null(got.mailfrom.domain);
}

static void test_check_without_helo(void **state)
{
	struct fixture *f = *state;
	struct evidence e = { .client_class = CLIENT_OUTSIDE,
	    .helo = "[192.0.2.1]",
	    .helo_status = HELO_LITERAL };
	struct spf_finding got;

	assert_true(ip_parse(SLICE(V4), &e.client_ip));
	examine(f, &e, "<>", &got);
	assert_int_equal(got.mailfrom_scope, SPF_SCOPE_HELO);
	assert_int_equal(got.mailfrom.code, AUTH_NONE);
	assert_int_equal(got.helo.code, AUTH_NONE);
	assert_string_equal(got.helo.reason, "no domain name to ask for");
}

static void test_check_without_client(void **state)
{
	struct fixture *f = *state;
	struct evidence e = { .client_class = CLIENT_OUTSIDE,
	    .helo = "a.example", .helo_domain = "a.example",
	    .why_no_client = "behind a relay that does not say" };
	struct spf_finding got;

	examine(f, &e, "<joe@plain.example>", &got);
	assert_int_equal(got.mailfrom.code, AUTH_NONE);
	assert_string_equal(got.mailfrom.reason,
	    "behind a relay that does not say");
	assert_int_equal(got.helo.code, AUTH_NONE);
	e = (struct evidence){ .helo_domain = "a.example",
	    .client_class = CLIENT_OUTSIDE };
	assert_true(ip_parse(SLICE("127.0.0.1"), &e.client_ip));
	examine(f, &e, "<joe@plain.example>", &got);
	assert_int_equal(got.mailfrom.code, AUTH_NONE);
	assert_string_equal(got.mailfrom.reason, "loopback client");
}

/* Our own users' and hosts' mail: nothing is concluded, and the reason said. */
static void test_check_exempt(void **state)
{
	static const struct {
		enum client_class class;
		const char *reason;
	} rows[] = {
		{ CLIENT_LOCAL, "local client" },
		{ CLIENT_AUTHENTICATED, "authenticated submission" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct evidence e = { .client_class = rows[i].class,
		    .helo = "a.example", .helo_domain = "a.example" };
		struct spf_finding got;

		assert_true(ip_parse(SLICE(V4), &e.client_ip));
		examine(f, &e, "<joe@plain.example>", &got);
		assert_int_equal(got.mailfrom.code, AUTH_NONE);
		assert_string_equal(got.mailfrom.reason, rows[i].reason);
		assert_int_equal(got.helo.code, AUTH_NONE);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cases),
		TEST(test_unknown_client),
		TEST(test_spent_budget),
		TEST(test_void_limit_is_a_setting),
		TEST(test_huge_records),
		TEST(test_any_octet),
		TEST(test_engines_agree),
		TEST(test_not_for_the_library),
		TEST(test_disagreement),
		TEST(test_threads),
		TEST(test_check),
		TEST(test_check_without_helo),
		TEST(test_check_without_client),
		TEST(test_check_exempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
