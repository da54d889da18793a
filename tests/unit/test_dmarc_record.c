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
#include "check/dmarc/record.h"
#include "mail/uri.h"

#define P_NONE DMARC_POLICY_NONE
#define P_QUAR DMARC_POLICY_QUARANTINE
#define P_REJ DMARC_POLICY_REJECT
#define P_ABSENT DMARC_POLICY_ABSENT

static const struct {
	const char *label;
	const char *text;
	bool is_record;
} versions[] = {
	{ "plain", "v=DMARC1", true },
	{ "blanks", "v \t=  DMARC1 \t; p=none", true },
	{ "upper-case name", "V=DMARC1;p=none", true },
	{ "trailing blank", "v=DMARC1 ", true },
	{ "lower-case value", "v=dmarc1; p=none", false },
	{ "blank before v", " v=DMARC1; p=none", false },
	{ "tab before v", "\tv=DMARC1; p=none", false },
	{ "separator before v", ";v=DMARC1; p=none", false },
	{ "no separator", "v=DMARC1 p=none", false },
	{ "longer", "v=DMARC10", false },
	{ "second", "p=none; v=DMARC1", false },
	{ "another tag", "vv=DMARC1", false },
	{ "no value", "v=", false },
	{ "no equals", "vDMARC1", false },
	{ "only v", "v", false },
	{ "empty", "", false },
	{ "twice equals", "v==DMARC1", false },
	{ "8-bit", "v=DMARC1\xa0; p=none", false },
};

static void test_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		struct arena *mem = arena_new(1024);
		struct dmarc_record r;

		if (dmarc_record_parse(mem, slice_of(versions[i].text), &r,
		    NULL) != versions[i].is_record)
			fail_msg("%s", versions[i].label);
		arena_free(mem);
	}
}

static const struct {
	const char *label;
	const char *text;
	enum dmarc_policy p, sp, np;    /* as applied */
	bool unusable;
} wishes[] = {
	{ "all", "v=DMARC1; p=reject; sp=quarantine; np=none",
	    P_REJ, P_QUAR, P_NONE, false },
	{ "p only", "v=DMARC1; p=quarantine", P_QUAR, P_ABSENT, P_ABSENT,
	    false },
	{ "nothing", "v=DMARC1", .unusable = true },
	{ "no p, rua", "v=DMARC1; sp=reject; rua=mailto:a@example.com",
	    P_NONE, P_ABSENT, P_ABSENT, false },
	{ "no p, ruf only", "v=DMARC1; ruf=mailto:a@example.com",
	    .unusable = true },
	{ "bad unused np", "v=DMARC1; p=reject; np=x; rua=mailto:a@b.example",
	    P_NONE, P_ABSENT, P_ABSENT, false },
	{ "bad sp", "v=DMARC1; p=reject; sp=", .unusable = true },
	{ "same twice", "v=DMARC1; p=reject; p=REJECT", P_REJ, P_ABSENT,
	    P_ABSENT, false },
	{ "different twice", "v=DMARC1; p=reject; p=none", .unusable = true },
	{ "valid, then invalid", "v=DMARC1; p=reject; p=rejected",
	    .unusable = true },
	{ "invalid, then valid", "v=DMARC1; p=rejected; p=reject",
	    .unusable = true },
	{ "different sp", "v=DMARC1; p=reject; sp=none; sp=reject; "
	    "rua=mailto:a@b.example", P_NONE, P_ABSENT, P_ABSENT, false },
	{ "blank inside", "v=DMARC1; p=rej ect", .unusable = true },
	{ "8-bit", "v=DMARC1; p=reject\xff", .unusable = true },
	{ "rua of no scheme", "v=DMARC1; p=x; rua=a@b.example",
	    .unusable = true },
};

static void test_wishes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
		struct arena *mem = arena_new(1024);
		struct dmarc_record r;
		struct dmarc_wishes w;

		if (!dmarc_record_parse(mem, slice_of(wishes[i].text), &r,
		    NULL))
			fail_msg("%s: not a record", wishes[i].label);
		if (dmarc_record_wishes(&r, &w) == wishes[i].unusable)
			fail_msg("%s: usable?", wishes[i].label);
		if (!wishes[i].unusable && (w.p != wishes[i].p ||
		    w.sp != wishes[i].sp || w.np != wishes[i].np))
			fail_msg("%s: p %d sp %d np %d", wishes[i].label,
			    (int)w.p, (int)w.sp, (int)w.np);
		arena_free(mem);
	}
}

