// SPDX-License-Identifier: BSD-2-Clause
// One body and all who hash it: the same digests whatever the pieces, each
// made once, none of a part of the body that nobody asked for in time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "check/body.h"

static struct arena *mem;

static int set_up(void **state)
{
	(void)state;
	mem = arena_new(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

static const char raw[] = "a  b \r\nbare\rand\nlone \t\r\n\r\n\r\nend";
static const char lines[] =
	"a  b \r\nbare\r\nand\r\nlone \t\r\n\r\n\r\nend\r\n";
static const char relaxed[] =
	"a b\r\nbare\r\nand\r\nlone\r\n\r\n\r\nend\r\n";

static const struct {
	struct body_part part;
	const char *text;
	size_t octets;
} parts[] = {
	{ { CANONICAL_SIMPLE, false, 0 }, lines, sizeof(lines) - 1 },
	{ { CANONICAL_RELAXED, false, 0 }, relaxed, sizeof(relaxed) - 1 },
	{ { CANONICAL_SIMPLE, true, 0 }, lines, 0 },
	{ { CANONICAL_SIMPLE, true, 13 }, lines, 13 },
	{ { CANONICAL_RELAXED, true, 13 }, relaxed, 13 },
	{ { CANONICAL_RELAXED, true, 9999 }, relaxed, sizeof(relaxed) - 1 },
};
enum { PARTS = sizeof(parts) / sizeof(*parts) };

static void expect(const struct body *b, struct body_part part,
    const char *text, size_t n)
{
	struct body_digest got = body_digest(b, part);
	unsigned char want[32];

	assert_int_equal(EVP_Digest(text, n, want, NULL, EVP_sha256(), NULL),
	    1);
	assert_true(got.known);
	assert_memory_equal(got.digest, want, sizeof(want));
}

static void collect(void *arg, const void *bytes, size_t n)
{
	assert_true(n > 0);
	buf_add(arg, bytes, n);
}

static void feed(struct body *b, const char *text, size_t n, size_t cut)
{
	body_feed(b, text, cut < n ? cut : n);
	for (size_t i = cut; i < n; i++)
		body_feed(b, text + i, 1);
}

/* Cut everywhere, wanted twice, with and without a tap. */
static void test_parts(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= sizeof(raw) - 1; cut++) {
		struct buf tapped = { 0 };
		struct body *b = body_new(mem);

		for (size_t i = 0; i < 2 * PARTS; i++)
			assert_true(body_want(b, parts[i % PARTS].part));
		if (cut % 2 == 0)
			assert_true(body_tap(b, (struct canonical_sink){
			    collect, &tapped }));
		feed(b, raw, sizeof(raw) - 1, cut);
		body_end(b);
		body_end(b);
		for (size_t i = 0; i < PARTS; i++)
			expect(b, parts[i].part, parts[i].text,
			    parts[i].octets);
		if (cut % 2 == 0)
			assert_string_equal(buf_text(&tapped), lines);
		assert_int_equal(body_octets(b, CANONICAL_SIMPLE),
		    sizeof(lines) - 1);
		assert_int_equal(body_octets(b, CANONICAL_RELAXED),
		    sizeof(relaxed) - 1);
		buf_free(&tapped);
		arena_reset(mem);
	}
}

/* RFC 6376 3.4.3, 3.4.4 */
static void test_empty(void **state)
{
	struct body *b = body_new(mem);

	(void)state;
	assert_true(body_want(b, parts[0].part));
	assert_true(body_want(b, parts[1].part));
	body_end(b);
	expect(b, parts[0].part, "\r\n", 2);
	expect(b, parts[1].part, "", 0);
}

/* A digest of the rest of a body would be one of another body. */
static void test_too_late(void **state)
{
	struct body *b = body_new(mem);

	(void)state;
	assert_true(body_want(b, parts[0].part));
	body_feed(b, "x", 1);
	assert_false(body_want(b, parts[1].part));
	assert_false(body_want(b, parts[0].part));
	assert_false(body_tap(b, (struct canonical_sink){ collect, NULL }));
	assert_false(body_digest(b, parts[0].part).known);
	body_end(b);
	expect(b, parts[0].part, "x\r\n", 3);
	assert_false(body_digest(b, parts[1].part).known);
	assert_false(body_want(b, parts[1].part));
}

/* Nobody wants a digest, only to know how long it is, or nothing at all. */
static void test_octets_only(void **state)
{
	struct body *b = body_new(mem);

	(void)state;
	body_want_octets(b, CANONICAL_RELAXED);
	body_feed(b, raw, sizeof(raw) - 1);
	body_end(b);
	assert_int_equal(body_octets(b, CANONICAL_RELAXED),
	    sizeof(relaxed) - 1);
	assert_int_equal(body_octets(b, CANONICAL_SIMPLE), 0);
	assert_false(body_digest(b, parts[1].part).known);

	b = body_new(mem);
	body_feed(b, raw, sizeof(raw) - 1);
	body_end(b);
	assert_int_equal(body_octets(b, CANONICAL_RELAXED), 0);
}

/* The whole body has its place in any case. */
static void test_many_lengths(void **state)
{
	struct body *b = body_new(mem);
	struct body_part part = { .form = CANONICAL_SIMPLE, .limited = true };

	(void)state;
	for (part.length = 0; part.length < 20; part.length++)
		assert_true(body_want(b, part) ==
		    (part.length < BODY_LENGTHS_MAX));
	assert_true(body_want(b, parts[0].part));
	assert_true(body_want(b, parts[1].part));
	body_feed(b, raw, sizeof(raw) - 1);
	body_end(b);
	for (part.length = 0; part.length < BODY_LENGTHS_MAX; part.length++)
		expect(b, part, lines, part.length);
	for (; part.length < 20; part.length++)
		assert_false(body_digest(b, part).known);
	expect(b, parts[0].part, lines, sizeof(lines) - 1);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_parts),
		TEST(test_empty),
		TEST(test_too_late),
		TEST(test_octets_only),
		TEST(test_many_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
