/* SPDX-License-Identifier: BSD-2-Clause */

/* Questions asked ahead: what an SPF record and a PTR record lead to, and where
 * it ends. The back end answers at once, so everything is asked in one go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "check/iprev.h"
#include "check/spf/chase.h"

static const struct {
	const char *name;
	enum dns_type type;
	const char *data;               /* NULL: fails */
} zone[] = {
	{ "deep.example", DNS_TXT, "v=spf1 include:one.example -all" },
	{ "one.example", DNS_TXT, "v=spf1 include:two.example ?all" },
	{ "two.example", DNS_TXT, "v=spf1 a mx:three.example -all" },
	{ "three.example", DNS_MX, "mail.three.example" },
	{ "loop.example", DNS_TXT, "v=spf1 include:loop.example include:"
	    "other.example -all" },
	{ "other.example", DNS_TXT, "v=spf1 include:loop.example -all" },
	{ "early.example", DNS_TXT, "v=spf1 a:before.example ip4:192.0.2.0/24 "
	    "a:behind.example -all" },
	{ "elsewhere.example", DNS_TXT, "v=spf1 ip4:198.51.100.1 "
	    "redirect=one.example" },
	{ "macro.example", DNS_TXT, "v=spf1 include:%{l}.example "
	    "exists:%{i}.example a:plain.example -all" },
	{ "broken.example", DNS_TXT, "v=spf1 a:before.example ip4:1.2.3 -all" },
	{ "strange.example", DNS_TXT, "v=spf1 include:a\\b.example -all" },
	{ "text.example", DNS_TXT, "hello" },
	{ "fails.example", DNS_TXT, NULL },
	{ "1.2.0.192.in-addr.arpa", DNS_PTR, "host.example" },
};

struct scene {
	struct buf asked;
	unsigned count;
	bool holds;                     /* answers nothing */
	struct resolver *resolver;
	struct arena *mem;
};

static const struct dns_answer *answer(const char *name, enum dns_type type)
{
	struct dns_answer *a;

	for (size_t i = 0; i < sizeof(zone) / sizeof(*zone); i++) {
		if (zone[i].type != type || strcmp(zone[i].name, name) != 0)
			continue;
		if (zone[i].data == NULL)
			return answer_done(answer_new(DNS_FAILED, 2, 0));
		a = answer_new(DNS_FOUND, 0, 60);
		answer_put(a, zone[i].data, strlen(zone[i].data), 0);
		return answer_done(a);
	}
	return answer_done(answer_new(DNS_NXDOMAIN, 3, 60));
}

static void start(void *self, struct dns_ticket *t, const char *name,
    enum dns_type type)
{
	struct scene *s = self;

	buf_addf(&s->asked, "%s%s/%s", s->asked.len > 0 ? " " : "", name,
	    name_word(dns_type_names, (int)type));
	s->count++;
	if (!s->holds)
		ticket_answer(t, answer(name, type));
}

static void stop(void *self)
{
	(void)self;
}

static void open_scene(struct scene *s, bool remembers)
{
	*s = (struct scene){ .mem = arena_new(0) };
	s->resolver = resolver_new((struct resolver_backend){
		.self = s, .start = start, .stop = stop,
		.cache = remembers ? dns_cache_new() : NULL,
	});
}

static void close_scene(struct scene *s)
{
	arena_free(s->mem);
	resolver_drop(s->resolver);
	buf_free(&s->asked);
}

static struct ip client(const char *text)
{
	struct ip a;

	assert_true(ip_parse(slice_of(text), &a));
	return a;
}

