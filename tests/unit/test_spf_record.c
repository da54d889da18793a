/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/spf/macro.h"
#include "check/spf/record.h"

/* --- which TXT records are SPF records --- */

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
	const char *text;
	size_t len;
	bool is;
} versions[] = {
	{ BYTES("v=spf1"), true },
	{ BYTES("v=spf1 "), true },
	{ BYTES("V=SpF1 -all"), true },
	{ BYTES("v=spf10"), false },
	{ BYTES("v=spf1\t-all"), false },
	{ BYTES("v=spf1\0-all"), false },
	{ BYTES(" v=spf1"), false },
	{ BYTES("v=spf"), false },
	{ BYTES("v=spf2.0/pra"), false },
	{ BYTES(""), false },
};

static void test_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (spf_record_is((struct slice){ versions[i].text,
		    versions[i].len }) != versions[i].is)
			fail_msg("\"%s\"", versions[i].text);
	assert_false(spf_record_is((struct slice){ NULL, 0 }));
}

/* --- the grammar: what follows "v=spf1 " --- */

static const struct {
	const char *terms;
	const char *error;      /* part of it; NULL: must parse */
} terms[] = {
	{ "", NULL },
	{ "   ", NULL },
	{ "-all", NULL },
	{ "  a  -all  ", NULL },
	{ "+all", NULL },
	{ "~ALL", NULL },
	{ "?all", NULL },
	{ "--all", "no such mechanism" },
	{ "all:example.com", "cannot have" },
	{ "all/8", "cannot have" },
	{ "all.", "no such mechanism" },
	{ "allow", "no such mechanism" },
	{ "-", "no such mechanism" },
	{ "moo", "no such mechanism" },
	{ "a\r\n-all", "no such mechanism" },
	{ "\ta", "no such mechanism" },

	{ "a", NULL },
	{ "a:example.com", NULL },
	{ "A:EXAMPLE.COM", NULL },
	{ "a:example.com.", NULL },
	{ "a:example.com..", "top-level" },
	{ "a:a..example.com", NULL },
	{ "a:.com", NULL },
	{ "a:com", "two labels" },
	{ "a:com.", "two labels" },
	{ "a:", "missing" },
	{ "a:/24", "missing" },
	{ "a:192.0.2.1", "address" },
	{ "a:example.1a", NULL },
	{ "a:example.a1", NULL },
	{ "a:example.1-1", NULL },
	{ "a:example.-com", "top-level" },
	{ "a:example.com-", "top-level" },
	{ "a:example.c_m", "top-level" },
	{ "a:_x!y$z.example.com", NULL },
	{ "a:foo:bar/baz.example.com", NULL },
	{ "a:example.com:25", "top-level" },
	{ "a:ex\x80mple.com", "printable" },
	{ "a:ex\x7fmple.com", "printable" },
	{ "a=example.com", NULL },              /* an unknown modifier */

	{ "a/0", NULL },
	{ "a/32//128", NULL },
	{ "a//0", NULL },
	{ "a:example.com/24//64", NULL },
	{ "a:example.com//64", NULL },
	{ "a/33", "prefix" },
	{ "a//129", "prefix" },
	{ "a/024", "prefix" },
	{ "a/00", "prefix" },
	{ "a/99999999999999999999", "prefix" },
	{ "a/", "cannot have" },
	{ "a//", "cannot have" },
	{ "a/24/64", "prefix" },
	{ "a/24/24", "cannot have" },
	{ "a//64/24", "cannot have" },
	{ "a/24///64", "cannot have" },
	{ "a/+4", "cannot have" },
	{ "a:%{d}/24", NULL },
	{ "a:%{d/}", NULL },
	{ "a:%{d/}/24", NULL },
	{ "mx:example.com/24", NULL },

	{ "ptr", NULL },
	{ "ptr:example.com", NULL },
	{ "ptr:", "missing" },
	{ "ptr/24", "cannot have" },
	{ "include:example.com", NULL },
	{ "include", "needs a domain" },
	{ "include:", "missing" },
	{ "include:example.com/24", "top-level" },
	{ "exists:example.com", NULL },
	{ "exists", "needs a domain" },
	{ "exists:%{i}.example.com", NULL },

	{ "ip4:192.0.2.1", NULL },
	{ "ip4:192.0.2.1/0", NULL },
	{ "ip4:192.0.2.1/32", NULL },
	{ "ip4:192.0.2.1/33", "prefix" },
	{ "ip4:192.0.2.1/032", "prefix" },
	{ "ip4:192.0.2.1//32", "IPv4" },
	{ "ip4:192.0.2.1/", "IPv4" },
	{ "ip4:192.0.2", "IPv4" },
	{ "ip4:192.0.2.01", "IPv4" },
	{ "ip4:192.0.2.256", "IPv4" },
	{ "ip4:192.0.2.1:25", "IPv4" },
	{ "ip4:2001:db8::1", "IPv4" },
	{ "ip4:", "IPv4" },
	{ "ip4", "needs an address" },
	{ "ip4/24", "needs an address" },
	{ "ip4:192.0.2.1.192.0.2.1.192.0.2.1", "IPv4" },
	{ "ip6:2001:db8::1", NULL },
	{ "ip6:::/0", NULL },
	{ "ip6:::ffff:192.0.2.1/96", NULL },
	{ "ip6:2001:db8::/129", "prefix" },
	{ "ip6:2001:db8::g", "IPv6" },
	{ "ip6:192.0.2.1", "IPv6" },
	{ "ip6::::1", "IPv6" },
	{ "ip6:fe80::1%eth0", "IPv6" },

	{ "redirect=example.com", NULL },
	{ "redirect=", "missing" },
	{ "redirect=com", "two labels" },
	{ "redirect:example.com", "no such mechanism" },
	{ "-redirect=example.com", "no such mechanism" },
	{ "redirect=a.example redirect=a.example", "twice" },
	{ "REDIRECT=a.example redirect=b.example", "twice" },
	{ "exp=a.example exp=b.example", "twice" },
	{ "exp=", "missing" },
	{ "exp=-all", "two labels" },
	{ "foo=bar foo=bar foo=", NULL },
	{ "a.b-c_d=e:f/g=h", NULL },
	{ "1up=foo", "no such mechanism" },
	{ "=all", "no such mechanism" },
	{ "-foo=x", "no such mechanism" },
	{ "foo=%", "macro" },
	{ "foo=%{c}%{r}%{t}", NULL },
	{ "foo=\x81", "printable" },
	{ "moo.cow/far_out=man:dog/cat", "no such mechanism" },

	{ "exists:%", "begins no macro" },
	{ "exists:%a.example.com", "begins no macro" },
	{ "exists:%{", "unknown macro" },
	{ "exists:%{}", "unknown macro" },
	{ "exists:%{d", "closed" },
	{ "exists:%{d.example.com", "closed" },
	{ "exists:%{a}", "unknown macro" },
	{ "exists:%{D}", NULL },
	{ "exists:%{dr}", NULL },
	{ "exists:%{dR}", NULL },
	{ "exists:%{d2}", NULL },
	{ "exists:%{d0}", "zero parts" },
	{ "exists:%{d00}", "zero parts" },
	{ "exists:%{d01}", NULL },
	{ "exists:%{d127r.-+,/_=}", NULL },
	{ "exists:%{d99999999999999999999999999}", NULL },
	{ "exists:%{dr2}", "closed" },
	{ "exists:%{d.r}", "closed" },
	{ "exists:%{d|}", "closed" },
	{ "exists:%{d}.", "two labels" },
	{ "exists:%{d}.com", NULL },
	{ "exists:%{d}com", "two labels" },
	{ "exists:x%%", NULL },
	{ "exists:x%_", NULL },
	{ "exists:x%-", NULL },
	{ "exists:%{c}", "only for explanations" },
	{ "exists:%{r}.example.com", "only for explanations" },
	{ "exists:%{T}", "only for explanations" },
	{ "exp=%{r}.example.com", "only for explanations" },
};

