/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "check/check.h"
#include "facts/facts.h"

static char *kept(const struct facts *f)
{
	struct json *j = json_new();
	char *text;

	facts_json_kept(f, j);
	text = json_finish(j, false);
	return text;
}

/* Some value of its type for every fact of the table. */
static void fill(struct facts *f)
{
	static const char *const domains[] = { "a.example", "b.example" };
	static const char *words[1];
	struct ip ip;

	assert_true(ip_parse(SLICE("2001:db8::1"), &ip));
	for (int i = 0; i < FACT_COUNT; i++) {
		switch (fact_defs[i].type) {
		case FACT_WORD:
			facts_word(f, (enum fact)i, fact_defs[i].words[1].code);
			break;
		case FACT_TEXT:
			facts_text(f, (enum fact)i, "quote\" \\ tab\t\x01");
			break;
		case FACT_DOMAIN:
			facts_text(f, (enum fact)i, "x.example");
			break;
		case FACT_ADDRESS:
			facts_text(f, (enum fact)i, "\"a b\"@x.example");
			break;
		case FACT_IP:
			facts_ip(f, (enum fact)i, &ip);
			break;
		case FACT_NUMBER:
			facts_number(f, (enum fact)i, INT64_MAX);
			break;
		case FACT_YES_NO:
			facts_yes_no(f, (enum fact)i, false);
			break;
		case FACT_DOMAIN_SET:
			facts_set(f, (enum fact)i, domains, 2);
			break;
		case FACT_WORD_SET:
			words[0] = fact_defs[i].words[0].word;
			facts_set(f, (enum fact)i, words, 1);
			break;
		}
	}
}

static void assert_same(struct arena *mem, const struct facts *a,
    const struct facts *b)
{
	for (int i = 0; i < FACT_COUNT; i++) {
		const char *x = facts_render(mem, a, (enum fact)i);
		const char *y = facts_render(mem, b, (enum fact)i);

		if (a->values[i].state != b->values[i].state)
			fail_msg("%s: another state", fact_defs[i].name);
		if ((x == NULL) != (y == NULL) ||
		    (x != NULL && strcmp(x, y) != 0))
			fail_msg("%s: %s became %s", fact_defs[i].name, x, y);
	}
}

static void every_fact_comes_back(void **state)
{
	struct arena *mem = arena_new(1024);
	struct facts f = { 0 }, again;
	struct json_document *d;
	char *text;

	(void)state;
	fill(&f);
	text = kept(&f);
	d = json_read(slice_of(text), NULL);
	assert_non_null(d);
	facts_from_json(json_root(d), mem, &again);
	assert_same(mem, &f, &again);
	json_document_drop(d);
	free(text);
	arena_free(mem);
}

/* Unknown, absent and empty are three things. */
static void states_come_back(void **state)
{
	struct arena *mem = arena_new(1024);
	struct header_fact headers[] = { { "X-There", "v" }, { "X-Not", NULL },
	    { "X-Empty", "" } };
	struct facts f = { 0 }, again;
	struct json_document *d;
	enum fact_state how;
	char *text;

	(void)state;
	facts_absent(&f, FACT_MAIL_DOMAIN);
	facts_text(&f, FACT_SUBJECT, "");
	facts_set(&f, FACT_DKIM_DOMAINS, NULL, 0);
	f.headers = headers;
	f.header_count = 3;
	f.headers_known = true;
	text = kept(&f);
	d = json_read(slice_of(text), NULL);
	facts_from_json(json_root(d), mem, &again);
	assert_same(mem, &f, &again);
	assert_int_equal(again.values[FACT_SPF_RESULT].state, FACT_UNKNOWN);
	assert_string_equal(facts_header(&again, "x-there", &how), "v");
	assert_int_equal(how, FACT_KNOWN);
	assert_null(facts_header(&again, "X-Not", &how));
	assert_int_equal(how, FACT_ABSENT);
	assert_string_equal(facts_header(&again, "X-Empty", &how), "");
	/* Nobody asked for it then, so nobody can say. */
	assert_null(facts_header(&again, "X-Other", &how));
	assert_int_equal(how, FACT_UNKNOWN);
	json_document_drop(d);
	free(text);
	arena_free(mem);
}

static void early_headers_are_unknown(void **state)
{
	struct arena *mem = arena_new(1024);
	struct facts f = { 0 }, again;
	struct json_document *d;
	enum fact_state how;
	char *text = kept(&f);

	(void)state;
	assert_string_equal(text, "{}");
	d = json_read(slice_of(text), NULL);
	facts_from_json(json_root(d), mem, &again);
	facts_header(&again, "X-A", &how);
	assert_int_equal(how, FACT_UNKNOWN);
	json_document_drop(d);
	free(text);
	arena_free(mem);
}

