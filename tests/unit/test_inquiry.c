/* SPDX-License-Identifier: BSD-2-Clause */

/* inquiry: asked once, budgets of time and questions, parent, journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dns/inquiry.h"

/* A back end that counts, and answers by the first letter of the name. */
struct counting {
	atomic_uint asked;
	struct dns_ticket *held;        /* the last "h" */
};

static void counting_start(void *self, struct dns_ticket *t, const char *name,
    enum dns_type type)
{
	struct counting *c = self;
	struct dns_answer *a;

	atomic_fetch_add(&c->asked, 1);
	if (name[0] == 'n')             /* never */
		return;
	if (name[0] == 'h') {           /* held, for the test to answer */
		c->held = t;
		return;
	}
	a = answer_new(DNS_FOUND, 0, 60);
	answer_put(a, name, strlen(name), (uint16_t)type);
	ticket_answer(t, answer_done(a));
}

static void counting_stop(void *self)
{
	(void)self;
}

struct scene {
	struct counting back;
	struct resolver *resolver;
	struct arena *mem;
};

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	s->resolver = resolver_new((struct resolver_backend){
		.self = &s->back, .start = counting_start,
		.stop = counting_stop,
	});
	s->mem = arena_new(0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	arena_free(s->mem);
	resolver_drop(s->resolver);
	free(s);
	return 0;
}

static void test_asked_once(void **state)
{
	static const char *const same[] = {
		"a.example", "A.Example", "a.example.", "\\097.example",
	};
	struct scene *s = *state;
	struct inquiry *q = inquiry_new(s->mem, s->resolver, NULL, NULL);
	const struct dns_answer *first = inquiry_ask(q, same[0], DNS_TXT);

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (inquiry_ask(q, same[i], DNS_TXT) != first)
			fail_msg("%s: asked again", same[i]);
	assert_int_equal(s->back.asked, 1);
	assert_string_equal(first->records[0].data, "a.example");
	assert_ptr_not_equal(inquiry_ask(q, "a.example", DNS_A), first);
	assert_int_equal(s->back.asked, 2);
	assert_int_equal(inquiry_journal_count(q), 2);
	assert_false(inquiry_out_of_time(q));
	assert_false(inquiry_out_of_questions(q));
	/* Kept answers live on. */
	answer_ref(first);
	arena_reset(s->mem);
	assert_string_equal(first->records[0].data, "a.example");
	answer_drop(first);
}

static void test_prefetch_and_journal(void **state)
{
	struct scene *s = *state;
	struct inquiry *q = inquiry_new(s->mem, s->resolver, NULL, NULL);

	inquiry_prefetch(q, "N.example", DNS_MX);
	inquiry_prefetch(q, "b.example", DNS_TXT);
	inquiry_prefetch(q, "B.example.", DNS_TXT);
	assert_int_equal(s->back.asked, 2);
	assert_int_equal(inquiry_ask(q, "b.example", DNS_TXT)->status,
	    DNS_FOUND);
	assert_int_equal(inquiry_ask(q, "a.example", DNS_A)->status,
	    DNS_FOUND);
	assert_int_equal(s->back.asked, 3);
	assert_int_equal(inquiry_journal_count(q), 3);

	static const struct {
		const char *name;
		enum dns_type type;
		bool used;
	} want[] = {
		{ "n.example", DNS_MX, false },
		{ "b.example", DNS_TXT, true },
		{ "a.example", DNS_A, true },
	};

	for (size_t i = 0; i < 3; i++) {
		struct journal_entry e = inquiry_journal(q, i);

		if (strcmp(e.name, want[i].name) != 0 ||
		    e.type != want[i].type ||
		    (e.answer != NULL) != want[i].used)
			fail_msg("%s: other entry (%s)", want[i].name, e.name);
	}
	assert_int_equal(inquiry_waited_us(q), 0);
}

static void test_budget_of_time(void **state)
{
	struct scene *s = *state;
	struct inquiry *q = inquiry_new(s->mem, s->resolver,
	    &(struct inquiry_limits){ .budget_ms = 30, .query_ms = 20 }, NULL);

	inquiry_prefetch(q, "b.example", DNS_TXT);
	assert_int_equal(inquiry_ask(q, "n1.example", DNS_A)->status,
	    DNS_TIMEOUT);
	assert_true(inquiry_waited_us(q) >= 20000);
	assert_true(inquiry_journal(q, 1).waited_us >= 20000);
	assert_int_equal(inquiry_ask(q, "n2.example", DNS_A)->status,
	    DNS_TIMEOUT);
	assert_true(inquiry_waited_us(q) >= 30000);
	assert_true(inquiry_out_of_time(q));
	/* Spent: no more waiting, but what is there is given. */
	int64_t waited = inquiry_waited_us(q);

	for (int i = 0; i < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "nn%d.example", i);
		assert_int_equal(inquiry_ask(q, name, DNS_A)->status,
		    DNS_TIMEOUT);
	}
	assert_true(inquiry_waited_us(q) - waited < 20 * 20000);
	assert_int_equal(inquiry_ask(q, "b.example", DNS_TXT)->status,
	    DNS_FOUND);
}