static bool parse(struct arena *mem, const char *tail, struct spf_record *r,
    struct error *err)
{
	char *text = arena_printf(mem, "v=spf1 %s", tail);

	return spf_record_parse(mem, slice_of(text), r, err);
}

static void test_terms(void **state)
{
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		struct error err = { "" };
		struct spf_record r;
		bool fine = parse(mem, terms[i].terms, &r, &err);

		if (fine != (terms[i].error == NULL))
			fail_msg("\"%s\": %s", terms[i].terms,
			    fine ? "parsed" : err.text);
		if (!fine && strstr(err.text, terms[i].error) == NULL)
			fail_msg("\"%s\": not %s but %s", terms[i].terms,
			    terms[i].error, err.text);
	}
	arena_free(mem);
}

static void test_typed_record(void **state)
{
	struct arena *mem = arena_new(4096);
	struct spf_record r;
	struct error err;

	(void)state;
	assert_true(parse(mem, "exp=why.%{d} redirect=_spf.example.com "
	    "~ip4:192.0.2.128/25 ?a:a.example//64 -mx/24 ip6:2001:db8::/32 "
	    "ptr", &r, &err));
	assert_int_equal(r.count, 5);
	assert_false(r.has_all);
	assert_true(slice_is(r.redirect, "_spf.example.com"));
	assert_true(slice_is(r.exp, "why.%{d}"));
	assert_int_equal(r.directives[0].code, AUTH_SOFTFAIL);
	assert_int_equal(r.directives[0].mechanism, SPF_IP4);
	assert_int_equal(r.directives[0].prefix4, 25);
	assert_int_equal(r.directives[0].address.octets[3], 128);
	assert_int_equal(r.directives[1].code, AUTH_NEUTRAL);
	assert_int_equal(r.directives[1].prefix4, 32);
	assert_int_equal(r.directives[1].prefix6, 64);
	assert_true(slice_is(r.directives[1].domain, "a.example"));
	assert_int_equal(r.directives[2].code, AUTH_FAIL);
	assert_int_equal(r.directives[2].prefix4, 24);
	assert_int_equal(r.directives[2].prefix6, 128);
	assert_null(r.directives[2].domain.data);
	assert_int_equal(r.directives[3].address.family, IP_V6);
	assert_int_equal(r.directives[3].prefix6, 32);
	assert_int_equal(r.directives[4].code, AUTH_PASS);
	assert_true(slice_is(r.directives[4].text, "ptr"));
	assert_true(parse(mem, "redirect=a.example ?all", &r, &err));
	assert_true(r.has_all);
	arena_free(mem);
}

