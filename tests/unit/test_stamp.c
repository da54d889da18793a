/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "check/stamp.h"
#include "mail/address.h"

static const struct check_options options = { .authserv_id = "mx.test" };

static struct ip ip_of(const char *text)
{
	struct ip ip = { .family = IP_NONE };

	if (text != NULL)
		assert_true(ip_parse(slice_of(text), &ip));
	return ip;
}

/* One line per result, values as they are. */
static void describe(const struct authres *a, struct buf *out)
{
	buf_addf(out, "%s\n", a->id);
	for (size_t i = 0; i < a->count; i++) {
		const struct authres_result *r = &a->results[i];

		buf_addf(out, "%s=%s", r->method, r->result);
		if (r->reason != NULL)
			buf_addf(out, " reason=[%s]", r->reason);
		for (size_t k = 0; k < r->property_count; k++)
			buf_addf(out, " %s.%s=%s", r->properties[k].type,
			    r->properties[k].name, r->properties[k].value);
		buf_addc(out, '\n');
	}
}

static struct dkim_signature signatures[] = {
	{ .code = AUTH_PASS, .domain = "corp.example",
	    .identity = "@corp.example", .selector = "s2026",
	    .algorithm = "rsa-sha256", .b = "EjCbN/c3" },
	{ .code = AUTH_PERMERROR, .reason = "key too short",
	    .domain = "old.example", .selector = "k1", .b = "mQ8GEWPc" },
};

