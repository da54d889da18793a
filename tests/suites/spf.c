/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The RFC 7208 test suite of openspf.org, read in place, through every engine.
 *
 * Each YAML document is a zone and its tests. The zone is answered by a
 * resolver back end of its own that reads the YAML nodes; the questions go in
 * by spf_evaluate(), as a message's would.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <yaml.h>

#include "base/mem.h"
#include "check/spf/spf.h"
#include "check/spf/library.h"
#include "dns/resolver.h"
#include "mail/domain.h"

#define SUITE ASSAY_SUITES "/spf/rfc7208-tests.yml"
#define SKIPPED 77

/* What the suite of 2014.04 holds; a driver that sees less is broken. */
#define RESULTS 203
#define EXPLANATIONS 22

/* No more than these may be left to the native engine by the library: prefix
 * lengths of zero for the family of the client. */
#define LEFT_TO_NATIVE 10

#define CNAMES_MAX 8

static const enum engine engines[] = { ENGINE_LIBRARY, ENGINE_NATIVE,
	ENGINE_BOTH };
#define ENGINES (sizeof(engines) / sizeof(engines[0]))
static const char *const engine_words[ENGINES] = { "library", "native",
	"both" };

struct score {
	unsigned results, results_right;
	unsigned words, words_right;
	unsigned left;          /* asked of the library, which declined */
};

/* --- YAML --- */

static struct slice scalar(const yaml_node_t *n)
{
	if (n == NULL || n->type != YAML_SCALAR_NODE)
		return (struct slice){ NULL, 0 };
	return (struct slice){ (const char *)n->data.scalar.value,
	    n->data.scalar.length };
}

static yaml_node_t *member(yaml_document_t *doc, const yaml_node_t *map,
    const char *key)
{
	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
	    p < map->data.mapping.pairs.top; p++)
		if (slice_is_nocase(scalar(yaml_document_get_node(doc, p->key)),
		    key))
			return yaml_document_get_node(doc, p->value);
	return NULL;
}

static size_t item_count(const yaml_node_t *list)
{
	if (list == NULL || list->type != YAML_SEQUENCE_NODE)
		return 0;
	return (size_t)(list->data.sequence.items.top -
	    list->data.sequence.items.start);
}

static yaml_node_t *item(yaml_document_t *doc, const yaml_node_t *list,
    size_t i)
{
	return i >= item_count(list) ? NULL :
	    yaml_document_get_node(doc, list->data.sequence.items.start[i]);
}

/* --- the zone of one document --- */

struct zone {
	yaml_document_t *doc;
	const yaml_node_t *data;
};

/* "\DDD" and "\x" of the form in which names are asked. */
static void unescape(const char *name, char *out, size_t room)
{
	size_t n = 0;

	for (const char *p = name; *p != '\0' && n + 1 < room; p++) {
		if (*p == '\\' && ascii_digit(p[1])) {
			out[n++] = (char)((p[1] - '0') * 100 +
			    (p[2] - '0') * 10 + (p[3] - '0'));
			p += 3;
		} else {
			p += *p == '\\';
			out[n++] = *p;
		}
	}
	out[n] = '\0';
}

static void lower_name(struct slice s, char *out, size_t room)
{
	size_t n = s.len < room ? s.len : room - 1;

	if (n > 0 && s.data[n - 1] == '.')
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = ascii_lower(s.data[i]);
	out[n] = '\0';
}

static void put_name(struct dns_answer *a, const yaml_node_t *value)
{
	char name[512];

	lower_name(scalar(value), name, sizeof(name));
	answer_put(a, name, strlen(name), 0);
}

static void put_address(struct dns_answer *a, int family, struct slice s)
{
	unsigned char octets[16];
	char text[64];

	lower_name(s, text, sizeof(text));
	if (inet_pton(family, text, octets) != 1)
		abort();
	answer_put(a, octets, family == AF_INET ? 4 : 16, 0);
}

/* Several strings of one record are joined without a space (3.3). */
static void put_text(yaml_document_t *doc, struct dns_answer *a,
    const yaml_node_t *value)
{
	struct buf text = { 0 };

	if (value->type == YAML_SCALAR_NODE)
		buf_add(&text, scalar(value).data, scalar(value).len);
	for (size_t i = 0; i < item_count(value); i++) {
		struct slice s = scalar(item(doc, value, i));

		buf_add(&text, s.data, s.len);
	}
	answer_put(a, buf_text(&text), text.len, 0);
	buf_free(&text);
}

