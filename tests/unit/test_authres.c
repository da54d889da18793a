/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "mail/authres.h"

#define TEXT(s) { (s), sizeof(s) - 1 }
#define ROWS(a) (sizeof(a) / sizeof(*(a)))

/* "id 1|method/1=result "reason" type.name={value} ...|" */
static void describe(const struct authres *a, struct buf *out)
{
	buf_addf(out, "%s %u|", a->id, a->version);
	for (size_t i = 0; i < a->count; i++) {
		const struct authres_result *r = &a->results[i];

		buf_addf(out, "%s/%u=%s", r->method, r->version, r->result);
		if (r->reason != NULL)
			buf_addf(out, " \"%s\"", r->reason);
		for (size_t k = 0; k < r->property_count; k++)
			buf_addf(out, " %s.%s={%s}", r->properties[k].type,
			    r->properties[k].name, r->properties[k].value);
		buf_addc(out, '|');
	}
}

static const struct {
	const char *label;
	struct slice value;
	const char *wanted;             /* NULL: must be refused */
} parsed[] = {
	/* The examples of RFC 8601 appendix B. */
	{ "B.2", TEXT(" example.org 1; none"), "example.org 1|" },
	{ "B.3", TEXT(" example.com;\r\n          spf=pass "
	    "smtp.mailfrom=example.net"),
	    "example.com 1|spf/1=pass smtp.mailfrom={example.net}|" },
	{ "B.4 first", TEXT(" example.com;\r\n auth=pass (cram-md5) "
	    "smtp.auth=sender@example.net;\r\n spf=pass "
	    "smtp.mailfrom=example.net"),
	    "example.com 1|auth/1=pass smtp.auth={sender@example.net}|"
	    "spf/1=pass smtp.mailfrom={example.net}|" },
	{ "B.4 second", TEXT(" example.com; iprev=pass\r\n "
	    "policy.iprev=192.0.2.200"),
	    "example.com 1|iprev/1=pass policy.iprev={192.0.2.200}|" },
	{ "B.5 first", TEXT(" example.com;\r\n dkim=pass (good signature) "
	    "header.d=example.com"),
	    "example.com 1|dkim/1=pass header.d={example.com}|" },
	{ "B.5 second", TEXT(" example.com;\n auth=pass (cram-md5) "
	    "smtp.auth=sender@example.com;\n spf=fail "
	    "smtp.mailfrom=example.com"),
	    "example.com 1|auth/1=pass smtp.auth={sender@example.com}|"
	    "spf/1=fail smtp.mailfrom={example.com}|" },
	{ "B.6 first", TEXT(" example.com;\r\n dkim=pass reason=\"good "
	    "signature\"\r\n header.i=@mail-router.example.net;\r\n dkim=fail "
	    "reason=\"bad signature\"\r\n header.i=@newyork.example.com"),
	    "example.com 1|dkim/1=pass \"good signature\" "
	    "header.i={@mail-router.example.net}|dkim/1=fail "
	    "\"bad signature\" header.i={@newyork.example.com}|" },
	{ "B.6 second", TEXT(" example.net;\r\n dkim=pass (good signature) "
	    "header.i=@newyork.example.com"),
	    "example.net 1|dkim/1=pass header.i={@newyork.example.com}|" },
	{ "B.7", TEXT(" foo.example.net (foobar) 1 (baz);\r\n dkim (Because I "
	    "like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can "
	    "go here) . (like that) expired\r\n (this surprised me) = (as I "
	    "wasn't expecting it) 1362471462"),
	    "foo.example.net 1|dkim/1=fail policy.expired={1362471462}|" },

	{ "quoted id", TEXT("\"a\\b c\" 2; none"), "ab c 2|" },
	{ "none, any case", TEXT("a;NONE (x)"), "a 1|" },
	{ "method none", TEXT("a;none=x"), "a 1|none/1=x|" },
	{ "no blanks", TEXT("a;b=c d.e=f"), "a 1|b/1=c d.e={f}|" },
	{ "final CRLF", TEXT(" a; b=c\r\n"), "a 1|b/1=c|" },
	{ "versions", TEXT("a 07;b/3=c"), "a 7|b/3=c|" },
	{ "quoted value", TEXT("a;b=c d.e=\"x; \\\"y\\\" \\\\ (z)\""),
	    "a 1|b/1=c d.e={x; \"y\" \\ (z)}|" },
	{ "folded quoted value", TEXT("a;b=c reason=\"x\r\n y\""),
	    "a 1|b/1=c \"x y\"|" },
	{ "empty quoted value", TEXT("a;b=c d.e=\"\""), "a 1|b/1=c d.e={}|" },
	{ "value between comments", TEXT("a;b=c d.e=(x)f(y)g.h=i"),
	    "a 1|b/1=c d.e={f} g.h={i}|" },
	{ "local part with = and /", TEXT("a;b=c d.e=u=/?x@f.example"),
	    "a 1|b/1=c d.e={u=/?x@f.example}|" },
	{ "quoted local part", TEXT("a;b=c d.e=\"u \\\"x\"@f.example"),
	    "a 1|b/1=c d.e={\"u \\\"x\"@f.example}|" },
	{ "blank before @", TEXT("a;b=c d.e=u (x) @f.example"),
	    "a 1|b/1=c d.e={u@f.example}|" },
	{ "UTF-8", TEXT("a;b=c d.e=j\xc3\xb6@b\xc3\xbc.example"),
	    "a 1|b/1=c d.e={j\xc3\xb6@b\xc3\xbc.example}|" },
	{ "hyphens", TEXT("a;x-y=c header.oldest-pass=0"),
	    "a 1|x-y/1=c header.oldest-pass={0}|" },

	{ "empty", TEXT(""), NULL },
	{ "absent", { NULL, 0 }, NULL },
	{ "only an id", TEXT("a"), NULL },
	{ "id and version", TEXT("a 1"), NULL },
	{ "no result", TEXT("a;"), NULL },
	{ "no id", TEXT("; none"), NULL },
	{ "results without id", TEXT("spf=pass smtp.mailfrom=x"), NULL },
	{ "final semicolon", TEXT("a;b=c;"), NULL },
	{ "none and more", TEXT("a;none;b=c"), NULL },
	{ "more and none", TEXT("a;b=c;none"), NULL },
	{ "bad version", TEXT("a x; none"), NULL },
	{ "huge version", TEXT("a 99999999999; none"), NULL },
	{ "no =", TEXT("a;b c"), NULL },
	{ "no result word", TEXT("a;b= ;c=d"), NULL },
	{ "bare base64", TEXT("a;b=c header.b=ab/d="), NULL },
	{ "bare IPv6", TEXT("a;b=c policy.iprev=2001:db8::1"), NULL },
	{ "two reasons", TEXT("a;b=c reason=x reason=y"), NULL },
	{ "reason late", TEXT("a;b=c d.e=f reason=y"), NULL },
	{ "property without type", TEXT("a;b=c e=f"), NULL },
	{ "property without value", TEXT("a;b=c d.e="), NULL },
	{ "two @", TEXT("a;b=c d.e=x@f@g"), NULL },
	{ "@ alone", TEXT("a;b=c d.e=@"), NULL },
	{ "open quote", TEXT("a;b=c d.e=\"x"), NULL },
	{ "open comment", TEXT("a;b=c (x"), NULL },
	{ "NUL", TEXT("a;b=c d.e=f\0"), NULL },
	{ "NUL in quotes", TEXT("a;b=c d.e=\"f\0\""), NULL },
	{ "new line", TEXT("a;b=c\r\nX: d.e=f"), NULL },
	{ "bare CR", TEXT("a;\rb=c"), NULL },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(parsed); i++) {
		struct arena *mem = arena_new(1024);
		struct buf got = { 0 };
		struct authres a;
		bool good = authres_parse(mem, parsed[i].value, &a);

		if (good)
			describe(&a, &got);
		if (good != (parsed[i].wanted != NULL))
			fail_msg("%s: %s", parsed[i].label,
			    good ? buf_text(&got) : "refused");
		if (good && strcmp(buf_text(&got), parsed[i].wanted) != 0)
			fail_msg("%s: %s", parsed[i].label, buf_text(&got));
		buf_free(&got);
		arena_free(mem);
	}
}

