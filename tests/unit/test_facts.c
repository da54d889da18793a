/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "check/check.h"
#include "facts/facts.h"

/* Names that history has been keeping: they may be added to, not changed. */
static void table_is_whole(void **state)
{
	(void)state;
	for (int i = 0; i < FACT_COUNT; i++) {
		const struct fact_def *d = &fact_defs[i];
		bool words = d->type == FACT_WORD || d->type == FACT_WORD_SET;

		assert_non_null(d->name);
		assert_non_null(d->help);
		assert_true(strlen(d->help) > 0);
		assert_true(d->phase >= PHASE_CONNECT && d->phase <= PHASE_EOM);
		assert_int_equal(words, d->words != NULL);
		assert_int_equal(fact_find(d->name), i);
		assert_non_null(name_word(fact_type_names, (int)d->type));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(d->name, fact_defs[k].name);
	}
	assert_int_equal(fact_find("spf.resul"), FACT_COUNT);
	assert_int_equal(fact_find(""), FACT_COUNT);
	assert_int_equal(fact_find("SPF.RESULT"), FACT_COUNT);
}

static void words_fit_a_policy(void **state)
{
	(void)state;
	for (int i = 0; i < FACT_COUNT; i++) {
		const struct name *n = fact_defs[i].words;

		for (; n != NULL && n->word != NULL; n++) {
			assert_true(n->code >= 0 && n->code < 62);
			for (const char *s = n->word; *s != '\0'; s++)
				assert_true(ascii_alnum(*s) || *s == '-' ||
				    *s == '_');
		}
	}
}

static void rendered(void **state)
{
	static const char *const domains[] = { "a.example", "b.example" };
	struct arena *mem = arena_new(1024);
	struct facts f = { 0 };
	struct ip ip;

	(void)state;
	assert_true(ip_parse(slice_of("2001:db8::1"), &ip));
	assert_null(facts_render(mem, &f, FACT_SPF_RESULT));
	facts_word(&f, FACT_SPF_RESULT, AUTH_SOFTFAIL);
	facts_text(&f, FACT_SUBJECT, "");
	facts_number(&f, FACT_MESSAGE_SIZE, 12345678901);
	facts_yes_no(&f, FACT_FORWARDED_LIKELY, true);
	facts_ip(&f, FACT_CLIENT_IP, &ip);
	facts_set(&f, FACT_DKIM_DOMAINS, domains, 2);
	facts_set(&f, FACT_ARC_SEALERS, NULL, 0);
	facts_text(&f, FACT_FROM_DOMAIN, NULL);
	assert_string_equal(facts_render(mem, &f, FACT_SPF_RESULT), "softfail");
	assert_string_equal(facts_render(mem, &f, FACT_SUBJECT), "");
	assert_string_equal(facts_render(mem, &f, FACT_MESSAGE_SIZE),
	    "12345678901");
	assert_string_equal(facts_render(mem, &f, FACT_FORWARDED_LIKELY),
	    "yes");
	assert_string_equal(facts_render(mem, &f, FACT_CLIENT_IP),
	    "2001:db8::1");
	assert_string_equal(facts_render(mem, &f, FACT_DKIM_DOMAINS),
	    "a.example, b.example");
	assert_string_equal(facts_render(mem, &f, FACT_ARC_SEALERS), "");
	assert_null(facts_render(mem, &f, FACT_FROM_DOMAIN));
	arena_free(mem);
}

static void closed(void **state)
{
	struct header_fact headers[] = { { "X-Spam", "YES" }, { "X-No", NULL } };
	struct ip none = { .family = IP_NONE };
	struct facts f = { 0 };
	enum fact_state s;

	(void)state;
	f.headers = headers;
	f.header_count = 2;
	assert_null(facts_header(&f, "X-Spam", &s));
	assert_int_equal(s, FACT_UNKNOWN);
	facts_word(&f, FACT_SPF_RESULT, AUTH_PASS);
	facts_ip(&f, FACT_CLIENT_IP, &none);
	assert_int_equal(f.values[FACT_CLIENT_IP].state, FACT_ABSENT);
	facts_close(&f);
	for (int i = 0; i < FACT_COUNT; i++)
		assert_int_equal(f.values[i].state,
		    i == FACT_SPF_RESULT ? FACT_KNOWN : FACT_ABSENT);
	assert_string_equal(facts_header(&f, "x-spam", &s), "YES");
	assert_int_equal(s, FACT_KNOWN);
	assert_null(facts_header(&f, "X-No", &s));
	assert_int_equal(s, FACT_ABSENT);
	assert_null(facts_header(&f, "X-Never", &s));
	assert_int_equal(s, FACT_ABSENT);
}