static const struct {
	const char *label;
	enum client_class class;
	const char *client, *user, *mail;
	struct findings f;
	const char *found;
} cases[] = {
	{ "all of it", CLIENT_OUTSIDE, "2001:db8::19", NULL, "<b@x.example>",
	    { .iprev = { .code = AUTH_PASS, .name = "mail.corp.example" },
	      .spf = { .mailfrom = { .code = AUTH_PASS,
		  .domain = "bounce.corp.example" },
		  .helo = { .code = AUTH_SOFTFAIL, .reason = "why",
		  .domain = "mail.corp.example" } },
	      .dkim = { .code = AUTH_PASS, .signatures = signatures,
		  .count = 2 },
	      .arc = { .code = AUTH_PASS, .oldest_known = true },
	      .dmarc = { .code = AUTH_PASS, .policy = DMARC_POLICY_REJECT,
		  .author_domain = "corp.example", .reason = "aligned: ...",
		  .policy_domain = "corp.example" } },
	    "mx.test\n"
	    "iprev=pass policy.iprev=2001:db8::19\n"
	    "spf=pass smtp.mailfrom=bounce.corp.example\n"
	    "spf=softfail reason=[why] smtp.helo=mail.corp.example\n"
	    "dkim=pass header.d=corp.example header.i=@corp.example "
	    "header.s=s2026 header.a=rsa-sha256 header.b=EjCbN/c3\n"
	    "dkim=permerror reason=[key too short] header.d=old.example "
	    "header.s=k1 header.b=mQ8GEWPc\n"
	    "arc=pass smtp.remote-ip=2001:db8::19 header.oldest-pass=0\n"
	    "dmarc=pass header.from=corp.example policy.dmarc=reject\n" },
	{ "nothing known", CLIENT_OUTSIDE, NULL, NULL, "<>",
	    { .iprev.reason = "not looked at",
	      .spf = { .mailfrom.reason = "no client address",
		  .mailfrom_scope = SPF_SCOPE_HELO },
	      .dmarc = { .code = AUTH_PERMERROR, .reason = "no From field",
		  .policy = DMARC_POLICY_ABSENT } },
	    "mx.test\n"
	    "spf=none reason=[no client address]\n"
	    "dkim=none\n"
	    "arc=none\n"
	    "dmarc=permerror reason=[no From field]\n" },
	{ "null sender", CLIENT_OUTSIDE, "192.0.2.1", NULL, "<>",
	    { .iprev = { .code = AUTH_FAIL, .reason = "no way back" },
	      .spf = { .mailfrom = { .code = AUTH_PASS,
		  .domain = "mx.corp.example", .local_part_used = true },
		  .mailfrom_scope = SPF_SCOPE_HELO,
		  .helo = { .code = AUTH_PASS, .domain = "mx.corp.example" } },
	      .dmarc = { .policy = DMARC_POLICY_ABSENT,
		  .author_domain = "corp.example",
		  .reason = "no DMARC record for corp.example" } },
	    "mx.test\n"
	    "iprev=fail reason=[no way back] policy.iprev=192.0.2.1\n"
	    "spf=pass smtp.helo=mx.corp.example\n"
	    "dkim=none\n"
	    "arc=none smtp.remote-ip=192.0.2.1\n"
	    "dmarc=none reason=[no DMARC record for corp.example] "
	    "header.from=corp.example\n" },
	{ "local-part used", CLIENT_OUTSIDE, "192.0.2.1", NULL,
	    "<\"a b\\\"c\"@x.example>",
	    { .spf.mailfrom = { .code = AUTH_FAIL, .domain = "x.example",
		  .local_part_used = true },
	      .dmarc = { .code = AUTH_TEMPERROR, .reason = "DNS failure at x",
		  .policy = DMARC_POLICY_QUARANTINE,
		  .policy_domain = "x.example", .author_domain = "x.example" },
	    },
	    "mx.test\n"
	    "spf=fail smtp.mailfrom=\"a b\\\"c\"@x.example\n"
	    "dkim=none\n"
	    "arc=none smtp.remote-ip=192.0.2.1\n"
	    "dmarc=temperror reason=[DNS failure at x] header.from=x.example "
	    "policy.dmarc=quarantine\n" },
	{ "local-part used, plain", CLIENT_RELAY, "192.0.2.1", NULL,
	    "<a.b+c@x.example>",
	    { .spf.mailfrom = { .code = AUTH_NEUTRAL, .domain = "x.example",
		  .local_part_used = true },
	      .dmarc.policy = DMARC_POLICY_ABSENT },
	    "mx.test\n"
	    "spf=neutral smtp.mailfrom=a.b+c@x.example\n"
	    "dkim=none\n"
	    "arc=none smtp.remote-ip=192.0.2.1\n"
	    "dmarc=none\n" },
	{ "local-part used, UTF-8", CLIENT_RELAY, "192.0.2.1", NULL,
	    "<j\xc3\xb6rg@x.example>",
	    { .spf.mailfrom = { .code = AUTH_PASS, .domain = "x.example",
		  .local_part_used = true },
	      .dmarc.policy = DMARC_POLICY_ABSENT },
	    "mx.test\n"
	    "spf=pass smtp.mailfrom=j\xc3\xb6rg@x.example\n"
	    "dkim=none\n"
	    "arc=none smtp.remote-ip=192.0.2.1\n"
	    "dmarc=none\n" },
	{ "authenticated", CLIENT_AUTHENTICATED, "192.0.2.1",
	    "joe@example.org", "<joe@example.org>",
	    { .iprev.reason = "authenticated submission",
	      .spf.mailfrom.reason = "authenticated submission",
	      .dmarc = { .policy = DMARC_POLICY_ABSENT,
		  .reason = "authenticated submission" } },
	    "mx.test\nauth=pass smtp.auth=joe@example.org\n" },
	{ "authenticated, signed", CLIENT_AUTHENTICATED, "192.0.2.1", NULL,
	    "<joe@example.org>",
	    { .dkim = { .code = AUTH_PERMERROR, .count = 1,
		  .signatures = signatures + 1 },
	      .arc = { .code = AUTH_FAIL, .reason = "set 2 is missing" } },
	    "mx.test\nauth=pass\n"
	    "dkim=permerror reason=[key too short] header.d=old.example "
	    "header.s=k1 header.b=mQ8GEWPc\n"
	    "arc=fail reason=[set 2 is missing] smtp.remote-ip=192.0.2.1\n" },
	{ "local", CLIENT_LOCAL, NULL, NULL, "<root@example.org>",
	    { .dmarc.policy = DMARC_POLICY_ABSENT }, "mx.test\n" },
};

static void test_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *mem = arena_new(4096);
		const struct evidence e = {
			.client_class = cases[i].class,
			.client_ip = ip_of(cases[i].client),
			.auth_user = cases[i].user,
			.mail = path_read(mem, cases[i].mail),
		};
		struct buf got = { 0 };
		struct authres a;

		stamp_results(mem, &options, &e, &cases[i].f, &a);
		describe(&a, &got);
		if (strcmp(buf_text(&got), cases[i].found) != 0)
			fail_msg("%s: %s", cases[i].label, buf_text(&got));
		buf_free(&got);
		arena_free(mem);
	}
}

/* What leaves us reads back as what was meant. */
static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *mem = arena_new(4096);
		const struct evidence e = {
			.client_class = cases[i].class,
			.client_ip = ip_of(cases[i].client),
			.auth_user = cases[i].user,
			.mail = path_read(mem, cases[i].mail),
		};
		struct buf before = { 0 }, after = { 0 }, field = { 0 };
		struct authres a, back;

		stamp_results(mem, &options, &e, &cases[i].f, &a);
		describe(&a, &before);
		/* A message that is not internationalized bears ASCII only. */
		authres_render(&a, false, &field);
		for (size_t k = 0; k < field.len; k++)
			if ((unsigned char)field.data[k] > 127)
				fail_msg("%s: %s", cases[i].label, field.data);
		if (!authres_parse(mem, buf_slice(&field), &back))
			fail_msg("%s: %s", cases[i].label, buf_text(&field));
		buf_clear(&field);
		authres_render(&a, true, &field);
		if (!authres_parse(mem, buf_slice(&field), &back))
			fail_msg("%s: %s", cases[i].label, buf_text(&field));
		describe(&back, &after);
		if (strcmp(buf_text(&before), buf_text(&after)) != 0)
			fail_msg("%s: %s", cases[i].label, buf_text(&after));
		buf_free(&before);
		buf_free(&after);
		buf_free(&field);
		arena_free(mem);
	}
}

