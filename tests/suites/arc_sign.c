/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The signing half of the ARC test suite: a message that bears our results, a
 * key and a time in; the three fields of the new set out, octet for octet as
 * far as verifiers look: both b= too.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "base/buf.h"
#include "check/arc/arc.h"
#include "check/arc/seal.h"
#include "dns/zone.h"
#include "mail/authres.h"
#include "mail/message.h"

static const char path[] = ASSAY_SUITES "/arc/arc-draft-sign-tests.yml";

struct tally {
	size_t good, all;
};

/* What the tests of one document share. */
struct scene {
	yaml_document_t *doc;
	struct resolver *resolver;
	struct sealer *sealer;
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

static const char *string(struct scene *s, yaml_node_t *map, const char *key,
    struct arena *mem)
{
	struct slice text = slice_trim(text_of(value_of(s->doc, map, key)));

	return arena_strndup(mem, text.data, text.len);
}

/* --- what the tests need --- */

/* "name: record" pairs as lines of a zone; records are folded here. */
static struct resolver *keys_of(yaml_document_t *doc, yaml_node_t *records)
{
	struct buf zone = { 0 };
	struct error err = { "" };
	struct resolver *r;

	if (records != NULL && records->type == YAML_MAPPING_NODE)
		for (yaml_node_pair_t *p = records->data.mapping.pairs.start;
		    p < records->data.mapping.pairs.top; p++) {
			struct slice rest = text_of(
			    yaml_document_get_node(doc, p->value));

			buf_addf(&zone, "%s TXT", text_of(
			    yaml_document_get_node(doc, p->key)).data);
			while (rest.data != NULL) {
				struct slice line = slice_cut(&rest, '\n');

				buf_addf(&zone, " \"%.*s\"", (int)line.len,
				    line.data);
			}
			buf_addc(&zone, '\n');
		}
	r = zone_resolver(slice_of(buf_text(&zone)), "txt-records", &err);
	if (r == NULL)
		printf("%s\n", err.text);
	buf_free(&zone);
	return r;
}

/* The key goes the way of every key: through a file. */
static struct sealer *sealer_of(struct scene *s, yaml_node_t *root,
    struct arena *mem)
{
	char file[] = "/tmp/assay-arc-sign-XXXXXX";
	struct slice key = text_of(value_of(s->doc, root, "privatekey"));
	struct seal_options o = {
		.domain = string(s, root, "domain", mem),
		.selector = string(s, root, "sel", mem),
		.key_file = file,
		.owner = getuid(),
	};
	struct error err = { "" };
	struct sealer *sealer = NULL;
	int fd = mkstemp(file);

	if (fd < 0 || write(fd, key.data, key.len) != (ssize_t)key.len)
		perror(file);
	else
		sealer = sealer_new(&o, NULL, &err);
	if (err.text[0] != '\0')
		printf("%s\n", err.text);
	if (fd >= 0) {
		close(fd);
		unlink(file);
	}
	return sealer;
}

/* All results of this host as one value: the suite counts on sealers that find
 * theirs in the message and put them together. */
static const char *merged_results(struct arena *mem, const struct header *h,
    const char *id)
{
	struct buf all = { 0 };
	const char *kept;

	buf_addf(&all, " %s", id);
	for (size_t i = 0; i < h->count; i++) {
		struct slice value = slice_trim(h->fields[i].value);
		struct authres a;

		if (!slice_is_nocase(h->fields[i].name,
		    "Authentication-Results") ||
		    !authres_parse(mem, value, &a) || strcmp(a.id, id) != 0)
			continue;
		slice_cut(&value, ';');
		value = slice_trim(value);
		while (value.len > 0 && value.data[value.len - 1] == ';')
			value.len--;
		buf_addf(&all, "; %.*s", (int)value.len, value.data);
	}
	kept = arena_strdup(mem, buf_text(&all));
	buf_free(&all);
	return kept;
}

static void seal_message(struct scene *s, struct arena *mem, yaml_node_t *test,
    struct seal *out)
{
	struct message m;
	struct arc_finding found;
	struct arc_question question = { .minimum_bits = 1024,
		.header = &m.header, .body = body_new(mem),
		.now = 1500000000 };
	struct seal_request request = { .header = &m.header, .found = &found,
		.names = string(s, test, "sig-headers", mem),
		.now = atol(string(s, test, "t", mem)), .sorted = true };
	struct arc_work *w;

