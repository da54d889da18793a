/* SPDX-License-Identifier: BSD-2-Clause */
#include "dkim_stage.h"

#include "mail/message.h"

static const struct slice bodies[] = {
	TEXT(""),
	TEXT("\r\n"),
	TEXT(" \t\r\n\r\n"),
	TEXT("one line\r\n"),
	TEXT("a  b\t\r\n \r\n\r\nc \r\n\r\n\r\n"),
	TEXT("\r\n\r\nlate\r\n"),
	TEXT("\0\xff\v \0\r\n"),
};
enum { BODIES = sizeof(bodies) / sizeof(bodies[0]) };

static void test_good(void **state)
{
	(void)state;
	for (int key = RSA2048; key <= ED25519; key++)
		for (size_t f = 0; f < 4; f++)
			for (size_t b = 0; b < BODIES; b++) {
				struct stage s = { .body = bodies[b] };

				put_signed(&s, key, forms[f], s.body, -1);
				put_message(&s);
				if (run(&s) != DKIM_OPINION_PASS)
					fail_msg("key %d %s body %zu: %d", key,
					    forms[f], b, s.tasks[0].opinion);
			}
}

static void test_every_split(void **state)
{
	static const struct slice body = TEXT("a  b\t\r\n \r\n\r\nc \r\n\r\n");

	(void)state;
	for (size_t f = 0; f < 4; f++) {
		struct stage signing = { .count = 0 };

		put_signed(&signing, ED25519, forms[f], body, -1);
		for (size_t first = 1; first <= body.len; first++)
			for (size_t chunk = 1; chunk <= body.len; chunk++) {
				struct stage s = signing;

				s.body = body;
				s.first = first;
				s.chunk = chunk;
				put_message(&s);
				if (run(&s) != DKIM_OPINION_PASS)
					fail_msg("%s split %zu by %zu",
					    forms[f], first, chunk);
			}
	}
}

/* How the message differs from what was signed, and who may mind. */
static const struct {
	const char *label;
	const char *name, *value;       /* instead of that field; NULL: as is */
	struct slice body;
	enum dkim_opinion simple, relaxed;      /* of both canonicalizations */
} changes[] = {
#define WAS TEXT("a b\r\n\r\n")
	{ "nothing", NULL, NULL, WAS, DKIM_OPINION_PASS, DKIM_OPINION_PASS },
	{ "body", NULL, NULL, TEXT("a c\r\n"), DKIM_OPINION_BODY,
	    DKIM_OPINION_BODY },
	{ "body empty", NULL, NULL, TEXT(""), DKIM_OPINION_BODY,
	    DKIM_OPINION_BODY },
	{ "body longer", NULL, NULL, TEXT("a b\r\n\r\nc"), DKIM_OPINION_BODY,
	    DKIM_OPINION_BODY },
	{ "body blanks", NULL, NULL, TEXT("a \tb \r\n"), DKIM_OPINION_BODY,
	    DKIM_OPINION_PASS },
	{ "body lines at the end", NULL, NULL, TEXT("a b"), DKIM_OPINION_PASS,
	    DKIM_OPINION_PASS },
	{ "body line ends", NULL, NULL, TEXT("a b\n\n"), DKIM_OPINION_PASS,
	    DKIM_OPINION_PASS },
	{ "field", "From", " Jim  <joe@example.com> ", WAS,
	    DKIM_OPINION_HEADER, DKIM_OPINION_HEADER },
	{ "field's blanks", "From", "Joe\r\n <joe@example.com>", WAS,
	    DKIM_OPINION_HEADER, DKIM_OPINION_PASS },
	{ "field's case", "FROM", " Joe  <joe@example.com> ", WAS,
	    DKIM_OPINION_HEADER, DKIM_OPINION_PASS },
	{ "field's fold", "SUBJECT", " \tdinner\t is \n\t ready? \xc3\xa4",
	    WAS, DKIM_OPINION_PASS, DKIM_OPINION_PASS },
	{ "an octet of 8 bits", "SUBJECT", " \tdinner\t is \r\n\t ready? "
	    "\xc3\xa5", WAS, DKIM_OPINION_HEADER, DKIM_OPINION_HEADER },
	{ "field and body", "to", "you", TEXT("x"), DKIM_OPINION_BODY,
	    DKIM_OPINION_BODY },
};

