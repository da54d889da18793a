/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The validation half of the ARC test suite: messages and keys in, the chain's
 * status out. A test whose cv: is empty states none and is passed over.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "base/buf.h"
#include "check/arc/arc.h"
#include "dns/zone.h"
#include "mail/message.h"

static const char path[] = ASSAY_SUITES "/arc/arc-draft-validation-tests.yml";

struct tally {
	size_t count, good, all;
};

/* The value of a key of a mapping, or NULL. */
static yaml_node_t *value_of(yaml_document_t *doc, yaml_node_t *map,
    const char *key)
{
	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
	    p < map->data.mapping.pairs.top; p++) {
		yaml_node_t *name = yaml_document_get_node(doc, p->key);

		if (strcmp((char *)name->data.scalar.value, key) == 0)
			return yaml_document_get_node(doc, p->value);
	}
	return NULL;
}

static struct slice text_of(yaml_node_t *node)
{
	if (node == NULL || node->type != YAML_SCALAR_NODE)
		return SLICE("");
	return (struct slice){ (char *)node->data.scalar.value,
	    node->data.scalar.length };
}

/* "name: record" pairs as lines of a zone. */
static struct resolver *keys_of(yaml_document_t *doc, yaml_node_t *records)
{
	struct buf zone = { 0 };
	struct error err = { "" };
	struct resolver *r;

	if (records != NULL && records->type == YAML_MAPPING_NODE)
		for (yaml_node_pair_t *p = records->data.mapping.pairs.start;
		    p < records->data.mapping.pairs.top; p++) {
			struct slice name = text_of(
			    yaml_document_get_node(doc, p->key));
			struct slice record = text_of(
			    yaml_document_get_node(doc, p->value));

			buf_addf(&zone, "%.*s TXT", (int)name.len, name.data);
			for (size_t i = 0; i < record.len; i += 200) {
				struct slice s = slice_sub(record, i, 200);

				buf_addf(&zone, " \"%.*s\"", (int)s.len,
				    s.data);
			}
			buf_addc(&zone, '\n');
		}
	r = zone_resolver(slice_of(buf_text(&zone)), "txt-records", &err);
	if (r == NULL)
		printf("%s\n", err.text);
	buf_free(&zone);
	return r;
}

static struct arc_finding validate(struct arena *mem, struct resolver *r,
    struct slice raw)
{
	struct arc_question question = { .minimum_bits = 1024,
		.body = body_new(mem), .now = 1500000000 };
	struct arc_finding finding;
	struct message m;
	struct arc_work *w;

	message_cut(mem, raw, &m);
	question.header = &m.header;
	w = arc_begin(mem, inquiry_new(mem, r, NULL, NULL), &question,
	    &finding);
	body_feed(question.body, m.body.data, m.body.len);
	arc_conclude(w);
	return finding;
}

static void run_test(struct tally *t, yaml_document_t *doc,
    struct resolver *r, const char *label, yaml_node_t *test)
{
	struct slice wanted = text_of(value_of(doc, test, "cv"));
	struct arena *mem = arena_new(65536);
	struct arc_finding f = validate(mem, r,
	    text_of(value_of(doc, test, "message")));
	const char *got = name_word(arc_names, (int)f.code);

	t->all++;
	if (wanted.len > 0) {
		t->count++;
		if (slice_is_nocase(wanted, got))
			t->good++;
		else
			printf("%s: got %s (%s), wanted %.*s\n", label, got,
			    f.reason != NULL ? f.reason : "no reason",
			    (int)wanted.len, wanted.data);
	}
	arena_free(mem);
}

/* A few tests stand there twice; as with any reader of YAML that keeps a table,
 * the last one counts. */
static bool comes_again(yaml_document_t *doc, yaml_node_t *tests,
    const yaml_node_pair_t *pair)
{
	struct slice name = text_of(yaml_document_get_node(doc, pair->key));

	for (const yaml_node_pair_t *p = pair + 1;
	    p < tests->data.mapping.pairs.top; p++)
		if (slice_equal(name,
		    text_of(yaml_document_get_node(doc, p->key))))
			return true;
	return false;
}

static void run_document(struct tally *t, yaml_document_t *doc)
{
	yaml_node_t *root = yaml_document_get_root_node(doc);
	yaml_node_t *tests = value_of(doc, root, "tests");
	struct resolver *r = keys_of(doc, value_of(doc, root, "txt-records"));

	if (tests != NULL && tests->type == YAML_MAPPING_NODE && r != NULL)
		for (yaml_node_pair_t *p = tests->data.mapping.pairs.start;
		    p < tests->data.mapping.pairs.top; p++)
			if (!comes_again(doc, tests, p))
				run_test(t, doc, r, text_of(
				    yaml_document_get_node(doc, p->key)).data,
				    yaml_document_get_node(doc, p->value));
	resolver_drop(r);
}

static bool run_file(struct tally *t, FILE *in)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	bool good;

	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_file(&parser, in);
	while ((good = yaml_parser_load(&parser, &doc)) &&
	    yaml_document_get_root_node(&doc) != NULL) {
		run_document(t, &doc);
		yaml_document_delete(&doc);
	}
	if (good)
		yaml_document_delete(&doc);
	else
		printf("%s: line %zu: %s\n", path, parser.problem_mark.line + 1,
		    parser.problem);
	yaml_parser_delete(&parser);
	return good;
}

int main(void)
{
	struct tally t = { 0, 0, 0 };
	FILE *in;
	bool good;

	if (access(path, R_OK) != 0) {
		printf("skipped: no %s\n", path);
		return 77;
	}
	in = fopen(path, "r");
	if (in == NULL) {
		perror(path);
		return 1;
	}
	good = run_file(&t, in);
	fclose(in);
	printf("arc validation: %zu of %zu (%zu tests, %zu state no result)\n",
	    t.good, t.count, t.all, t.all - t.count);
	return good && t.count > 0 && t.good == t.count ? 0 : 1;
}