	message_cut(mem, text_of(value_of(s->doc, test, "message")), &m);
	w = arc_begin(mem, inquiry_new(mem, s->resolver, NULL, NULL),
	    &question, &found);
	seal_want(question.body);
	body_feed(question.body, m.body.data, m.body.len);
	body_end(question.body);
	arc_conclude(w);
	found.body_hash = seal_body_hash(question.body, mem);
	request.results = merged_results(mem, &m.header,
	    string(s, test, "srv-id", mem));
	arc_seal(s->sealer, mem, &request, out);
}

/* --- what comes out --- */

/* Any white space is one blank, and none is left at the ends and in b=, where
 * it does not count. */
static const char *plain(struct arena *mem, struct slice value)
{
	char *kept = arena_alloc(mem, value.len + 1), *to = kept;
	bool in_b = false;

	value = slice_trim(value);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c == '\t' || c == '\r' || c == '\n')
			c = ' ';
		if (c == ' ' && (in_b || to[-1] == ' '))
			continue;
		if (c == '=' && to - kept >= 2 && to[-1] == 'b' &&
		    to[-2] == ' ')
			in_b = true;
		in_b &= c != ';';
		*to++ = c;
	}
	return kept;
}

static bool is_as_wanted(struct scene *s, struct arena *mem, const char *label,
    yaml_node_t *test, const struct seal *seal)
{
	static const char *const keys[] = {
		[ARC_RESULTS] = "AAR", [ARC_MESSAGE] = "AMS",
		[ARC_SEAL] = "AS",
	};
	bool good = true;

	for (int part = 0; part < ARC_PARTS; part++) {
		const char *wanted = plain(mem,
		    text_of(value_of(s->doc, test, keys[part])));
		const char *got = plain(mem, seal->answer != SEAL_DONE ?
		    SLICE("") : slice_of(seal->values[part]));

		if (strcmp(wanted, got) == 0)
			continue;
		printf("%s: %s\n\tgot    %s\n\twanted %s\n", label, keys[part],
		    seal->answer == SEAL_DONE ? got : seal->reason, wanted);
		good = false;
	}
	return good;
}

static void run_test(struct tally *t, struct scene *s, const char *label,
    yaml_node_t *test)
{
	struct arena *mem = arena_new(65536);
	struct seal seal;

	seal_message(s, mem, test, &seal);
	t->all++;
	t->good += is_as_wanted(s, mem, label, test, &seal);
	arena_free(mem);
}

static void run_document(struct tally *t, yaml_document_t *doc)
{
	yaml_node_t *root = yaml_document_get_root_node(doc);
	yaml_node_t *tests = value_of(doc, root, "tests");
	struct arena *mem = arena_new(4096);
	struct scene s = { .doc = doc };

	s.resolver = keys_of(doc, value_of(doc, root, "txt-records"));
	s.sealer = sealer_of(&s, root, mem);
	if (tests != NULL && tests->type == YAML_MAPPING_NODE &&
	    s.resolver != NULL && s.sealer != NULL)
		for (yaml_node_pair_t *p = tests->data.mapping.pairs.start;
		    p < tests->data.mapping.pairs.top; p++)
			run_test(t, &s, text_of(
			    yaml_document_get_node(doc, p->key)).data,
			    yaml_document_get_node(doc, p->value));
	resolver_drop(s.resolver);
	sealer_free(s.sealer);
	arena_free(mem);
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
	struct tally t = { 0, 0 };
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
	printf("arc signing: %zu of %zu\n", t.good, t.all);
	return good && t.all > 0 && t.good == t.all ? 0 : 1;
}
