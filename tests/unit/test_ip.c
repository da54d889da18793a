/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "mail/ip.h"

static const struct {
	struct slice text;
	const char *plain;              /* NULL: no address */
	const char *reverse;
} addresses[] = {
	{ { "192.0.2.1", 9 }, "192.0.2.1", "1.2.0.192.in-addr.arpa" },
	{ { "[192.0.2.1]", 11 }, "192.0.2.1", NULL },
	{ { "::ffff:192.0.2.1", 16 }, "192.0.2.1", NULL },
	{ { "IPv6:::ffff:c000:201", 20 }, "192.0.2.1", NULL },
	{ { "2001:DB8:0:0:0:0:0:1", 20 }, "2001:db8::1",
	  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	  "ip6.arpa" },
	{ { "[ipv6:2001:db8::1]", 18 }, "2001:db8::1", NULL },
	{ { "2001:db8:0:1:1:1:1:1", 20 }, "2001:db8:0:1:1:1:1:1", NULL },
	{ { "2001:0:0:1:0:0:0:1", 18 }, "2001:0:0:1::1", NULL },
	{ { "::", 2 }, "::", NULL },
	{ { "192.0.2.1\0x", 11 }, NULL, NULL },
	{ { "192.0.2.256", 11 }, NULL, NULL },
	{ { "192.0.2", 7 }, NULL, NULL },
	{ { "192.0.2.01", 10 }, NULL, NULL },
	{ { " 192.0.2.1", 10 }, NULL, NULL },
	{ { "IPv6:192.0.2.1", 14 }, NULL, NULL },
	{ { "fe80::1%eth0", 12 }, NULL, NULL },
	{ { "[]", 2 }, NULL, NULL },
	{ { "[[::1]]", 7 }, NULL, NULL },
	{ { "", 0 }, NULL, NULL },
	{ { NULL, 0 }, NULL, NULL },
};

static void reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		char text[IP_TEXT_MAX], reverse[IP_REVERSE_MAX];
		const char *want = addresses[i].plain;
		struct ip a;
		bool ok = ip_parse(addresses[i].text, &a);

		if (ok != (want != NULL) ||
		    (ok && strcmp(ip_text(&a, text), want) != 0))
			fail_msg("row %zu: %s", i, ok ? text : "refused");
		if (!ok) {
			assert_int_equal(a.family, IP_NONE);
			assert_string_equal(ip_text(&a, text), "");
			assert_string_equal(ip_reverse_name(&a, reverse), "");
		}
		if (addresses[i].reverse != NULL)
			assert_string_equal(ip_reverse_name(&a, reverse),
			    addresses[i].reverse);
	}
}

static void sockets(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000001) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct ip a = ip_from_sockaddr((struct sockaddr *)&in);

	(void)state;
	assert_int_equal(a.family, IP_V4);
	assert_true(ip_is_loopback(&a));
	a = ip_from_sockaddr((struct sockaddr *)&in6);
	assert_int_equal(a.family, IP_V6);
	assert_true(ip_is_loopback(&a));
	in6.sin6_addr = (struct in6_addr){ .s6_addr = { [10] = 255, [11] = 255,
		[12] = 192, [14] = 2, [15] = 9 } };
	a = ip_from_sockaddr((struct sockaddr *)&in6);
	assert_int_equal(a.family, IP_V4);
	assert_false(ip_is_loopback(&a));
	assert_int_equal(ip_from_sockaddr(&other).family, IP_NONE);
	assert_int_equal(ip_from_sockaddr(NULL).family, IP_NONE);
}

static const struct {
	const char *text;
	const char *inside;             /* NULL: must be refused */
	const char *outside;
} networks[] = {
	{ "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
	{ "192.0.2.4", "192.0.2.4", "192.0.2.5" },
	{ "192.0.2.128/25", "192.0.2.128", "192.0.2.127" },
	{ "0.0.0.0/0", "255.255.255.255", "::1" },
	{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::" },
	{ "[2001:db8::]/33", "2001:db8:7fff::1", "2001:db8:8000::" },
	{ "[2001:db8::/32]", "2001:db8::1", "192.0.2.1" },
	{ "[2001:db8::1]", "2001:db8::1", "2001:db8::2" },
	{ "::/0", "::1", "192.0.2.1" },
	{ "::ffff:192.0.2.0/120", "192.0.2.7", "192.0.3.7" },
	{ "::ffff:0:0/96", "10.0.0.1", "::1" },
	{ "::ffff:0:0/95", NULL, NULL },
	{ "::ffff:0:0/0", NULL, NULL },
	{ "192.0.2.1/24", NULL, NULL },
	{ "2001:db8::1/32", NULL, NULL },
	{ "192.0.2.0/33", NULL, NULL },
	{ "2001:db8::/129", NULL, NULL },
	{ "192.0.2.0/", NULL, NULL },
	{ "192.0.2.0/-1", NULL, NULL },
	{ "192.0.2.0/24/8", NULL, NULL },
	{ "192.0.2.0/18446744073709551640", NULL, NULL },
	{ "/8", NULL, NULL }, { "", NULL, NULL }, { "[", NULL, NULL },
};

static void network_reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		struct error err = { "" };
		struct network n;
		struct ip in, out;
		bool ok = network_parse(slice_of(networks[i].text), &n, &err);

		if (ok != (networks[i].inside != NULL))
			fail_msg("%s: %s", networks[i].text, err.text);
		if (!ok) {
			assert_string_not_equal(err.text, "");
			continue;
		}
		assert_true(ip_parse(slice_of(networks[i].inside), &in));
		assert_true(ip_parse(slice_of(networks[i].outside), &out));
		if (!network_contains(&n, &in) || network_contains(&n, &out))
			fail_msg("%s: contains", networks[i].text);
	}
	assert_false(network_parse(slice_of(NULL), &(struct network){ 0 },
	    NULL));
}

static void comparing(void **state)
{
	struct ip a, b, c, none = { .family = IP_NONE };

	(void)state;
	ip_parse(SLICE("10.0.0.1"), &a);
	ip_parse(SLICE("10.0.0.2"), &b);
	ip_parse(SLICE("::1"), &c);
	assert_true(ip_compare(&a, &b) < 0 && ip_compare(&b, &a) > 0);
	assert_true(ip_compare(&b, &c) < 0);
	assert_true(ip_equal(&a, &a) && !ip_equal(&a, &b));
	assert_true(ip_same_prefix(&a, &b, 30));
	assert_false(ip_same_prefix(&a, &b, 31));
	assert_false(ip_same_prefix(&a, &a, 33));
	assert_true(ip_same_prefix(&c, &c, 128));
	assert_false(ip_same_prefix(&none, &none, 0));
	assert_false(ip_same_prefix(&a, &c, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading), cmocka_unit_test(sockets),
		cmocka_unit_test(network_reading), cmocka_unit_test(comparing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
