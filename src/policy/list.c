/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/list_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/domain.h"

struct list *list_new(void)
{
	struct list *l = xcalloc(1, sizeof(*l));

	l->mem = arena_new(1024);
	return l;
}

void list_free(struct list *l)
{
	if (l == NULL)
		return;
	for (int kind = LIST_DOMAIN; kind <= LIST_NETWORK; kind++)
		free(l->kinds[kind].items);
	arena_free(l->mem);
	free(l);
}

static struct list_entry *add_entry(struct list *l, enum list_kind kind)
{
	struct list_entry *e = arena_alloc(l->mem, sizeof(*e));
	struct entries *all = &l->kinds[kind];

	e->kind = kind;
	if (all->count == all->room) {
		all->room = all->room == 0 ? 8 : all->room * 2;
		all->items = xrealloc(all->items, all->room,
		    sizeof(*all->items));
	}
	all->items[all->count++] = e;
	if (l->last != NULL)
		l->last->next = e;
	else
		l->first = e;
	l->last = e;
	e->order = (uint32_t)l->total++;
	return e;
}

static bool add_network(struct list *l, const struct network *n)
{
	add_entry(l, LIST_NETWORK)->network = arena_memdup(l->mem, n,
	    sizeof(*n));
	if (n->base.family == IP_V4)
		l->prefixes_v4[n->prefix] = true;
	else
		l->prefixes_v6[n->prefix] = true;
	return true;
}

static struct slice rest_after(struct slice s, size_t n)
{
	return slice_sub(s, n, SIZE_MAX);
}

/* The last "@" counts: a quoted local part may hold another. */
static bool find_at(struct slice s, size_t *at)
{
	for (*at = s.len; *at > 0; --*at)
		if (s.data[*at - 1] == '@') {
			--*at;
			return true;
		}
	return false;
}

bool address_key(char *out, size_t room, struct slice local,
    const char *domain)
{
	size_t len = strlen(domain);

	if (local.len + len + 2 > room)
		return false;
	for (size_t i = 0; i < local.len; i++)
		out[i] = ascii_lower(local.data[i]);
	out[local.len] = '@';
	memcpy(out + local.len + 1, domain, len + 1);
	return true;
}

static bool add_address(struct list *l, struct slice entry, size_t at,
    struct error *err)
{
	struct slice local = slice_sub(entry, 0, at);
	const char *domain = domain_normalise(l->mem,
	    rest_after(entry, at + 1));
	size_t room;
	char *key;

	if (local.len == 0 || domain == NULL)
		return error_set(err, "not a mail address");
	room = local.len + strlen(domain) + 2;
	key = arena_alloc(l->mem, room);
	address_key(key, room, local, domain);
	add_entry(l, LIST_ADDRESS)->name = key;
	return true;
}

/* A colon, a slash, or digits and dots only: an address or a network was
 * meant. */
static bool looks_like_network(struct slice s)
{
	bool digit = false;

	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] == ':' || s.data[i] == '/' || s.data[i] == '[')
			return true;
	for (size_t i = 0; i < s.len; i++) {
		if (ascii_digit(s.data[i]))
			digit = true;
		else if (s.data[i] != '.')
			return false;
	}
	return digit;
}

static bool add_domain(struct list *l, struct slice entry, struct error *err)
{
	bool dot = entry.data[0] == '.';
	const char *domain = domain_normalise(l->mem,
	    dot ? rest_after(entry, 1) : entry);

	if (domain == NULL && memchr(entry.data, '*', entry.len) != NULL)
		return error_set(err, "no stars here: \".example.org\" means "
		    "every name below example.org");
	if (domain == NULL)
		return error_set(err, "not a domain, an address or a network");
	add_entry(l, dot ? LIST_BELOW : LIST_DOMAIN)->name = domain;
	return true;
}