static void put_record(yaml_document_t *doc, struct dns_answer *a,
    enum dns_type type, const yaml_node_t *value)
{
	switch (type) {
	case DNS_A:
		put_address(a, AF_INET, scalar(value));
		break;
	case DNS_AAAA:
		put_address(a, AF_INET6, scalar(value));
		break;
	case DNS_TXT:
		put_text(doc, a, value);
		break;
	case DNS_MX:
		put_name(a, item(doc, value, 1));
		break;
	case DNS_PTR:
		put_name(a, value);
		break;
	case DNS_NS:
	case DNS_SOA:
	case DNS_CNAME:
		break;
	}
}

/* Records of type SPF stand for TXT, unless the name has TXT of its own. */
static bool has_key(yaml_document_t *doc, const yaml_node_t *list,
    const char *key)
{
	for (size_t i = 0; i < item_count(list); i++)
		if (member(doc, item(doc, list, i), key) != NULL)
			return true;
	return false;
}

static void collect(yaml_document_t *doc, const yaml_node_t *list,
    const char *key, enum dns_type type, struct dns_answer *a)
{
	for (size_t i = 0; i < item_count(list); i++) {
		const yaml_node_t *v = member(doc, item(doc, list, i), key);

		if (v != NULL && !slice_is(scalar(v), "NONE"))
			put_record(doc, a, type, v);
	}
}

static bool times_out(yaml_document_t *doc, const yaml_node_t *list)
{
	for (size_t i = 0; i < item_count(list); i++)
		if (slice_is(scalar(item(doc, list, i)), "TIMEOUT"))
			return true;
	return false;
}

static const yaml_node_t *follow_cnames(const struct zone *z, const char *name,
    bool *loop)
{
	const yaml_node_t *list = member(z->doc, z->data, name);
	char target[512];

	*loop = false;
	for (int i = 0; i < CNAMES_MAX; i++) {
		const yaml_node_t *cname = NULL;

		for (size_t k = 0; k < item_count(list) && cname == NULL; k++)
			cname = member(z->doc, item(z->doc, list, k), "CNAME");
		if (cname == NULL)
			return list;
		lower_name(scalar(cname), target, sizeof(target));
		list = member(z->doc, z->data, target);
	}
	*loop = true;
	return NULL;
}

static const struct dns_answer *answer(const struct zone *z,
    const char *question, enum dns_type type)
{
	char name[512];
	bool loop;
	const yaml_node_t *list;
	const char *key = name_word(dns_type_names, (int)type);
	struct dns_answer *a;

	unescape(question, name, sizeof(name));
	list = follow_cnames(z, name, &loop);
	if (loop)
		return answer_done(answer_new(DNS_FAILED, 2, 0));
	if (list == NULL)
		return answer_done(answer_new(DNS_NXDOMAIN, 3, 0));
	a = answer_new(DNS_FOUND, 0, 60);
	if (type == DNS_TXT && !has_key(z->doc, list, "TXT"))
		key = "SPF";
	collect(z->doc, list, key, type, a);
	if (a->count == 0 && times_out(z->doc, list)) {
		answer_drop(answer_done(a));
		return answer_done(answer_new(DNS_TIMEOUT, -1, 0));
	}
	return answer_done(a);
}

static void start(void *self, struct dns_ticket *t, const char *name,
    enum dns_type type)
{
	ticket_answer(t, answer(self, name, type));
}

static void stop(void *self)
{
	free(self);
}

static struct resolver *zone_of(yaml_document_t *doc)
{
	struct zone *z = xcalloc(1, sizeof(*z));

	z->doc = doc;
	z->data = member(doc, yaml_document_get_root_node(doc), "zonedata");
	return resolver_new((struct resolver_backend){
		.self = z, .start = start, .stop = stop });
}

/* --- the tests --- */

static const char *text_of(struct arena *mem, struct slice s)
{
	return s.data == NULL ? NULL : arena_strndup(mem, s.data, s.len);
}

static struct spf_question read_question(struct arena *mem,
    yaml_document_t *doc, const yaml_node_t *test)
{
	const char *helo = text_of(mem, scalar(member(doc, test, "helo")));
	const char *from = text_of(mem, scalar(member(doc, test, "mailfrom")));
	const char *at = strrchr(from, '@');
	struct spf_question q = {
		.helo = helo,
		.receiver = "mx.receiver.example",
		.now = 1400000000,
		.scope = SPF_SCOPE_HELO,
	};

	if (!ip_parse(scalar(member(doc, test, "host")), &q.client))
		abort();
	q.domain = domain_normalise(mem, slice_of(helo));
	if (*from == '\0')
		return q;
	q.scope = SPF_SCOPE_MAILFROM;
	q.domain = domain_normalise(mem, slice_of(at + 1));
	q.local = arena_strndup(mem, from, (size_t)(at - from));
	return q;
}

