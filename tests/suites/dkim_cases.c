/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DKIM by the letter: several hundred messages that a signer of our own made,
 * good and bad, each with the result that the RFC asks for and the clause that
 * does (tables in dkim/). All engines must say so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/crypto.h"
#include "check/dkim/dkim.h"
#include "dkim/forge.h"
#include "dns/zone.h"

/* The tables have short names for tags: after the headers of others. */
#include "dkim/canonical.h"
#include "dkim/fields.h"
#include "dkim/keys.h"
#include "dkim/made.h"
#include "dkim/names.h"
#include "dkim/numbers.h"
#include "dkim/octets.h"
#include "dkim/syntax.h"

#define CASES_MIN 300

struct tally {
	size_t good, wrong, false_accepts, false_rejects, left;
};

struct bench {
	struct arena *mem;              /* one case */
	struct dkim_libraries *libraries[2];    /* 1024 bits, 2048 bits */
	struct crypto_keys *decoded;
	struct case_list list;
	size_t passes;
	struct tally tallies[3];        /* by enum engine */
};

/* --- all cases --- */

/* The plain value of what a row leaves out. */
static void complete(struct dkim_case *c)
{
	static const struct line plain[] = { FROM, TO, SUBJECT };
	static const char *const records[] = {
		[KEY_RSA1024] = "v=DKIM1; p={p}",
		[KEY_RSA2048] = "v=DKIM1; p={p2048}",
		[KEY_RSA4096] = "v=DKIM1; p={p4096}",
		[KEY_RSA768] = "v=DKIM1; p={p768}",
		[KEY_RSA_E3] = "v=DKIM1; p={p3}",
		[KEY_ED25519] = "v=DKIM1; k=ed25519; p={ed}",
		[KEY_OTHER] = "v=DKIM1; p={other}",
	};

	if (c->sig == NULL)
		c->sig = PLAIN;
	if (c->got_sig == NULL)
		c->got_sig = c->sig;
	if (c->form == NULL)
		c->form = "rr";
	if (c->h == NULL)
		c->h = CASE_H;
	if (c->fields[0].name == NULL)
		memcpy(c->fields, plain, sizeof(plain));
	if (c->got[0].name == NULL)
		memcpy(c->got, c->fields, sizeof(c->fields));
	if (c->body.data == NULL)
		c->body = SLICE("Hi.\r\n\r\nWe lost  the game. \r\n");
	if (c->got_body.data == NULL)
		c->got_body = c->body;
	if (c->record == NULL)
		c->record = records[c->key];
	if (c->now == 0)
		c->now = CASE_NOW;
	if (c->minimum_bits == 0)
		c->minimum_bits = 1024;
	if (c->limit == 0)
		c->limit = 15;
}

static void make_cases(struct case_list *l)
{
	static const struct case_table tables[] = {
		TABLE("value", case_values), TABLE("name", case_names),
		TABLE("number", case_numbers), TABLE("key", case_keys),
		TABLE("field", case_fields), TABLE("example", case_examples),
		TABLE("octet", case_octets), TABLE("limit", case_limits),
		TABLE("appendix", case_appendices),
	};

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (size_t i = 0; i < tables[t].count; i++)
			add(l, tables[t].name, &tables[t].rows[i]);
	add_tags(l);
	add_changes(l);
	add_bodies(l, case_body_changes, sizeof(case_body_changes) /
	    sizeof(case_body_changes[0]), false);
	add_bodies(l, case_splits, sizeof(case_splits) /
	    sizeof(case_splits[0]), true);
	for (size_t i = 0; i < l->count; i++)
		complete(&l->cases[i]);
}

/* --- one case --- */

struct setting {
	struct header header;
	struct resolver *zone;
	size_t which;                   /* of the signatures */
};

static void set(struct bench *b, const struct dkim_case *c, struct setting *s)
{
	struct buf text = { 0 }, zone = { 0 };
	struct error err;

	*s = (struct setting){ .which = c->above_count };
	for (unsigned i = 0; i < c->above_count; i++) {
		char *n = arena_printf(b->mem, "%u", i + 1);
		struct word word = { "n", slice_of(n), false };

		buf_clear(&text);
		forge_expand(&text, c->above, &word, 1);
		header_append(&s->header, b->mem, SLICE("DKIM-Signature"),
		    buf_slice(&text));
	}
	buf_clear(&text);
	forge(c, &text);
	header_append(&s->header, b->mem, SLICE("DKIM-Signature"),
	    (struct slice){ buf_text(&text), text.len });
	for (size_t i = 0; i < CASE_LINES && c->got[i].name != NULL; i++)
		header_append(&s->header, b->mem, slice_of(c->got[i].name),
		    c->got[i].value);
	if (c->zone != NULL)
		forge_expand(&zone, c->zone, NULL, 0);
	else
		forge_publish(&zone, c->record);
	if (c->record2 != NULL)
		forge_publish(&zone, c->record2);
	s->zone = zone_resolver(buf_slice(&zone), c->label, &err);
	if (s->zone == NULL) {
		printf("%s\n", err.text);
		exit(1);
	}
	buf_free(&text);
	buf_free(&zone);
}

/* The body in two pieces, or in one when cut is 0. */
static struct dkim_signature judge(struct bench *b, const struct dkim_case *c,
    const struct setting *s, enum engine engine, size_t cut)
{
	static const char *const authors[] = { "example.com" };
	static const struct inquiry_limits limits = { .budget_ms = 300,
		.query_ms = 50 };
	struct dkim_settings settings = { .engine = engine,
		.minimum_bits = c->minimum_bits, .signatures = c->limit,
		.libraries = b->libraries[c->minimum_bits > 1024],
		.keys = b->decoded };
	struct dkim_question question = { .header = &s->header,
		.body = body_new(b->mem), .authors = authors, .author_count = 1, .now = c->now,
		.job = "case" };
	struct dkim_finding finding;
	struct dkim_work *w = dkim_begin(b->mem, inquiry_new(b->mem, s->zone,
	    &limits, NULL), &settings, &question, &finding);

	body_feed(question.body, c->got_body.data, cut);
	body_feed(question.body, c->got_body.data + cut,
	    c->got_body.len - cut);
	dkim_conclude(w);
	return finding.signatures[s->which];
}