static void test_one_question_late_is_not_the_message(void **state)
{
	struct scene *s = *state;
	struct inquiry *q = inquiry_new(s->mem, s->resolver,
	    &(struct inquiry_limits){ .budget_ms = 60000, .query_ms = 1 },
	    NULL);

	assert_int_equal(inquiry_ask(q, "h.example", DNS_A)->status,
	    DNS_TIMEOUT);
	assert_false(inquiry_out_of_time(q));
	/* It comes at last; this message has been told already. */
	ticket_answer(s->back.held, answer_done(answer_new(DNS_NXDOMAIN, 3,
	    1)));
	assert_int_equal(inquiry_ask(q, "h.example", DNS_A)->status,
	    DNS_TIMEOUT);
	assert_int_equal(s->back.asked, 1);
}

static void test_budget_of_questions(void **state)
{
	struct scene *s = *state;
	struct inquiry *q = inquiry_new(s->mem, s->resolver,
	    &(struct inquiry_limits){ .questions = 2 }, NULL);

	inquiry_ask(q, "a.example", DNS_A);
	inquiry_ask(q, "b.example", DNS_A);
	inquiry_prefetch(q, "c.example", DNS_A);
	assert_int_equal(inquiry_journal_count(q), 2);
	assert_false(inquiry_out_of_questions(q));
	const struct dns_answer *a = inquiry_ask(q, "c.example", DNS_A);

	assert_int_equal(a->status, DNS_REFUSED_HERE);
	assert_true(dns_is_trouble(a));
	assert_true(inquiry_out_of_questions(q));
	assert_int_equal(s->back.asked, 2);
	assert_int_equal(inquiry_ask(q, "a.example", DNS_A)->status,
	    DNS_FOUND);
}

static void test_impossible_names(void **state)
{
	struct scene *s = *state;
	struct inquiry *q = inquiry_new(s->mem, s->resolver, NULL, NULL);
	char huge[5000];

	memset(huge, 'a', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	const char *const names[] = { "", ".", "a..b", huge, "a\\" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct dns_answer *a = inquiry_ask(q, names[i], DNS_TXT);

		if (a->status != DNS_REFUSED_HERE || dns_is_trouble(a) ||
		    a != inquiry_ask(q, names[i], DNS_TXT))
			fail_msg("name %zu: status %d", i, (int)a->status);
	}
	assert_int_equal(s->back.asked, 0);
	assert_int_equal(inquiry_journal_count(q), 5);
	assert_false(inquiry_out_of_questions(q));
}

static void test_parent(void **state)
{
	struct scene *s = *state;
	struct inquiry_limits limits = { .budget_ms = 10, .questions = 1 };
	struct inquiry *c = inquiry_new(s->mem, s->resolver, &limits, NULL);
	struct arena *mem = arena_new(0);

	inquiry_prefetch(c, "a.example", DNS_PTR);
	assert_int_equal(inquiry_ask(c, "b.example", DNS_A)->status,
	    DNS_REFUSED_HERE);
	for (int message = 0; message < 3; message++) {
		struct inquiry *q = inquiry_new(mem, s->resolver, &limits, c);

		/* The parent's question costs nothing. */
		assert_int_equal(inquiry_ask(q, "A.example", DNS_PTR)->status,
		    DNS_FOUND);
		/* What was refused to the parent is not refused to us. */
		assert_int_equal(inquiry_ask(q, "b.example", DNS_A)->status,
		    DNS_FOUND);
		assert_int_equal(inquiry_ask(q, "c.example", DNS_A)->status,
		    DNS_REFUSED_HERE);
		assert_int_equal(inquiry_journal_count(q), 3);
		assert_int_equal(s->back.asked, 2 + message);
		arena_reset(mem);
	}
	arena_free(mem);
	assert_int_equal(inquiry_ask(c, "a.example", DNS_PTR)->status,
	    DNS_FOUND);
}

static void test_parent_waits_for_itself(void **state)
{
	struct scene *s = *state;
	struct inquiry_limits limits = { .budget_ms = 5 };
	struct inquiry *c = inquiry_new(s->mem, s->resolver, &limits, NULL);
	struct arena *mem = arena_new(0);
	struct inquiry *q = inquiry_new(mem, s->resolver, &limits, c);

	assert_int_equal(inquiry_ask(c, "h.example", DNS_PTR)->status,
	    DNS_TIMEOUT);
	assert_true(inquiry_out_of_time(c));
	assert_int_equal(inquiry_waited_us(q), 0);
	ticket_answer(s->back.held, answer_done(answer_new(DNS_NODATA, 0, 1)));
	/* The connection gave up; the message finds the answer there. */
	assert_int_equal(inquiry_ask(q, "h.example", DNS_PTR)->status,
	    DNS_NODATA);
	assert_false(inquiry_out_of_time(q));
	assert_int_equal(s->back.asked, 1);
	arena_free(mem);
}

static void test_many(void **state)
{
	struct scene *s = *state;
	struct inquiry *q = inquiry_new(s->mem, s->resolver,
	    &(struct inquiry_limits){ .questions = 1000 }, NULL);
	char name[32];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 500; i++) {
			snprintf(name, sizeof(name), "a%d.example", i);
			assert_string_equal(inquiry_ask(q, name,
			    DNS_TXT)->records[0].data, name);
		}
	}
	assert_int_equal(s->back.asked, 500);
	assert_string_equal(inquiry_journal(q, 499).name, "a499.example");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_asked_once),
		TEST(test_prefetch_and_journal),
		TEST(test_budget_of_time),
		TEST(test_one_question_late_is_not_the_message),
		TEST(test_budget_of_questions),
		TEST(test_impossible_names),
		TEST(test_parent),
		TEST(test_parent_waits_for_itself),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