static bool is_result(yaml_document_t *doc, const yaml_node_t *wanted,
    const char *word)
{
	for (size_t i = 0; i < item_count(wanted); i++)
		if (slice_is(scalar(item(doc, wanted, i)), word))
			return true;
	return slice_is(scalar(wanted), word);
}

/* DEFAULT is the receiver's own explanation: here, none at all. */
static bool is_explained(struct slice wanted, const char *words)
{
	if (slice_is(wanted, "DEFAULT"))
		return words == NULL;
	return words != NULL && slice_is(wanted, words);
}

/* Does the library take this question at all? */
static bool library_takes(struct arena *mem, struct inquiry *dns,
    const struct spf_settings *settings, const struct spf_question *q)
{
	struct spf_outcome ignored;
	struct spf_walk walk;
	const char *why;

	if (q->domain == NULL)
		return true;
	spf_walk_start(&walk, mem, dns, settings, q);
	return spf_library(&walk, &ignored, &why);
}

static void run_test(yaml_document_t *doc, struct resolver *zone,
    struct slice name, const yaml_node_t *test, size_t e, struct score *score)
{
	struct arena *mem = arena_new(8192);
	struct inquiry *dns = inquiry_new(mem, zone, NULL, NULL);
	struct spf_settings settings = { .engine = engines[e],
	    .void_lookups = 2 };
	struct spf_question q = read_question(mem, doc, test);
	const yaml_node_t *result = member(doc, test, "result");
	struct slice words = scalar(member(doc, test, "explanation"));
	struct spf_identity got;
	bool right;

	spf_evaluate(mem, dns, &settings, &q, &got);
	right = is_result(doc, result, name_word(spf_names, (int)got.code));
	score->results++;
	score->left += !library_takes(mem, dns, &settings, &q);
	score->results_right += right;
	if (!right)
		printf("%s: %.*s: %s (%s)\n", engine_words[e], (int)name.len,
		    name.data, name_word(spf_names, (int)got.code),
		    got.reason != NULL ? got.reason : "no reason");
	if (words.data != NULL) {
		right = is_explained(words, got.explanation);
		score->words++;
		score->words_right += right;
		if (!right)
			printf("%s: %.*s: explanation \"%s\"\n",
			    engine_words[e], (int)name.len, name.data,
			    got.explanation != NULL ? got.explanation : "");
	}
	arena_free(mem);
}

static void run_document(yaml_document_t *doc, struct score scores[ENGINES])
{
	const yaml_node_t *tests = member(doc,
	    yaml_document_get_root_node(doc), "tests");
	struct resolver *zone;

	if (tests == NULL)
		return;
	zone = zone_of(doc);
	for (yaml_node_pair_t *p = tests->data.mapping.pairs.start;
	    p < tests->data.mapping.pairs.top; p++)
		for (size_t e = 0; e < ENGINES; e++)
			run_test(doc, zone,
			    scalar(yaml_document_get_node(doc, p->key)),
			    yaml_document_get_node(doc, p->value), e,
			    &scores[e]);
	resolver_drop(zone);
}

static bool run_file(FILE *in, struct score scores[ENGINES])
{
	yaml_parser_t parser;
	yaml_document_t doc;
	bool more = true, fine = true;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_file(&parser, in);
	while (more && fine) {
		fine = yaml_parser_load(&parser, &doc) != 0;
		more = fine && yaml_document_get_root_node(&doc) != NULL;
		if (more)
			run_document(&doc, scores);
		if (fine)
			yaml_document_delete(&doc);
	}
	if (!fine)
		printf("%s: %s\n", SUITE, parser.problem);
	yaml_parser_delete(&parser);
	return fine;
}

static bool tell(const struct score *s, const char *engine)
{
	printf("rfc7208 %s: %u of %u results, %u of %u explanations\n", engine,
	    s->results_right, s->results, s->words_right, s->words);
	if (s->left > LEFT_TO_NATIVE)
		return false;
	return s->results_right == s->results && s->results >= RESULTS &&
	    s->words_right == s->words && s->words >= EXPLANATIONS;
}

int main(void)
{
	struct score scores[ENGINES] = { { 0 } };
	FILE *in = fopen(SUITE, "r");
	bool fine;

	if (in == NULL) {
		printf("skipped: no %s\n", SUITE);
		return SKIPPED;
	}
	fine = run_file(in, scores);
	fclose(in);
	printf("rfc7208: the library leaves %u of %u to the native engine\n",
	    scores[0].left, scores[0].results);
	for (size_t e = 0; e < ENGINES; e++)
		fine = tell(&scores[e], engine_words[e]) && fine;
	return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
