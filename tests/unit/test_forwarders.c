/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "history/forwarders.h"
#include "policy/verdict.h"

#define SRS "\"client.class\":\"outside\",\"forwarded.likely\":true," \
	"\"forwarded.by\":[\"srs\"]"
#define NAMED "{" SRS ",\"client.name\":\"f.example\",\"iprev.result\":" \
	"\"pass\",\"spf.result\":\"pass\",\"spf.scope\":\"mailfrom\"," \
	"\"spf.domain\":\"club.example\"}"

/* One record, and whether it counts. */
struct row {
	const char *label;
	const char *client, *author, *action, *dmarc, *facts;
	bool counts;
};

static struct record record_of(const struct row *r, const char *id)
{
	return (struct record){ .id = id, .phase = "eom",
	    .client_ip = r->client, .from_domain = r->author,
	    .action = r->action, .dmarc_result = r->dmarc,
	    .facts = r->facts };
}

static void which_count(void **state)
{
	static const struct row rows[] = {
		{ "dmarc failed", "192.0.2.1", "a.example", "accept", "fail",
		  NAMED, true },
		{ "tagged", "192.0.2.1", "a.example", "tag", "pass", NAMED,
		  true },
		{ "refused", "192.0.2.1", "a.example", "reject", NULL, NAMED,
		  true },
		{ "no trouble", "192.0.2.1", "a.example", "accept", "pass",
		  NAMED, false },
		{ "put off", "192.0.2.1", "a.example", "tempfail", "temperror",
		  NAMED, false },
		{ "no author", "192.0.2.1", NULL, "reject", "fail", NAMED,
		  false },
		{ "no client", NULL, "a.example", "reject", "fail", NAMED,
		  false },
		{ "no forwarder", "192.0.2.1", "a.example", "reject", "fail",
		  "{\"client.class\":\"outside\",\"forwarded.likely\":false}",
		  false },
		{ "not known", "192.0.2.1", "a.example", "reject", "fail",
		  "{\"client.class\":\"outside\"}", false },
		{ "ours", "192.0.2.1", "a.example", "reject", "fail",
		  "{\"client.class\":\"local\",\"forwarded.likely\":true}",
		  false },
		{ "damaged", "192.0.2.1", "a.example", "reject", "fail", "{",
		  false },
		{ "of another type", "192.0.2.1", "a.example", "reject",
		  "fail", "{\"client.class\":\"outside\","
		  "\"forwarded.likely\":\"yes\"}", false },
		{ "no facts", "192.0.2.1", "a.example", "reject", "fail", NULL,
		  false },
		{ "no action", "192.0.2.1", "a.example", "explode", "fail",
		  NAMED, false },
	};
	struct forwarders *f = forwarders_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct record r = record_of(&rows[i], "id");

		if (forwarders_look(f, &r) != rows[i].counts)
			fail_msg("%s", rows[i].label);
	}
	forwarders_free(f);
}

static void look(struct forwarders *f, const char *client, const char *author,
    const char *action, const char *facts, const char *id)
{
	struct row row = { "", client, author, action, "fail", facts, true };
	struct record r = record_of(&row, id);

	assert_true(forwarders_look(f, &r));
}

static void evidence(void **state)
{
	static const char bare[] = "{" SRS ",\"client.name\":\"x.example\","
	    "\"iprev.result\":\"fail\",\"spf.result\":\"fail\","
	    "\"spf.domain\":\"x.example\"}";
	struct forwarders *f = forwarders_new();
	const struct forwarder *list;
	size_t n;

	(void)state;
	assert_non_null(forwarders_list(f, &n));
	assert_int_equal(n, 0);
	/* Enough of everything; too few messages; too few authors. */
	look(f, "192.0.2.9", "b.example", "reject", NAMED, "1");
	look(f, "192.0.2.5", "a.example", "reject", bare, "2");
	look(f, "192.0.2.5", "b.example", "reject", bare, "3");
	look(f, "192.0.2.9", "a.example", "tag", NAMED, "4");
	for (int i = 0; i < 4; i++)
		look(f, "192.0.2.6", "a.example", "reject", NAMED, "5");
	look(f, "192.0.2.9", "a.example", "tag", bare, "6");
	list = forwarders_list(f, &n);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].client, "192.0.2.9");
	assert_int_equal(list[0].messages, 3);
	assert_int_equal(list[0].authors, 2);
	assert_int_equal(list[0].dmarc_failed, 3);
	assert_int_equal(list[0].actions[ACTION_TAG], 2);
	assert_int_equal(list[0].actions[ACTION_REJECT], 1);
	assert_int_equal(list[0].signs[FORWARDED_SRS], 3);
	assert_int_equal(list[0].signs[FORWARDED_LIST], 0);
	/* Only what was confirmed. */
	assert_int_equal(list[0].names.count, 1);
	assert_string_equal(list[0].names.items[0], "f.example");
	assert_int_equal(list[0].senders.count, 1);
	assert_string_equal(list[0].senders.items[0], "club.example");
	/* One of each author first. */
	assert_int_equal(list[0].ids.count, 3);
	assert_string_equal(list[0].ids.items[0], "4");
	assert_string_equal(list[0].ids.items[1], "1");
	assert_string_equal(list[0].ids.items[2], "6");
	forwarders_free(f);
	forwarders_free(NULL);
}

static void most_first(void **state)
{
	struct forwarders *f = forwarders_new();
	const struct forwarder *list;
	size_t n;
	char author[32];

	(void)state;
	for (int i = 0; i < 400; i++) {
		snprintf(author, sizeof(author), "a%d.example", i % 100);
		look(f, i % 4 == 0 ? "192.0.2.1" : "2001:db8::1", author,
		    "reject", NAMED, author);
	}
	list = forwarders_list(f, &n);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].client, "2001:db8::1");
	assert_int_equal(list[0].messages, 300);
	assert_int_equal(list[0].authors, 75);
	assert_int_equal(list[0].examples.count, FORWARDER_EXAMPLES);
	assert_int_equal(list[1].messages, 100);
	assert_int_equal(list[1].authors, 25);
	forwarders_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_count),
		cmocka_unit_test(evidence),
		cmocka_unit_test(most_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