static void test_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		for (size_t f = 0; f < 4; f += 3) {
			enum dkim_opinion wanted = f == 0 ? changes[i].simple :
			    changes[i].relaxed;
			struct stage s = { .body = changes[i].body };
			struct slice was = WAS;
			const char *name = changes[i].name;

			put_signed(&s, RSA1024, forms[f], was, -1);
			for (size_t k = 0; k < FIELDS; k++) {
				bool other = name != NULL && strcasecmp(name,
				    message[k].name) == 0;

				put(&s, other ? name : message[k].name,
				    other ? changes[i].value :
				    message[k].value);
			}
			if (run(&s) != wanted)
				fail_msg("%s, %s: %d", changes[i].label,
				    forms[f], s.tasks[0].opinion);
		}
}

/* Fields that come or go. */
static const struct {
	const char *label;
	const char *above, *below;      /* one more field; NULL: none */
	size_t without;                 /* this one is gone */
	enum dkim_opinion wanted;
} movements[] = {
	{ "unsigned one above", "X-Other", NULL, FIELDS, DKIM_OPINION_PASS },
	{ "unsigned one below", NULL, "X-Other", FIELDS, DKIM_OPINION_PASS },
	{ "second From above", "From", NULL, FIELDS, DKIM_OPINION_HEADER },
	{ "second From below", NULL, "From", FIELDS, DKIM_OPINION_HEADER },
	{ "To above", "To", NULL, FIELDS, DKIM_OPINION_PASS },
	{ "To below", NULL, "To", FIELDS, DKIM_OPINION_HEADER },
	{ "what was missing", NULL, "x-MISSING", FIELDS, DKIM_OPINION_HEADER },
	{ "third Received", "Received", NULL, FIELDS, DKIM_OPINION_HEADER },
	{ "no first Received", NULL, NULL, 0, DKIM_OPINION_HEADER },
	{ "no From", NULL, NULL, 2, DKIM_OPINION_HEADER },
};

static void test_moved(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(movements) / sizeof(movements[0]); i++) {
		struct stage s = { .body = bodies[3] };

		put_signed(&s, ED25519, "relaxed/relaxed", s.body, -1);
		if (movements[i].above != NULL)
			put(&s, movements[i].above, " intruder@example.org");
		for (size_t k = 0; k < FIELDS; k++)
			if (k != movements[i].without)
				put(&s, message[k].name, message[k].value);
		if (movements[i].below != NULL)
			put(&s, movements[i].below, " intruder@example.org");
		if (run(&s) != movements[i].wanted)
			fail_msg("%s: %d", movements[i].label,
			    s.tasks[0].opinion);
	}
}