/* How one value is written, as a property and as a reason. */
static const struct {
	const char *label;
	const char *value;
	bool utf8;
	const char *property;
	const char *reason;             /* NULL: the same */
} written[] = {
	{ "domain", "mail.example.com", false, "mail.example.com", NULL },
	{ "underscore", "_x.example.com", false, "_x.example.com", NULL },
	{ "host", "localhost", false, "localhost", NULL },
	{ "address", "u@a.example", false, "u@a.example", "\"u@a.example\"" },
	{ "domain identity", "@a.example", false, "@a.example",
	    "\"@a.example\"" },
	{ "atext", "u=/?{}@a.example", false, "u=/?{}@a.example",
	    "\"u=/?{}@a.example\"" },
	{ "quoted local part", "\"a b\"@a.example", false,
	    "\"a b\"@a.example", "\"\\\"a b\\\"@a.example\"" },
	{ "dots in the local part", "a..b@a.example", false,
	    "\"a..b@a.example\"", NULL },
	{ "literal", "u@[192.0.2.1]", false, "\"u@[192.0.2.1]\"", NULL },
	{ "two @", "u@b@a.example", false, "\"u@b@a.example\"", NULL },
	{ "no domain", "u@", false, "\"u@\"", NULL },
	{ "hyphen at the end", "u@a-.example", false, "\"u@a-.example\"", NULL },
	{ "comment behind", "u@a.example (x)", false, "\"u@a.example (x)\"",
	    NULL },
	{ "IPv4", "192.0.2.1", false, "192.0.2.1", NULL },
	{ "IPv6", "2001:db8::1", false, "\"2001:db8::1\"", NULL },
	{ "base64 plain", "mQ8GEW+c", false, "mQ8GEW+c", NULL },
	{ "base64 /", "EjCbN/c3", false, "\"EjCbN/c3\"", NULL },
	{ "base64 =", "EjCbNc3=", false, "\"EjCbNc3=\"", NULL },
	{ "empty", "", false, "\"\"", NULL },
	{ "quote and backslash", "a\"b\\c", false, "\"a\\\"b\\\\c\"", NULL },
	{ "breaking out", "x; dmarc=pass", false, "\"x; dmarc=pass\"", NULL },
	{ "line end", "x\r\nX-Y: z", false, "\"xX-Y: z\"", NULL },
	{ "controls", "a\tb\x1b\x7f" "c", false, "abc", NULL },
	{ "UTF-8 in an ASCII message", "b\xc3\xbc" "cher.example", false,
	    "\"b??cher.example\"", NULL },
	{ "UTF-8 domain", "b\xc3\xbc" "cher.example", true,
	    "b\xc3\xbc" "cher.example", "\"b\xc3\xbc" "cher.example\"" },
	{ "UTF-8 address", "j\xc3\xb6@b\xc3\xbc.example", true,
	    "j\xc3\xb6@b\xc3\xbc.example", "\"j\xc3\xb6@b\xc3\xbc.example\"" },
	{ "UTF-8 text", "gr\xc3\xbc\xc3\x9f", true,
	    "\"gr\xc3\xbc\xc3\x9f\"", NULL },
	{ "no UTF-8", "a\xff" "b", true, "\"a?b\"", NULL },
	{ "C1 controls", "a\xc2\x85" "b", true, "ab", NULL },
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(written); i++) {
		const char *reason = written[i].reason != NULL ?
		    written[i].reason : written[i].property;
		struct arena *mem = arena_new(1024);
		struct authres a = { .id = "mx.example" };
		struct buf got = { 0 };
		char wanted[256];

		authres_property(authres_add(&a, mem, "m", "pass",
		    written[i].value), mem, "p", "q", written[i].value);
		authres_render(&a, written[i].utf8, &got);
		snprintf(wanted, sizeof(wanted),
		    " mx.example;\r\n m=pass reason=%s p.q=%s", reason,
		    written[i].property);
		if (strcmp(buf_text(&got), wanted) != 0)
			fail_msg("%s: %s", written[i].label, buf_text(&got));
		buf_free(&got);
		arena_free(mem);
	}
}

