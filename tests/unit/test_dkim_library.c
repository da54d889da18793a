/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What libopendkim is given, what it makes of its memory, and what is believed
 * of its answers. Functions of this file stand before the library's own of the
 * same name and call them.
 */
#include <dlfcn.h>
#include <stdalign.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

#include "check/dkim/dkim.h"
#include "dkim_stage.h"
#include "dns/zone.h"

#define REAL(name)							\
	static __typeof__(&name) real_##name(void)			\
	{								\
		void *at = dlsym(RTLD_NEXT, #name);			\
		__typeof__(&name) function;				\
									\
		signer_must(at != NULL);				\
		memcpy(&function, &at, sizeof(function));		\
		return function;					\
	}

REAL(dkim_init)
REAL(dkim_options)
REAL(dkim_verify)
REAL(dkim_header)
REAL(dkim_eoh)
REAL(dkim_getsiglist)
REAL(dkim_body)
REAL(dkim_eom)
REAL(dkim_sig_geterror)
REAL(dkim_sig_getflags)
REAL(dkim_sig_getbh)
REAL(dkim_sig_getkeysize)

/* --- its memory: a fence before and behind each block --- */

enum { FENCE = 64, FENCE_OCTET = 0xa5 };

struct block {
	size_t size;
	unsigned char fence[FENCE];
	alignas(max_align_t) unsigned char room[];
};

static struct {
	size_t given, taken_back, torn;
} memory;

static void *fenced_malloc(void *closure, size_t n)
{
	struct block *b = malloc(sizeof(*b) + n + FENCE);

	(void)closure;
	signer_must(b != NULL);
	b->size = n;
	memset(b->fence, FENCE_OCTET, FENCE);
	memset(b->room, ~FENCE_OCTET, n);
	memset(b->room + n, FENCE_OCTET, FENCE);
	memory.given++;
	return b->room;
}

static void fenced_free(void *closure, void *p)
{
	struct block *b;

	(void)closure;
	if (p == NULL)
		return;
	b = (struct block *)((char *)p - offsetof(struct block, room));
	for (size_t i = 0; i < FENCE; i++)
		memory.torn += b->fence[i] != FENCE_OCTET ||
		    b->room[b->size + i] != FENCE_OCTET;
	memory.taken_back++;
	free(b);
}

DKIM_LIB *dkim_init(void *(*give)(void *closure, size_t n),
    void (*take_back)(void *closure, void *p))
{
	signer_must(give == NULL && take_back == NULL);
	return real_dkim_init()(fenced_malloc, fenced_free);
}

/* --- what it is told --- */

enum { OPTIONS = 32 };

static struct {
	uint64_t options[OPTIONS];      /* by dkim_opts_t, as set */
	bool is_set[OPTIONS];
	struct buf fields;              /* a line of its own each */
} told;

DKIM_STAT dkim_options(DKIM_LIB *lib, int op, dkim_opts_t option, void *value,
    size_t size)
{
	if (op == DKIM_OP_SETOPT && option < OPTIONS && size <= 8) {
		told.is_set[option] = true;
		told.options[option] = 0;
		memcpy(&told.options[option], value, size);
	}
	return real_dkim_options()(lib, op, option, value, size);
}

DKIM_STAT dkim_header(DKIM *dkim, u_char *text, size_t n)
{
	buf_add(&told.fields, text, n);
	buf_addc(&told.fields, '\n');
	return real_dkim_header()(dkim, text, n);
}

/* --- what it answers --- */

struct answers {
	bool no_handle, no_list;
	DKIM_STAT header, body, end;    /* DKIM_STAT_OK: as they are */
	int lost;                       /* signatures */
	/* of signatures, when all is done */
	bool other_error, other_flags, other_hash, other_bits;
	DKIM_SIGERROR error;
	unsigned flags, bits;
	int hash;
};

static struct answers answers;
static bool is_done;

DKIM *dkim_verify(DKIM_LIB *lib, const unsigned char *id, void *closure,
    DKIM_STAT *stat)
{
	is_done = false;
	if (answers.no_handle)
		return NULL;
	return real_dkim_verify()(lib, id, closure, stat);
}

DKIM_STAT dkim_eoh(DKIM *dkim)
{
	DKIM_STAT stat = real_dkim_eoh()(dkim);

	return answers.header != DKIM_STAT_OK ? answers.header : stat;
}

DKIM_STAT dkim_getsiglist(DKIM *dkim, DKIM_SIGINFO ***sigs, int *count)
{
	DKIM_STAT stat = real_dkim_getsiglist()(dkim, sigs, count);

	*count -= answers.lost;
	return answers.no_list ? DKIM_STAT_INVALID : stat;
}

DKIM_STAT dkim_body(DKIM *dkim, u_char *bytes, size_t n)
{
	DKIM_STAT stat = real_dkim_body()(dkim, bytes, n);

	return answers.body != DKIM_STAT_OK ? answers.body : stat;
}

DKIM_STAT dkim_eom(DKIM *dkim, _Bool *testkey)
{
	DKIM_STAT stat = real_dkim_eom()(dkim, testkey);

	/* as OpenSSL leaves one behind after a failure */
	ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
	is_done = true;
	return answers.end != DKIM_STAT_OK ? answers.end : stat;
}

DKIM_SIGERROR dkim_sig_geterror(DKIM_SIGINFO *sig)
{
	return is_done && answers.other_error ? answers.error :
	    real_dkim_sig_geterror()(sig);
}

unsigned int dkim_sig_getflags(DKIM_SIGINFO *sig)
{
	return is_done && answers.other_flags ? answers.flags :
	    real_dkim_sig_getflags()(sig);
}

int dkim_sig_getbh(DKIM_SIGINFO *sig)
{
	return is_done && answers.other_hash ? answers.hash :
	    real_dkim_sig_getbh()(sig);
}

DKIM_STAT dkim_sig_getkeysize(DKIM_SIGINFO *sig, unsigned int *bits)
{
	DKIM_STAT stat = real_dkim_sig_getkeysize()(sig, bits);

	if (is_done && answers.other_bits)
		*bits = answers.bits;
	return stat;
}

static int set_up_all(void **state)
{
	set_up(state);
	buf_clear(&told.fields);
	answers = (struct answers){ .error = DKIM_SIGERROR_OK };
	return 0;
}

/* --- the tests --- */

#define BODY TEXT("Hi.\r\n")
static const struct slice body = BODY;

/* A signature of selector `sel` over fields that stand below it. */
static void put_over(struct stage *s, int key, const char *h,
    const struct signer_field *fields, size_t count)
{
	char *value = signer_sign(pkeys[key], arena_printf(mem, "v=1; a=%s; "
	    "c=relaxed/relaxed; d=example.com; s=sel%d;", algorithms[key], key),
	    h, fields, count, body, -1);

	put(s, "DKIM-Signature", value);
	free(value);
	s->keys[s->count++] = &keys[key];
}

static const struct signer_field two[] = { { "From", " joe@example.com" },
	{ "To", " suzie@example.net" } };

static void put_two(struct stage *s)
{
	for (size_t i = 0; i < 2; i++)
		put(s, two[i].name, two[i].value);
}

static struct stage stage(void)
{
	return (struct stage){ .engine = &dkim_library_engine, .body = body };
}

static void test_options(void **state)
{
	(void)state;
	assert_true(told.is_set[DKIM_OPTS_FLAGS]);
	assert_int_equal(told.options[DKIM_OPTS_FLAGS],
	    DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES);
	assert_int_equal(told.options[DKIM_OPTS_MINKEYBITS], 1024);
	assert_int_equal(told.options[DKIM_OPTS_CLOCKDRIFT],
	    DKIM_LIBRARY_TIME_MIN);
}

/* h= that names all fields there are, the signature's own, and more: no octet
 * outside of what the library asked for is written, though the strict front
 * would not have let it have such a signature. */
static void test_fences(void **state)
{
	static const char *const lists[] = {
		"from", "from:to", "from:to:x-more:x-more",
		"from:to:dkim-signature",
		"from:to:dkim-signature:x-more",
		"from:to:dkim-signature:dkim-signature:from:to",
		"from:from:from:from:from:from:from:from",
		"dkim-signature:dkim-signature:dkim-signature:from:to",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct stage s = stage();
		size_t before = memory.given - memory.taken_back;
		size_t given = memory.given;

		s.forced = true;
		put_over(&s, RSA1024, lists[i], two, 2);
		put_two(&s);
		run(&s);
		arena_reset(mem);
		assert_true(memory.given > given);
		assert_int_equal(memory.given - memory.taken_back, before);
		if (memory.torn != 0)
			fail_msg("%s", lists[i]);
	}
}

static void test_what_it_gets(void **state)
{
	static const struct {
		const char *name;
		struct slice value;
		const char *line;       /* NULL: nothing of it */
	} fields[] = {
		{ "From", TEXT("  joe@example.com \t"),
		  "From:  joe@example.com \t\n" },
		{ "Subject", TEXT(" a\n b\r\n\tc"),
		  "Subject: a\r\n b\r\n\tc\n" },
		{ "X-None", TEXT(""), "X-None:\n" },
		{ "X-Odd", TEXT("a\0b\vc\fd\re\nf\xff"),
		  "X-Odd:a?b?c?d?e?f\xff\n" },
		{ "X;Y", TEXT(" x"), NULL },
		{ "X\xe4", TEXT(" x"), NULL },
		{ "Tab\t", TEXT(" x"), NULL },
		{ "", TEXT(""), NULL },
		{ "DKIM-Signature", TEXT(" v=1; a=rsa-sha256"), NULL },
		{ "dkim-signature ", TEXT(" v=1; a=rsa-sha256"), NULL },
		{ "To", TEXT(" suzie@example.net"),
		  "To: suzie@example.net\n" },
	};
	struct buf want = { 0 };
	struct stage s = stage();
	struct dkim_setup setup = { .mem = mem, .header = &s.header,
		.body = body_new(mem), .job = "4Abc", .libraries = libraries,
		.minimum_bits = 1024 };
	size_t count;

	(void)state;
	put_over(&s, RSA1024, "from", two, 2);
	collect(&s);
	count = s.count;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		header_append(&s.header, mem, slice_of(fields[i].name),
		    fields[i].value);
	dkim_library_engine.begin(&setup, s.tasks, count);
	buf_adds(&want, "x guard: 1\nDKIM-Signature:");
	buf_add(&want, s.sigs[0].text.data, s.sigs[0].text.len);
	buf_adds(&want, "\n");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].line != NULL)
			buf_adds(&want, fields[i].line);
	assert_string_equal(buf_text(&told.fields), buf_text(&want));
	buf_free(&want);
}

