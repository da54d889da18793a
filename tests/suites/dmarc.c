/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The DMARC vectors (verdict.json, parse.json), run through the same calls the
 * checks make: author_read() for the author, a zone for the DNS,
 * dmarc_evaluate() and dmarc_record_parse() for the answer.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "check/dmarc/dmarc.h"
#include "check/dmarc/record.h"
#include "dns/zone.h"
#include "mail/address.h"
#include "mail/domain.h"

enum { EXIT_SKIPPED = 77 };

struct tally {
	const char *id;         /* of the vector under test */
	bool missed;            /* it has */
	size_t hits;
};

static void miss(struct tally *t, const char *what, const char *wanted,
    const char *got)
{
	fprintf(stderr, "%s: %s: wanted %s, got %s\n", t->id, what,
	    wanted == NULL ? "nothing" : wanted, got == NULL ? "nothing" : got);
	t->missed = true;
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* A member that is not there is not checked; null is NULL. */
static void want_text(struct tally *t, const json_t *expect, const char *key,
    const char *got)
{
	const json_t *wanted = json_object_get(expect, key);

	if (wanted != NULL && !same(json_string_value(wanted), got))
		miss(t, key, json_string_value(wanted), got);
}

static void want_flag(struct tally *t, const json_t *expect, const char *key,
    bool got)
{
	const json_t *wanted = json_object_get(expect, key);

	if (wanted != NULL && json_is_true(wanted) != got)
		miss(t, key, json_is_true(wanted) ? "yes" : "no",
		    got ? "yes" : "no");
}

static void want_list(struct tally *t, const json_t *expect, const char *key,
    const char *const *got, size_t count)
{
	const json_t *wanted = json_object_get(expect, key), *item;
	size_t i;

	if (wanted == NULL)
		return;
	if (json_array_size(wanted) != count)
		miss(t, key, "another number of entries", "these:");
	json_array_foreach(wanted, i, item) {
		const char *text = i < count ? got[i] : NULL;

		if (!same(json_string_value(item), text))
			miss(t, key, json_string_value(item), text);
	}
	for (i = json_array_size(wanted); i < count; i++)
		miss(t, key, NULL, got[i]);
}

/* --- the zone of a vector --- */

static void put_escaped(struct buf *zone, const char *s, size_t n,
    bool in_quotes)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (ascii_alnum(c) || c == '-' || c == '_' || c == '.' ||
		    (in_quotes && c >= ' ' && c <= '~' && c != '"' &&
		    c != '\\'))
			buf_addc(zone, c);
		else
			buf_addf(zone, "\\%03u", (unsigned)(unsigned char)c);
	}
}

/* One character-string of JSON may be longer than 255 octets. */
static void put_string(struct buf *zone, const char *s)
{
	size_t left = strlen(s);

	do {
		size_t n = left < 255 ? left : 255;

		buf_adds(zone, " \"");
		put_escaped(zone, s, n, true);
		buf_adds(zone, "\"");
		s += n;
		left -= n;
	} while (left > 0);
}

static void put_record(struct buf *zone, const char *name, const char *type,
    const json_t *data)
{
	const json_t *item;
	size_t i;

	put_escaped(zone, name, strlen(name), false);
	buf_addf(zone, " %s", type);
	if (strcmp(type, "MX") == 0)
		buf_addf(zone, " %s%s", strchr(json_string_value(data), ' ') ==
		    NULL ? "10 " : "", json_string_value(data));
	else if (strcmp(type, "TXT") != 0)
		buf_addf(zone, " %s", json_string_value(data));
	else if (json_is_string(data))
		put_string(zone, json_string_value(data));
	json_array_foreach(data, i, item)
		put_string(zone, json_string_value(item));
	buf_addc(zone, '\n');
}

static void put_name(struct buf *zone, const char *name, json_t *types)
{
	const char *type;
	json_t *data;
	const json_t *item;
	size_t i;

	json_object_foreach(types, type, data) {
		if (strcmp(type, "rcode") == 0) {
			put_escaped(zone, name, strlen(name), false);
			buf_addf(zone, " STATUS %s\n", json_string_value(data));
		} else if (json_is_array(data)) {
			json_array_foreach(data, i, item)
				put_record(zone, name, type, item);
		} else {
			put_record(zone, name, type, data);
		}
	}
}