static void test_layout(void **state)
{
	struct arena *mem = arena_new(1024);
	struct authres a = { .id = "mx.receiver.example" };
	struct authres_result *r;
	struct buf got = { 0 };

	(void)state;
	authres_render(&a, false, &got);
	assert_string_equal(buf_text(&got), " mx.receiver.example; none");
	buf_clear(&got);

	r = authres_add(&a, mem, "spf", "pass", NULL);
	authres_property(r, mem, "smtp", "mailfrom", "bounce.corp.example");
	authres_property(r, mem, "smtp", "helo", NULL);
	r = authres_add(&a, mem, "dkim", "permerror", "key too short");
	authres_property(r, mem, "header", "d", "corp.example");
	authres_property(r, mem, "header", "i", "@corp.example");
	authres_property(r, mem, "header", "b", "EjCbN/c3");
	r = authres_add(&a, mem, "x", "none", NULL);
	r->version = 2;
	a.version = 3;
	authres_render(&a, false, &got);
	assert_string_equal(buf_text(&got), " mx.receiver.example 3;\r\n"
	    " spf=pass smtp.mailfrom=bounce.corp.example;\r\n"
	    " dkim=permerror reason=\"key too short\" header.d=corp.example\r\n"
	    "  header.i=@corp.example header.b=\"EjCbN/c3\";\r\n"
	    " x/2=none");
	buf_free(&got);
	arena_free(mem);
}

