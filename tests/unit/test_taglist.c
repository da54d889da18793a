/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/taglist.h"

struct seen {
	char text[256];         /* "a=1|b=2|", in the order of the calls */
};

static bool keep(struct seen *s, const char *name, struct slice value)
{
	size_t at = strlen(s->text);
	char *to = s->text + at;

	snprintf(to, sizeof(s->text) - at, "%s=%.*s|", name, (int)value.len,
	    value.len > 0 ? value.data : "");
	return true;
}

static bool set_a(void *out, struct slice value, struct error *err)
{
	(void)err;
	return keep(out, "a", value);
}

static bool set_b(void *out, struct slice value, struct error *err)
{
	if (slice_is(value, "no"))
		return error_set(err, "b= cannot be no");
	return keep(out, "b", value);
}

static bool set_long(void *out, struct slice value, struct error *err)
{
	(void)err;
	return keep(out, "x_1", value);
}

static const struct tag grammar[] = {
	{ "a", true, set_a },
	{ "b", false, set_b },
	{ "x_1", false, set_long },
	{ NULL, false, NULL },
};

struct row {
	const char *label;
	struct slice text;
	const char *seen;       /* what was set; NULL: the list is refused */
	const char *error;      /* part of the reason */
};

#define TEXT(s) { (s), sizeof(s) - 1 }

static const struct row strict_rows[] = {
	{ "one", TEXT("a=1"), "a=1|", NULL },
	{ "two", TEXT("a=1;b=2"), "a=1|b=2|", NULL },
	{ "order of the text", TEXT("b=2; a=1"), "b=2|a=1|", NULL },
	{ "trailing semicolon", TEXT("a=1;"), "a=1|", NULL },
	{ "trailing semicolon and blanks", TEXT("a=1; \t"), "a=1|", NULL },
	{ "trailing semicolon and fold", TEXT("a=1;\r\n "), "a=1|", NULL },
	{ "blanks", TEXT("  a \t=  1 2  ; b\t=\t2 "), "a=1 2|b=2|", NULL },
	{ "fold CRLF", TEXT("a\r\n =\r\n\t1\r\n ;\r\n b=2"), "a=1|b=2|", NULL },
	{ "fold LF", TEXT("a\n =\n\t1\n ;\n b=2"), "a=1|b=2|", NULL },
	{ "fold inside kept", TEXT("a=1\r\n 2"), "a=1\r\n 2|", NULL },
	{ "two folds in a row", TEXT("a=1\r\n \r\n 2"), "a=1\r\n \r\n 2|", NULL },
	{ "empty value", TEXT("a=;b="), "a=|b=|", NULL },
	{ "blank value", TEXT("a= ; b=2"), "a=|b=2|", NULL },
	{ "equals in value", TEXT("a=b=c=="), "a=b=c==|", NULL },
	{ "unknown", TEXT("a=1; zz=9; b=2"), "a=1|b=2|", NULL },
	{ "underscore, digit", TEXT("a=1; x_1=y"), "a=1|x_1=y|", NULL },
	{ "case is another tag", TEXT("a=1; A=2; B=3"), "a=1|", NULL },
	{ "all VALCHAR", TEXT("a=!\"#$%&'()*+,-./:<=>?@[\\]^_`{|}~"),
	    "a=!\"#$%&'()*+,-./:<=>?@[\\]^_`{|}~|", NULL },
	{ "empty", TEXT(""), NULL, "empty" },
	{ "absent", { NULL, 0 }, NULL, "empty" },
	{ "only blanks", TEXT(" \t "), NULL, "empty" },
	{ "only a semicolon", TEXT(";"), NULL, "no tag" },
	{ "leading semicolon", TEXT(";a=1"), NULL, "no tag" },
	{ "two semicolons", TEXT("a=1;;b=2"), NULL, "no tag" },
	{ "two at the end", TEXT("a=1;;"), NULL, "no tag" },
	{ "two at the end, blank", TEXT("a=1; ;"), NULL, "no tag" },
	{ "no equals", TEXT("a=1; b"), NULL, "no tag" },
	{ "no name", TEXT("a=1; =2"), NULL, "no tag" },
	{ "hyphen in name", TEXT("a=1; x-y=2"), NULL, "no tag" },
	{ "digit first", TEXT("a=1; 1x=2"), NULL, "no tag" },
	{ "underscore first", TEXT("a=1; _x=2"), NULL, "no tag" },
	{ "blank in name", TEXT("a=1; b c=2"), NULL, "no tag" },
	{ "dot in name", TEXT("a.b=1"), NULL, "no tag" },
	{ "fold in name", TEXT("a=1; b\r\n c=2"), NULL, "no tag" },
	{ "duplicate", TEXT("a=1; a=2"), NULL, "a= stands there twice" },
	{ "duplicate, same value", TEXT("a=1; b=2; a=1"), NULL, "twice" },
	{ "duplicate of an unknown", TEXT("a=1; q=1; q=2"), NULL, "twice" },
	{ "required missing", TEXT("b=1"), NULL, "a= missing" },
	{ "required in other case", TEXT("A=1"), NULL, "a= missing" },
	{ "set says no", TEXT("a=1; b=no"), NULL, "b= cannot be no" },
	{ "NUL", TEXT("a=1\0; b=2"), NULL, "octet" },
	{ "NUL in name", TEXT("a\0=1"), NULL, "octet" },
	{ "8-bit", TEXT("a=\xc3\xa9"), NULL, "octet" },
	{ "8-bit in unknown", TEXT("a=1; z=\xff"), NULL, "octet" },
	{ "DEL", TEXT("a=\x7f"), NULL, "octet" },
	{ "VT", TEXT("a=1\v2"), NULL, "octet" },
	{ "FF around", TEXT("a=1;\fb=2"), NULL, "octet" },
	{ "bare CR", TEXT("a=1\r 2"), NULL, "octet" },
	{ "bare CR at the end", TEXT("a=1\r"), NULL, "octet" },
	{ "CRLF, no blank", TEXT("a=1\r\nb=2"), NULL, "octet" },
	{ "LF, no blank", TEXT("a=1;\nb=2"), NULL, "octet" },
	{ "CRLF at the end", TEXT("a=1\r\n"), NULL, "octet" },
	{ "LF at the end", TEXT("a=1\n"), NULL, "octet" },
	{ "CRCRLF", TEXT("a=1\r\r\n 2"), NULL, "octet" },
	{ "CRLF CRLF blank", TEXT("a=1\r\n\r\n 2"), NULL, "octet" },
};