static struct resolver *vector_resolver(struct tally *t, json_t *dns)
{
	struct buf zone = { 0 };
	struct error err = { "" };
	struct resolver *r;
	const char *name;
	json_t *types;

	json_object_foreach(dns, name, types)
		put_name(&zone, name, types);
	r = zone_resolver(buf_slice(&zone), t->id, &err);
	buf_free(&zone);
	if (r == NULL)
		miss(t, "zone", "a zone", err.text);
	return r;
}

/* --- verdict.json --- */

static bool passed(const json_t *result)
{
	return same(json_string_value(json_object_get(result, "result")),
	    "pass");
}

static const char *domain_of(struct arena *mem, const json_t *o)
{
	return domain_normalise(mem, slice_of(json_string_value(
	    json_object_get(o, "domain"))));
}

static struct dmarc_question vector_question(struct arena *mem,
    const json_t *vector)
{
	const json_t *spf = json_object_get(vector, "spf"), *signature;
	const json_t *dkim = json_object_get(vector, "dkim");
	struct slice from = slice_of(json_string_value(
	    json_object_get(vector, "from")));
	const char **domains = arena_array(mem, json_array_size(dkim) + 1,
	    sizeof(*domains));
	struct dmarc_question q = {
		.author_domain = author_read(mem, &from, 1).domain,
		.dkim_domains = domains,
		.identifiers = check_defaults.dmarc_identifiers,
	};
	size_t i;

	if (passed(spf) && same(json_string_value(
	    json_object_get(spf, "scope")), "mfrom"))
		q.spf_domain = domain_of(mem, spf);
	json_array_foreach(dkim, i, signature) {
		const char *d = domain_of(mem, signature);

		if (passed(signature) && d != NULL)
			domains[q.dkim_count++] = d;
	}
	return q;
}

static bool is_alternative(const json_t *expect, const char *result)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(expect, "result_alt"), i, item)
		if (same(json_string_value(item), result))
			return true;
	return false;
}

static const char *policy_word(enum dmarc_policy p)
{
	return p == DMARC_POLICY_ABSENT ? NULL :
	    name_word(dmarc_policy_names, (int)p);
}

static void compare_verdict(struct tally *t, const json_t *expect,
    const struct dmarc_finding *f)
{
	const char *result = name_word(dmarc_names, (int)f->code);

	if (is_alternative(expect, result))
		return;
	want_text(t, expect, "result", result);
	want_text(t, expect, "policy", policy_word(f->policy));
	want_text(t, expect, "disposition", policy_word(f->disposition));
	want_text(t, expect, "org_domain", f->org_domain);
	want_text(t, expect, "policy_domain", f->policy_domain);
	want_flag(t, expect, "spf_aligned", f->spf_aligned);
	want_flag(t, expect, "dkim_aligned", f->dkim_aligned);
	want_list(t, expect, "queries", f->queries, f->query_count);
	if (f->reason == NULL || f->reason[0] == '\0')
		miss(t, "reason", "a sentence", NULL);
}

static void run_verdict(struct tally *t, json_t *vector)
{
	struct resolver *r = vector_resolver(t,
	    json_object_get(vector, "dns"));
	struct arena *mem = arena_new(4096);
	const struct inquiry_limits limits = { 0 };
	struct dmarc_question q = vector_question(mem, vector);
	struct dmarc_finding f;

	if (q.author_domain == NULL) {
		miss(t, "author", "a domain", NULL);
	} else if (r != NULL) {
		struct inquiry *dns = inquiry_new(mem, r, &limits, NULL);

		dmarc_evaluate(mem, dns, &q, &f);
		compare_verdict(t, json_object_get(vector, "expect"), &f);
	}
	arena_free(mem);
	resolver_drop(r);
}

/* --- parse.json --- */

static const char *wish_word(struct dmarc_wish w)
{
	return w.invalid ? "INVALID" : policy_word(w.policy);
}

