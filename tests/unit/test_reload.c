/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Policies change under load: 100 kits take one another's place while eight
 * threads have messages decided. Each message is decided by one policy alone,
 * from its first command to its last, and names it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/zone.h"
#include "session/transaction.h"

#define SWAPS 100
#define THREADS 8

static const char zone_text[] =
    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
    "1.2.0.192.dul.example.org A 127.0.0.2\n";

/* What the daemon's service does: the current kit behind a lock. */
struct desk {
	pthread_mutex_t lock;
	struct kit *kit;
	const char *versions[SWAPS + 1];        /* by number of the policy */
	atomic_bool over;
	atomic_ulong decided, wrong;
};

static struct policy *new_policy(const char *letter, int number)
{
	struct policy_report report = { 0 };
	struct buf text = { 0 };
	struct policy *p;
	char name[32];

	buf_addf(&text, "list l%d { \"example.com\" }\n"
	    "rule %s%d { when dnsbl(\"dul.example.org\") and mail.domain in "
	    "l%d tag header \"X-Number\" \"%d\" }\n"
	    "rule never { when subject == \"%d\" and rcpt.domain == "
	    "\"x.example\" discard }\ndefault accept\n",
	    number, letter, number, number, number, number);
	snprintf(name, sizeof(name), "%s%d.policy", letter, number);
	p = policy_load_text(buf_text(&text), text.len, name, NULL, &report);
	if (p == NULL)
		fail_msg("%s", buf_text(&report.text));
	buf_free(&text);
	policy_report_free(&report);
	return p;
}

static struct kit *new_kit(int number)
{
	struct kit *k = kit_new();
	struct error err;

	k->options = (struct session_options){
		.authserv_id = "mx.example.org",
		.limits = { 100, 20000, 4 },
		.dns = { .budget_ms = 20000, .query_ms = 10000 },
	};
	k->resolver = zone_resolver(slice_of(zone_text), "zone", &err);
	k->checks = check_env_new(&check_defaults, NULL, &err);
	assert_non_null(k->resolver);
	assert_non_null(k->checks);
	k->policy = new_policy("p", number);
	k->shadow = new_policy("s", number);
	return k;
}

static struct kit *take_kit(struct desk *d)
{
	struct kit *k;

	pthread_mutex_lock(&d->lock);
	k = kit_ref(d->kit);
	pthread_mutex_unlock(&d->lock);
	return k;
}

static bool is_number(const struct field_addition *all, size_t count,
    const char *number)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].name, "X-Number") == 0)
			return strcmp(all[i].value + 1, number) == 0;
	return false;
}

/* Everything in the outcome speaks of one policy. */
static bool is_consistent(const struct desk *d, const struct outcome *o)
{
	const char *number = o->policy + 1;
	const struct shadow_outcome *s = o->shadow;

	return o->policy[0] == 'p' && s != NULL && s->differs &&
	    strcmp(o->policy_version, d->versions[atoi(number)]) == 0 &&
	    strcmp(o->verdict->rule, o->policy) == 0 &&
	    o->verdict->action == ACTION_TAG &&
	    strcmp(s->policy + 1, number) == 0 &&
	    strcmp(s->verdict->rule, s->policy) == 0 &&
	    strcmp(s->version, o->policy_version) != 0 &&
	    is_number(o->added, o->added_count, number);
}

static void one_message(struct desk *d, struct connection *c)
{
	const struct outcome *o;

	transaction_mail(c, &(struct mail_event){ .path = "<a@example.com>" });
	transaction_rcpt(c, "<b@example.org>");
	transaction_rcpt(c, "<c@example.org>");
	transaction_header(c, slice_of("From"), slice_of(" a@example.com"));
	transaction_headers_done(c);
	transaction_body(c, "hello\r\n", 7);
	o = transaction_conclude(c, "Q");
	if (is_consistent(d, o))
		atomic_fetch_add(&d->decided, 1);
	else
		atomic_fetch_add(&d->wrong, 1);
	transaction_end(c);
}

static void *clients(void *arg)
{
	struct desk *d = arg;
	uintptr_t sent = 0;

	while (!atomic_load(&d->over)) {
		struct client client = { .name = NULL };
		struct kit *k = take_kit(d);
		struct connection *c;

		ip_parse(slice_of("192.0.2.1"), &client.address);
		c = connection_open(k, &client);
		kit_drop(k);
		connection_helo(c, "mail.example.com");
		for (int i = 0; i < 3; i++, sent++)
			one_message(d, c);
		connection_close(c);
	}
	return (void *)sent;
}

static void swap(struct desk *d, struct kit *fresh)
{
	struct kit *old;

	pthread_mutex_lock(&d->lock);
	old = d->kit;
	d->kit = fresh;
	pthread_mutex_unlock(&d->lock);
	kit_drop(old);
}

static void under_load(void **state)
{
	static struct desk d = { .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[THREADS];
	struct kit *kits[SWAPS + 1];
	unsigned long sent = 0, before = 0;

	(void)state;
	for (int i = 0; i <= SWAPS; i++) {
		kits[i] = new_kit(i);
		d.versions[i] = strdup(policy_version(kits[i]->policy));
	}
	d.kit = kits[0];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, clients, &d),
		    0);
	for (int i = 1; i <= SWAPS; i++) {
		/* Some message at least between two swaps. */
		while (atomic_load(&d.decided) + atomic_load(&d.wrong) == before)
			sched_yield();
		before = atomic_load(&d.decided) + atomic_load(&d.wrong);
		swap(&d, kits[i]);
	}
	atomic_store(&d.over, true);
	for (int i = 0; i < THREADS; i++) {
		void *mine;

		pthread_join(threads[i], &mine);
		sent += (uintptr_t)mine;
	}
	kit_drop(d.kit);
	assert_int_equal(atomic_load(&d.wrong), 0);
	assert_int_equal(atomic_load(&d.decided), sent);
	assert_true(sent >= SWAPS);
	for (int i = 0; i <= SWAPS; i++)
		free((void *)(uintptr_t)d.versions[i]);
}

/* The version is that of text and lists, and of nothing else. */
static void versions(void **state)
{
	static const struct { const char *text; bool same; } rows[] = {
		{ "list l { \"a.example\" }\ndefault accept\n", true },
		{ "list l { \"b.example\" }\ndefault accept\n", false },
		{ "list l { \"a.example\" } # x\ndefault accept\n", false },
	};
	static const char *const one[] = { "example.org" };
	const struct policy_extra extra = { "local-domains", one, 1 };
	struct policy_report r = { 0 };
	struct policy *first = policy_load_text(rows[0].text,
	    strlen(rows[0].text), "x", NULL, &r), *p;

	(void)state;
	assert_int_equal(strlen(policy_version(first)), 12);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		p = policy_load_text(rows[i].text, strlen(rows[i].text), "y",
		    NULL, &r);
		assert_int_equal(strcmp(policy_version(p),
		    policy_version(first)) == 0, rows[i].same);
		policy_free(p);
	}
	p = policy_load_text(rows[0].text, strlen(rows[0].text), "x", &extra,
	    &r);
	assert_string_not_equal(policy_version(p), policy_version(first));
	policy_free(p);
	policy_free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(under_load),
		cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