/* A name that the library would drop is as good as none to it; what is said of
 * such a field, or over one, has to be judged by another engine. */
static void test_not_for_it(void **state)
{
	static const struct {
		const char *label, *signature, *name;
		struct slice value;
		bool can;
	} rows[] = {
		{ "plain", "DKIM-Signature", "X-A", TEXT(" x"), true },
		{ "folded", "DKIM-Signature", "X-A", TEXT(" x\n y"), true },
		{ "blank behind its name", "DKIM-Signature ", "X-A",
		  TEXT(" x"), false },
		{ "blank behind a signed name", "DKIM-Signature", "X-A\t",
		  TEXT(" x"), false },
		{ "NUL", "DKIM-Signature", "X-A", TEXT(" \0"), false },
		{ "VT", "DKIM-Signature", "X-A", TEXT(" \v"), false },
		{ "bare CR", "DKIM-Signature", "X-A", TEXT(" \r "), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stage s = { .count = 0 };
		struct dkim_sig_parsed sig;
		struct dkim_task task = { .sig = &sig };

		put_over(&s, RSA1024, "from:x-a", two, 2);
		dkim_sig_parse(mem, DKIM_KIND_SIGNATURE,
		    s.header.fields[0].value, &sig);
		s.header.fields[0].name = slice_of(rows[i].signature);
		put_two(&s);
		header_append(&s.header, mem, slice_of(rows[i].name),
		    rows[i].value);
		task.selected = dkim_select(dkim_index_new(mem, &s.header),
		    &sig, 0);
		assert_int_equal(task.selected[1], 3);
		if (dkim_library_engine.can(&task, &s.header) != rows[i].can)
			fail_msg("%s", rows[i].label);
		sig.not_for_library = "a reason";
		assert_false(dkim_library_engine.can(&task, &s.header));
	}
}

/* A field whose name has ";" is dropped, so h= would mean another one. */
static void test_semicolon(void **state)
{
	struct stage s = stage();

	(void)state;
	put_over(&s, RSA1024, "from", two, 2);
	put_two(&s);
	put(&s, "X;A", " x");
	collect(&s);
	s.tasks[0].selected = (const size_t[]){ 3 };
	assert_false(dkim_library_engine.can(&s.tasks[0], &s.header));
}

/* --- keys --- */

static void test_each_its_key(void **state)
{
	char *plain = signer_plain(pkeys[RSA2048]);
	struct stage s = stage();
	struct dkim_key key;

	(void)state;
	put_over(&s, ED25519, "from", two, 2);
	put_over(&s, RSA1024, "from:to", two, 2);
	put_over(&s, RSA2048, "to:from", two, 2);
	put_over(&s, RSA2048, "from:to:to", two, 2);
	put_two(&s);
	/* PKCS#1, and a note longer than the library reads */
	dkim_key_parse(mem, slice_of(arena_printf(mem, "p=%s; n=%01500d",
	    plain, 0)), &key);
	free(plain);
	s.keys[2] = s.keys[3] = &key;
	run(&s);
	for (size_t i = 0; i < 4; i++)
		if (s.tasks[i].opinion != DKIM_OPINION_PASS)
			fail_msg("%zu: %s", i, s.tasks[i].why);
}

/* What must not reach the library does not; the others are judged. */
static void test_no_key_for_it(void **state)
{
	static const unsigned char zeros[1024];
	struct dkim_key many[3] = { keys[RSA2048], keys[RSA2048],
		keys[RSA2048] };

	(void)state;
	many[0].cause = DKIM_CAUSE_REVOKED;
	many[1].material = (struct octets){ zeros, sizeof(zeros) };
	many[2].material = (struct octets){ zeros, 3 };
	for (size_t i = 0; i < 3; i++) {
		struct stage s = stage();

		put_over(&s, RSA2048, "from", two, 2);
		put_over(&s, RSA1024, "from", two, 2);
		put_two(&s);
		s.keys[0] = &many[i];
		assert_int_equal(run(&s), DKIM_OPINION_NONE);
		assert_non_null(strstr(s.tasks[0].why, "libopendkim says"));
		assert_int_equal(s.tasks[1].opinion, DKIM_OPINION_PASS);
	}
}

/* A task without a key is not touched, whatever happens to the others. */
static void test_left_alone(void **state)
{
	static const char before[] = "as before";

	(void)state;
	for (int broken = 0; broken < 2; broken++) {
		struct stage s = stage();
		struct dkim_setup setup = { .mem = mem, .header = &s.header,
			.body = body_new(mem), .job = "4Abc",
			.libraries = libraries, .minimum_bits = 1024 };
		void *engine;

		answers.header = broken ? DKIM_STAT_NORESOURCE : DKIM_STAT_OK;
		put_over(&s, RSA1024, "from", two, 2);
		put_two(&s);
		collect(&s);
		s.tasks[0].why = before;
		engine = s.engine->begin(&setup, s.tasks, s.count);
		s.engine->finish(engine);
		assert_int_equal(s.tasks[0].opinion, DKIM_OPINION_NONE);
		assert_ptr_equal(s.tasks[0].why, before);
	}
}

/* --- what is believed --- */

static const struct {
	const char *label;
	struct answers answers;
	enum dkim_opinion opinion;
} beliefs[] = {
	{ "as it is", { .error = DKIM_SIGERROR_OK }, DKIM_OPINION_PASS },
	/* what dkim_eom() says is about another question */
	{ "end: bad", { .end = DKIM_STAT_BADSIG }, DKIM_OPINION_PASS },
	{ "end: none", { .end = DKIM_STAT_NOSIG }, DKIM_OPINION_PASS },
	{ "header: none", { .header = DKIM_STAT_NOSIG }, DKIM_OPINION_PASS },

	{ "an error", { .other_error = true, .error = DKIM_SIGERROR_SUBDOMAIN },
	  DKIM_OPINION_NONE },
	{ "bad", { .other_error = true, .error = DKIM_SIGERROR_BADSIG },
	  DKIM_OPINION_HEADER },
	{ "undecided", { .other_error = true, .error = DKIM_SIGERROR_UNKNOWN },
	  DKIM_OPINION_NONE },
	{ "not passed", { .other_flags = true,
	  .flags = DKIM_SIGFLAG_PROCESSED }, DKIM_OPINION_NONE },
	{ "no flags", { .other_flags = true, .flags = 0 }, DKIM_OPINION_NONE },
	{ "another body", { .other_hash = true,
	  .hash = DKIM_SIGBH_MISMATCH }, DKIM_OPINION_BODY },
	{ "body not looked at", { .other_hash = true,
	  .hash = DKIM_SIGBH_UNTESTED }, DKIM_OPINION_NONE },
	{ "another key", { .other_bits = true, .bits = 2048 },
	  DKIM_OPINION_NONE },
	{ "no key", { .other_bits = true, .bits = 0 }, DKIM_OPINION_NONE },

	{ "no handle", { .no_handle = true }, DKIM_OPINION_TROUBLE },
	{ "header: syntax", { .header = DKIM_STAT_SYNTAX },
	  DKIM_OPINION_TROUBLE },
	{ "header: memory", { .header = DKIM_STAT_NORESOURCE },
	  DKIM_OPINION_TROUBLE },
	{ "header: another time", { .header = DKIM_STAT_CBTRYAGAIN },
	  DKIM_OPINION_TROUBLE },
	{ "no list", { .no_list = true }, DKIM_OPINION_TROUBLE },
	{ "a signature less", { .lost = 1 }, DKIM_OPINION_TROUBLE },
	{ "a signature more", { .lost = -1 }, DKIM_OPINION_TROUBLE },
	{ "body: memory", { .body = DKIM_STAT_NORESOURCE },
	  DKIM_OPINION_TROUBLE },
};

static void test_beliefs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(beliefs) / sizeof(beliefs[0]); i++) {
		struct stage s = stage();

		answers = beliefs[i].answers;
		put_over(&s, RSA1024, "from:to", two, 2);
		put_two(&s);
		if (run(&s) != beliefs[i].opinion)
			fail_msg("%s: %d %s", beliefs[i].label,
			    s.tasks[0].opinion, s.tasks[0].why);
		if (beliefs[i].opinion == DKIM_OPINION_NONE ||
		    beliefs[i].opinion == DKIM_OPINION_TROUBLE)
			assert_non_null(strstr(s.tasks[0].why, "libopendkim"));
	}
}