static void test_length(void **state)
{
	/* canonical: 10 octets in simple, 9 in relaxed */
	static const struct slice body = TEXT("abc  def\r\n\r\n");
	static const struct {
		const char *form;
		long length;
		struct slice got;
		enum dkim_opinion wanted;
	} rows[] = {
		{ "simple/simple", 10, TEXT("abc  def\r\n"),
		  DKIM_OPINION_PASS },
		{ "simple/simple", 10, TEXT("abc  def\r\nmore"),
		  DKIM_OPINION_PASS },
		{ "simple/simple", 4, TEXT("abc x"), DKIM_OPINION_PASS },
		{ "simple/simple", 4, TEXT("abcx"), DKIM_OPINION_BODY },
		{ "simple/simple", 10, TEXT("abc"), DKIM_OPINION_LENGTH },
		{ "simple/simple", 0, TEXT(""), DKIM_OPINION_PASS },
		{ "simple/simple", 0, TEXT("x"), DKIM_OPINION_PASS },
		{ "relaxed/relaxed", 9, TEXT("abc\t def"), DKIM_OPINION_PASS },
		{ "relaxed/relaxed", 9, TEXT("abc def \r\nx"),
		  DKIM_OPINION_PASS },
		{ "relaxed/relaxed", 7, TEXT("abc\t\tdefx"),
		  DKIM_OPINION_PASS },
		{ "relaxed/relaxed", 9, TEXT("abc de"), DKIM_OPINION_LENGTH },
		{ "relaxed/relaxed", 1, TEXT(" \r\n\r\n"),
		  DKIM_OPINION_LENGTH },
		{ "relaxed/relaxed", 0, TEXT(""), DKIM_OPINION_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t chunk = 0; chunk < 4; chunk++) {
			struct stage s = { .body = rows[i].got,
				.chunk = chunk };

			put_signed(&s, RSA1024, rows[i].form, body,
			    rows[i].length);
			put_message(&s);
			if (run(&s) != rows[i].wanted)
				fail_msg("row %zu: %d", i, s.tasks[0].opinion);
		}
}

/* Many signatures of one message: hashes are shared, opinions are not. */
static void test_many(void **state)
{
	static const long lengths[] = { -1, 3, 5, 0, 7 };
	struct stage s = { .body = TEXT("abc def\r\n") };
	struct slice other = TEXT("abc dex\r\n");
	size_t count;

	(void)state;
	for (size_t f = 0; f < 4; f++)
		put_signed(&s, ED25519, forms[f], s.body, -1);
	for (size_t i = 0; i < 5; i++)
		put_signed(&s, RSA1024, "relaxed/relaxed", s.body, lengths[i]);
	put_signed(&s, ED25519, "simple/simple", other, -1);
	put_signed(&s, ED25519, "simple/simple", s.body, -1);
	s.keys[s.count - 1] = &keys[OTHER];     /* not by this key's type */
	s.keys[0] = NULL;
	put_message(&s);
	count = s.count;
	assert_int_equal(run(&s), DKIM_OPINION_NONE);
	assert_int_equal(s.count, count);
	for (size_t i = 1; i < count - 2; i++)
		if (s.tasks[i].opinion != DKIM_OPINION_PASS)
			fail_msg("task %zu: %d", i, s.tasks[i].opinion);
	assert_int_equal(s.tasks[count - 2].opinion, DKIM_OPINION_BODY);
	assert_int_equal(s.tasks[count - 1].opinion, DKIM_OPINION_HEADER);
}

/* More l= than anybody pays for: not judged, the others are. */
static void test_too_many_lengths(void **state)
{
	struct stage s = { .body = TEXT("abc def\r\n") };

	(void)state;
	for (long i = 0; i < 7; i++)
		put_signed(&s, ED25519, "simple/simple", s.body, i);
	put_message(&s);
	run(&s);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(s.tasks[i].opinion, i < BODY_LENGTHS_MAX ?
		    DKIM_OPINION_PASS : DKIM_OPINION_TROUBLE);
	assert_non_null(s.tasks[6].why);
}

/* A signed field in which two readers may see two fields. */
static void test_cannot(void **state)
{
	static const struct slice values[] = {
		TEXT("a\0b"), TEXT("a\rb"), TEXT("a\nb"), TEXT("a\vb"),
		TEXT("a\r\nb"), TEXT("a\r\n"), TEXT("a\r"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct stage s = { .body = bodies[3] };

		put_signed(&s, ED25519, "relaxed/relaxed", s.body, -1);
		header_append(&s.header, mem, slice_of("X-Blank"), values[i]);
		put_message(&s);
		collect(&s);
		/* h= names it once, so the lowest one is meant */
		assert_true(dkim_native_engine.can(&s.tasks[0], &s.header));
		header_append(&s.header, mem, slice_of("x-blank"), values[i]);
		collect(&s);
		assert_false(dkim_native_engine.can(&s.tasks[0], &s.header));
	}
}

/* --- RFC 8463 appendix A --- */

static const char brisbane[] =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char test[] = "v=DKIM1; k=rsa; p="
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhd"
    "R6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL"
    "6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

static const char football[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";

static void test_rfc8463(void **state)
{
	const struct dkim_engine *const engines[] = { &dkim_native_engine,
		&dkim_library_engine };
	struct dkim_key ed, rsa;
	struct message m;

	(void)state;
	dkim_key_parse(mem, slice_of(brisbane), &ed);
	dkim_key_parse(mem, slice_of(test), &rsa);
	message_cut(mem, (struct slice){ football, sizeof(football) - 1 }, &m);
	for (size_t e = 0; e < 2; e++)
		for (size_t chunk = 0; chunk <= m.body.len; chunk++) {
			struct stage s = { .engine = engines[e],
				.header = m.header, .body = m.body,
				.chunk = chunk, .keys = { &ed, &rsa } };

			run(&s);
			assert_int_equal(s.count, 2);
			assert_int_equal(s.tasks[0].opinion, DKIM_OPINION_PASS);
			assert_int_equal(s.tasks[1].opinion, DKIM_OPINION_PASS);
		}
}

/* --- two engines, one answer --- */

/* One octet somewhere becomes another, comes or goes. */
static char *spoil(const char *text, size_t len, size_t *out, unsigned *seed)
{
	static const char octets[] = "a A\t\r\n\xff<";
	size_t at = (size_t)rand_r(seed) % (len + 1);
	char with = octets[(size_t)rand_r(seed) % (sizeof(octets) - 1)];
	char *copy = arena_alloc(mem, len + 2);
	int how = rand_r(seed) % 3;
	size_t drop = how > 0 && at < len;

	memcpy(copy, text, at);
	if (how < 2)
		copy[at] = with;
	*out = at + (how < 2) + (len - at - drop);
	memcpy(copy + at + (how < 2), text + at + drop, len - at - drop);
	return copy;
}

static bool can_be_asked(struct stage *s)
{
	collect(s);
	return s->count == 1 && dkim_native_engine.can(&s->tasks[0],
	    &s->header) && dkim_library_engine.can(&s->tasks[0], &s->header);
}

static void test_agreement(void **state)
{
	static const struct slice body = TEXT(
	    "Hello  there,\r\n\r\n\tbye. \r\n\r\n");
	unsigned seed = 11, passes = 0, others = 0, asked = 0;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		struct stage s = { .count = 0 }, twin;
		size_t which = (size_t)rand_r(&seed) % (FIELDS + 2);
		size_t cut = (size_t)rand_r(&seed) % 12;

		arena_reset(mem);
		put_signed(&s, rand_r(&seed) % 2 ? ED25519 : RSA1024,
		    forms[rand_r(&seed) % 4], body, cut < 2 ? 15 : -1);
		s.body = body;
		s.chunk = cut;
		for (size_t i = 0; i < FIELDS; i++) {
			struct slice v = slice_of(message[i].value);

			if (i == which)
				v.data = spoil(v.data, v.len, &v.len, &seed);
			header_append(&s.header, mem, slice_of(message[i].name),
			    v);
		}
		if (which == FIELDS)
			s.body.data = spoil(body.data, body.len, &s.body.len,
			    &seed);
		if (!can_be_asked(&s))
			continue;
		twin = s;
		twin.engine = &dkim_library_engine;
		asked++;
		if (run(&s) != run(&twin))
			fail_msg("round %d, place %zu: native %d library %d",
			    round, which, s.tasks[0].opinion,
			    twin.tasks[0].opinion);
		if (s.tasks[0].opinion == DKIM_OPINION_PASS)
			passes++;
		else
			others++;
	}
	/* Or else it was no comparison. */
	assert_true(asked > 1000 && passes > 200 && others > 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_every_split),
		TEST(test_changed),
		TEST(test_moved),
		TEST(test_length),
		TEST(test_many),
		TEST(test_too_many_lengths),
		TEST(test_cannot),
		TEST(test_rfc8463),
		TEST(test_agreement),
	};

	return cmocka_run_group_tests(tests, set_up_keys, tear_down_keys);
}