/* An IPv4-mapped network lists nobody: it must not turn into IPv4. */
static void test_mapped_network_stays(void **state)
{
	struct arena *mem = arena_new(4096);
	struct spf_record r;

	(void)state;
	assert_true(parse(mem, "ip6:::ffff:192.0.2.1", &r, NULL));
	assert_int_equal(r.directives[0].address.family, IP_V6);
	assert_int_equal(r.directives[0].address.octets[10], 0xff);
	arena_free(mem);
}

static void test_errors_are_printable(void **state)
{
	static const char *const bad[] = {
		"\x1b[31mred", "a:\xff\xfe.example.com", "\x01", "a\"b",
	};
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { "" };
		struct spf_record r;

		assert_false(parse(mem, bad[i], &r, &err));
		for (const char *p = err.text; *p != '\0'; p++)
			assert_in_range((unsigned char)*p, ' ', '~');
	}
	arena_free(mem);
}

/* --- macros --- */

static const char *one_name(void *arg, const char *domain)
{
	(void)domain;
	return arg;
}

static struct spf_values example_values(const char *ip)
{
	static char mx[] = "mx.example.org";
	struct spf_values v = {
		.local = "strong-bad",
		.sender_domain = "email.example.com",
		.domain = "email.example.com",
		.helo = "helo.example.net",
		.receiver = "rx.example.net",
		.now = 1700000000,
		.validated = one_name,
		.arg = mx,
	};

	assert_true(ip_parse(slice_of(ip), &v.client));
	return v;
}

