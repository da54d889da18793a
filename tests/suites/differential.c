/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The libraries against our own engines, over random messages and random SPF
 * trees: suite_differential [COUNT [SEED [CASE]]]. Half of the cases are
 * messages, half are trees. Whatever the two say differently, and whatever the
 * library is not given, must have a row in differential/classes.h; what has
 * none is printed with the arguments that show it again, and fails.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/crypto.h"
#include "check/dkim/dkim.h"
#include "check/spf/library.h"
#include "check/spf/native.h"
#include "differential/classes.h"
#include "differential/travel.h"
#include "differential/trees.h"
#include "dns/zone.h"

#define NOW 1700000000
#define COUNT 20000
#define SEED 6376

enum { PER_LETTER = 5 };        /* ways to damage a letter */

struct bench {
	struct arena *mem, *letter_mem;
	struct account account;
	EVP_PKEY *keys[LETTERS_KEYS];
	struct dkim_libraries *libraries;
	struct crypto_keys *decoded;
	struct resolver *dkim_zone, *spf_zone;
	struct letter letter;
	uint64_t letter_number, zone_number;    /* + 1; 0: none yet */
	unsigned long long signatures, answers;
	unsigned long long dkim[AUTH_PERMERROR + 1], spf[AUTH_PERMERROR + 1];
};

/* --- messages --- */

static void judge(struct bench *b, const struct header *header,
    struct slice body, enum engine engine, size_t chunk,
    struct dkim_finding *out)
{
	struct dkim_settings settings = { .engine = engine,
		.minimum_bits = 1024, .signatures = 15,
		.libraries = b->libraries, .keys = b->decoded };
	struct dkim_question question = { .header = header,
		.body = body_new(b->mem), .now = NOW, .job = "differential" };
	struct dkim_work *w = dkim_begin(b->mem, inquiry_new(b->mem,
	    b->dkim_zone, NULL, NULL), &settings, &question, out);

	for (size_t i = 0; i < body.len; i += chunk)
		body_feed(question.body, body.data + i,
		    body.len - i < chunk ? body.len - i : chunk);
	dkim_conclude(w);
}

/* Sound signatures that the library is not given, and why. */
static void see_what_is_left(struct bench *b, const struct header *header)
{
	struct dkim_index *index = dkim_index_new(b->mem, header);

	for (size_t i = 0; i < header->count; i++) {
		struct dkim_sig_parsed sig;
		struct dkim_task task = { .sig = &sig, .field = i };

		if (!slice_is_nocase(slice_trim(header->fields[i].name),
		    "DKIM-Signature"))
			continue;
		dkim_sig_parse(b->mem, DKIM_KIND_SIGNATURE,
		    header->fields[i].value, &sig);
		if (sig.cause != DKIM_CAUSE_NONE)
			continue;
		task.selected = dkim_select(index, &sig, i);
		if (dkim_library_engine.can(&task, header) ||
		    !dkim_native_engine.can(&task, header))
			continue;
		account_for(&b->account, DKIM_LEFT,
		    sig.not_for_library != NULL ? sig.not_for_library :
		    odd_name);
	}
}

/*
 * Says native "body" and the library "header" because both are altered? Then
 * the letter's own body does not help; bh= or l= that were altered are the
 * header's matter too.
 */
static bool header_is_altered(struct bench *b, const struct header *header,
    size_t i)
{
	struct dkim_finding again;

	judge(b, header, b->letter.body, ENGINE_NATIVE, 1000, &again);
	return again.signatures[i].code == AUTH_FAIL ||
	    again.signatures[i].code == AUTH_PERMERROR;
}

static void compare_signatures(struct bench *b, const struct header *header,
    const struct dkim_finding *native, const struct dkim_finding *library)
{
	char what[120];

	if (native->count != library->count) {
		account_for(&b->account, DKIM_DIFFER,
		    "the number of signatures");
		return;
	}
	for (size_t i = 0; i < native->count; i++) {
		const struct dkim_signature *n = &native->signatures[i];
		const struct dkim_signature *l = &library->signatures[i];

		b->signatures++;
		b->dkim[n->code]++;
		if (n->code == l->code && n->cause == l->cause)
			continue;
		snprintf(what, sizeof(what), "native %s/%s, library %s/%s",
		    name_word(dkim_names, (int)n->code),
		    name_word(dkim_cause_names, (int)n->cause),
		    name_word(dkim_names, (int)l->code),
		    name_word(dkim_cause_names, (int)l->cause));
		if (n->cause == DKIM_CAUSE_BODY &&
		    l->cause == DKIM_CAUSE_HEADER &&
		    !header_is_altered(b, header, i))
			snprintf(what, sizeof(what), "the library sees an "
			    "altered header where there is none");
		account_for(&b->account, DKIM_DIFFER, what);
	}
}

