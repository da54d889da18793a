/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/received.h"

static const struct {
	const char *label, *value;
	const char *ip, *helo, *name;   /* ip NULL: must not be read */
} cases[] = {
	{ "postfix", " from mail.example.net (mx.example.net [192.0.2.7])\r\n"
	    "\tby relay.example.org (Postfix) with ESMTPS id 4; Mon",
	    "192.0.2.7", "mail.example.net", "mx.example.net" },
	{ "postfix, no name", " from x (unknown [192.0.2.7]) by r with SMTP",
	    "192.0.2.7", "x", NULL },
	{ "postfix, IPv6", " from x.example.net (y [IPv6:2001:db8::7]) by r",
	    "2001:db8::7", "x.example.net", "y" },
	{ "mapped address", " from x (y [IPv6:::ffff:192.0.2.7]) by r",
	    "192.0.2.7", "x", "y" },
	{ "sendmail", " from mail.example.net (root@mx.example.net [192.0.2.8])"
	    " by r (8.17.1/8.17.1) with ESMTP id 2", "192.0.2.8",
	    "mail.example.net", NULL },
	{ "sendmail, forged mark", " from a.example.net (b.example.net "
	    "[192.0.2.8] (may be forged))\n by r", "192.0.2.8",
	    "a.example.net", NULL },
	{ "exim", " from mx.example.net ([192.0.2.9] helo=mail.example.net)"
	    " by r with esmtp (Exim 4.96)", "192.0.2.9", "mail.example.net",
	    "mx.example.net" },
	{ "no name at all", " from h.example.net ([192.0.2.9]) by r",
	    "192.0.2.9", "h.example.net", NULL },
	{ "two addresses", " from h (a [192.0.2.1] [192.0.2.2]) by r", NULL,
	    NULL, NULL },
	{ "no address", " from h (mx.example.net) by r", NULL, NULL, NULL },
	{ "no parenthesis", " from h by r with ESMTP", NULL, NULL, NULL },
	{ "by alone", " by r (Postfix, from userid 0)\r\n\tid 1", NULL, NULL,
	    NULL },
	{ "not closed", " from h (mx [192.0.2.1]", NULL, NULL, NULL },
	{ "literal not closed", " from h (mx [192.0.2.1) by r", NULL, NULL,
	    NULL },
	{ "bad address", " from h (mx [192.0.2.300]) by r", NULL, NULL, NULL },
	{ "empty", "", NULL, NULL, NULL },
	{ "from alone", "from ", NULL, NULL, NULL },
	{ "address in the HELO only", " from [192.0.2.1] (mx) by r", NULL, NULL,
	    NULL },
	{ "HELO literal", " from [192.0.2.5] (mx.example.net [192.0.2.6]) by r",
	    "192.0.2.6", "[192.0.2.5]", "mx.example.net" },
};

static void same(const char *label, const char *got, const char *want)
{
	if ((got == NULL) != (want == NULL) ||
	    (got != NULL && strcmp(got, want) != 0))
		fail_msg("%s: %s, not %s", label, got != NULL ? got : "nothing",
		    want != NULL ? want : "nothing");
}

static void reads_the_client(void **state)
{
	struct arena *mem = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[IP_TEXT_MAX];
		struct received r;
		bool known = received_read(mem, slice_of(cases[i].value), &r);

		if (known != (cases[i].ip != NULL))
			fail_msg("%s: %sread", cases[i].label,
			    known ? "" : "not ");
		if (!known)
			continue;
		same(cases[i].label, ip_text(&r.client, text), cases[i].ip);
		same(cases[i].label, r.helo, cases[i].helo);
		same(cases[i].label, r.name, cases[i].name);
	}
	arena_free(mem);
}

/* Any bytes: a result, within the bytes. */
static void survives_anything(void **state)
{
	static const char bytes[] = "from ()[]:;IPv6 helo=@.12af\0\r\n\t\"\\\xff";
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct arena *mem = arena_new(256);
		struct received r;
		char text[64] = "from ";
		size_t n = 5;

		while (n < sizeof(text)) {
			seed = seed * 1103515245 + 12345;
			text[n++] = bytes[(seed >> 16) % (sizeof(bytes) - 1)];
		}
		if (received_read(mem, (struct slice){ text, n }, &r))
			assert_int_not_equal(r.client.family, IP_NONE);
		arena_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_client),
		cmocka_unit_test(survives_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