static const struct {
	const char *label;
	const char *text;
	const char *found;              /* fo/adkim/aspf/psd/t, rua, ruf */
} tags[] = {
	{ "defaults", "v=DMARC1", "fo=1 strict=00 psd=0 t=0" },
	{ "all", "v=DMARC1;adkim=s;aspf=S;psd=y;t=Y;fo=1:d:s",
	    "fo=14 strict=11 psd=1 t=1" },
	{ "first wins", "v=DMARC1;t=y;t=n;adkim=r;adkim=s;psd=n;psd=y",
	    "fo=1 strict=00 psd=2 t=1" },
	{ "bad values", "v=DMARC1;t=1;adkim=strict;psd=;aspf=ss",
	    "fo=1 strict=00 psd=0 t=0" },
	{ "fo both", "v=DMARC1;fo=1:0", "fo=1 strict=00 psd=0 t=0" },
	{ "fo repeated", "v=DMARC1;fo=d:d", "fo=1 strict=00 psd=0 t=0" },
	{ "fo open end", "v=DMARC1;fo=d:", "fo=1 strict=00 psd=0 t=0" },
	{ "uris", "v=DMARC1;rua=mailto:a@x.example!10M , ,b@x.example,"
	    "https://x.example/%2c?a=b#c;ruf=mailto:%41@x.example!5",
	    "fo=1 strict=00 psd=0 t=0 rua=mailto:a@x.example "
	    "rua=https://x.example/%2c?a=b#c ruf=mailto:%41@x.example" },
	{ "size that is none", "v=DMARC1;rua=mailto:a@x.example!,"
	    "mailto:a!b@x.example!3k,mailto:a@x.example!3kk",
	    "fo=1 strict=00 psd=0 t=0" },
	{ "rua twice", "v=DMARC1;rua=mailto:a@x.example;rua=mailto:b@x.example",
	    "fo=1 strict=00 psd=0 t=0 rua=mailto:a@x.example" },
};

static void describe(const struct dmarc_record *r, struct buf *out)
{
	buf_addf(out, "fo=%u strict=%d%d psd=%d t=%d", r->fo, r->strict_dkim,
	    r->strict_spf, (int)r->psd, r->testing);
	for (size_t i = 0; i < r->rua.count; i++)
		buf_addf(out, " rua=%s", r->rua.uri[i]);
	for (size_t i = 0; i < r->ruf.count; i++)
		buf_addf(out, " ruf=%s", r->ruf.uri[i]);
}

static void test_tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		struct arena *mem = arena_new(1024);
		struct dmarc_record r;
		struct buf got = { 0 };

		if (!dmarc_record_parse(mem, slice_of(tags[i].text), &r, NULL))
			fail_msg("%s: not a record", tags[i].label);
		describe(&r, &got);
		if (strcmp(buf_text(&got), tags[i].found) != 0)
			fail_msg("%s: %s", tags[i].label, buf_text(&got));
		buf_free(&got);
		arena_free(mem);
	}
}

/* All complaints, joined by " | ". */
static const struct {
	const char *label;
	const char *text;
	const char *complaints;
} complained[] = {
	{ "nothing", "v=DMARC1; p=reject; sp=none; adkim=s; "
	    "rua=mailto:d@example.com; t=n; psd=n", "" },
	{ "no policy", "v=DMARC1", "p= is missing | receivers do not apply "
	    "this record: its policy is unusable and it has no reporting "
	    "URI" },
	{ "rescued", "v=DMARC1; p=monitor; rua=mailto:d@example.com",
	    "p=monitor is no policy: none, quarantine or reject | receivers "
	    "treat this record as p=none" },
	{ "historic", "v=DMARC1; p=none; pct=50; RF=afrf",
	    "pct= was removed by RFC 9989 and is ignored; for a test there is "
	    "t=y | rf= was removed by RFC 9989 and is ignored" },
	{ "garbage", "v=DMARC1; p=none; junk;;=x; zz=1",
	    "\"junk\" is not a tag | unknown tag \"\" is ignored | unknown "
	    "tag \"zz\" is ignored" },
	{ "addresses", "v=DMARC1; p=none; rua=d@example.com,ftp://x.example/",
	    "rua=: \"d@example.com\" is not a URI (mailto: is missing) | "
	    "rua=: receivers need not support \"ftp://x.example/\", only "
	    "mailto:" },
	{ "fo alone", "v=DMARC1; p=none; fo=1",
	    "fo= has no effect without ruf=" },
	{ "hostile", "v=DMARC1; p=none; t=\x1b[31m\n\x80",
	    "t=?[31m?? is neither y nor n: receivers assume n" },
};

