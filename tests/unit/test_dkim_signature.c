/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "check/dkim/engine.h"
#include "check/dkim/signature.h"

#define BH "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "
#define REST "b=AAAA"
#define FIRST "v=1; a=rsa-sha256; "
#define NAME "d=example.com; s=sel; "
#define HEAD FIRST NAME "h=from; " BH

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

#define TEXT(s) { s, sizeof(s) - 1 }

/* reason NULL: well-formed. library NULL: the library may have it. */
static const struct row {
	const char *label;
	struct slice value;
	enum dkim_cause cause;
	const char *reason, *library;
} rows[] = {
	{ "minimal", TEXT(HEAD REST), 0, NULL, NULL },
	{ "leading blank", TEXT(" " HEAD REST), 0, NULL, NULL },
	{ "trailing semicolon", TEXT(HEAD REST ";"), 0, NULL, NULL },
	{ "folded", TEXT("v=1;\r\n\ta=rsa-sha256;\r\n " NAME
	    "h=from\r\n : to; " BH REST), 0, NULL, NULL },
	{ "folded by LF", TEXT("v=1;\n\ta=rsa-sha256;\n " NAME "h=from; " BH
	    REST), 0, NULL, NULL },
	{ "unknown tag", TEXT(HEAD "dara=x; " REST), 0, NULL, NULL },
	{ "folded b", TEXT(HEAD "b=AA\r\n AA"), 0, NULL, NULL },
	{ "padded b", TEXT(HEAD "b=AAA=\r\n "), 0, NULL, NULL },
	{ "blanks around names", TEXT(HEAD " b=AAAA ; l = 5 "), 0, NULL,
	    NULL },

	{ "empty", TEXT(""), DKIM_CAUSE_SYNTAX, "empty", NULL },
	{ "no tag", TEXT("rubbish"), DKIM_CAUSE_SYNTAX, "no tag", NULL },
	{ "empty piece", TEXT(HEAD ";" REST), DKIM_CAUSE_SYNTAX, "no tag",
	    NULL },
	{ "NUL", TEXT(HEAD "n=\0; " REST), DKIM_CAUSE_SYNTAX, "NUL", NULL },
	{ "bare CR", TEXT(HEAD "n=\r; " REST), DKIM_CAUSE_SYNTAX, "bare",
	    NULL },
	{ "bare LF", TEXT(HEAD "n=\n; " REST), DKIM_CAUSE_SYNTAX, "bare",
	    NULL },
	{ "LF at the end", TEXT(HEAD REST "\n"), DKIM_CAUSE_SYNTAX, "bare",
	    NULL },
	{ "VT", TEXT(HEAD "n=\v; " REST), DKIM_CAUSE_SYNTAX, "octet", NULL },
	{ "duplicate", TEXT(HEAD "d=example.net; " REST), DKIM_CAUSE_SYNTAX,
	    "twice", NULL },
	{ "duplicate unknown", TEXT(HEAD "z1=; z1=; " REST),
	    DKIM_CAUSE_SYNTAX, "twice", NULL },
	{ "tag name x-y", TEXT(HEAD "x-y=1; " REST), DKIM_CAUSE_SYNTAX,
	    "no tag", NULL },
	{ "tag name 1x", TEXT(HEAD "1x=1; " REST), DKIM_CAUSE_SYNTAX,
	    "no tag", NULL },
	{ "8-bit tag", TEXT(HEAD "n=\xc3\xa9; " REST), DKIM_CAUSE_SYNTAX,
	    "octet", NULL },

	{ "no v", TEXT("a=rsa-sha256; " NAME "h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "v= missing", NULL },
	{ "no a", TEXT("v=1; " NAME "h=from; " BH REST), DKIM_CAUSE_SYNTAX,
	    "a= missing", NULL },
	{ "no b", TEXT(HEAD), DKIM_CAUSE_SYNTAX, "b= missing", NULL },
	{ "no bh", TEXT(FIRST NAME "h=from; " REST), DKIM_CAUSE_SYNTAX,
	    "bh= missing", NULL },
	{ "no d", TEXT(FIRST "s=s; h=from; " BH REST), DKIM_CAUSE_SYNTAX,
	    "d= missing", NULL },
	{ "no s", TEXT(FIRST "d=example.com; h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "s= missing", NULL },
	{ "no h", TEXT(FIRST NAME BH REST), DKIM_CAUSE_SYNTAX, "h= missing",
	    NULL },
	{ "v=2", TEXT("v=2; a=rsa-sha256; " NAME "h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "v=", NULL },
	{ "v=1.0", TEXT("v=1.0; a=rsa-sha256; " NAME "h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "v=", NULL },

	{ "ed25519", TEXT("v=1; a=ed25519-sha256; " NAME "h=from; " BH REST),
	    0, NULL, NULL },
	{ "rsa-sha1", TEXT("v=1; a=rsa-sha1; " NAME "h=from; "
	    "bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=; " REST), DKIM_CAUSE_ALGORITHM,
	    "8301", NULL },
	{ "upper-case algorithm", TEXT("v=1; a=RSA-SHA256; " NAME "h=from; " BH
	    REST), DKIM_CAUSE_ALGORITHM, "unknown", NULL },
	{ "unknown algorithm", TEXT("v=1; a=rsa-sha512; " NAME "h=from; " BH
	    REST), DKIM_CAUSE_ALGORITHM, "unknown", NULL },
	{ "no algorithm", TEXT("v=1; a=rsa; " NAME "h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "a=", NULL },
	{ "a with blank", TEXT("v=1; a=rsa -sha256; " NAME "h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "a=", NULL },

	{ "b empty", TEXT(HEAD "b="), DKIM_CAUSE_SYNTAX, "b=", NULL },
	{ "b blank", TEXT(HEAD "b= "), DKIM_CAUSE_SYNTAX, "b=", NULL },
	{ "b junk", TEXT(HEAD "b=AA*A"), DKIM_CAUSE_SYNTAX, "b=", NULL },
	{ "b junk between digits", TEXT(HEAD "b=AA*AA"), DKIM_CAUSE_SYNTAX,
	    "b=", NULL },
	{ "b unpadded", TEXT(HEAD "b=AAA"), DKIM_CAUSE_SYNTAX, "b=", NULL },
	{ "b overpadded", TEXT(HEAD "b=AAAA="), DKIM_CAUSE_SYNTAX, "b=",
	    NULL },
	{ "b after padding", TEXT(HEAD "b=AA==AAAA"), DKIM_CAUSE_SYNTAX,
	    "b=", NULL },
	{ "b one digit", TEXT(HEAD "b=A==="), DKIM_CAUSE_SYNTAX, "b=", NULL },
	{ "bh short", TEXT(FIRST NAME "h=from; bh=AAAA; " REST),
	    DKIM_CAUSE_SYNTAX, "bh=", NULL },
	{ "bh unpadded", TEXT(FIRST NAME "h=from; bh=47DEQpj8HBSa+/TImW+5JCeu"
	    "QeRkm5NMpJWZG3hSuFU; " REST), DKIM_CAUSE_SYNTAX, "bh=", NULL },

	{ "c relaxed", TEXT(HEAD "c=relaxed; " REST), 0, NULL, NULL },
	{ "c both", TEXT(HEAD "c=simple/relaxed; " REST), 0, NULL, NULL },
	{ "c three", TEXT(HEAD "c=simple/relaxed/simple; " REST),
	    DKIM_CAUSE_SYNTAX, "c=", NULL },
	{ "c upper-case", TEXT(HEAD "c=RELAXED; " REST), DKIM_CAUSE_SYNTAX,
	    "c=", NULL },
	{ "c half", TEXT(HEAD "c=relaxed/; " REST), DKIM_CAUSE_SYNTAX, "c=",
	    NULL },
	{ "c empty", TEXT(HEAD "c=; " REST), DKIM_CAUSE_SYNTAX, "c=", NULL },

	{ "d parenthesis", TEXT(FIRST "d=evil.example(.example.com; s=s; "
	    "h=from; " BH REST), DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d blank inside", TEXT(FIRST "d=example .com; s=s; h=from; " BH
	    REST), DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d leading dot", TEXT(FIRST "d=.example.com; s=s; h=from; " BH
	    REST), DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d trailing dot", TEXT(FIRST "d=example.com.; s=s; h=from; " BH
	    REST), DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d one label", TEXT(FIRST "d=com; s=s; h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d empty", TEXT(FIRST "d=; s=s; h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d hyphen at the end", TEXT(FIRST "d=example-.com; s=s; h=from; " BH
	    REST), DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d label of 64", TEXT(FIRST "d=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com; s=s; h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d broken UTF-8", TEXT(FIRST "d=b\xfc" "cher.example; s=s; h=from; "
	    BH REST), DKIM_CAUSE_SYNTAX, "d=", NULL },
	{ "d U-label", TEXT(FIRST "d=b\xc3\xbc" "cher.example; s=s; h=from; "
	    BH REST), 0, NULL, "8-bit" },
	{ "s path", TEXT(FIRST "d=example.com; s=../../x; h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "s=", NULL },
	{ "s two labels", TEXT(FIRST "d=example.com; s=a.b_c; h=from; " BH
	    REST), 0, NULL, NULL },
	{ "s blank", TEXT(FIRST "d=example.com; s=a b; h=from; " BH REST),
	    DKIM_CAUSE_SYNTAX, "s=", NULL },

	{ "h without from", TEXT(FIRST NAME "h=to:subject; " BH REST),
	    DKIM_CAUSE_SYNTAX, "From", NULL },
	{ "h fro", TEXT(FIRST NAME "h=fro; " BH REST), DKIM_CAUSE_SYNTAX,
	    "From", NULL },
	{ "h From", TEXT(FIRST NAME "h=To:From; " BH REST), 0, NULL, NULL },
	{ "h empty", TEXT(FIRST NAME "h=; " BH REST), DKIM_CAUSE_SYNTAX, "h=",
	    NULL },
	{ "h empty element", TEXT(FIRST NAME "h=from::to; " BH REST),
	    DKIM_CAUSE_SYNTAX, "h=", NULL },
	{ "h trailing colon", TEXT(FIRST NAME "h=from:; " BH REST),
	    DKIM_CAUSE_SYNTAX, "h=", NULL },
	{ "h name with blank", TEXT(FIRST NAME "h=from:x guard; " BH REST),
	    DKIM_CAUSE_SYNTAX, "h=", NULL },
	{ "h covers signatures", TEXT(FIRST NAME "h=from:DKIM-Signature; " BH
	    REST), 0, NULL, "covers" },

	{ "i", TEXT(HEAD "i=joe@example.com; " REST), 0, NULL, NULL },
	{ "i without local part", TEXT(HEAD "i=@sub.example.com; " REST), 0,
	    NULL, NULL },
	{ "i outside", TEXT(HEAD "i=joe@example.net; " REST),
	    DKIM_CAUSE_SYNTAX, "outside", NULL },
	{ "i look-alike", TEXT(HEAD "i=joe@badexample.com; " REST),
	    DKIM_CAUSE_SYNTAX, "outside", NULL },
	{ "i above", TEXT(HEAD "i=joe@com; " REST), DKIM_CAUSE_SYNTAX, "i=",
	    NULL },
	{ "i without @", TEXT(HEAD "i=example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "@", NULL },
	{ "i empty", TEXT(HEAD "i=; " REST), DKIM_CAUSE_SYNTAX, "@", NULL },
	{ "i ends in =", TEXT(HEAD "i=@example.com=; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i ends in =X", TEXT(HEAD "i=@example.com=4; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i ends the field in =", TEXT(HEAD REST "; i=@example.com="),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i bad hex", TEXT(HEAD "i=a=G0@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i half hex", TEXT(HEAD "i=a=3G@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "quoted-printable", NULL },
	{ "i quoted-printable", TEXT(HEAD "i=a=2Bb@example.com; " REST), 0,
	    NULL, "quoted" },
	{ "i small hex", TEXT(HEAD "i=a=2bb@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i encoded NUL", TEXT(HEAD "i=a=00@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i encoded CRLF", TEXT(HEAD "i=a=0D=0Ab@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i quoted @", TEXT(HEAD "i=\"a@b\"@example.com; " REST), 0, NULL,
	    "quoted" },
	{ "i open quote", TEXT(HEAD "i=\"a@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i two @", TEXT(HEAD "i=a@example.net@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },
	{ "i UTF-8", TEXT(HEAD "i=j\xc3\xb6@example.com; " REST), 0, NULL,
	    "8-bit" },
	{ "i broken UTF-8", TEXT(HEAD "i=j\xf6@example.com; " REST),
	    DKIM_CAUSE_SYNTAX, "i=", NULL },

	{ "l zero", TEXT(HEAD "l=0; " REST), 0, NULL, NULL },
	{ "l empty", TEXT(HEAD "l=; " REST), DKIM_CAUSE_SYNTAX, "l=", NULL },
	{ "l negative", TEXT(HEAD "l=-1; " REST), DKIM_CAUSE_SYNTAX, "l=",
	    NULL },
	{ "l 2^63", TEXT(HEAD "l=9223372036854775808; " REST),
	    DKIM_CAUSE_SYNTAX, "l=", NULL },
	{ "l 2^64-2", TEXT(HEAD "l=18446744073709551614; " REST),
	    DKIM_CAUSE_SYNTAX, "l=", NULL },
	{ "l 2^64+5", TEXT(HEAD "l=18446744073709551621; " REST),
	    DKIM_CAUSE_SYNTAX, "l=", NULL },
	{ "l 77 digits", TEXT(HEAD "l=0000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000005; " REST),
	    DKIM_CAUSE_SYNTAX, "l=", NULL },
	{ "q", TEXT(HEAD "q=dns/txt; " REST), 0, NULL, NULL },
	{ "q known among others", TEXT(HEAD "q=foo/bar : dns/txt; " REST), 0,
	    NULL, NULL },
	{ "q unknown", TEXT(HEAD "q=foo/bar; " REST), DKIM_CAUSE_SYNTAX,
	    "q=", NULL },
	{ "q dns", TEXT(HEAD "q=dns; " REST), DKIM_CAUSE_SYNTAX, "q=", NULL },
	{ "q trailing colon", TEXT(HEAD "q=dns/txt:; " REST),
	    DKIM_CAUSE_SYNTAX, "q=", NULL },
	{ "q empty", TEXT(HEAD "q=; " REST), DKIM_CAUSE_SYNTAX, "q=", NULL },

	{ "t", TEXT(HEAD "t=1528637909; " REST), 0, NULL, NULL },
	{ "t early", TEXT(HEAD "t=299; " REST), 0, NULL, "t=" },
	{ "t blank inside", TEXT(HEAD "t=12 34; " REST), DKIM_CAUSE_SYNTAX,
	    "t=", NULL },
	{ "t 13 digits", TEXT(HEAD "t=1528637909000; " REST),
	    DKIM_CAUSE_SYNTAX, "t=", NULL },
	{ "x signed", TEXT(HEAD "x=+5; " REST), DKIM_CAUSE_SYNTAX, "x=",
	    NULL },
	{ "x after t", TEXT(HEAD "t=1528637909; x=1528637910; " REST), 0,
	    NULL, NULL },
	{ "x at t", TEXT(HEAD "t=1528637909; x=1528637909; " REST),
	    DKIM_CAUSE_SYNTAX, "later", NULL },

	{ "b =", TEXT(HEAD "b =AAAA"), 0, NULL, "blank" },
	{ "xb=", TEXT(HEAD "xb=1; " REST), 0, NULL, "ends in b" },
	{ "B=", TEXT(HEAD "B=1; " REST), 0, NULL, "ends in b" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct dkim_sig_parsed s;

		dkim_sig_parse(mem, DKIM_KIND_SIGNATURE, r->value, &s);
		if (s.cause != r->cause ||
		    (r->reason == NULL) != (s.reason == NULL) ||
		    (r->reason != NULL && !strstr(s.reason, r->reason)))
			fail_msg("%s: cause %d, reason %s", r->label,
			    (int)s.cause, s.reason ? s.reason : "none");
		if (s.cause != DKIM_CAUSE_NONE)
			continue;
		if ((r->library == NULL) != (s.not_for_library == NULL) ||
		    (r->library && !strstr(s.not_for_library, r->library)))
			fail_msg("%s: library: %s", r->label,
			    s.not_for_library ? s.not_for_library : "may");
		if (s.key_name == NULL || s.b.len == 0 || s.name_count == 0)
			fail_msg("%s: incomplete", r->label);
	}
}

static void parse(const char *text, struct dkim_sig_parsed *s)
{
	dkim_sig_parse(mem, DKIM_KIND_SIGNATURE, slice_of(text), s);
}

static void test_values(void **state)
{
	struct dkim_sig_parsed s;

	(void)state;
	parse(" v=1; a=ed25519-sha256; c=relaxed/simple; d=Example.COM;\n"
	    "\ts=Sel.B; i=joe=40home@Mail.example.com; l=12; t=1000000000;\n"
	    "\tx=1000000001; h=From :\n\tTo: from; " BH
	    "\n b= AAEC\n\t/w== ; z=x", &s);
	assert_int_equal(s.cause, DKIM_CAUSE_SYNTAX);  /* joe@home unquoted */
	parse(" v=1; a=ed25519-sha256; c=relaxed/simple; d=Example.COM;\n"
	    "\ts=Sel.B; i=joe@Mail.example.com; l=12; t=1000000000;\n"
	    "\tx=1000000001; h=From :\n\tTo: from; " BH
	    "\n b= AAEC\n\t/w== ; z=x", &s);
	assert_int_equal(s.cause, DKIM_CAUSE_NONE);
	assert_string_equal(s.algorithm_text, "ed25519-sha256");
	assert_int_equal(s.algorithm, DKIM_ED25519_SHA256);
	assert_int_equal(s.header_folding, DKIM_FOLDING_RELAXED);
	assert_int_equal(s.body_folding, DKIM_FOLDING_SIMPLE);
	assert_string_equal(s.domain, "example.com");
	assert_string_equal(s.selector, "sel.b");
	assert_string_equal(s.key_name, "sel.b._domainkey.example.com");
	assert_string_equal(s.identity, "joe@mail.example.com");
	assert_true(s.identity_below);
	assert_true(s.has_length && s.length == 12);
	assert_true(s.has_time && s.time == 1000000000);
	assert_true(s.has_expiry && s.expiry == 1000000001);
	assert_int_equal(s.name_count, 3);
	assert_true(slice_is(s.names[1], "To"));
	assert_true(slice_is(s.names[2], "from"));
	assert_int_equal(s.b.len, 4);
	assert_memory_equal(s.b.data, "\0\1\2\xff", 4);
	assert_string_equal(s.b_text, "AAEC/w==");
	assert_int_equal(s.bh[0], 0xe3);
	assert_int_equal(s.bh[31], 0x55);
	assert_null(s.not_for_library);
	/* folds are CRLF now; everything between "b=" and ";" is b's */
	assert_null(memchr(s.text.data, '\0', s.text.len));
	assert_true(slice_is(slice_sub(s.text, s.b_from, s.b_len),
	    " AAEC\r\n\t/w== "));
	assert_int_equal(s.text.data[s.b_from - 1], '=');
}

static void test_defaults(void **state)
{
	struct dkim_sig_parsed s;

	(void)state;
	parse(HEAD "c=relaxed; " REST, &s);
	assert_int_equal(s.header_folding, DKIM_FOLDING_RELAXED);
	assert_int_equal(s.body_folding, DKIM_FOLDING_SIMPLE);
	assert_string_equal(s.identity, "@example.com");
	assert_false(s.identity_below);
	assert_false(s.has_length || s.has_time || s.has_expiry);
	parse(FIRST "d=B\xc3\xbc" "cher.Example; s=s; h=from; i=\xc3\xa9"
	    "@x.b\xc3\xbc" "cher.example; " BH REST, &s);
	assert_int_equal(s.cause, DKIM_CAUSE_NONE);
	assert_string_equal(s.domain, "xn--bcher-kva.example");
	assert_string_equal(s.key_name,
	    "s._domainkey.xn--bcher-kva.example");
	assert_string_equal(s.identity, "\xc3\xa9@x.xn--bcher-kva.example");
	/* the hash is over the form that is in the header (RFC 8616 5) */
	assert_non_null(memmem(s.text.data, s.text.len, "B\xc3\xbc", 3));
}

/* What could be read of a field that cannot be used. */
static void test_display(void **state)
{
	struct dkim_sig_parsed s;

	(void)state;
	parse("v=1; v=1; a=rsa-sha256; d=example.com; s=sel; b=AAAA", &s);
	assert_int_equal(s.cause, DKIM_CAUSE_SYNTAX);
	assert_string_equal(s.domain, "example.com");
	assert_string_equal(s.selector, "sel");
	assert_string_equal(s.b_text, "AAAA");
	assert_string_equal(s.algorithm_text, "rsa-sha256");
	parse("v=1; d=ex(ample.com; \x01", &s);
	assert_int_equal(s.cause, DKIM_CAUSE_SYNTAX);
	assert_null(s.domain);
	for (const char *c = s.reason; *c != '\0'; c++)
		assert_in_range((unsigned char)*c, 0x20, 0x7e);
}

static void test_limits(void **state)
{
	struct buf text = { 0 };
	struct dkim_sig_parsed s;

	(void)state;
	buf_adds(&text, FIRST NAME BH REST "; h=from");
	for (int i = 0; i < 5000; i++)
		buf_adds(&text, ":x");
	parse(buf_text(&text), &s);
	assert_int_equal(s.cause, DKIM_CAUSE_LIMIT);
	assert_string_equal(s.domain, "example.com");

	buf_clear(&text);
	buf_adds(&text, FIRST NAME BH REST "; h=from");
	for (int i = 0; i < 999; i++)
		buf_adds(&text, ":subject");
	parse(buf_text(&text), &s);
	assert_int_equal(s.cause, DKIM_CAUSE_NONE);
	assert_int_equal(s.name_count, 1000);
	assert_non_null(s.not_for_library);     /* over 4000 octets */

	buf_clear(&text);
	buf_adds(&text, HEAD "b=");
	for (int i = 0; i < 65536; i++)
		buf_addc(&text, 'A');
	parse(buf_text(&text), &s);
	assert_int_equal(s.cause, DKIM_CAUSE_LIMIT);

	buf_clear(&text);
	buf_adds(&text, HEAD "b=");
	for (int i = 0; i < 1368; i++)          /* a key of 8208 bits */
		buf_addc(&text, 'A');
	parse(buf_text(&text), &s);
	assert_int_equal(s.cause, DKIM_CAUSE_NONE);
	assert_non_null(s.not_for_library);

	buf_clear(&text);
	buf_adds(&text, HEAD "i=");
	for (int i = 0; i < 250; i++)
		buf_addc(&text, 'a');
	buf_adds(&text, "@example.com; " REST);
	parse(buf_text(&text), &s);
	assert_int_equal(s.cause, DKIM_CAUSE_NONE);
	assert_non_null(s.not_for_library);

	/* selector and domain that fit alone, not together */
	buf_clear(&text);
	buf_adds(&text, FIRST "h=from; s=sel; " BH REST "; d=");
	for (int i = 0; i < 120; i++)
		buf_adds(&text, "a.");
	buf_adds(&text, "com");
	parse(buf_text(&text), &s);
	assert_int_equal(s.cause, DKIM_CAUSE_SYNTAX);
	buf_free(&text);
}

static const struct arc_row {
	const char *label;
	enum dkim_kind kind;
	const char *value;
	bool good;
	unsigned instance;
	enum arc_cv cv;
} arc_rows[] = {
	{ "AMS", DKIM_KIND_ARC_MESSAGE, "i=1; a=rsa-sha256; c=relaxed/relaxed; "
	    NAME "h=to:subject; " BH REST, true, 1, 0 },
	{ "AMS with v", DKIM_KIND_ARC_MESSAGE, "i=50; v=9; a=rsa-sha256; "
	    NAME "h=from; " BH REST, true, 50, 0 },
	{ "AMS without i", DKIM_KIND_ARC_MESSAGE, "a=rsa-sha256; " NAME
	    "h=from; " BH REST, false, 0, 0 },
	{ "AMS i=0", DKIM_KIND_ARC_MESSAGE, "i=0; a=rsa-sha256; " NAME
	    "h=from; " BH REST, false, 0, 0 },
	{ "AMS i=51", DKIM_KIND_ARC_MESSAGE, "i=51; a=rsa-sha256; " NAME
	    "h=from; " BH REST, false, 0, 0 },
	{ "AMS i of DKIM", DKIM_KIND_ARC_MESSAGE, "i=@example.com; "
	    "a=rsa-sha256; " NAME "h=from; " BH REST, false, 0, 0 },
	{ "seal", DKIM_KIND_ARC_SEAL, "i=2; a=rsa-sha256; cv=pass; t=1; " NAME
	    REST, true, 2, ARC_CV_PASS },
	{ "seal none", DKIM_KIND_ARC_SEAL, "i=1; a=rsa-sha256; cv=none; " NAME
	    REST, true, 1, ARC_CV_NONE },
	{ "seal fail", DKIM_KIND_ARC_SEAL, "i=1; a=rsa-sha256; cv=fail; " NAME
	    REST, true, 1, ARC_CV_FAIL },
	{ "seal with h", DKIM_KIND_ARC_SEAL, "i=1; a=rsa-sha256; cv=none; "
	    NAME "h=from; " REST, false, 0, 0 },
	{ "seal without cv", DKIM_KIND_ARC_SEAL, "i=1; a=rsa-sha256; " NAME
	    REST, false, 0, 0 },
	{ "seal odd cv", DKIM_KIND_ARC_SEAL, "i=1; a=rsa-sha256; cv=maybe; "
	    NAME REST, false, 0, 0 },
	{ "seal sha1", DKIM_KIND_ARC_SEAL, "i=1; a=rsa-sha1; cv=none; " NAME
	    REST, false, 0, 0 },
};

static void test_arc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(arc_rows) / sizeof(arc_rows[0]); i++) {
		const struct arc_row *r = &arc_rows[i];
		struct dkim_sig_parsed s;

		dkim_sig_parse(mem, r->kind, slice_of(r->value), &s);
		if ((s.cause == DKIM_CAUSE_NONE) != r->good)
			fail_msg("%s: %s", r->label,
			    s.reason ? s.reason : "accepted");
		if (r->good && (s.instance != r->instance || s.cv != r->cv ||
		    s.identity != NULL))
			fail_msg("%s: wrong values", r->label);
	}
}

/* A value ends where it ends, whatever stands behind it. */
static void test_quoted(void **state)
{
	static const char text[] = "a=42=43";
	struct slice out;

	(void)state;
	assert_true(dkim_quoted(mem, SLICE("a=42 =\r\n 4"), &out) == false);
	for (size_t n = 0; n < sizeof(text); n++) {
		bool whole = n < 2 || n == 4 || n == 7;

		assert_int_equal(dkim_quoted(mem, (struct slice){ text, n },
		    &out), whole);
		if (whole)
			assert_memory_equal(out.data, "aBC", out.len);
	}
}

/* No octet and no cut of a good signature may do harm. */
static void test_mutations(void **state)
{
	static const char good[] = " v=1; a=rsa-sha256; c=relaxed; d=example.com"
	    "; s=s;\r\n h=from:to; i=j=2B@example.com; l=1; t=1000000001; q=dns"
	    "/txt; " BH REST;
	static const unsigned char octets[] = { 0, '\r', '\n', ';', '=', ':',
		' ', '"', '@', 0x80, 0xff };
	char text[sizeof(good)];
	struct dkim_sig_parsed s;
	size_t sound = 0;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(good); i++) {
		for (size_t k = 0; k < sizeof(octets); k++) {
			memcpy(text, good, sizeof(good));
			text[i] = (char)octets[k];
			dkim_sig_parse(mem, DKIM_KIND_SIGNATURE,
			    (struct slice){ text, sizeof(good) - 1 }, &s);
			sound += s.cause == DKIM_CAUSE_NONE;
			assert_true(s.cause == DKIM_CAUSE_NONE ||
			    s.reason != NULL);
		}
		/* exactly as long as it says, for the sanitizer */
		dkim_sig_parse(mem, DKIM_KIND_SIGNATURE, (struct slice){
		    arena_memdup(mem, good, i), i }, &s);
		arena_reset(mem);
	}
	assert_in_range(sound, 1, sizeof(good) * sizeof(octets) / 2);
}

static void test_select(void **state)
{
	static const char *const names[] = { "Subject", "From", "DKIM-Signature",
		"subject", "To ", "DKIM-Signature" };
	struct header h = { 0 };
	struct dkim_sig_parsed s;
	struct dkim_index *index;
	const size_t *f;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		header_append(&h, mem, slice_of(names[i]), SLICE(" x"));
	index = dkim_index_new(mem, &h);
	parse(FIRST NAME BH REST "; h=from:SUBJECT:subject:subject:to:"
	    "dkim-signature:dkim-signature:absent", &s);
	f = dkim_select(index, &s, 5);
	assert_int_equal(f[0], 1);
	assert_int_equal(f[1], 3);
	assert_int_equal(f[2], 0);
	assert_int_equal(f[3], DKIM_NO_FIELD);
	assert_int_equal(f[4], 4);
	assert_int_equal(f[5], 2);              /* not itself */
	assert_int_equal(f[6], DKIM_NO_FIELD);
	assert_int_equal(f[7], DKIM_NO_FIELD);
	/* each signature counts anew */
	f = dkim_select(index, &s, 2);
	assert_int_equal(f[1], 3);
	assert_int_equal(f[5], 5);
	assert_int_equal(f[6], DKIM_NO_FIELD);
}

static void test_plain(void **state)
{
	static const struct {
		struct slice value;
		bool plain;
	} cases[] = {
		{ TEXT(""), true }, { TEXT(" a\tb\xff"), true },
		{ TEXT("a\r\n b"), true }, { TEXT("a\n\tb"), true },
		{ TEXT("a\0"), false }, { TEXT("a\v"), false },
		{ TEXT("\f"), false }, { TEXT("a\rb"), false },
		{ TEXT("a\r"), false }, { TEXT("a\n"), false },
		{ TEXT("a\r\nb"), false }, { TEXT("a\r\n"), false },
		{ TEXT("a\r\r\n b"), false }, { TEXT("a\n\n b"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (dkim_field_is_plain(cases[i].value) != cases[i].plain)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_display),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_arc),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
