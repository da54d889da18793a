/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/forwarders.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "history/restore.h"

/* What is kept of one message. */
struct hit {
	const char *client, *author, *name, *sender, *id;
	enum action action;
	bool dmarc_failed;
	bool signs[FORWARDER_SIGNS];
	size_t order;                   /* how many came before */
};

struct forwarders {
	struct arena *mem;              /* texts */
	struct arena *scratch;          /* one record's facts */
	struct hit *hits;
	size_t count, room;
	struct forwarder *list;
};

struct forwarders *forwarders_new(void)
{
	struct forwarders *f = xcalloc(1, sizeof(*f));

	f->mem = arena_new(16384);
	f->scratch = arena_new(16384);
	return f;
}

void forwarders_free(struct forwarders *f)
{
	if (f == NULL)
		return;
	free(f->list);
	free(f->hits);
	arena_free(f->scratch);
	arena_free(f->mem);
	free(f);
}

static bool is_word(const struct facts *f, enum fact id, const char *word)
{
	const struct fact_value *v = &f->values[id];
	const char *have = v->state == FACT_KNOWN ?
	    name_word(fact_defs[id].words, v->word) : NULL;

	return have != NULL && strcmp(have, word) == 0;
}

static const char *text_of(struct arena *mem, const struct facts *f,
    enum fact id)
{
	return f->values[id].state == FACT_KNOWN ?
	    arena_strdup(mem, f->values[id].text) : NULL;
}

/* A cheap look at the columns, before the facts are read. */
static bool had_trouble(const struct record *r, struct hit *hit)
{
	const struct name *n = r->action == NULL ? NULL :
	    name_find(action_names, r->action);

	if (r->client_ip == NULL || r->from_domain == NULL || r->id == NULL ||
	    n == NULL)
		return false;
	hit->action = (enum action)n->code;
	hit->dmarc_failed = r->dmarc_result != NULL &&
	    strcmp(r->dmarc_result, "fail") == 0;
	return hit->dmarc_failed || hit->action == ACTION_TAG ||
	    hit->action == ACTION_QUARANTINE || hit->action == ACTION_REJECT;
}

static bool was_forwarded(const struct facts *f)
{
	const struct fact_value *v = &f->values[FACT_FORWARDED_LIKELY];

	return v->state == FACT_KNOWN && v->yes &&
	    is_word(f, FACT_CLIENT_CLASS, "outside");
}

static void take_signs(const struct facts *f, struct hit *hit)
{
	const struct fact_value *v = &f->values[FACT_FORWARDED_BY];

	if (v->state != FACT_KNOWN)
		return;
	for (size_t i = 0; i < v->set.count; i++) {
		const struct name *n = name_find(forwarded_names,
		    v->set.items[i]);

		if (n != NULL)
			hit->signs[n->code] = true;
	}
}

static void keep(struct forwarders *f, const struct hit *hit)
{
	if (f->count == f->room) {
		f->room = f->room == 0 ? 256 : 2 * f->room;
		f->hits = xrealloc(f->hits, f->room, sizeof(*f->hits));
	}
	f->hits[f->count++] = *hit;
}

bool forwarders_look(struct forwarders *f, const struct record *r)
{
	struct hit hit = { .order = f->count };
	struct restored x;
	bool counts;

	if (!had_trouble(r, &hit))
		return false;
	counts = restore(r, f->scratch, &x, NULL) && was_forwarded(&x.facts);
	if (counts) {
		hit.client = arena_strdup(f->mem, r->client_ip);
		hit.author = arena_strdup(f->mem, r->from_domain);
		hit.id = arena_strdup(f->mem, r->id);
		if (is_word(&x.facts, FACT_IPREV_RESULT, "pass"))
			hit.name = text_of(f->mem, &x.facts, FACT_CLIENT_NAME);
		if (is_word(&x.facts, FACT_SPF_RESULT, "pass") &&
		    is_word(&x.facts, FACT_SPF_SCOPE, "mailfrom"))
			hit.sender = text_of(f->mem, &x.facts, FACT_SPF_DOMAIN);
		take_signs(&x.facts, &hit);
		keep(f, &hit);
	}
	arena_reset(f->scratch);
	return counts;
}

static int by_client(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	int order = strcmp(x->client, y->client);

	if (order == 0)
		order = strcmp(x->author, y->author);
	return order != 0 ? order : (x->order > y->order) -
	    (x->order < y->order);
}

static int by_messages(const void *a, const void *b)
{
	const struct forwarder *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return strcmp(x->client, y->client);
}

static void add_text(struct forwarder_texts *t, const char *text)
{
	if (text == NULL || t->count == FORWARDER_EXAMPLES)
		return;
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->items[i], text) == 0)
			return;
	t->items[t->count++] = text;
}

/* Those of one author stand together. */
static void add_hit(struct forwarder *w, const struct hit *hit, bool new_author)
{
	w->messages++;
	w->dmarc_failed += hit->dmarc_failed;
	w->actions[hit->action]++;
	for (size_t i = 0; i < FORWARDER_SIGNS; i++)
		w->signs[i] += hit->signs[i];
	add_text(&w->names, hit->name);
	add_text(&w->senders, hit->sender);
	if (!new_author)
		return;
	w->authors++;
	add_text(&w->examples, hit->author);
	add_text(&w->ids, hit->id);
}

/* Of few authors the examples are filled up with further messages. */
static void fill_ids(struct forwarder *w, const struct hit *hits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_text(&w->ids, hits[i].id);
}

/* All hits of one client, the first of them given; how many there are. */
static size_t group(const struct hit *hits, size_t n, struct forwarder *w)
{
	size_t i = 0;

	*w = (struct forwarder){ .client = hits[0].client };
	for (; i < n && strcmp(hits[i].client, w->client) == 0; i++)
		add_hit(w, &hits[i], i == 0 ||
		    strcmp(hits[i].author, hits[i - 1].author) != 0);
	fill_ids(w, hits, i);
	return i;
}

const struct forwarder *forwarders_list(struct forwarders *f, size_t *count)
{
	*count = 0;
	free(f->list);
	f->list = xcalloc(f->count + 1, sizeof(*f->list));
	if (f->count > 0)
		qsort(f->hits, f->count, sizeof(*f->hits), by_client);
	for (size_t i = 0; i < f->count;) {
		struct forwarder *w = &f->list[*count];

		i += group(&f->hits[i], f->count - i, w);
		if (w->messages >= FORWARDER_MESSAGES &&
		    w->authors >= FORWARDER_AUTHORS)
			++*count;
	}
	if (*count > 0)
		qsort(f->list, *count, sizeof(*f->list), by_messages);
	return f->list;
}