bool list_add(struct list *l, struct slice entry, struct error *err)
{
	struct network n;
	size_t at;

	assert(!l->sealed);
	if (l->total >= LIST_ENTRIES_MAX)
		return error_set(err, "a list has at most %d entries",
		    LIST_ENTRIES_MAX);
	if (entry.len == 0)
		return error_set(err, "an empty entry");
	if (entry.len > LIST_ENTRY_OCTETS_MAX)
		return error_set(err, "an entry has at most %d octets",
		    LIST_ENTRY_OCTETS_MAX);
	for (at = 0; at < entry.len; at++)
		if ((unsigned char)entry.data[at] <= ' ' ||
		    entry.data[at] == 0x7f)
			return error_set(err,
			    "a blank or control character in an entry");
	if (find_at(entry, &at))
		return add_address(l, entry, at, err);
	if (looks_like_network(entry))
		return network_parse(entry, &n, err) && add_network(l, &n);
	return add_domain(l, entry, err);
}

bool list_add_noted(struct list *l, struct slice entry, unsigned line,
    const struct list_note *note, struct error *err)
{
	struct list_note *kept;

	if (!list_add(l, entry, err))
		return false;
	l->last->line = line;
	if (note == NULL)
		return true;
	kept = arena_alloc(l->mem, sizeof(*kept));
	kept->owner = arena_strdup(l->mem, note->owner);
	kept->why = arena_strdup(l->mem, note->why);
	kept->until = arena_strdup(l->mem, note->until);
	kept->expires = note->expires;
	l->last->note = kept;
	return true;
}

/* By prefix first: the networks of one prefix length stand together. */
static int compare_networks(const struct network *x, const struct network *y)
{
	if (x->base.family != y->base.family)
		return x->base.family < y->base.family ? -1 : 1;
	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return memcmp(x->base.octets, y->base.octets, sizeof(x->base.octets));
}

int compare_entries(const struct list_entry *a, const struct list_entry *b)
{
	return a->kind == LIST_NETWORK ?
	    compare_networks(a->network, b->network) : strcmp(a->name, b->name);
}

static int compare_items(const void *a, const void *b)
{
	return compare_entries(*(const struct list_entry *const *)a,
	    *(const struct list_entry *const *)b);
}

/* qsort() promises no order among equals; that of a chain means nothing. */
static void entries_seal(struct entries *all)
{
	size_t kept = 0;

	if (all->count == 0)
		return;
	qsort(all->items, all->count, sizeof(*all->items), compare_items);
	for (size_t i = 0; i < all->count; i++) {
		struct list_entry *e = all->items[i];

		if (kept == 0 || compare_entries(e, all->items[kept - 1]) != 0) {
			all->items[kept++] = e;
			continue;
		}
		e->same = all->items[kept - 1]->same;
		all->items[kept - 1]->same = e;
	}
	all->count = kept;
}

void list_seal(struct list *l)
{
	for (int kind = LIST_DOMAIN; kind <= LIST_NETWORK; kind++)
		entries_seal(&l->kinds[kind]);
	l->sealed = true;
}

size_t list_count(const struct list *l)
{
	size_t n = 0;

	for (int kind = LIST_DOMAIN; kind <= LIST_NETWORK; kind++)
		n += l->kinds[kind].count;
	return n;
}

bool list_has_networks(const struct list *l)
{
	return l->kinds[LIST_NETWORK].count > 0;
}

bool list_has_names(const struct list *l)
{
	return list_count(l) > l->kinds[LIST_NETWORK].count;
}

const struct list_entry *list_first(const struct list *l)
{
	return l->first;
}

const char *list_entry_text(struct arena *mem, const struct list_entry *e)
{
	char ip[IP_TEXT_MAX];

	if (e->kind != LIST_NETWORK)
		return arena_printf(mem, "%s%s",
		    e->kind == LIST_BELOW ? "." : "", e->name);
	return arena_printf(mem, "%s/%u", ip_text(&e->network->base, ip),
	    e->network->prefix);
}
