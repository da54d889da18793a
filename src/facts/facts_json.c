/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * facts_json: facts as members of a JSON object, and back.
 */
#include <string.h>

#include "base/buf.h"
#include "facts/facts.h"
#include "mail/ip.h"

static void json_set(const struct fact_def *def, const struct fact_value *v,
    struct json *out)
{
	json_open_array(out, def->name);
	for (size_t i = 0; i < v->set.count; i++)
		json_text(out, NULL, v->set.items[i]);
	json_close(out);
}

static void json_fact(const struct fact_def *def, const struct fact_value *v,
    struct json *out)
{
	char ip[IP_TEXT_MAX];

	switch (def->type) {
	case FACT_WORD:
		json_text(out, def->name, name_word(def->words, v->word));
		break;
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
		json_text(out, def->name, v->text);
		break;
	case FACT_IP:
		json_text(out, def->name, ip_text(&v->ip, ip));
		break;
	case FACT_NUMBER:
		json_number(out, def->name, v->number);
		break;
	case FACT_YES_NO:
		json_yes_no(out, def->name, v->yes);
		break;
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		json_set(def, v, out);
		break;
	}
}

static const char *header_key(struct buf *key, const char *name)
{
	buf_clear(key);
	buf_addf(key, "header(\"%s\")", name);
	return buf_text(key);
}

void facts_json(const struct facts *f, struct json *out)
{
	struct buf key = { 0 };

	for (int i = 0; i < FACT_COUNT; i++)
		if (f->values[i].state == FACT_KNOWN)
			json_fact(&fact_defs[i], &f->values[i], out);
	for (size_t i = 0; i < f->header_count && f->headers_known; i++)
		if (f->headers[i].value != NULL)
			json_text(out, header_key(&key, f->headers[i].name),
			    f->headers[i].value);
	for (size_t i = 0; i < f->lookup_count; i++)
		if (f->lookups[i].state == FACT_KNOWN)
			json_yes_no(out, f->lookups[i].name, f->lookups[i].yes);
	buf_free(&key);
}

static size_t octets_of(enum fact_type type, const struct fact_value *v)
{
	size_t octets = 0;

	switch (type) {
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
		return strlen(v->text);
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		for (size_t i = 0; i < v->set.count; i++)
			octets += strlen(v->set.items[i]) + 3;
		return octets;
	case FACT_WORD:
	case FACT_IP:
	case FACT_NUMBER:
	case FACT_YES_NO:
		break;
	}
	return 0;
}

static void keep_header(const struct header_fact *h, struct buf *key,
    struct json *out)
{
	if (h->value == NULL)
		json_nothing(out, header_key(key, h->name));
	else if (strlen(h->value) <= FACTS_KEPT_OCTETS)
		json_text(out, header_key(key, h->name), h->value);
}

static void keep_lookup(const struct lookup_fact *l, struct json *out)
{
	if (l->state == FACT_KNOWN)
		json_yes_no(out, l->name, l->yes);
	else if (l->state == FACT_ABSENT)
		json_nothing(out, l->name);
}

void facts_json_kept(const struct facts *f, struct json *out)
{
	struct buf key = { 0 };

	for (int i = 0; i < FACT_COUNT; i++) {
		const struct fact_def *def = &fact_defs[i];
		const struct fact_value *v = &f->values[i];

		switch (v->state) {
		case FACT_UNKNOWN:
			break;
		case FACT_ABSENT:
			json_nothing(out, def->name);
			break;
		case FACT_KNOWN:
			if (octets_of(def->type, v) <= FACTS_KEPT_OCTETS)
				json_fact(def, v, out);
			break;
		}
	}
	for (size_t i = 0; i < f->header_count && f->headers_known; i++)
		keep_header(&f->headers[i], &key, out);
	for (size_t i = 0; i < f->lookup_count; i++)
		keep_lookup(&f->lookups[i], out);
	buf_free(&key);
}

static void read_word(const struct json_node *n, enum fact id,
    struct facts *out)
{
	const char *text = json_read_text(n);
	const struct name *word = text == NULL ? NULL :
	    name_find(fact_defs[id].words, text);

	if (word != NULL)
		facts_word(out, id, word->code);
}

static void read_set(const struct json_node *n, enum fact id,
    struct arena *mem, struct facts *out)
{
	size_t count = json_count(n);
	const char **items = arena_array(mem, count + 1, sizeof(*items));