/* A cut value would decide otherwise, so it is left out. */
/* What was asked of DNS lists: an answer, none, and what was never asked. */
static void lookups_come_back(void **state)
{
	struct lookup_fact asked[] = {
		{ "dnsbl(\"a.example\")", FACT_KNOWN, true },
		{ "dnsbl(\"b.example\")", FACT_KNOWN, false },
		{ "rhsbl(\"c.example\", from.domain)", FACT_ABSENT, false },
		{ "dnsbl(\"d.example\")", FACT_UNKNOWN, false },
	};
	struct arena *mem = arena_new(1024);
	struct facts f = { .lookups = asked, .lookup_count = 4 }, back;
	char *text = kept(&f);
	struct json_document *d = json_read(slice_of(text), NULL);
	bool yes = false;

	(void)state;
	assert_non_null(d);
	facts_from_json(json_root(d), mem, &back);
	assert_int_equal(back.lookup_count, 3);
	assert_int_equal(facts_lookup(&back, asked[0].name, &yes), FACT_KNOWN);
	assert_true(yes);
	assert_int_equal(facts_lookup(&back, asked[1].name, &yes), FACT_KNOWN);
	assert_false(yes);
	assert_int_equal(facts_lookup(&back, asked[2].name, &yes),
	    FACT_ABSENT);
	assert_int_equal(facts_lookup(&back, asked[3].name, &yes),
	    FACT_UNKNOWN);
	json_document_drop(d);
	free(text);
	arena_free(mem);
}

static void what_is_large_is_left_out(void **state)
{
	char *large = xcalloc(FACTS_KEPT_OCTETS + 2, 1);
	struct header_fact header = { "X-Large", large };
	const char *items[3] = { large, "a.example", "b.example" };
	struct facts f = { .headers = &header, .header_count = 1,
	    .headers_known = true };
	char *text;

	(void)state;
	memset(large, 'x', FACTS_KEPT_OCTETS + 1);
	facts_text(&f, FACT_SUBJECT, large);
	facts_set(&f, FACT_FROM_DOMAINS, items, 3);
	facts_number(&f, FACT_RCPT_COUNT, 1);
	text = kept(&f);
	assert_string_equal(text, "{\"rcpt.count\":1}");
	free(text);
	large[FACTS_KEPT_OCTETS] = '\0';
	text = kept(&f);
	assert_non_null(strstr(text, "\"subject\":\"xxx"));
	assert_non_null(strstr(text, "X-Large"));
	assert_null(strstr(text, "from.domains"));
	free(text);
	free(large);
}

static const struct {
	const char *label, *text;
	enum fact fact;
} strange[] = {
	{ "another word",    "{\"spf.result\":\"perhaps\"}", FACT_SPF_RESULT },
	{ "a number",        "{\"spf.result\":1}", FACT_SPF_RESULT },
	{ "text for number", "{\"rcpt.count\":\"1\"}", FACT_RCPT_COUNT },
	{ "real number",     "{\"rcpt.count\":1.0}", FACT_RCPT_COUNT },
	{ "text for yes",    "{\"forwarded.likely\":\"yes\"}",
	  FACT_FORWARDED_LIKELY },
	{ "no address",      "{\"client.ip\":\"999.1.1.1\"}", FACT_CLIENT_IP },
	{ "text for a set",  "{\"dkim.domains\":\"a.example\"}",
	  FACT_DKIM_DOMAINS },
	{ "number in a set", "{\"dkim.domains\":[\"a.example\",1]}",
	  FACT_DKIM_DOMAINS },
	{ "NUL",             "{\"subject\":\"a\\u0000b\"}", FACT_SUBJECT },
	{ "an object",       "{\"subject\":{}}", FACT_SUBJECT },
	{ "bad header",      "{\"header(\\\"\":1,\"header(\\\"\\\")\":\"x\","
	  "\"header(\":null}", FACT_SUBJECT },
	{ "an array",        "[1]", FACT_SUBJECT },
};

static void what_is_no_value_is_unknown(void **state)
{
	struct arena *mem = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		struct json_document *d = json_read(slice_of(strange[i].text),
		    NULL);
		struct facts f;

		assert_non_null(d);
		facts_from_json(json_root(d), mem, &f);
		if (f.values[strange[i].fact].state != FACT_UNKNOWN ||
		    f.header_count != 0)
			fail_msg("%s: taken", strange[i].label);
		json_document_drop(d);
	}
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_comes_back),
		cmocka_unit_test(states_come_back),
		cmocka_unit_test(early_headers_are_unknown),
		cmocka_unit_test(lookups_come_back),
		cmocka_unit_test(what_is_large_is_left_out),
		cmocka_unit_test(what_is_no_value_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
