/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/address.h"

#define TEXT(s) { (s), sizeof(s) - 1 }

/* `boxes` is "display|local|domain|address" for each mailbox, with "-" for
 * NULL, one a line; NULL: not looked at. */
static const struct {
	const char *label;
	struct slice body;
	enum author_status status;
	const char *domains;            /* joined by blanks */
	const char *boxes;
	const char *shown;              /* display_address */
} authors[] = {
	{ "bare", TEXT("u@example.com"), AUTHOR_OK, "example.com",
	    "-|u|example.com|u@example.com\n", NULL },
	{ "blank and line end around", TEXT("  u@example.com \r\n"), AUTHOR_OK,
	    "example.com", "-|u|example.com|u@example.com\n", NULL },
	{ "name", TEXT("Jo Doe <u@Example.COM>"), AUTHOR_OK, "example.com",
	    "Jo Doe|u|example.com|u@Example.COM\n", NULL },
	{ "name with dots", TEXT("Jo Q. Doe, Jr. <u@a.example>"),
	    AUTHOR_AMBIGUOUS, "a.example", NULL, NULL },
	{ "initial", TEXT("Jo Q. Doe <u@a.example>"), AUTHOR_OK, "a.example",
	    "Jo Q. Doe|u|a.example|u@a.example\n", NULL },
	{ "quoted name", TEXT("\"Doe, \\\"Jo\\\"\" <u@a.example>"), AUTHOR_OK,
	    "a.example", "Doe, \"Jo\"|u|a.example|u@a.example\n", NULL },
	{ "folded quoted name", TEXT("\"Doe,\r\n Jo\"\r\n\t<u@a.example>"),
	    AUTHOR_OK, "a.example", "Doe, Jo|u|a.example|u@a.example\n", NULL },
	{ "folded with LF", TEXT("\"Doe,\n Jo\"\n <u@a.example>"),
	    AUTHOR_OK, "a.example", "Doe, Jo|u|a.example|u@a.example\n", NULL },
	{ "comment as name", TEXT("u@a.example (Jo \\(x\\) Doe)"), AUTHOR_OK,
	    "a.example", "Jo (x) Doe|u|a.example|u@a.example\n", NULL },
	{ "comments everywhere",
	    TEXT("(a(b)c)Jo(d)<(e)u(f)@(g)a.example(h)>(i)"), AUTHOR_OK,
	    "a.example", "Jo|u|a.example|u@a.example\n", NULL },
	{ "comments of neighbours", TEXT("u@a.example (U), (V) v@a.example"),
	    AUTHOR_OK, "a.example",
	    "U|u|a.example|u@a.example\nV|v|a.example|v@a.example\n", NULL },
	{ "encoded-word stays", TEXT("=?utf-8?Q?J=C3=B6?= <u@a.example>"),
	    AUTHOR_OK, "a.example",
	    "=?utf-8?Q?J=C3=B6?=|u|a.example|u@a.example\n", NULL },
	{ "8-bit name", TEXT("J\xf6 <u@a.example>"), AUTHOR_OK, "a.example",
	    "J\xf6|u|a.example|u@a.example\n", NULL },
	{ "U-label", TEXT("u@b\xc3\xbc" "cher.example"), AUTHOR_OK,
	    "xn--bcher-kva.example", NULL, NULL },
	{ "quoted local part", TEXT("\"a b@c\"@a.example"), AUTHOR_OK,
	    "a.example", "-|a b@c|a.example|\"a b@c\"@a.example\n", NULL },
	{ "dots in the local part", TEXT("a..b.@a.example"), AUTHOR_OK,
	    "a.example", "-|a..b.|a.example|a..b.@a.example\n", NULL },
	{ "blanks around @", TEXT("u @ a.example"), AUTHOR_OK, "a.example",
	    "-|u|a.example|u@a.example\n", NULL },
	{ "empty places", TEXT(", u@a.example,, v@a.example ,"), AUTHOR_OK,
	    "a.example", NULL, NULL },
	{ "two domains", TEXT("u@a.example, v@b.example, w@A.example"),
	    AUTHOR_MULTIPLE, "a.example b.example", NULL, NULL },
	{ "group", TEXT("The Team: u@a.example, V <v@a.example>;"), AUTHOR_OK,
	    "a.example",
	    "-|u|a.example|u@a.example\nV|v|a.example|v@a.example\n", NULL },
	{ "group and more", TEXT("T: u@a.example;, v@b.example"),
	    AUTHOR_MULTIPLE, "a.example b.example", NULL, NULL },
	{ "empty group", TEXT("undisclosed: ;"), AUTHOR_NONE, "", "", NULL },
	{ "route", TEXT("<@b.example,@c.example:u@a.example>"), AUTHOR_OK,
	    "a.example", "-|u|a.example|u@a.example\n", NULL },
	{ "nothing", TEXT(""), AUTHOR_NONE, "", "", NULL },
	{ "only a comment", TEXT("(u@a.example)"), AUTHOR_NONE, "", "", NULL },
	{ "null address", TEXT("Jo <>"), AUTHOR_NONE, "", "Jo||-|\n", NULL },
	{ "local user", TEXT("root"), AUTHOR_NONE, "", "-|root|-|root\n", NULL },
	{ "literal", TEXT("u@[192.0.2.1]"), AUTHOR_NONE, "",
	    "-|u|-|u@[192.0.2.1]\n", NULL },
	{ "literal and domain", TEXT("u@a.example, v@[192.0.2.1]"),
	    AUTHOR_AMBIGUOUS, "a.example", NULL, NULL },
	{ "user and domain", TEXT("root, u@a.example"), AUTHOR_AMBIGUOUS,
	    "a.example", NULL, NULL },
	{ "repeats itself", TEXT("u@a.example <u@a.example>"), AUTHOR_OK,
	    "a.example", "u@a.example|u|a.example|u@a.example\n", NULL },

	{ "bare address as name", TEXT("ceo@bank.example <x@evil.example>"),
	    AUTHOR_AMBIGUOUS, "", NULL, NULL },
	{ "address in a quoted name",
	    TEXT("\"ceo@bank.example\" <x@evil.example>"), AUTHOR_OK,
	    "evil.example", NULL, "ceo@bank.example" },
	{ "own address in the name", TEXT("\"X@Evil.example.\" <x@evil.example>"),
	    AUTHOR_OK, "evil.example", NULL, NULL },
	{ "own, then another",
	    TEXT("\"x@evil.example, <ceo@bank.example>\" <x@evil.example>"),
	    AUTHOR_OK, "evil.example", NULL, "ceo@bank.example" },
	{ "shown in base64",
	    TEXT("=?utf-8?B?Y2VvQGJhbmsuZXhhbXBsZQ==?= <x@evil.example>"),
	    AUTHOR_OK, "evil.example", NULL, "ceo@bank.example" },
	{ "shown over two words", TEXT("=?utf-8?q?The=20CEO=3A_ceo=40bank?=\r\n"
	    " =?utf-8?q?=2Eexample?= <x@evil.example>"), AUTHOR_OK,
	    "evil.example", NULL, "ceo@bank.example" },
	{ "shown in a quoted encoded-word",
	    TEXT("\"=?UTF-8?B?Y2VvQGJhbmsuZXhhbXBsZQ==?=\" <x@evil.example>"),
	    AUTHOR_OK, "evil.example", NULL, "ceo@bank.example" },
	{ "shown in a comment", TEXT("x@evil.example (ceo@bank.example)"),
	    AUTHOR_OK, "evil.example", NULL, "ceo@bank.example" },
	{ "lone @ in the name", TEXT("\"@home @ work\" <x@evil.example>"),
	    AUTHOR_OK, "evil.example", NULL, NULL },

	{ "two @", TEXT("u@bank.example@evil.example"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "two addresses, no comma", TEXT("u@a.example v@b.example"),
	    AUTHOR_AMBIGUOUS, "", "", NULL },
	{ "two angles", TEXT("<u@a.example> <v@b.example>"), AUTHOR_AMBIGUOUS,
	    "", "", NULL },
	{ "angle in angle", TEXT("<<u@a.example>>"), AUTHOR_AMBIGUOUS, "", "",
	    NULL },
	{ "text behind", TEXT("<u@a.example> x"), AUTHOR_AMBIGUOUS, "", "", NULL },
	{ "no end of angle", TEXT("Jo <u@a.example"), AUTHOR_AMBIGUOUS, "", "",
	    NULL },
	{ "no begin of angle", TEXT("u@a.example>"), AUTHOR_AMBIGUOUS, "", "",
	    NULL },
	{ "no end of quote", TEXT("\"Jo <u@a.example>"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "no end of comment", TEXT("u@a.example (Jo"), AUTHOR_AMBIGUOUS,
	    "a.example", NULL, NULL },
	{ "stray )", TEXT("u@a.example)"), AUTHOR_AMBIGUOUS, NULL, NULL, NULL },
	{ "no local part", TEXT("@a.example"), AUTHOR_AMBIGUOUS, "", "", NULL },
	{ "no local part in angle", TEXT("<@a.example>"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "no domain", TEXT("u@"), AUTHOR_AMBIGUOUS, "", "", NULL },
	{ "blank in the domain", TEXT("u@a .example"), AUTHOR_AMBIGUOUS, "", "",
	    NULL },
	{ "comment in the domain", TEXT("u@a.(x)example"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "fold in the domain", TEXT("u@a.\r\n example"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "blank in the local part", TEXT("a b@a.example"), AUTHOR_AMBIGUOUS,
	    "", "", NULL },
	{ "quote beside text", TEXT("\"a\"b@a.example"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "empty label", TEXT("u@a..example"), AUTHOR_AMBIGUOUS, "", "", NULL },
	{ "what no domain can hold", TEXT("u@a%b.example"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "group without end", TEXT("T: u@a.example"), AUTHOR_AMBIGUOUS,
	    "a.example", NULL, NULL },
	{ "group in group", TEXT("T: U: u@a.example;;"), AUTHOR_AMBIGUOUS,
	    "a.example", NULL, NULL },
	{ "text behind a group", TEXT("T: u@a.example; v@b.example"),
	    AUTHOR_AMBIGUOUS, "a.example b.example", NULL, NULL },
	{ "semicolons between", TEXT("u@a.example; v@a.example"),
	    AUTHOR_AMBIGUOUS, "a.example", NULL, NULL },
	{ "bad route", TEXT("<@b.example,c:u@a.example>"), AUTHOR_AMBIGUOUS, "",
	    "", NULL },
	{ "route to nowhere", TEXT("<@b.example:>"), AUTHOR_AMBIGUOUS, "", "",
	    NULL },
	{ "NUL", TEXT("u@a.example\0.evil.example"), AUTHOR_AMBIGUOUS, NULL,
	    NULL, NULL },
	{ "NUL in a name", TEXT("\"J\0o\" <u@a.example>"), AUTHOR_AMBIGUOUS,
	    "", "", NULL },
	{ "bare CR", TEXT("u@a.example\r, v@b.example"), AUTHOR_AMBIGUOUS,
	    NULL, NULL, NULL },
	{ "bare LF", TEXT("u@a.example,\nv@b.example"), AUTHOR_AMBIGUOUS,
	    NULL, NULL, NULL },
	{ "escape", TEXT("\x1b$B <u@a.example>"), AUTHOR_AMBIGUOUS, "", "",
	    NULL },
	{ "bad UTF-8 in the domain", TEXT("u@a\xff.example"), AUTHOR_AMBIGUOUS,
	    "", "", NULL },
};

static void add_or_dash(struct buf *b, const char *s, char end)
{
	buf_adds(b, s != NULL ? s : "-");
	buf_addc(b, end);
}

static void test_author(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(authors) / sizeof(*authors); i++) {
		struct arena *mem = arena_new(1024);
		struct author a = author_read(mem, &authors[i].body, 1);
		struct buf domains = { 0 };
		struct buf boxes = { 0 };

		for (size_t k = 0; k < a.domain_count; k++)
			buf_addf(&domains, "%s%s", k > 0 ? " " : "", a.domains[k]);
		for (size_t k = 0; k < a.box_count; k++) {
			add_or_dash(&boxes, a.boxes[k].display, '|');
			add_or_dash(&boxes, a.boxes[k].local, '|');
			add_or_dash(&boxes, a.boxes[k].domain, '|');
			add_or_dash(&boxes, a.boxes[k].address, '\n');
		}
		if (a.status != authors[i].status)
			fail_msg("%s: %s (%s)", authors[i].label,
			    name_word(author_status_names, (int)a.status),
			    a.reason != NULL ? a.reason : "-");
		if ((a.status == AUTHOR_OK) != (a.reason == NULL) ||
		    (a.status == AUTHOR_OK) != (a.domain != NULL))
			fail_msg("%s: reason or domain", authors[i].label);
		if (authors[i].domains != NULL &&
		    strcmp(buf_text(&domains), authors[i].domains) != 0)
			fail_msg("%s: domains %s", authors[i].label,
			    buf_text(&domains));
		if (authors[i].boxes != NULL &&
		    strcmp(buf_text(&boxes), authors[i].boxes) != 0)
			fail_msg("%s: boxes %s", authors[i].label,
			    buf_text(&boxes));
		if (strcmp(a.display_address ? a.display_address : "-",
		    authors[i].shown ? authors[i].shown : "-") != 0)
			fail_msg("%s: shown %s", authors[i].label,
			    a.display_address ? a.display_address : "-");
		buf_free(&domains);
		buf_free(&boxes);
		arena_free(mem);
	}
}

static void test_repeated_field(void **state)
{
	const struct slice fields[] = {
		SLICE("u@a.example"), SLICE("v@b.example"),
	};
	struct arena *mem = arena_new(1024);
	struct author a = author_read(mem, fields, 2);

	(void)state;
	assert_int_equal(a.status, AUTHOR_AMBIGUOUS);
	assert_null(a.domain);
	assert_int_equal(a.box_count, 2);
	assert_int_equal(a.domain_count, 2);
	assert_string_equal(a.reason, "more than one From field");
	/* an empty second field is a second field */
	a = author_read(mem, (const struct slice[]){ fields[0], SLICE("") }, 2);
	assert_int_equal(a.status, AUTHOR_AMBIGUOUS);
	a = author_read(mem, NULL, 0);
	assert_int_equal(a.status, AUTHOR_NONE);
	arena_free(mem);
}

/* Fields of a size nobody writes by hand are ambiguous, not slow or fatal. */
static void test_huge(void **state)
{
	static const struct {
		const char *label;
		const char *piece;
		size_t times;
		enum author_status status;
	} rows[] = {
		{ "nesting", "(", 100000, AUTHOR_AMBIGUOUS },
		{ "commas", ",", 100000, AUTHOR_AMBIGUOUS },
		{ "at", "@", 100000, AUTHOR_AMBIGUOUS },
		{ "angles", "<", 3000, AUTHOR_AMBIGUOUS },
		{ "colons", "a:", 1000, AUTHOR_AMBIGUOUS },
		{ "mailboxes", "u@a.example,", 64, AUTHOR_OK },
		{ "too many mailboxes", "u@a.example,", 65, AUTHOR_AMBIGUOUS },
		{ "one long atom", "aaaaaaaaaaaaaaaa", 8000, AUTHOR_NONE },
		{ "quotes", "\"\\\"@b.example\" ", 1000, AUTHOR_AMBIGUOUS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *mem = arena_new(1024);
		struct buf body = { 0 };
		struct slice field;
		struct author a;

		for (size_t k = 0; k < rows[i].times; k++)
			buf_adds(&body, rows[i].piece);
		field = buf_slice(&body);
		a = author_read(mem, &field, 1);
		if (a.status != rows[i].status)
			fail_msg("%s: %s", rows[i].label,
			    name_word(author_status_names, (int)a.status));
		buf_free(&body);
		arena_free(mem);
	}
}

/* Every prefix of a rich field is read without harm, alone in its memory. */
static void test_truncated(void **state)
{
	static const char rich[] = "\"J \\\"o\" (a (b) \\) c) Q. <@r.example,"
	    "@s.example:\"a b\".c@a.example>, T: v@[192.0.2.1], =?x?q?y?= "
	    "<w@b\xc3\xbc.example>;\r\n , z@c.example";

	(void)state;
	for (size_t n = 0; n < sizeof(rich); n++) {
		struct arena *mem = arena_new(1024);
		char *copy = malloc(n + 1);
		struct slice field = { copy, n };
		struct author a;

		memcpy(copy, rich, n);
		a = author_read(mem, &field, 1);
		assert_true((a.status == AUTHOR_OK) == (a.reason == NULL));
		for (size_t k = 0; k < a.box_count; k++)
			assert_non_null(a.boxes[k].address);
		free(copy);
		arena_free(mem);
	}
}

static void test_read_first(void **state)
{
	static const struct {
		const char *label;
		struct slice body;
		const char *address;    /* NULL: none */
	} rows[] = {
		{ "one", TEXT("Jo <u@a.example>"), "u@a.example" },
		{ "first of two", TEXT("u@a.example, v@b.example"),
		    "u@a.example" },
		{ "behind junk", TEXT("x y, v@b.example"), "v@b.example" },
		{ "local user", TEXT("root"), "root" },
		{ "null address", TEXT("<>"), NULL },
		{ "junk", TEXT("x y"), NULL },
		{ "nothing", TEXT(""), NULL },
		{ "absent", { NULL, 0 }, NULL },
	};
	struct arena *mem = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct mailbox *box = mailbox_read_first(mem,
		    rows[i].body);

		if ((box == NULL) != (rows[i].address == NULL) ||
		    (box != NULL && strcmp(box->address, rows[i].address) != 0))
			fail_msg("%s: %s", rows[i].label,
			    box != NULL ? box->address : "-");
	}
	arena_free(mem);
}

static void test_path(void **state)
{
	static const struct {
		const char *argument;
		enum path_status status;
		const char *text, *local, *domain;
	} rows[] = {
		{ "<u@a.example>", PATH_OK, "u@a.example", "u", "a.example" },
		{ "u@A.Example", PATH_OK, "u@A.Example", "u", "a.example" },
		{ " <u@a.example> ", PATH_OK, "u@a.example", "u", "a.example" },
		{ "<>", PATH_NULL, "", NULL, NULL },
		{ "", PATH_NULL, "", NULL, NULL },
		{ NULL, PATH_NULL, "", NULL, NULL },
		{ "<postmaster>", PATH_OK, "postmaster", NULL, NULL },
		{ "\"a@b\"", PATH_OK, "\"a@b\"", NULL, NULL },
		{ "<@a.example>", PATH_OK, "@a.example", "", "a.example" },
		{ "<\"a b@c\"@a.example>", PATH_OK, "\"a b@c\"@a.example",
		    "a b@c", "a.example" },
		{ "<a..b.@a.example>", PATH_OK, "a..b.@a.example", "a..b.",
		    "a.example" },
		{ "<@r.example,@s.example:u@a.example>", PATH_OK,
		    "@r.example,@s.example:u@a.example", "u", "a.example" },
		{ "<u@[192.0.2.1]>", PATH_OK, "u@[192.0.2.1]", "u", NULL },
		{ "<u@[IPv6:2001:db8::1]>", PATH_OK, "u@[IPv6:2001:db8::1]",
		    "u", NULL },
		{ "<u@b\xc3\xbc" "cher.example>", PATH_OK,
		    "u@b\xc3\xbc" "cher.example", "u",
		    "xn--bcher-kva.example" },
		{ "<SRS0=x=y=b.example=u@a.example>", PATH_OK,
		    "SRS0=x=y=b.example=u@a.example", "SRS0=x=y=b.example=u",
		    "a.example" },
		{ "<u@a.example", PATH_BAD, "<u@a.example", NULL, NULL },
		{ "u@a.example>", PATH_BAD, "u@a.example>", NULL, NULL },
		{ "<<u@a.example>>", PATH_BAD, "<u@a.example>", NULL, NULL },
		{ "<u@a.example> SIZE=1", PATH_BAD, "<u@a.example> SIZE=1",
		    NULL, NULL },
		{ "< u@a.example>", PATH_BAD, " u@a.example", NULL, NULL },
		{ "<a b@a.example>", PATH_BAD, "a b@a.example", NULL, NULL },
		{ "<u(x)@a.example>", PATH_BAD, "u(x)@a.example", NULL, NULL },
		{ "<u@a.example(x)>", PATH_BAD, "u@a.example(x)", NULL, NULL },
		{ "<u@b@a.example>", PATH_BAD, "u@b@a.example", NULL, NULL },
		{ "<u@>", PATH_BAD, "u@", NULL, NULL },
		{ "<@>", PATH_BAD, "@", NULL, NULL },
		{ "<u@a..example>", PATH_BAD, "u@a..example", NULL, NULL },
		{ "<@r.example:>", PATH_BAD, "@r.example:", NULL, NULL },
		{ "<\"u@a.example>", PATH_BAD, "\"u@a.example", NULL, NULL },
		{ "<u@a.example\r\nX: y>", PATH_BAD, "u@a.example\r\nX: y",
		    NULL, NULL },
		{ "<u@a.example,v@b.example>", PATH_BAD,
		    "u@a.example,v@b.example", NULL, NULL },
		{ "<>>", PATH_BAD, ">", NULL, NULL },
	};
	struct arena *mem = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct path p = path_read(mem, rows[i].argument);
		const char *label = rows[i].argument ? rows[i].argument : "-";

		if (p.status != rows[i].status)
			fail_msg("%s: status %d", label, (int)p.status);
		if (strcmp(p.text, rows[i].text) != 0)
			fail_msg("%s: text %s", label, p.text);
		if (strcmp(p.local ? p.local : "-",
		    rows[i].local ? rows[i].local : "-") != 0)
			fail_msg("%s: local %s", label, p.local);
		if (strcmp(p.domain ? p.domain : "-",
		    rows[i].domain ? rows[i].domain : "-") != 0)
			fail_msg("%s: domain %s", label, p.domain);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_author),
		cmocka_unit_test(test_repeated_field),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_read_first),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