	if (json_kind(n) != KIND_ARRAY)
		return;
	for (size_t i = 0; i < count; i++) {
		items[i] = json_read_text(json_item(n, i));
		if (items[i] == NULL)
			return;
	}
	facts_set(out, id, items, count);
}

static void read_ip(const struct json_node *n, enum fact id, struct facts *out)
{
	struct ip ip;

	if (ip_parse(slice_of(json_read_text(n)), &ip))
		facts_ip(out, id, &ip);
}

/* A value that is none of this fact leaves it unknown. */
static void read_fact(const struct json_node *n, enum fact id,
    struct arena *mem, struct facts *out)
{
	int64_t number;
	bool yes;

	switch (fact_defs[id].type) {
	case FACT_WORD:
		read_word(n, id, out);
		break;
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
		if (json_read_text(n) != NULL)
			facts_text(out, id, json_read_text(n));
		break;
	case FACT_IP:
		read_ip(n, id, out);
		break;
	case FACT_NUMBER:
		if (json_read_number(n, &number))
			facts_number(out, id, number);
		break;
	case FACT_YES_NO:
		if (json_read_yes_no(n, &yes))
			facts_yes_no(out, id, yes);
		break;
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		read_set(n, id, mem, out);
		break;
	}
}

/* The name in header("name"), or NULL. */
static const char *header_name(struct arena *mem, const char *key)
{
	static const char before[] = "header(\"", behind[] = "\")";
	const size_t lead = sizeof(before) - 1, tail = sizeof(behind) - 1;
	size_t len = strlen(key);

	if (len <= lead + tail || strncmp(key, before, lead) != 0 ||
	    strcmp(key + len - tail, behind) != 0)
		return NULL;
	return arena_strndup(mem, key + lead, len - lead - tail);
}

static size_t count_headers(const struct json_node *from)
{
	size_t n = 0;

	for (const char *key = json_next_key(from, NULL); key != NULL;
	    key = json_next_key(from, key))
		n += strncmp(key, "header(", 7) == 0;
	return n;
}

static void read_headers(const struct json_node *from, struct arena *mem,
    struct facts *out)
{
	size_t room = count_headers(from);

	out->headers_partial = true;
	out->headers_known = true;
	if (room == 0)
		return;
	out->headers = arena_array(mem, room, sizeof(*out->headers));
	for (const char *key = json_next_key(from, NULL); key != NULL;
	    key = json_next_key(from, key)) {
		const struct json_node *n = json_member(from, key);
		const char *name = header_name(mem, key);

		if (name != NULL && (json_kind(n) == KIND_NULL ||
		    json_read_text(n) != NULL))
			out->headers[out->header_count++] =
			    (struct header_fact){ .name = name,
			    .value = json_read_text(n) };
	}
}

static bool names_lookup(const char *key)
{
	return strncmp(key, "dnsbl(", 6) == 0 || strncmp(key, "rhsbl(", 6) == 0;
}

/* Not one of the record was asked of a list that it does not name. */
static void read_lookups(const struct json_node *from, struct arena *mem,
    struct facts *out)
{
	size_t room = 0;

	for (const char *key = json_next_key(from, NULL); key != NULL;
	    key = json_next_key(from, key))
		room += names_lookup(key);
	out->lookups = arena_array(mem, room + 1, sizeof(*out->lookups));
	for (const char *key = json_next_key(from, NULL); key != NULL;
	    key = json_next_key(from, key)) {
		const struct json_node *n = json_member(from, key);
		struct lookup_fact *l = &out->lookups[out->lookup_count];

		if (!names_lookup(key))
			continue;
		if (json_read_yes_no(n, &l->yes))
			l->state = FACT_KNOWN;
		else if (json_kind(n) == KIND_NULL)
			l->state = FACT_ABSENT;
		else
			continue;
		l->name = arena_strdup(mem, key);
		out->lookup_count++;
	}
}

void facts_from_json(const struct json_node *from, struct arena *mem,
    struct facts *out)
{
	*out = (struct facts){ 0 };
	for (int i = 0; i < FACT_COUNT; i++) {
		const struct json_node *n = json_member(from,
		    fact_defs[i].name);

		if (json_kind(n) == KIND_NULL)
			facts_absent(out, (enum fact)i);
		else if (n != NULL)
			read_fact(n, (enum fact)i, mem, out);
	}
	read_headers(from, mem, out);
	read_lookups(from, mem, out);
}