static const struct {
	const char *label;
	const char *client, *helo, *mail;
	struct spf_finding f;
	const char *found;
} received[] = {
	{ "pass", "2001:db8::1", "mx.corp.example", "<a@corp.example>",
	    { .mailfrom = { .code = AUTH_PASS, .domain = "corp.example",
		.mechanism = "ip6:2001:db8::/32" } },
	    " pass (mx.test: 2001:db8::1 is authorized by\r\n corp.example)"
	    "\r\n client-ip=\"2001:db8::1\";"
	    "\r\n envelope-from=\"a@corp.example\";"
	    "\r\n helo=mx.corp.example;"
	    "\r\n identity=mailfrom;"
	    "\r\n mechanism=\"ip6:2001:db8::/32\";"
	    "\r\n receiver=mx.test" },
	{ "permerror of a null sender", "192.0.2.1", "[192.0.2.1]", "<>",
	    { .mailfrom = { .code = AUTH_PERMERROR, .domain = "x.example",
		.reason = "unknown mechanism (foo\\)" },
	      .mailfrom_scope = SPF_SCOPE_HELO },
	    " permerror (mx.test: unknown mechanism \\(foo\\\\\\))"
	    "\r\n client-ip=192.0.2.1;"
	    "\r\n envelope-from=\"\";"
	    "\r\n helo=\"[192.0.2.1]\";"
	    "\r\n identity=helo;"
	    "\r\n problem=\"unknown mechanism (foo\\\\)\";"
	    "\r\n receiver=mx.test" },
	{ "hostile", NULL, "a\"b\\c\r\nX: y", "<\xc3\xbc\"\r\n@x.example>",
	    { .mailfrom = { .code = AUTH_NONE } },
	    " none (mx.test: nothing to check)"
	    "\r\n envelope-from=\"??\\\"??@x.example\";"
	    "\r\n helo=\"a\\\"b\\\\c??X: y\";"
	    "\r\n identity=mailfrom;"
	    "\r\n receiver=mx.test" },
	{ "softfail", "192.0.2.1", NULL, "<a@x.example>",
	    { .mailfrom = { .code = AUTH_SOFTFAIL, .domain = "x.example",
		.mechanism = "~all" } },
	    " softfail (mx.test: 192.0.2.1 is probably not authorized by"
	    "\r\n x.example)"
	    "\r\n client-ip=192.0.2.1;"
	    "\r\n envelope-from=\"a@x.example\";"
	    "\r\n identity=mailfrom;"
	    "\r\n mechanism=~all;"
	    "\r\n receiver=mx.test" },
};

static void test_received_spf(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(received) / sizeof(*received); i++) {
		struct arena *mem = arena_new(4096);
		const struct evidence e = {
			.client_ip = ip_of(received[i].client),
			.helo = received[i].helo,
			.mail = path_read(mem, received[i].mail),
		};
		struct buf got = { 0 };

		stamp_received_spf(&options, &e, &received[i].f, &got);
		if (strcmp(buf_text(&got), received[i].found) != 0)
			fail_msg("%s: %s", received[i].label, buf_text(&got));
		buf_free(&got);
		arena_free(mem);
	}
}

/* Whatever comes, no line passes the limit of RFC 5322 2.1.1. */
static void test_received_spf_long(void **state)
{
	struct arena *mem = arena_new(4096);
	char *huge = arena_alloc(mem, 100001);
	const struct evidence e = {
		.client_ip = ip_of("192.0.2.1"), .helo = huge,
		.mail = { .status = PATH_BAD, .text = huge },
	};
	const struct spf_finding f = { .mailfrom = {
		.code = AUTH_TEMPERROR, .domain = huge, .mechanism = huge,
		.reason = huge,
	} };
	struct buf got = { 0 };
	struct slice rest;

	(void)state;
	memset(huge, '"', 100000);
	stamp_received_spf(&options, &e, &f, &got);
	rest = buf_slice(&got);
	while (rest.data != NULL)
		assert_true(slice_cut(&rest, '\n').len < 900);
	buf_free(&got);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_received_spf),
		cmocka_unit_test(test_received_spf_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