static const struct row lenient_rows[] = {
	{ "one", TEXT("a=1"), "a=1|", NULL },
	{ "any case", TEXT("A=1; B=2; X_1=3"), "a=1|b=2|x_1=3|", NULL },
	{ "blanks", TEXT(" a = 1 ;\tb\t=\t2\t;"), "a=1|b=2|", NULL },
	{ "junk between", TEXT("a=1; junk; ;; =; =3; b=2"), "a=1|b=2|", NULL },
	{ "refused, going on", TEXT("b=no; a=1; b=yes"), "a=1|b=yes|", NULL },
	{ "duplicates arrive", TEXT("a=1; a=2"), "a=1|a=2|", NULL },
	{ "unknown", TEXT("a=1; pct=50; 1x=2; x-y=3"), "a=1|", NULL },
	{ "8-bit arrives", TEXT("a=\xff"), "a=\xff|", NULL },
	{ "empty value", TEXT("a="), "a=|", NULL },
	{ "equals in value", TEXT("a=b=c"), "a=b=c|", NULL },
	{ "NUL in name", TEXT("a\0=2; a=1"), "a=1|", NULL },
	{ "required missing", TEXT("b=1"), NULL, "a= missing" },
	{ "empty", TEXT(""), NULL, "a= missing" },
	{ "absent", { NULL, 0 }, NULL, "a= missing" },
};

static void check_rows(const struct row *rows, size_t count,
    bool (*parse)(struct slice, const struct tag *, void *, struct error *))
{
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		struct error err = { "" };
		struct seen s = { "" };
		bool good = parse(r->text, grammar, &s, &err);

		if (good != (r->seen != NULL))
			fail_msg("%s: %s (%s)", r->label,
			    good ? "accepted" : "refused", err.text);
		if (good && strcmp(s.text, r->seen) != 0)
			fail_msg("%s: set %s", r->label, s.text);
		if (!good && strstr(err.text, r->error) == NULL)
			fail_msg("%s: reason \"%s\"", r->label, err.text);
		/* Nobody has to want the reason. */
		s.text[0] = '\0';
		if (parse(r->text, grammar, &s, NULL) != good)
			fail_msg("%s: another answer without err", r->label);
	}
}

static void test_strict(void **state)
{
	(void)state;
	check_rows(strict_rows, sizeof(strict_rows) / sizeof(*strict_rows),
	    taglist_parse_strict);
}

static void test_lenient(void **state)
{
	(void)state;
	check_rows(lenient_rows, sizeof(lenient_rows) / sizeof(*lenient_rows),
	    taglist_parse_lenient);
}

/* A list refused for its form has set nothing. */
static void test_form_before_meaning(void **state)
{
	struct seen s = { "" };

	(void)state;
	assert_false(taglist_parse_strict(SLICE("a=1; b=2; a=3"), grammar, &s,
	    NULL));
	assert_string_equal(s.text, "");
}

/* Thousands of different names, then one of them again. */
static void test_many(void **state)
{
	enum { COUNT = 5000 };
	char *text = xcalloc(COUNT + 2, 16);
	size_t len = 0;
	struct seen s = { "" };
	struct error err = { "" };

	(void)state;
	len += (size_t)sprintf(text, "a=1;");
	for (int i = 0; i < COUNT; i++)
		len += (size_t)sprintf(text + len, "n%d=%d;", i, i);
	assert_true(taglist_parse_strict((struct slice){ text, len }, grammar,
	    &s, &err));
	assert_string_equal(s.text, "a=1|");
	len += (size_t)sprintf(text + len, "n2500=");
	assert_false(taglist_parse_strict((struct slice){ text, len }, grammar,
	    &s, &err));
	assert_string_equal(err.text, "tag n2500= stands there twice");
	free(text);
}

/* A slice is not a string: what follows it is not read. */
static void test_borrowed(void **state)
{
	const char *text = "a=1;a=2";
	struct seen s = { "" };

	(void)state;
	assert_true(taglist_parse_strict((struct slice){ text, 3 }, grammar, &s,
	    NULL));
	assert_string_equal(s.text, "a=1|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_form_before_meaning),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_borrowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