/* RFC 7208 7.4 first, then what it does not show. */
static const struct {
	const char *macro, *local, *wanted;
} names[] = {
	{ "%{s}", NULL, "strong-bad@email.example.com" },
	{ "%{o}", NULL, "email.example.com" },
	{ "%{d}", NULL, "email.example.com" },
	{ "%{d4}", NULL, "email.example.com" },
	{ "%{d3}", NULL, "email.example.com" },
	{ "%{d2}", NULL, "example.com" },
	{ "%{d1}", NULL, "com" },
	{ "%{dr}", NULL, "com.example.email" },
	{ "%{d2r}", NULL, "example.email" },
	{ "%{l}", NULL, "strong-bad" },
	{ "%{l-}", NULL, "strong.bad" },
	{ "%{lr}", NULL, "strong-bad" },
	{ "%{lr-}", NULL, "bad.strong" },
	{ "%{l1r-}", NULL, "strong" },
	{ "%{ir}.%{v}._spf.%{d2}", NULL,
	    "3.2.0.192.in-addr._spf.example.com" },
	{ "%{lr-}.lp._spf.%{d2}", NULL, "bad.strong.lp._spf.example.com" },
	{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", NULL,
	    "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
	{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", NULL,
	    "3.2.0.192.in-addr.strong.lp._spf.example.com" },
	{ "%{d2}.trusted-domains.example.net", NULL,
	    "example.com.trusted-domains.example.net" },
	{ "%{p}", NULL, "mx.example.org" },
	{ "%{h}", NULL, "helo.example.net" },
	{ "%{h2}.X.Y", NULL, "example.net.x.y" },
	{ "a%%b%_c%-d.example.com.", NULL, "a%b c%20d.example.com" },
	{ "%{l-r}", NULL, "" },                 /* not checked text: nothing */
	{ "%{l.-+,/_=}.x", "a.b-c+d,e/f_g=h", "a.b.c.d.e.f.g.h.x" },
	{ "%{l2-}.x", "a--b", ".b.x" },
	{ "%{lr-}.x", "-a", "a..x" },
	{ "%{lr-}.x", "a-", ".a.x" },
	{ "%{l1}.x", "a.", ".x" },
	{ "%{l}.x", "a..b", "a..b.x" },
	{ "%{L}.x", "a/b\\c d", "a%2fb%5cc%20d.x" },
	{ "%{l}.x", "MiXed", "mixed.x" },
	{ "%{d99999999999}", NULL, "email.example.com" },
};

static void test_names(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct spf_values v = example_values("192.0.2.3");

		if (names[i].local != NULL)
			v.local = names[i].local;
		spf_expand_name(slice_of(names[i].macro), &v, &out);
		if (strcmp(buf_text(&out), names[i].wanted) != 0)
			fail_msg("%s gives %s", names[i].macro,
			    buf_text(&out));
	}
	buf_free(&out);
}