static void check_lines(const char *label, const char *field, bool folds)
{
	size_t column = strlen("Authentication-Results:");
	size_t blanks = 0;

	if (field[0] != ' ')
		fail_msg("%s: no blank in front", label);
	for (size_t i = 0; field[i] != '\0'; i++) {
		if (field[i] == '\r') {
			if (field[i + 1] != '\n' || field[i + 2] != ' ')
				fail_msg("%s: line at %zu", label, i);
			if (blanks == column || column == 0)
				fail_msg("%s: blank line", label);
			i++;
			column = blanks = 0;
			continue;
		}
		if ((unsigned char)field[i] < ' ' || field[i] == 0x7f)
			fail_msg("%s: control %d", label, field[i]);
		blanks += field[i] == ' ';
		if (++column > (folds ? 78 : 998))
			fail_msg("%s: long line: %s", label, field);
	}
}

/* A value longer than any line is cut, visibly, and names nobody else. */
static void test_long_values(void **state)
{
	static const char tail[] = "@bank.example.evil.example";
	struct arena *mem = arena_new(4096);
	struct authres a = { .id = "mx.example" };
	struct authres_result *r = authres_add(&a, mem, "m", "pass", NULL);
	struct buf got = { 0 };
	struct authres back;
	char *text;

	(void)state;
	for (size_t n = 760; n <= 800; n++) {
		text = arena_alloc(mem, n + sizeof(tail));
		memset(text, 'a', n);
		memcpy(text + n, tail, sizeof(tail));
		authres_property(r, mem, "p", "q", text);
	}
	text = arena_alloc(mem, 100001);
	memset(text, '"', 100000);
	authres_property(r, mem, "p", "q", text);
	r->reason = text;
	a.id = text;
	authres_render(&a, false, &got);
	check_lines("long", buf_text(&got), false);
	assert_true(authres_parse(mem, buf_slice(&got), &back));
	assert_int_equal(back.count, 1);
	assert_int_equal(back.results[0].property_count, r->property_count);
	for (size_t i = 0; i < r->property_count; i++) {
		const char *v = back.results[0].properties[i].value;
		size_t n = strlen(v);

		if (strcmp(v, r->properties[i].value) != 0)
			assert_string_equal(v + n - 3, "...");
	}
	buf_free(&got);
	arena_free(mem);
}