static void test_complaints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(complained) / sizeof(*complained); i++) {
		struct arena *mem = arena_new(1024);
		struct dmarc_complaints c = { .count = 0 };
		struct dmarc_record r;
		struct buf got = { 0 };

		if (!dmarc_record_parse(mem, slice_of(complained[i].text), &r,
		    &c))
			fail_msg("%s: not a record", complained[i].label);
		for (size_t k = 0; k < c.count; k++)
			buf_addf(&got, "%s%s", k > 0 ? " | " : "", c.lines[k]);
		if (strcmp(buf_text(&got), complained[i].complaints) != 0)
			fail_msg("%s: %s", complained[i].label,
			    buf_text(&got));
		buf_free(&got);
		arena_free(mem);
	}
}

static void test_nul(void **state)
{
	static const char text[] = "v=DMARC1; p=none\0; sp=reject";
	struct arena *mem = arena_new(1024);
	struct dmarc_record r;

	(void)state;
	assert_true(dmarc_record_parse(mem, SLICE(text), &r, NULL));
	assert_true(r.p.invalid);
	assert_int_equal(r.sp.policy, P_REJ);
	assert_int_equal(strlen(r.text), sizeof(text) - 1);
	assert_false(dmarc_record_parse(mem, SLICE("v=DMARC1\0"), &r, NULL));
	arena_free(mem);
}

/* The largest record a TXT answer can carry, of the worst kinds. */
static void test_huge(void **state)
{
	static const char *const units[] = { ",", ";", ";x", ";rua=", "=",
		";p=none", ";zz=1", "mailto:a@b.example,", "!1,", "\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		struct arena *mem = arena_new(1024);
		struct dmarc_complaints c = { .count = 0 };
		struct dmarc_record r;
		struct buf text = { 0 };

		buf_adds(&text, "v=DMARC1; p=reject; rua=");
		while (text.len < 65000)
			buf_adds(&text, units[i]);
		assert_true(dmarc_record_parse(mem, buf_slice(&text), &r, &c));
		assert_true(c.count <= DMARC_COMPLAINTS);
		assert_true(r.rua.count <= 100);
		buf_free(&text);
		arena_free(mem);
	}
}

static const struct {
	const char *text;
	bool valid;
} uris[] = {
	{ "mailto:a@example.com", true },
	{ "mailto:a@example.com?subject=x/y?z", true },
	{ "mailto:", true },
	{ "x-y+z.1:anything", true },
	{ "https://[2001:db8::1]:443/a;b=c?d#e", true },
	{ "https://example.com", true },
	{ "urn:a:b", true },
	{ "mailto:a%4", false },
	{ "mailto:a%4g", false },
	{ "mailto:a%", false },
	{ "mailto:a b@example.com", false },
	{ "mailto:<a@example.com>", false },
	{ "mailto:a@[192.0.2.1]", false },
	{ "mailto:a#b#c", false },
	{ "1x:a", false },
	{ "%41:a", false },
	{ ":a", false },
	{ "a", false },
	{ "", false },
	{ "mailto:b\xc3\xbc@example.com", false },
	{ "mailto:a\x7f@example.com", false },
	{ "mailto:a\"b", false },
};

static void test_uri(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++)
		if (uri_valid(slice_of(uris[i].text)) != uris[i].valid)
			fail_msg("%s", uris[i].text);
	assert_false(uri_valid(SLICE("mailto:a\0b")));
	assert_false(uri_valid((struct slice){ NULL, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_uri),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
