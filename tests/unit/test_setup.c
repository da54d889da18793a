/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which resolver a new kit gets: the one in use if it would be made from the
 * same settings, else one of its own; and that one lives as long as anybody
 * holds it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "setup/setup.h"

static char anchor[] = "/tmp/assay-anchor-XXXXXX";
static char zone[] = "/tmp/assay-zone-XXXXXX";

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void put_anchor(unsigned tag)
{
	char text[200];

	snprintf(text, sizeof(text), ". IN DS %u 8 2 E06D44B80B8F1D39A95C0B0D7"
	    "C65D08458E880409BBC683457104237C7F8EC8D\n", tag);
	put(anchor, text);
}

static int begin(void **state)
{
	int a = mkstemp(anchor), z = mkstemp(zone);

	(void)state;
	if (a < 0 || z < 0)
		return -1;
	close(a);
	close(z);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(anchor);
	unlink(zone);
	return 0;
}

static const char *const one_server[] = { "127.0.0.1@5300" };
static const char *const other_server[] = { "127.0.0.1@5301" };
static const char *const two_servers[] = { "127.0.0.1@5300", "127.0.0.1@53" };

static void usual(struct conf *c)
{
	struct buf problems = { 0 };

	assert_true(conf_read(c, NULL, &problems));
	c->authserv_id = "mx.example.org";
	c->policy = ASSAY_SOURCE "/policy/standard.policy";
	c->servers = (struct text_list){ (const char **)one_server, 1 };
	c->trust_anchor = anchor;
}

static struct kit *make(const struct setup *s)
{
	struct buf problems = { 0 };
	struct kit *k = setup_kit(s, &problems);

	if (k == NULL)
		fail_msg("%s", buf_text(&problems));
	buf_free(&problems);
	return k;
}

static void other_server_now(struct conf *c)
{
	c->servers.items = (const char **)other_server;
}

static void another_server(struct conf *c)
{
	c->servers = (struct text_list){ (const char **)two_servers, 2 };
}

static void resolv_conf(struct conf *c)
{
	c->servers.count = 0;
}

static void cache(struct conf *c)
{
	c->cache_octets *= 2;
}

static void timeout(struct conf *c)
{
	c->query_ms++;
}

static void zones(struct conf *c)
{
	c->private_zones = !c->private_zones;
}

static void validation(struct conf *c)
{
	c->dnssec = true;
}

static void budget(struct conf *c)
{
	c->budget_ms++;
	c->questions++;
}

static void engines(struct conf *c)
{
	c->dkim_engine = ENGINE_NATIVE;
	c->spf_engine = ENGINE_BOTH;
	c->void_lookups++;
}

static void nothing(struct conf *c)
{
	(void)c;
}

static const struct {
	const char *what;
	void (*change)(struct conf *c);
	bool shared;
} cases[] = {
	{ "nothing", nothing, true },
	{ "budget", budget, true },
	{ "engines", engines, true },
	{ "other server", other_server_now, false },
	{ "another server", another_server, false },
	{ "resolv.conf", resolv_conf, false },
	{ "cache-size", cache, false },
	{ "timeout", timeout, false },
	{ "private-zones", zones, false },
	{ "dnssec", validation, false },
};

static void resolvers(void **state)
{
	struct conf first, second;

	(void)state;
	put_anchor(20326);
	usual(&first);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kit *before = make(&(struct setup){ .conf = &first });
		struct resolver *old = before->resolver;
		struct kit *after;

		usual(&second);
		cases[i].change(&second);
		after = make(&(struct setup){ .conf = &second,
		    .before = before });
		if ((after->resolver == old) != cases[i].shared)
			fail_msg("%s: %sshared", cases[i].what,
			    cases[i].shared ? "not " : "");
		kit_drop(before);
		/* It serves on: refused here, asked of nobody. */
		struct dns_ticket *t = resolver_start(after->resolver, "\001.",
		    DNS_TXT);

		assert_int_equal(ticket_wait(t, 0)->status, DNS_REFUSED_HERE);
		ticket_drop(t);
		kit_drop(after);
		conf_free(&second);
	}
	conf_free(&first);
}

/* The name stays, the file does not. */
static void anchor_changes(void **state)
{
	struct conf c;
	struct kit *before, *same, *after;

	(void)state;
	put_anchor(20326);
	usual(&c);
	c.dnssec = true;
	before = make(&(struct setup){ .conf = &c });
	same = make(&(struct setup){ .conf = &c, .before = before });
	assert_ptr_equal(same->resolver, before->resolver);
	put_anchor(1);
	after = make(&(struct setup){ .conf = &c, .before = same });
	assert_ptr_not_equal(after->resolver, same->resolver);
	kit_drop(before);
	kit_drop(same);
	kit_drop(after);
	conf_free(&c);
}

/* A zone file is read anew each time, and is not the network. */
static void zones_are_never_shared(void **state)
{
	struct conf c;
	struct kit *net, *first, *second;

	(void)state;
	usual(&c);
	put(zone, "example.com TXT \"v=spf1 -all\"\n");
	net = make(&(struct setup){ .conf = &c });
	first = make(&(struct setup){ .conf = &c, .zone = zone,
	    .before = net });
	second = make(&(struct setup){ .conf = &c, .zone = zone,
	    .before = first });
	assert_ptr_not_equal(first->resolver, net->resolver);
	assert_ptr_not_equal(second->resolver, first->resolver);
	kit_drop(net);
	kit_drop(first);
	first = make(&(struct setup){ .conf = &c, .before = second });
	assert_ptr_not_equal(first->resolver, second->resolver);
	kit_drop(first);
	kit_drop(second);
	conf_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolvers),
		cmocka_unit_test(anchor_changes),
		cmocka_unit_test(zones_are_never_shared),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