static void test_records(void **state)
{
	static const struct {
		const char *label, *domain, *client, *asked;
		bool forgets;
	} rows[] = {
		{ "includes, a, mx", "deep.example", "192.0.2.1",
		    "deep.example/TXT one.example/TXT two.example/TXT "
		    "two.example/A three.example/MX mail.three.example/A",
		    false },
		{ "another family", "two.example", "2001:db8::1",
		    "two.example/TXT two.example/AAAA three.example/MX "
		    "mail.three.example/AAAA", false },
		{ "no memory", "deep.example", "192.0.2.1",
		    "deep.example/TXT", true },
		{ "a loop", "loop.example", "192.0.2.1",
		    "loop.example/TXT", false },
		{ "a longer loop", "other.example", "192.0.2.1",
		    "other.example/TXT loop.example/TXT", false },
		{ "up to a match", "early.example", "192.0.2.1",
		    "early.example/TXT before.example/A", false },
		{ "no match", "early.example", "198.51.100.1",
		    "early.example/TXT before.example/A behind.example/A",
		    false },
		{ "redirect", "elsewhere.example", "192.0.2.1",
		    "elsewhere.example/TXT one.example/TXT two.example/TXT "
		    "two.example/A three.example/MX mail.three.example/A",
		    false },
		{ "macros", "macro.example", "192.0.2.1",
		    "macro.example/TXT plain.example/A", false },
		{ "a broken record", "broken.example", "192.0.2.1",
		    "broken.example/TXT", false },
		{ "a backslash", "strange.example", "192.0.2.1",
		    "strange.example/TXT a\\\\b.example/TXT", false },
		{ "no record", "text.example", "192.0.2.1",
		    "text.example/TXT", false },
		{ "no answer", "fails.example", "192.0.2.1",
		    "fails.example/TXT", false },
		{ "nobody", "gone.example", "192.0.2.1",
		    "gone.example/TXT", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct scene s;
		struct ip from = client(rows[i].client);

		open_scene(&s, !rows[i].forgets);
		struct inquiry *q = inquiry_new(s.mem, s.resolver, NULL, NULL);

		spf_chase(q, rows[i].domain, &from);
		if (strcmp(buf_text(&s.asked), rows[i].asked) != 0)
			fail_msg("%s: asked %s", rows[i].label,
			    buf_text(&s.asked));
		/* what is known is not asked, nor does it stand in a journal */
		spf_chase(q, rows[i].domain, &from);
		if (!rows[i].forgets)
			inquiry_ask(q, rows[i].domain, DNS_TXT);
		assert_int_equal(inquiry_journal_count(q), 1);
		if (strcmp(buf_text(&s.asked), rows[i].asked) != 0)
			fail_msg("%s, again: asked %s", rows[i].label,
			    buf_text(&s.asked));
		close_scene(&s);
	}
}

static void test_reverse(void **state)
{
	struct scene s;
	struct ip from = client("192.0.2.1");

	(void)state;
	open_scene(&s, true);
	iprev_prefetch(inquiry_new(s.mem, s.resolver, NULL, NULL), &from);
	assert_string_equal(buf_text(&s.asked),
	    "1.2.0.192.in-addr.arpa/PTR host.example/A");
	close_scene(&s);
}

/* A tree without end: each name leads to two that are new. */
static void show_two(struct chase *c, const char *name, enum dns_type type,
    const struct dns_answer *a)
{
	char next[256];

	(void)a;
	assert_string_equal(chase_about(c), "about");
	for (int i = 0; i < 2; i++) {
		snprintf(next, sizeof(next), "%d%s", i, name);
		chase_on(c, next, type);
	}
	chase_on(c, "no..name", type);
}

static void start_tree(void *self, struct dns_ticket *t, const char *name,
    enum dns_type type)
{
	struct scene *s = self;
	struct dns_answer *a = answer_new(DNS_FOUND, 0, 60);

	(void)type;
	s->count++;
	answer_put(a, name, strlen(name), 0);
	ticket_answer(t, answer_done(a));
}

static void test_bounded(void **state)
{
	static const struct chaser two = { show_two, 9 };
	struct scene s = { .count = 0 };
	struct resolver *r = resolver_new((struct resolver_backend){
		.self = &s, .start = start_tree, .stop = stop,
		.cache = dns_cache_new(),
	});

	(void)state;
	ticket_drop(resolver_chase(r, "a.example", DNS_A, &two, "about", 6));
	assert_in_range(s.count, 5, 10);        /* names that are none count */
	ticket_drop(resolver_chase(r, "no..name", DNS_A, &two, "about", 6));
	assert_in_range(s.count, 5, 10);
	resolver_drop(r);
}

/* Answered by resolver_drop(), when the back end is gone. */
static void test_ends_open(void **state)
{
	struct scene s;
	struct ip from = client("192.0.2.1");

	(void)state;
	open_scene(&s, true);
	s.holds = true;
	spf_chase(inquiry_new(s.mem, s.resolver, NULL, NULL), "deep.example",
	    &from);
	arena_free(s.mem);
	s.mem = NULL;
	close_scene(&s);
	assert_int_equal(s.count, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_ends_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