static void test_ipv6_names(void **state)
{
	struct spf_values v = example_values("2001:db8::cb01");
	struct buf out = { 0 };

	(void)state;
	spf_expand_name(SLICE("%{ir}.%{v}._spf.%{d2}"), &v, &out);
	assert_string_equal(buf_text(&out), "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
	spf_expand_text(SLICE("%{c}"), &v, &out);
	assert_string_equal(buf_text(&out), "2001:db8::cb01");
	buf_free(&out);
}

static void test_texts(void **state)
{
	struct spf_values v = example_values("192.0.2.3");
	struct buf out = { 0 };

	(void)state;
	spf_expand_text(SLICE("See http://%{d}/why.html?s=%{S}&i=%{I} at %{t}, "
	    "said %{r} to %{C}."), &v, &out);
	assert_string_equal(buf_text(&out), "See http://email.example.com/"
	    "why.html?s=strong-bad%40email.example.com&i=192.0.2.3 at "
	    "1700000000, said rx.example.net to 192.0.2.3.");
	v.local = "a\x01\xc3\xa4\r\nX: y";
	spf_expand_text(SLICE("%{l}|%{L}"), &v, &out);
	assert_string_equal(buf_text(&out),
	    "a?????X: y|a%01%C3%A4%0D%0AX%3A%20y");
	buf_free(&out);
	assert_true(spf_explain_string_check(SLICE(""), NULL));
	assert_true(spf_explain_string_check(SLICE("%{c}%{r}%{t} ok"), NULL));
	assert_false(spf_explain_string_check(SLICE("%{x}-files"), NULL));
	assert_false(spf_explain_string_check(SLICE("a\0b"), NULL));
	assert_false(spf_explain_string_check(SLICE("a\tb"), NULL));
	assert_false(spf_explain_string_check(SLICE("\xc3\xa4"), NULL));
}

static void test_truncation(void **state)
{
	struct spf_values v = example_values("192.0.2.3");
	struct buf out = { 0 }, spec = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		buf_adds(&spec, "%{d}.");
	buf_adds(&spec, "tail.example");
	spf_expand_name(buf_slice(&spec), &v, &out);
	assert_in_range(out.len, 240, 253);
	assert_string_equal(out.data + out.len - 12, "tail.example");
	assert_memory_equal(out.data, "com.email.example.", 18);
	buf_clear(&spec);
	/* Labels go as wholes, and one that is too long takes all with it. */
	for (int i = 0; i < 300; i++)
		buf_addc(&spec, 'x');
	buf_adds(&spec, "%%");
	spf_expand_name(buf_slice(&spec), &v, &out);
	assert_string_equal(buf_text(&out), "");
	buf_free(&spec);
	buf_free(&out);
}

/* Every macro at its longest, as often as 64 KB of record can hold it. */
static void test_macro_bomb(void **state)
{
	struct spf_values v = example_values("2001:db8::1");
	struct buf out = { 0 }, spec = { 0 };
	char *local = xcalloc(1, 60001);

	(void)state;
	memset(local, '-', 60000);
	v.local = local;
	while (spec.len < 60000)
		buf_adds(&spec, "%{S}%{L1r-+.}%{l9-}%{ir}");
	assert_true(spf_domain_spec_check(buf_slice(&spec), NULL));
	spf_expand_name(buf_slice(&spec), &v, &out);
	assert_in_range(out.len, 1, 253);
	spf_expand_text(buf_slice(&spec), &v, &out);
	assert_int_equal(out.len, SPF_TEXT_MAX);
	buf_free(&spec);
	buf_free(&out);
	free(local);
}

/* --- hostile records --- */

static void test_ten_thousand_terms(void **state)
{
	struct arena *mem = arena_new(4096);
	struct buf text = { 0 };
	struct spf_record r;
	struct error err;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_adds(&text, "a ?mx ");
	assert_true(parse(mem, buf_text(&text), &r, &err));
	assert_int_equal(r.count, 20000);
	assert_int_equal(r.directives[19999].mechanism, SPF_MX);
	buf_adds(&text, "%");
	assert_false(parse(mem, buf_text(&text), &r, &err));
	buf_clear(&text);
	buf_adds(&text, "foo=");
	for (int i = 0; i < 65000; i++)
		buf_addc(&text, 'x');
	assert_true(parse(mem, buf_text(&text), &r, &err));
	assert_int_equal(r.count, 0);
	buf_addc(&text, '\x80');
	assert_false(parse(mem, buf_text(&text), &r, &err));
	assert_in_range(strlen(err.text), 1, 200);
	buf_free(&text);
	arena_free(mem);
}

static void test_octets_of_any_kind(void **state)
{
	struct arena *mem = arena_new(4096);
	struct spf_record r;
	struct error err;

	(void)state;
	assert_false(spf_record_parse(mem, SLICE("v=spf1 a:foo.example.com\0"),
	    &r, &err));
	assert_false(spf_record_parse(mem, SLICE("v=spf1 a\0 -all"), &r,
	    &err));
	assert_false(spf_record_parse(mem, SLICE("v=spf1 foo=\0"), &r, &err));
	assert_false(spf_record_parse(mem, SLICE("v=spf1 \0"), &r, &err));
	assert_false(spf_record_parse(mem, SLICE("v=spf1 ip4:1.2.3.4\0"), &r,
	    &err));
	/* Every octet, in every place of a good record. */
	for (size_t at = 7; at < 40; at++) {
		for (int c = 0; c < 256; c++) {
			char text[] = "v=spf1 a:%{l2r-}.x.example/24 exp=y.z.-";

			if (at >= sizeof(text) - 1)
				continue;
			text[at] = (char)c;
			spf_record_parse(mem, (struct slice){ text,
			    sizeof(text) - 1 }, &r, &err);
			if (c < ' ' || c > '~')
				assert_false(spf_record_parse(mem,
				    (struct slice){ text, sizeof(text) - 1 },
				    &r, &err));
		}
		arena_reset(mem);
	}
	arena_free(mem);
}

/* A record cut anywhere, in memory that ends where it ends. */
static void test_cut_anywhere(void **state)
{
	static const char whole[] = "v=spf1 include:%{d2r-}.example.com "
	    "a:x.example/24//64 ip6:2001:db8::/32 exp=%{l}.example -all";
	struct arena *mem = arena_new(4096);

	(void)state;
	for (size_t n = 6; n < sizeof(whole); n++) {
		char *cut = xcalloc(1, n);
		struct spf_record r;

		memcpy(cut, whole, n);
		if (n == sizeof(whole) - 1)
			assert_true(spf_record_parse(mem, (struct slice){ cut,
			    n }, &r, NULL));
		else
			spf_record_parse(mem, (struct slice){ cut, n }, &r,
			    NULL);
		free(cut);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_typed_record),
		cmocka_unit_test(test_mapped_network_stays),
		cmocka_unit_test(test_errors_are_printable),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ipv6_names),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_macro_bomb),
		cmocka_unit_test(test_ten_thousand_terms),
		cmocka_unit_test(test_octets_of_any_kind),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