/* RFC 8301 3.2: the engine refuses a short key even if nobody else has. */
static void test_short_key(void **state)
{
	struct stage s = stage();
	struct dkim_setup setup = { .mem = mem, .header = &s.header,
		.body = body_new(mem), .job = "4Abc", .libraries = libraries,
		.minimum_bits = 1025 };
	void *engine;

	(void)state;
	put_over(&s, RSA1024, "from", two, 2);
	put_two(&s);
	collect(&s);
	engine = s.engine->begin(&setup, s.tasks, s.count);
	body_feed(setup.body, body.data, body.len);
	body_end(setup.body);
	s.tasks[0].key = &keys[RSA1024];
	s.engine->finish(engine);
	assert_int_equal(s.tasks[0].opinion, DKIM_OPINION_NONE);
}

/* --- what comes of it, for the message --- */

static struct dkim_signature judge_message(struct stage *s, enum engine engine,
    struct slice got)
{
	static const struct inquiry_limits limits = { .budget_ms = 400,
		.query_ms = 60 };
	struct dkim_settings settings = { .engine = engine,
		.minimum_bits = 1024, .signatures = 15,
		.libraries = libraries };
	struct dkim_question question = { .header = &s->header,
		.body = body_new(mem), .now = 1700000000, .job = "4Abc" };
	struct dkim_finding finding;
	struct buf zone = { 0 };
	struct resolver *resolver;
	struct dkim_work *w;
	struct error err;