/* A long reason is folded inside, before words that look like nothing. */
static const struct {
	const char *label, *reason, *wanted;
} reasons[] = {
	{ "fits", "no aligned identifier: no SPF pass, no DKIM pass",
	  " a;\r\n m=fail reason=\"no aligned identifier: no SPF pass, no DKIM "
	  "pass\"\r\n  header.from=b.example" },
	{ "long", "none of the identifiers that were authenticated aligns with "
	  "author.example: SPF pass for bounce.example, DKIM pass for "
	  "list.example",
	  " a;\r\n m=fail reason=\"none of the identifiers that were "
	  "authenticated aligns with\r\n author.example: SPF pass for "
	  "bounce.example, DKIM pass for list.example\""
	  "\r\n  header.from=b.example" },
	{ "hostile", "this text of a stranger wants its line to begin with the "
	  "words dmarc=pass header.from=bank.example (x) \"y\" ; spf=pass",
	  " a;\r\n m=fail reason=\"this text of a stranger wants its line to "
	  "begin with the\r\n words dmarc=pass header.from=bank.example (x) "
	  "\\\"y\\\" ; spf=pass\"\r\n  header.from=b.example" },
	{ "blanks", "two  blanks  are  kept  as  they  are  in  a  text  that  "
	  "has  them  everywhere  and  nowhere  one",
	  " a;\r\n m=fail reason=\"two  blanks  are  kept  as  they  are  in  a  "
	  "text  that  has  them  everywhere  and  nowhere  one\""
	  "\r\n  header.from=b.example" },
};

static void test_long_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(reasons); i++) {
		struct arena *mem = arena_new(1024);
		struct authres a = { .id = "a" }, back;
		struct authres_result *r = authres_add(&a, mem, "m", "fail",
		    reasons[i].reason);
		struct buf got = { 0 };

		authres_property(r, mem, "header", "from", "b.example");
		authres_render(&a, false, &got);
		if (strcmp(buf_text(&got), reasons[i].wanted) != 0)
			fail_msg("%s: %s", reasons[i].label, buf_text(&got));
		assert_true(authres_parse(mem, buf_slice(&got), &back));
		assert_string_equal(back.results[0].reason, reasons[i].reason);
		buf_free(&got);
		arena_free(mem);
	}
}

static uint32_t dice(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Bytes that matter to the grammar come more often than chance has them. */
static char *hostile(struct arena *mem, uint32_t *seed, size_t longest)
{
	static const char *const bits[] = {
		"\r", "\n", "\r\n ", "\"", "\\", "(", ")", ";", "=", ".", "@",
		" ", "\t", "a", "b.example", "@a.example", "u", "\"u v\"@",
		"\xc3\xbc", "\xff", "\xc2\x85", "\x7f", "\x1b", "; dmarc=pass",
		"\r\nX: y", ",", "/", "::1", "192.0.2.1", "\xf0\x9f\x98\x80",
	};
	size_t count = dice(seed) % 12;
	struct buf text = { 0 };
	char *kept;

	for (size_t i = 0; i < count; i++) {
		const char *bit = bits[dice(seed) % ROWS(bits)];

		if (dice(seed) % 8 == 0)
			buf_addc(&text, (char)(1 + dice(seed) % 255));
		else if (text.len + strlen(bit) < longest)
			buf_adds(&text, bit);
	}
	kept = arena_strndup(mem, buf_text(&text), text.len);
	buf_free(&text);
	return kept;
}

/* What may be left of a value when octets above 127 become "?". */
static const char *plain(struct arena *mem, const char *value)
{
	char *text = arena_alloc(mem, strlen(value) + 1);
	size_t len = 0;

	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c >= 0x20 && c != 0x7f)
			text[len++] = c > 0x7f ? '?' : (char)c;
	}
	return text;
}