static void compare_fo(struct tally *t, const json_t *tags, unsigned fo)
{
	const char *words[4];
	size_t n = 0;

	if (fo & DMARC_FO_ALL)
		words[n++] = "0";
	if (fo & DMARC_FO_ANY)
		words[n++] = "1";
	if (fo & DMARC_FO_DKIM)
		words[n++] = "d";
	if (fo & DMARC_FO_SPF)
		words[n++] = "s";
	want_list(t, tags, "fo", words, n);
}

static void compare_tags(struct tally *t, const json_t *tags,
    const struct dmarc_record *r)
{
	static const char *const psd[] = {
		[DMARC_PSD_UNKNOWN] = "u",
		[DMARC_PSD_YES] = "y",
		[DMARC_PSD_NO] = "n",
	};

	want_text(t, tags, "p", wish_word(r->p));
	want_text(t, tags, "sp", wish_word(r->sp));
	want_text(t, tags, "np", wish_word(r->np));
	want_text(t, tags, "adkim", r->strict_dkim ? "s" : "r");
	want_text(t, tags, "aspf", r->strict_spf ? "s" : "r");
	want_text(t, tags, "psd", psd[r->psd]);
	want_text(t, tags, "t", r->testing ? "y" : "n");
	compare_fo(t, tags, r->fo);
	want_list(t, tags, "rua", r->rua.uri, r->rua.count);
	want_list(t, tags, "ruf", r->ruf.uri, r->ruf.count);
}

static void compare_applied(struct tally *t, const json_t *expect,
    const struct dmarc_record *r)
{
	const json_t *applied = json_object_get(expect, "applied");
	struct dmarc_wishes w;
	bool usable = dmarc_record_wishes(r, &w);

	if (usable == json_is_null(applied)) {
		miss(t, "applied", usable ? "nothing" : "a policy",
		    usable ? "a policy" : "nothing");
	} else if (usable) {
		want_text(t, applied, "p", policy_word(w.p));
		want_text(t, applied, "sp", policy_word(w.sp));
		want_text(t, applied, "np", policy_word(w.np));
	}
}

static void run_parse(struct tally *t, json_t *vector)
{
	const json_t *expect = json_object_get(vector, "expect"), *item;
	const json_t *txt = json_object_get(vector, "txt");
	struct dmarc_complaints complaints = { .count = 0 };
	struct arena *mem = arena_new(4096);
	struct dmarc_record r;
	struct buf text = { 0 };
	bool is_record;
	size_t i;

	if (json_is_string(txt))
		buf_adds(&text, json_string_value(txt));
	json_array_foreach(txt, i, item)
		buf_adds(&text, json_string_value(item));
	is_record = dmarc_record_parse(mem, buf_slice(&text), &r, &complaints);
	want_flag(t, expect, "dmarc", is_record);
	if (is_record && json_is_true(json_object_get(expect, "dmarc"))) {
		compare_tags(t, json_object_get(expect, "tags"), &r);
		compare_applied(t, expect, &r);
	}
	buf_free(&text);
	arena_free(mem);
}

/* --- both --- */

static int run_file(const char *what, const char *path,
    void (*run)(struct tally *, json_t *))
{
	json_error_t error;
	json_t *vectors = json_load_file(path, 0, &error), *vector;
	struct tally t = { .hits = 0 };
	size_t i, count;

	if (vectors == NULL) {
		fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
		return EXIT_FAILURE;
	}
	json_array_foreach(vectors, i, vector) {
		t.id = json_string_value(json_object_get(vector, "id"));
		t.missed = false;
		run(&t, vector);
		if (!t.missed)
			t.hits++;
	}
	count = json_array_size(vectors);
	printf("dmarc %s vectors: %zu of %zu\n", what, t.hits, count);
	json_decref(vectors);
	return t.hits == count && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
	const char *verdict = ASSAY_SUITES "/dmarc/verdict.json";
	const char *parse = ASSAY_SUITES "/dmarc/parse.json";
	FILE *there = fopen(verdict, "r");
	int failed;

	if (there == NULL) {
		puts("skipped: no " ASSAY_SUITES "/dmarc");
		return EXIT_SKIPPED;
	}
	fclose(there);
	failed = run_file("verdict", verdict, run_verdict);
	failed |= run_file("parse", parse, run_parse);
	return failed;
}