	signer_publish(&zone, "sel1._domainkey.example.com",
	    keys[RSA1024].record);
	resolver = zone_resolver(buf_slice(&zone), "zone", &err);
	assert_non_null(resolver);
	w = dkim_begin(mem, inquiry_new(mem, resolver, &limits, NULL),
	    &settings, &question, &finding);
	body_feed(question.body, got.data, got.len);
	dkim_conclude(w);
	assert_int_equal(finding.count, 1);
	assert_int_equal(finding.code, finding.signatures[0].code);
	resolver_drop(resolver);
	buf_free(&zone);
	return finding.signatures[0];
}

/* An engine that broke down: nobody may take the message for unsigned, nor for
 * one whose signature is broken. */
static void test_broken_is_temporary(void **state)
{
	struct dkim_signature sig;
	struct stage s = stage();

	(void)state;
	answers.header = DKIM_STAT_NORESOURCE;
	put_over(&s, RSA1024, "from", two, 2);
	put_two(&s);
	sig = judge_message(&s, ENGINE_LIBRARY, body);
	assert_int_equal(sig.code, AUTH_TEMPERROR);
	assert_int_equal(sig.cause, DKIM_CAUSE_ENGINE);
	assert_non_null(strstr(sig.reason, "libopendkim cannot read"));
	/* the other engine has judged it */
	assert_int_equal(judge_message(&s, ENGINE_BOTH, body).code, AUTH_PASS);
}