static void same_text(const char *what, const char *got, const char *wanted,
    const char *field);

/* Reasons of many words, hostile ones among them: each reads back as it was,
 * and no line begins with what could be a result. */
static void test_folded_reasons(void **state)
{
	uint32_t seed = 5322;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct arena *mem = arena_new(4096);
		struct authres a = { .id = "a" }, back;
		struct buf reason = { 0 }, field = { 0 };
		const char *line;

		for (uint32_t n = dice(&seed) % 60; n > 0; n--)
			buf_addf(&reason, "%s ", dice(&seed) % 4 != 0 ?
			    "word" : hostile(mem, &seed, 25));
		authres_add(&a, mem, "dkim", "fail", buf_text(&reason));
		authres_render(&a, false, &field);
		check_lines("reason", buf_text(&field), false);
		if (!authres_parse(mem, buf_slice(&field), &back))
			fail_msg("cannot be read back: %s", buf_text(&field));
		if (reason.len < 300)   /* else it may have been cut */
			same_text("reason", back.results[0].reason,
			    plain(mem, buf_text(&reason)), buf_text(&field));
		line = strstr(buf_text(&field), "reason=");
		while ((line = strstr(line, "\r\n ")) != NULL) {
			line += 3;
			if (!isalnum((unsigned char)*line) && strchr(",.:_-",
			    *line) == NULL)
				fail_msg("a line begins with %s", line);
			if (line[strcspn(line, " =;\"")] == '=')
				fail_msg("a line begins with %s", line);
		}
		buf_free(&reason);
		buf_free(&field);
		arena_free(mem);
	}
}

static void same_text(const char *what, const char *got, const char *wanted,
    const char *field)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: \"%s\" became \"%s\" in %s", what, wanted, got,
		    field);
}

static void test_round_trip(void **state)
{
	uint32_t seed = 20260101;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct arena *mem = arena_new(4096);
		struct authres a = { .id = hostile(mem, &seed, 30) };
		size_t results = dice(&seed) % 4;
		struct buf field = { 0 };
		struct authres back;

		for (size_t i = 0; i < results; i++) {
			struct authres_result *r = authres_add(&a, mem, "dkim",
			    "pass", dice(&seed) % 2 ? hostile(mem, &seed, 25) :
			    NULL);
			size_t count = dice(&seed) % 10;

			for (size_t k = 0; k < count; k++)
				authres_property(r, mem, "header", "b",
				    hostile(mem, &seed, 25));
		}
		authres_render(&a, false, &field);
		check_lines("round trip", buf_text(&field), true);
		if (!authres_parse(mem, buf_slice(&field), &back))
			fail_msg("cannot be read back: %s", buf_text(&field));
		same_text("id", back.id, plain(mem, a.id), buf_text(&field));
		assert_int_equal(back.count, a.count);
		for (size_t i = 0; i < results; i++) {
			const struct authres_result *r = &a.results[i];
			const struct authres_result *b = &back.results[i];

			assert_int_equal(b->property_count, r->property_count);
			assert_int_equal(b->reason == NULL, r->reason == NULL);
			if (r->reason != NULL)
				same_text("reason", b->reason,
				    plain(mem, r->reason), buf_text(&field));
			for (size_t k = 0; k < r->property_count; k++)
				same_text("value", b->properties[k].value,
				    plain(mem, r->properties[k].value),
				    buf_text(&field));
		}

		/* The UTF-8 form reads back, too, and to itself. */
		buf_clear(&field);
		authres_render(&a, true, &field);
		check_lines("UTF-8", buf_text(&field), false);
		if (!authres_parse(mem, buf_slice(&field), &back))
			fail_msg("cannot be read back: %s", buf_text(&field));
		struct buf again = { 0 };

		authres_render(&back, true, &again);
		assert_string_equal(buf_text(&again), buf_text(&field));
		buf_free(&again);
		buf_free(&field);
		arena_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_long_reasons),
		cmocka_unit_test(test_folded_reasons),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