/* Would the library's engine not be given this signature? */
static bool is_left(struct bench *b, const struct setting *s)
{
	struct dkim_sig_parsed sig;
	struct dkim_task task = { .sig = &sig, .field = s->which };

	dkim_sig_parse(b->mem, DKIM_KIND_SIGNATURE,
	    s->header.fields[s->which].value, &sig);
	if (sig.cause != DKIM_CAUSE_NONE)
		return false;
	task.selected = dkim_select(dkim_index_new(b->mem, &s->header), &sig,
	    s->which);
	return dkim_native_engine.can(&task, &s->header) &&
	    !dkim_library_engine.can(&task, &s->header);
}

static bool fits(const struct dkim_case *c, const struct dkim_signature *sig,
    enum engine engine)
{
	if (sig->code == c->code && sig->cause == c->cause)
		return true;
	return engine != ENGINE_NATIVE && c->library != NULL &&
	    c->code != AUTH_PASS && sig->code != AUTH_PASS;
}

static void count(struct bench *b, const struct dkim_case *c,
    const struct dkim_signature *sig, enum engine engine)
{
	struct tally *t = &b->tallies[engine];
	bool passed = sig->code == AUTH_PASS, should = c->code == AUTH_PASS;

	t->false_accepts += passed && !should;
	t->false_rejects += !passed && should;
	if (fits(c, sig, engine)) {
		t->good++;
		return;
	}
	t->wrong++;
	printf("%s (%s): %s/%s (%s), not %s/%s\n\t%s\n",
	    c->label, name_word(engine_names, (int)engine),
	    name_word(dkim_names, (int)sig->code),
	    name_word(dkim_cause_names, (int)sig->cause),
	    sig->reason != NULL ? sig->reason : "",
	    name_word(dkim_names, (int)c->code),
	    name_word(dkim_cause_names, (int)c->cause), c->why);
}

/* One case in one mode; of all pieces the answer that does not fit, if any. */
static void run(struct bench *b, const struct dkim_case *c,
    const struct setting *s, enum engine engine)
{
	struct dkim_signature sig = judge(b, c, s, engine, 0);

	for (size_t cut = 1; c->split && cut < c->got_body.len; cut++)
		if (fits(c, &sig, engine))
			sig = judge(b, c, s, engine, cut);
	count(b, c, &sig, engine);
}

static void run_case(struct bench *b, const struct dkim_case *c)
{
	struct setting s;

	set(b, c, &s);
	if (is_left(b, &s))
		b->tallies[ENGINE_LIBRARY].left++;
	for (int e = ENGINE_LIBRARY; e <= ENGINE_BOTH; e++)
		run(b, c, &s, (enum engine)e);
	b->passes += c->code == AUTH_PASS;
	arena_reset(b->mem);
	resolver_drop(s.zone);
}

static bool report(const struct bench *b)
{
	const struct tally *native = &b->tallies[ENGINE_NATIVE];
	const struct tally *library = &b->tallies[ENGINE_LIBRARY];
	const struct tally *both = &b->tallies[ENGINE_BOTH];
	bool good = b->list.count >= CASES_MIN && b->passes >= CASES_MIN / 3;

	printf("dkim cases: %zu that must pass, %zu that must not\n",
	    b->passes, b->list.count - b->passes);
	printf("dkim cases native: %zu of %zu, false accepts %zu, "
	    "false rejects %zu\n", native->good, b->list.count,
	    native->false_accepts, native->false_rejects);
	printf("dkim cases library: %zu of %zu, false accepts %zu, "
	    "false rejects %zu, left to native %zu\n", library->good,
	    b->list.count, library->false_accepts, library->false_rejects,
	    library->left);
	printf("dkim cases both: %zu of %zu, false accepts %zu, "
	    "false rejects %zu, engines that disagree %llu\n", both->good,
	    b->list.count, both->false_accepts, both->false_rejects,
	    dkim_libraries_disagreements(b->libraries[0]) +
	    dkim_libraries_disagreements(b->libraries[1]));
	for (int e = ENGINE_LIBRARY; e <= ENGINE_BOTH; e++)
		good = good && b->tallies[e].wrong == 0 &&
		    b->tallies[e].false_accepts == 0;
	return good && native->false_rejects == 0;
}

int main(void)
{
	struct bench b = { .mem = arena_new(65536),
		.decoded = crypto_keys_new(),
		.list = { .mem = arena_new(65536) } };
	struct error err;
	bool good;

	b.libraries[0] = dkim_libraries_new(1024, &err);
	b.libraries[1] = dkim_libraries_new(2048, &err);
	if (b.libraries[0] == NULL || b.libraries[1] == NULL) {
		printf("%s\n", err.text);
		return 1;
	}
	b.list.cases = calloc(CASES_MAX, sizeof(struct dkim_case));
	forge_open();
	make_cases(&b.list);
	for (size_t i = 0; i < b.list.count; i++)
		run_case(&b, &b.list.cases[i]);
	good = report(&b);
	forge_close();
	free(b.list.cases);
	crypto_keys_free(b.decoded);
	dkim_libraries_free(b.libraries[0]);
	dkim_libraries_free(b.libraries[1]);
	arena_free(b.list.mem);
	arena_free(b.mem);
	return good ? 0 : 1;
}
