/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * random_policy: policies that nobody would write, for tests of what holds for
 * all of them. The same seed gives the same policy on every machine.
 */
#include <stdint.h>

#include "base/buf.h"
#include "mail/phase.h"

struct dice {
	uint64_t state;
};

/* 0..sides-1; splitmix64 (Steele, Lea, Flood 2014). */
static inline unsigned roll(struct dice *d, unsigned sides)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % sides);
}

/* One condition, and the phase its fact is of. */
static const struct {
	enum phase phase;
	const char *text;
} random_tests[] = {
	{ PHASE_CONNECT, "client.ip in { \"192.0.2.0/28\" }" },
	{ PHASE_CONNECT, "client.ip == \"203.0.113.9\"" },
	{ PHASE_CONNECT, "client.name matches \"*.example.com\"" },
	{ PHASE_HELO, "helo.status == bare" },
	{ PHASE_HELO, "helo.name == \"mail.example.com\"" },
	{ PHASE_MAIL, "client.class == outside" },
	{ PHASE_MAIL, "client.class in { local authenticated }" },
	{ PHASE_MAIL, "auth.user == \"ann\"" },
	{ PHASE_MAIL, "tls.version matches \"*\"" },
	{ PHASE_MAIL, "mail.domain == \"example.com\"" },
	{ PHASE_MAIL, "iprev.result == pass" },
	{ PHASE_MAIL, "iprev.result in { none permerror }" },
	{ PHASE_MAIL, "spf.result == fail" },
	{ PHASE_MAIL, "spf.helo != pass" },
	{ PHASE_MAIL, "dnsbl(\"bl.example.net\")" },
	{ PHASE_MAIL, "rhsbl(\"rhs.example.net\", helo.name)" },
	{ PHASE_RCPT, "rcpt.domain == \"closed.example.org\"" },
	{ PHASE_RCPT, "rcpt.address != \"bob@example.org\"" },
	{ PHASE_HEADERS, "from.domain == \"example.com\"" },
	{ PHASE_HEADERS, "header(\"X-A\") == \"1\"" },
	{ PHASE_EOM, "dkim.result == pass" },
	{ PHASE_EOM, "dmarc.result == fail" },
	{ PHASE_EOM, "message.size > 200" },
};
#define RANDOM_TESTS (sizeof(random_tests) / sizeof(*random_tests))

/* Nothing that is known only after `last`. */
static inline void random_test(struct dice *d, enum phase last, struct buf *out)
{
	size_t i;

	do
		i = roll(d, RANDOM_TESTS);
	while (random_tests[i].phase > last);
	if (roll(d, 4) == 0)
		buf_adds(out, "not ");
	buf_adds(out, random_tests[i].text);
}

static inline void random_condition(struct dice *d, enum phase last,
    unsigned depth, struct buf *out)
{
	unsigned parts = 1 + roll(d, 3);
	const char *bond = roll(d, 2) == 0 ? " and " : " or ";

	for (unsigned i = 0; i < parts; i++) {
		if (i > 0)
			buf_adds(out, bond);
		if (depth == 0 || roll(d, 3) > 0) {
			random_test(d, last, out);
			continue;
		}
		buf_adds(out, roll(d, 3) == 0 ? "not (" : "(");
		random_condition(d, last, depth - 1, out);
		buf_addc(out, ')');
	}
}

static inline void random_refusal(struct dice *d, struct buf *out)
{
	static const char *const texts[] = {
		"no", "no, {client.ip}", "{helo.name} is no name",
		"{client.class} {mail.domain}", "not to {rcpt.address}",
		"{iprev.result} and {spf.result}",
	};
	const char *text = texts[roll(d, sizeof(texts) / sizeof(*texts))];

	if (roll(d, 3) > 0)
		buf_addf(out, " reject 550 5.7.1 \"%s\"", text);
	else
		buf_addf(out, " tempfail 451 4.7.1 \"%s\"", text);
	if (roll(d, 8) == 0)
		buf_addf(out, " sample %u%%", 10 + roll(d, 80));
}

static inline void random_rule(struct dice *d, unsigned number,
    struct buf *out)
{
	static const char *const deeds[] = {
		" accept", " discard", " log \"{spf.result}\"",
		" tag header \"X-Tag\" \"{helo.name}\"",
	};
	bool early = roll(d, 5) > 0;
	/* Mostly soon, so that something is left to be said early. */
	enum phase last = early || roll(d, 3) > 0 ?
	    PHASE_CONNECT + (enum phase)roll(d, 4) : PHASE_EOM;

	buf_addf(out, "rule r%u%s%s unsafe {\n    when ", number,
	    early ? " early" : "", roll(d, 10) == 0 ? " observe" : "");
	random_condition(d, last, 2, out);
	if (roll(d, 3) == 0) {
		buf_adds(out, "\n    unless ");
		random_condition(d, last, 1, out);
	}
	buf_adds(out, "\n   ");
	if (early || roll(d, 2) == 0)
		random_refusal(d, out);
	else
		buf_adds(out, deeds[roll(d, sizeof(deeds) / sizeof(*deeds))]);
	buf_adds(out, "\n}\n");
}

/* Some contradict themselves, and are not loaded. */
static inline void random_policy(struct dice *d, struct buf *out)
{
	unsigned rules = 1 + roll(d, 6);

	buf_clear(out);
	for (unsigned i = 0; i < rules; i++)
		random_rule(d, i, out);
	buf_addf(out, "default %s\n", roll(d, 2) == 0 ? "accept" : "discard");
}