static void print_signatures(const char *engine, const struct dkim_finding *f)
{
	for (size_t i = 0; i < f->count; i++)
		printf("%s: s=%s %s/%s %s\n", engine,
		    f->signatures[i].selector ? f->signatures[i].selector : "?",
		    name_word(dkim_names, (int)f->signatures[i].code),
		    name_word(dkim_cause_names, (int)f->signatures[i].cause),
		    f->signatures[i].reason ? f->signatures[i].reason : "");
}

static void run_message(struct bench *b, uint64_t number, bool show)
{
	struct dice way = dice_of(b->account.seed, 2, number);
	struct dkim_finding native, library;
	struct header header = { 0 };
	struct arrival a;

	if (b->letter_number != number / PER_LETTER + 1) {
		struct dice d = dice_of(b->account.seed, 1,
		    number / PER_LETTER);

		arena_reset(b->letter_mem);
		letter_write(&b->letter, b->letter_mem, b->keys, &d);
		b->letter_number = number / PER_LETTER + 1;
	}
	letter_travel(&b->letter, b->mem, &way, &a);
	for (size_t i = 0; i < a.count; i++)
		header_append(&header, b->mem, slice_of(a.fields[i].name),
		    a.fields[i].value);
	judge(b, &header, a.body, ENGINE_NATIVE, 1 + roll(&way, 100), &native);
	judge(b, &header, a.body, ENGINE_LIBRARY, 1 + roll(&way, 100),
	    &library);
	if (show) {
		print_arrival(&a);
		print_signatures("native", &native);
		print_signatures("library", &library);
	}
	compare_signatures(b, &header, &native, &library);
	see_what_is_left(b, &header);
}

/* --- trees --- */

struct walked {
	struct spf_walk walk;
	struct spf_outcome outcome;
};

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What differs, or NULL. The explanations are asked for last: that asks. */
static const char *difference(struct walked *n, struct walked *l)
{
	const struct spf_directive *by = n->outcome.matched;
	const struct spf_directive *other = l->outcome.matched;

	if (n->outcome.code != l->outcome.code)
		return "the result";
	if ((by == NULL) != (other == NULL) ||
	    (by != NULL && !slice_equal(by->text, other->text)))
		return "the directive";
	if (n->walk.terms != l->walk.terms)
		return "the number of terms";
	if (n->walk.voids != l->walk.voids)
		return "the number of void lookups";
	if (n->walk.local_part_used != l->walk.local_part_used)
		return "the use of the local-part";
	if (!same_text(spf_explain(&n->walk, &n->outcome),
	    spf_explain(&l->walk, &l->outcome)))
		return "the explanation";
	return NULL;
}

static void show_tree(const struct walked *n, const struct walked *l,
    const struct spf_question *q)
{
	char client[IP_TEXT_MAX];

	printf("%s from %s local %s helo %s\n", q->domain,
	    ip_text(&q->client, client), q->local, q->helo);
	printf("native %s (%s) terms %u voids %u\n", name_word(spf_names,
	    (int)n->outcome.code), n->walk.reason ? n->walk.reason : "",
	    n->walk.terms, n->walk.voids);
	printf("library %s (%s) terms %u voids %u\n", name_word(spf_names,
	    (int)l->outcome.code), l->walk.reason ? l->walk.reason : "",
	    l->walk.terms, l->walk.voids);
}

static void new_zone(struct bench *b, uint64_t number, bool show)
{
	struct dice d = dice_of(b->account.seed, 3, number);
	struct buf text = { 0 };
	struct error err;

	resolver_drop(b->spf_zone);
	tree_zone(&text, &d);
	b->spf_zone = zone_resolver(buf_slice(&text), "random", &err);
	if (b->spf_zone == NULL || show)
		printf("%s", buf_text(&text));
	if (b->spf_zone == NULL) {
		printf("%s\n", err.text);
		exit(1);
	}
	buf_free(&text);
	b->zone_number = number + 1;
}

static void run_tree(struct bench *b, uint64_t number, bool show)
{
	static const char *const clients[] = { "192.0.2.1", "192.0.2.2",
		"2001:db8::1", "192.0.2.200", "198.51.100.9", "2001:db8:1::9" };
	static const char *const locals[] = { "joe", "n", "a.b-c", "x y",
		"\xc3\xa4", "o\\d", "" };
	static const char *const helos[] = { "n1.example", "h2.example", "odd",
		"[192.0.2.1]" };
	struct spf_settings settings = { ENGINE_BOTH, 2, NULL };
	struct dice d = dice_of(b->account.seed, 4, number);
	struct spf_question q = { .local = PICK(&d, locals),
		.helo = PICK(&d, helos), .receiver = "mx.example.org",
		.now = NOW };
	struct walked n = { 0 }, l = { 0 };
	const char *what;

	if (b->zone_number != number / TREES_PER_ZONE + 1)
		new_zone(b, number / TREES_PER_ZONE, show);
	ip_parse(slice_of(PICK(&d, clients)), &q.client);
	q.domain = arena_printf(b->mem, "n%u.example",
	    (unsigned)(number % TREES_PER_ZONE));
	spf_walk_start(&n.walk, b->mem, inquiry_new(b->mem, b->spf_zone, NULL,
	    NULL), &settings, &q);
	spf_native(&n.walk, &n.outcome);
	b->spf[n.outcome.code]++;
	spf_walk_start(&l.walk, b->mem, inquiry_new(b->mem, b->spf_zone, NULL,
	    NULL), &settings, &q);
	if (!spf_library(&l.walk, &l.outcome, &what)) {
		account_for(&b->account, SPF_LEFT, what);
		return;
	}
	b->answers++;
	if (show)
		show_tree(&n, &l, &q);
	what = difference(&n, &l);
	if (what != NULL)
		account_for(&b->account, SPF_DIFFER, what);
}