/* Of two engines that disagree, the one is taken that does not pass. */
static void test_disagreement(void **state)
{
	unsigned long long before = dkim_libraries_disagreements(libraries);
	struct dkim_signature sig;
	struct stage s = stage();

	(void)state;
	put_over(&s, RSA1024, "from", two, 2);
	put_two(&s);
	assert_int_equal(judge_message(&s, ENGINE_BOTH, body).code, AUTH_PASS);
	assert_int_equal(dkim_libraries_disagreements(libraries), before);

	answers = (struct answers){ .other_error = true,
		.error = DKIM_SIGERROR_BADSIG };
	sig = judge_message(&s, ENGINE_BOTH, body);
	assert_int_equal(sig.code, AUTH_FAIL);
	assert_int_equal(sig.cause, DKIM_CAUSE_HEADER);
	assert_int_equal(dkim_libraries_disagreements(libraries), before + 1);

	answers = (struct answers){ .other_error = true,
		.other_flags = true, .flags = DKIM_SIGFLAG_PASSED,
		.other_hash = true, .hash = DKIM_SIGBH_MATCH,
		.error = DKIM_SIGERROR_OK };
	sig = judge_message(&s, ENGINE_BOTH, SLICE("Ho.\r\n"));
	assert_int_equal(sig.code, AUTH_FAIL);
	assert_int_equal(sig.cause, DKIM_CAUSE_BODY);
	assert_int_equal(dkim_libraries_disagreements(libraries), before + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_all, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_options),
		TEST(test_fences),
		TEST(test_what_it_gets),
		TEST(test_not_for_it),
		TEST(test_semicolon),
		TEST(test_each_its_key),
		TEST(test_no_key_for_it),
		TEST(test_left_alone),
		TEST(test_beliefs),
		TEST(test_short_key),
		TEST(test_broken_is_temporary),
		TEST(test_disagreement),
	};
	int failed = cmocka_run_group_tests(tests, set_up_keys,
	    tear_down_keys);

	buf_free(&told.fields);
	/* All of it was given back, and nothing beside it was touched. */
	return failed != 0 || memory.given != memory.taken_back ||
	    memory.torn != 0;
}
