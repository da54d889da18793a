/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lists that load without a word, and what is wrong with them all the same;
 * and how days and hits go into a decision.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/audit.h"

#define DAY 86400
/* 2026-11-23 */
#define NOW INT64_C(1795392000)

static char folder[] = "/tmp/assay-audit-XXXXXX";
static char policy_path[64], list_path[64];

static int begin(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(policy_path, sizeof(policy_path), "%s/a.policy", folder);
	snprintf(list_path, sizeof(list_path), "%s/a.list", folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(policy_path);
	unlink(list_path);
	return rmdir(folder);
}

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static struct policy *load(const char *policy, const char *list)
{
	struct policy_report r = { 0 };
	struct policy *p;

	put(policy_path, policy);
	put(list_path, list);
	p = policy_load(policy_path, NULL, &r);
	if (p == NULL)
		fail_msg("%s", buf_text(&r.text));
	policy_report_free(&r);
	return p;
}

/* "kind line entry" for each finding, parted by "; ". */
static void told(const struct audit *a, struct buf *out)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct audit_finding *f = &a->findings[i];

		buf_addf(out, "%s%s %u %s", i > 0 ? "; " : "",
		    name_word(audit_names, (int)f->kind), f->line,
		    f->entry != NULL ? f->entry : f->list);
	}
}

static const char one_list[] = "list l from \"a.list\"\n"
    "rule r { when client.ip in l or mail.domain in l\n"
    "	reject 550 5.7.1 \"no\" }\n"
    "default accept\n";

static void entries(void **state)
{
	static const struct { const char *list, *says; } rows[] = {
		{ "example.org\n192.0.2.0/24\n", "" },
		{ "8.0.0.0/8\n", "dangerous 1 8.0.0.0/8" },
		{ "0.0.0.0/0\n::/0\n",
		    "dangerous 1 0.0.0.0/0; dangerous 2 ::/0" },
		{ "198.51.0.0/16\n2001:db8::/32\n", "" },
		{ "2001:c00::/23\n", "dangerous 1 2001:c00::/23" },
		{ "10.0.0.0/8\n172.16.0.0/12\nfc00::/7\n", "" },
		{ "10.0.0.0/7\n", "dangerous 1 10.0.0.0/7" },
		{ "com\n.com\n", "dangerous 1 com; dangerous 2 .com" },
		{ ".co.uk\n.bl.uk\n.x.com.au\n", "dangerous 1 .co.uk" },
		{ "co.uk\n", "" },
		{ "a.example until=2026-11-22\n", "expired 1 a.example" },
		{ "a.example until=2026-11-23\n", "ending 1 a.example" },
		{ "a.example until=2026-12-22\n", "ending 1 a.example" },
		{ "a.example until=2026-12-23\n", "" },
		{ "a.example\na.example\n", "duplicate 2 a.example" },
		{ "x.a.example\n.a.example\n", "shadowed 1 x.a.example" },
		{ "joe@a.example\na.example\n", "shadowed 1 joe@a.example" },
		{ "192.0.2.1\n192.0.2.0/24\n", "shadowed 1 192.0.2.1/32" },
		/* What has expired covers nothing, and needs no cover. */
		{ "x.a.example\n.a.example until=2020-01-01\n",
		    "expired 2 .a.example" },
		{ "x.a.example until=2020-01-01\n.a.example\n",
		    "expired 1 x.a.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct policy *p = load(one_list, rows[i].list);
		struct arena *mem = arena_new(1024);
		struct audit a = policy_audit(p, NOW, NULL, mem);
		struct buf text = { 0 };

		told(&a, &text);
		if (strcmp(buf_text(&text), rows[i].says) != 0)
			fail_msg("%s: %s", rows[i].list, buf_text(&text));
		buf_free(&text);
		arena_free(mem);
		policy_free(p);
	}
}

/* A message from this domain, decided for its hits alone. */
static void hit(const struct policy *p, const char *domain)
{
	struct arena *mem = arena_new(1024);
	struct facts f = { .now = NOW };
	struct verdict v;

	facts_text(&f, FACT_MAIL_DOMAIN, domain);
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	arena_free(mem);
}

static void use(void **state)
{
	static const char list[] = "used.example owner=joe\n"
	    "never.example owner=joe why=\"a b\"\nold.example\n"
	    "over.example until=2020-01-01\n";
	struct policy *p = load(one_list, list), *older = load(one_list, list);
	const struct audit_memory memory = { .older = older };
	struct arena *mem = arena_new(1024);
	struct buf text = { 0 };
	struct audit a;

	(void)state;
	hit(p, "used.example");
	hit(older, "used.example");
	hit(older, "old.example");
	a = policy_audit(p, NOW, &memory, mem);
	told(&a, &text);
	assert_string_equal(buf_text(&text), "never-hit 2 never.example; "
	    "stale 3 old.example; expired 4 over.example");
	assert_string_equal(a.findings[0].owner, "joe");
	assert_string_equal(a.findings[0].why, "a b");
	assert_int_equal(a.unknown, 0);
	assert_int_equal(a.lists, 1);
	assert_int_equal(a.entries, 4);
	a = policy_audit(p, NOW, NULL, mem);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.unknown, 3);
	buf_free(&text);
	arena_free(mem);
	policy_free(p);
	policy_free(older);
}

static void whole_lists(void **state)
{
	struct policy *p = load("list used { \"a.example\" }\n"
	    "list idle { \"b.example\" }\n"
	    "rule r unsafe { when mail.domain in used accept }\n"
	    "default accept\n", "");
	struct arena *mem = arena_new(1024);
	struct audit a = policy_audit(p, NOW, NULL, mem);
	struct buf text = { 0 };

	(void)state;
	told(&a, &text);
	assert_string_equal(buf_text(&text), "dangerous 1 used; unused 2 idle");
	assert_non_null(strstr(a.findings[0].about, "rule r in line 3"));
	buf_free(&text);
	arena_free(mem);
	policy_free(p);
}

static bool refused(const struct policy *p, int64_t now)
{
	struct arena *mem = arena_new(1024);
	struct facts f = { .now = now };
	struct verdict v;

	facts_text(&f, FACT_MAIL_DOMAIN, "a.example");
	facts_close(&f);
	assert_true(policy_decide(p, &f, PHASE_EOM, mem, &v, NULL));
	arena_free(mem);
	return v.action == ACTION_REJECT;
}

/* A day ends without a reload, and never makes a policy one that fails. */
static void days(void **state)
{
	struct buf said = { 0 };
	struct policy *p = load("list l from \"a.list\"\n"
	    "rule r { when mail.domain in l reject 550 5.7.1 \"no\" }\n"
	    "default accept\n"
	    "expect reject by r { mail.domain = \"a.example\" }\n",
	    "# x\na.example until=2020-02-29\n");

	(void)state;
	assert_true(refused(p, 1583020799));
	assert_false(refused(p, 1583020800));
	assert_false(refused(p, 0));            /* today */
	policy_expired(p, 1583020799, &said);
	assert_int_equal(said.len, 0);
	policy_expired(p, 1583020800, &said);
	assert_non_null(strstr(buf_text(&said), "list l: 1 entry has expired "
	    "and matches nothing; the first is line 2 of "));
	buf_free(&said);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(use),
		cmocka_unit_test(whole_lists),
		cmocka_unit_test(days),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
