/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "mail/message.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static const struct {
	const char *label;
	struct slice raw;
	struct slice fields;    /* [name|value] of each, one after another */
	struct slice body;
	const char *mbox_from;
} cases[] = {
	{ "plain", TEXT("A: b\r\nC:d\r\n\r\nbody\r\n"),
	  TEXT("[A| b][C|d]"), TEXT("body\r\n"), NULL },
	{ "the Unix way", TEXT("A: b\n c\n\nx\ny"),
	  TEXT("[A| b\r\n c]"), TEXT("x\r\ny"), NULL },
	{ "mixed stays", TEXT("A: b\n c\r\nD: e\n\nx\ny\r\n"),
	  TEXT("[A| b\n c][D| e]"), TEXT("x\ny\r\n"), NULL },
	{ "folds", TEXT("A: b\r\n\tc\r\n \r\n d\r\nE:\r\n\r\n"),
	  TEXT("[A| b\r\n\tc\r\n \r\n d][E|]"), TEXT(""), NULL },
	{ "no body", TEXT("A: b\r\n"), TEXT("[A| b]"), TEXT(""), NULL },
	{ "no end", TEXT("A: b"), TEXT("[A| b]"), TEXT(""), NULL },
	{ "no header", TEXT("\r\nA: b\r\n"), TEXT(""), TEXT("A: b\r\n"), NULL },
	{ "no field", TEXT("A: b\r\nnonsense\r\nC: d\r\n\r\n"),
	  TEXT("[A| b]"), TEXT("nonsense\r\nC: d\r\n\r\n"), NULL },
	{ "fold first", TEXT(" x\r\nA: b\r\n"), TEXT(""),
	  TEXT(" x\r\nA: b\r\n"), NULL },
	{ "no name", TEXT(": x\r\n\r\n"), TEXT(""), TEXT(": x\r\n\r\n"), NULL },
	{ "8-bit name", TEXT("\xc3\xa4: x\r\n"), TEXT(""),
	  TEXT("\xc3\xa4: x\r\n"), NULL },
	{ "NUL in name", TEXT("A\0: x\r\n"), TEXT(""), TEXT("A\0: x\r\n"), NULL },
	{ "NUL in value", TEXT("A: x\0y\r\n\r\n\0"), TEXT("[A| x\0y]"),
	  TEXT("\0"), NULL },
	{ "blank before colon", TEXT("From \t: x\r\n\r\n"),
	  TEXT("[From \t| x]"), TEXT(""), NULL },
	{ "colons", TEXT("A::b:\r\n\r\n"), TEXT("[A|:b:]"), TEXT(""), NULL },
	{ "bare CR", TEXT("A: b\rC: d\r\n\r\n"), TEXT("[A| b\rC: d]"),
	  TEXT(""), NULL },
	{ "mbox", TEXT("From a@b Mon Jan 1\nA: b\n\nx"), TEXT("[A| b]"),
	  TEXT("x"), "From a@b Mon Jan 1" },
	{ "mbox with a time", TEXT("From a Mon 10:00:00\r\nA: b\r\n"),
	  TEXT("[A| b]"), TEXT(""), "From a Mon 10:00:00" },
	{ "mbox line inside", TEXT("A: b\r\nFrom x 1\r\n\r\n"), TEXT("[A| b]"),
	  TEXT("From x 1\r\n\r\n"), NULL },
	{ "empty", TEXT(""), TEXT(""), TEXT(""), NULL },
	{ "absent", { NULL, 0 }, TEXT(""), TEXT(""), NULL },
};

static struct slice shown(struct arena *mem, const struct header *h)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < h->count; i++) {
		buf_addc(&out, '[');
		buf_add(&out, h->fields[i].name.data, h->fields[i].name.len);
		buf_addc(&out, '|');
		buf_add(&out, h->fields[i].value.data, h->fields[i].value.len);
		buf_addc(&out, ']');
	}
	struct slice s = { arena_memdup(mem, out.data, out.len), out.len };

	buf_free(&out);
	return s;
}

static void cutting(void **state)
{
	struct arena *mem = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* In memory of its exact size, and gone afterwards. */
		size_t n = cases[i].raw.len;
		char *raw = malloc(n == 0 ? 1 : n);
		struct message m;

		if (n > 0)
			memcpy(raw, cases[i].raw.data, n);
		message_cut(mem, (struct slice){ raw, n }, &m);
		free(raw);
		if (!slice_equal(shown(mem, &m.header), cases[i].fields))
			fail_msg("%s: fields", cases[i].label);
		if (!slice_equal(m.body, cases[i].body))
			fail_msg("%s: body", cases[i].label);
		if ((m.mbox_from == NULL) != (cases[i].mbox_from == NULL) ||
		    (m.mbox_from != NULL &&
		    strcmp(m.mbox_from, cases[i].mbox_from) != 0))
			fail_msg("%s: mbox line", cases[i].label);
	}
	message_cut(mem, slice_of(NULL), &(struct message){ 0 });
	arena_free(mem);
}

static void reading(void **state)
{
	struct arena *mem = arena_new(0);
	FILE *f = tmpfile();
	struct error err = { "" };
	struct slice s;

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < 50000; i++)
		fputc(i % 7, f);
	rewind(f);
	assert_true(message_read(mem, f, 50000, &s, &err));
	assert_int_equal(s.len, 50000);
	for (int i = 0; i < 50000; i++)
		assert_int_equal(s.data[i], i % 7);
	rewind(f);
	assert_false(message_read(mem, f, 49999, &s, &err));
	assert_string_equal(err.text, "larger than 49999 octets");
	fclose(f);
	f = fopen("/", "r");
	assert_non_null(f);
	assert_false(message_read(mem, f, 100, &s, &err));
	assert_non_null(strstr(err.text, "cannot be read"));
	fclose(f);
	f = fopen("/dev/null", "r");
	assert_true(message_read(mem, f, 0, &s, &err));
	assert_int_equal(s.len, 0);
	assert_non_null(s.data);
	fclose(f);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cutting), cmocka_unit_test(reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