static void as_json(void **state)
{
	static const char *const aligned[] = { "spf", "dkim" };
	struct header_fact headers[] = { { "X-Spam", "Y\xff" },
	    { "X-No", NULL } };
	struct facts f = { .headers = headers, .header_count = 2,
	    .headers_known = true };
	struct json *j = json_new();
	json_t *root;
	char *text;

	(void)state;
	facts_word(&f, FACT_DMARC_RESULT, AUTH_TEMPERROR);
	facts_number(&f, FACT_RCPT_COUNT, 3);
	facts_yes_no(&f, FACT_FORWARDED_LIKELY, false);
	facts_set(&f, FACT_DMARC_ALIGNED, aligned, 2);
	facts_set(&f, FACT_DKIM_DOMAINS, NULL, 0);
	facts_text(&f, FACT_SUBJECT, "\x01\"\xc3\xa9");
	facts_absent(&f, FACT_LIST_ID);
	facts_json(&f, j);
	text = json_finish(j, false);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_object_size(root), 7);
	assert_string_equal(json_string_value(json_object_get(root,
	    "dmarc.result")), "temperror");
	assert_int_equal(json_integer_value(json_object_get(root,
	    "rcpt.count")), 3);
	assert_true(json_is_false(json_object_get(root, "forwarded.likely")));
	assert_int_equal(json_array_size(json_object_get(root,
	    "dmarc.aligned")), 2);
	assert_true(json_is_array(json_object_get(root, "dkim.domains")));
	assert_string_equal(json_string_value(json_object_get(root,
	    "subject")), "\x01\"\xc3\xa9");
	assert_string_equal(json_string_value(json_object_get(root,
	    "header(\"X-Spam\")")), "Y\xef\xbf\xbd");
	json_decref(root);
	free(text);
}

static void read_page(struct buf *page)
{
	FILE *in = fopen(ASSAY_SOURCE "/src/policy/assay-policy.5", "r");
	char block[4096];
	size_t n;

	assert_non_null(in);
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		buf_add(page, block, n);
	fclose(in);
}

/* The part of the page on early rules that is about this phase. */
static struct slice stage_of(const struct buf *page, enum phase phase)
{
	const char *from = strstr(buf_text(page), "\n.Ss Early rules\n"), *to;
	char item[32];

	snprintf(item, sizeof(item), "\n.It Cm %s\n",
	    name_word(phase_names, (int)phase));
	assert_non_null(from);
	from = strstr(from, item);
	if (from == NULL)
		fail_msg("the manual page has no stage%s", item);
	from += strlen(item);
	to = strstr(from, phase < PHASE_RCPT ? "\n.It " : "\n.El");
	assert_non_null(to);
	return (struct slice){ from, (size_t)(to - from) };
}

/* Its facts stand there, and no others. */
static void same_stage(struct slice text, enum phase phase)
{
	size_t told = 0, there = 0;

	for (int i = 0; i < FACT_COUNT; i++)
		there += fact_defs[i].phase == phase;
	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');

		while (line.len > 0) {
			struct slice word = slice_cut(&line, ' ');
			char name[64];
			enum fact id;

			if (slice_is(word, ".Cm") || slice_is(word, ","))
				continue;
			snprintf(name, sizeof(name), "%.*s", (int)word.len,
			    word.data);
			id = fact_find(name);
			if (id == FACT_COUNT || fact_defs[id].phase != phase)
				fail_msg("%s is not certain at %s", name,
				    name_word(phase_names, (int)phase));
			told++;
		}
	}
	assert_int_equal(told, there);
}

/* Early rules: which fact is certain at which stage. */
static void manual_page_of_stages(void **state)
{
	struct buf page = { 0 };

	(void)state;
	read_page(&page);
	for (enum phase p = PHASE_CONNECT; p <= PHASE_RCPT; p++)
		same_stage(stage_of(&page, p), p);
	buf_free(&page);
}

/* The manual page's table is this one. */
static void manual_page(void **state)
{
	struct buf page = { 0 }, line = { 0 };

	(void)state;
	read_page(&page);
	for (int i = 0; i < FACT_COUNT; i++) {
		const struct fact_def *d = &fact_defs[i];
		const char *at;

		buf_clear(&line);
		buf_addf(&line, ".It Cm %s Pq %s, %s\n", d->name,
		    name_word(fact_type_names, (int)d->type),
		    name_word(phase_names, (int)d->phase));
		at = strstr(buf_text(&page), buf_text(&line));
		if (at == NULL)
			fail_msg("the manual page lacks %s", buf_text(&line));
		at += line.len;
		for (const struct name *w = d->words; w != NULL &&
		    w->word != NULL; w++) {
			buf_clear(&line);
			buf_addf(&line, ".Cm %s ", w->word);
			at = strstr(at, buf_text(&line));
			if (at == NULL)
				fail_msg("the manual page lacks %s of %s",
				    w->word, d->name);
		}
	}
	buf_free(&page);
	buf_free(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(words_fit_a_policy),
		cmocka_unit_test(rendered),
		cmocka_unit_test(closed),
		cmocka_unit_test(as_json),
		cmocka_unit_test(manual_page),
		cmocka_unit_test(manual_page_of_stages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