/* --- all of it --- */

static void open_bench(struct bench *b, uint64_t seed)
{
	struct buf zone = { 0 };
	struct error err;

	*b = (struct bench){ .account = { .seed = seed },
		.mem = arena_new(65536),
		.letter_mem = arena_new(65536),
		.decoded = crypto_keys_new() };
	letters_keys(b->keys);
	letters_publish(&zone, b->keys);
	b->dkim_zone = zone_resolver(buf_slice(&zone), "keys", &err);
	b->libraries = dkim_libraries_new(1024, &err);
	if (b->dkim_zone == NULL || b->libraries == NULL) {
		printf("%s\n", err.text);
		exit(1);
	}
	buf_free(&zone);
}

static void close_bench(struct bench *b)
{
	for (size_t i = 0; i < LETTERS_KEYS; i++)
		EVP_PKEY_free(b->keys[i]);
	dkim_libraries_free(b->libraries);
	crypto_keys_free(b->decoded);
	resolver_drop(b->dkim_zone);
	resolver_drop(b->spf_zone);
	arena_free(b->letter_mem);
	arena_free(b->mem);
}

static void print_codes(const char *method, const struct name *names,
    const unsigned long long *counts)
{
	printf("%s by native:", method);
	for (const struct name *n = names; n->word != NULL; n++)
		printf(" %s %llu", n->word, counts[n->code]);
	printf("\n");
}

/* Does the generator still reach what it should? Parts of a thousand. */
static bool reaches(const struct bench *b)
{
	static const struct {
		bool spf;
		enum auth_code code;
		unsigned least;
	} wanted[] = {
		{ false, AUTH_PASS, 150 }, { false, AUTH_FAIL, 150 },
		{ false, AUTH_PERMERROR, 50 }, { false, AUTH_POLICY, 5 },
		{ false, AUTH_TEMPERROR, 5 },
		{ true, AUTH_PASS, 50 }, { true, AUTH_FAIL, 30 },
		{ true, AUTH_SOFTFAIL, 10 }, { true, AUTH_NEUTRAL, 50 },
		{ true, AUTH_TEMPERROR, 2 }, { true, AUTH_PERMERROR, 50 },
		{ true, AUTH_NONE, 5 },
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const unsigned long long *counts = wanted[i].spf ? b->spf :
		    b->dkim;
		unsigned long long all = 0;

		for (int c = 0; c <= AUTH_PERMERROR; c++)
			all += counts[c];
		if (counts[wanted[i].code] * 1000 >= all * wanted[i].least)
			continue;
		printf("the generator makes too few of %s %s\n",
		    wanted[i].spf ? "spf" : "dkim", name_word(spf_names,
		    (int)wanted[i].code));
		good = false;
	}
	return good;
}

/* Even cases are messages, odd ones are trees. */
static void run_case(struct bench *b, uint64_t number, bool show)
{
	b->account.number = number;
	if (number % 2 == 0)
		run_message(b, number / 2, show);
	else
		run_tree(b, number / 2, show);
	arena_reset(b->mem);
}

static uint64_t argument(int argc, char **argv, int i, uint64_t otherwise)
{
	return argc > i ? strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	uint64_t count = argument(argc, argv, 1, COUNT);
	struct bench b;
	bool good;

	open_bench(&b, argument(argc, argv, 2, SEED));
	if (argc > 3) {
		run_case(&b, argument(argc, argv, 3, 0), true);
		close_bench(&b);
		return b.account.unexplained == 0 ? 0 : 1;
	}
	for (uint64_t i = 0; i < count; i++)
		run_case(&b, i, false);
	account_print(&b.account);
	print_codes("dkim", dkim_names, b.dkim);
	print_codes("spf", spf_names, b.spf);
	good = count < 2000 || reaches(&b);
	printf("differential: seed %" PRIu64 ", %" PRIu64 " cases, %llu "
	    "signatures and %llu SPF trees by both, unexplained %llu\n",
	    b.account.seed, count, b.signatures, b.answers,
	    b.account.unexplained);
	close_bench(&b);
	return good && b.account.unexplained == 0 ? 0 : 1;
}
