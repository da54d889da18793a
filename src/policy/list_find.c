/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/list_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mail/domain.h"

bool list_expired(const struct list_entry *e, int64_t now)
{
	return e->note != NULL && e->note->expires != 0 &&
	    now >= e->note->expires;
}

size_t list_expired_count(const struct list *l, int64_t now,
    const struct list_entry **first)
{
	size_t n = 0;

	for (const struct list_entry *e = l->first; e != NULL; e = e->next)
		if (list_expired(e, now) && n++ == 0)
			*first = e;
	return n;
}

unsigned long list_hits(const struct list_entry *e)
{
	return __atomic_load_n(&e->hits, __ATOMIC_RELAXED);
}

void list_forget_hits(struct list *l)
{
	for (struct list_entry *e = l->first; e != NULL; e = e->next)
		__atomic_store_n(&e->hits, 0, __ATOMIC_RELAXED);
}

/* A full counter stays full; that two threads may both see the last step is
 * no harm, it is one short of wrapping. */
static bool hit(struct list_entry *e)
{
	if (list_hits(e) < UINT32_MAX / 2)
		__atomic_add_fetch(&e->hits, 1, __ATOMIC_RELAXED);
	return true;
}

static int compare_key(const void *key, const void *item)
{
	return compare_entries(key, *(const struct list_entry *const *)item);
}

static struct list_entry *find(const struct list *l,
    const struct list_entry *key)
{
	const struct entries *all = &l->kinds[key->kind];
	struct list_entry **at = all->count == 0 ? NULL : bsearch(key,
	    all->items, all->count, sizeof(*all->items), compare_key);

	return at == NULL ? NULL : *at;
}

/* One of this meaning that has not expired. */
static bool hit_one(const struct list *l, const struct list_entry *key,
    int64_t now)
{
	for (struct list_entry *e = find(l, key); e != NULL; e = e->same)
		if (!list_expired(e, now))
			return hit(e);
	return false;
}

static bool hit_name(const struct list *l, enum list_kind kind,
    const char *name, int64_t now)
{
	const struct list_entry key = { .kind = kind, .name = name };

	return hit_one(l, &key, now);
}

bool list_has_domain(const struct list *l, const char *domain, int64_t now)
{
	assert(l->sealed);
	if (hit_name(l, LIST_DOMAIN, domain, now))
		return true;
	while ((domain = domain_parent(domain)) != NULL)
		if (hit_name(l, LIST_BELOW, domain, now))
			return true;
	return false;
}

bool list_has_address(const struct list *l, struct slice local,
    const char *domain, int64_t now)
{
	char key[LIST_ENTRY_OCTETS_MAX + DOMAIN_MAX + 2];

	assert(l->sealed);
	if (domain == NULL)
		return false;
	if (list_has_domain(l, domain, now))
		return true;
	return address_key(key, sizeof(key), local, domain) &&
	    hit_name(l, LIST_ADDRESS, key, now);
}

/* The address with every bit behind the prefix cleared. */
static struct network enclosing(const struct ip *ip, unsigned prefix)
{
	struct network n = { .prefix = prefix };

	n.base.family = ip->family;
	for (unsigned i = 0; i < prefix / 8; i++)
		n.base.octets[i] = ip->octets[i];
	if (prefix % 8 != 0)
		n.base.octets[prefix / 8] = (uint8_t)(ip->octets[prefix / 8] &
		    (0xff00U >> (prefix % 8)));
	return n;
}

static bool hit_network(const struct list *l, const struct ip *ip,
    unsigned prefix, int64_t now)
{
	const struct network n = enclosing(ip, prefix);
	const struct list_entry key = { .kind = LIST_NETWORK, .network = &n };

	return hit_one(l, &key, now);
}

bool list_has_ip(const struct list *l, const struct ip *ip, int64_t now)
{
	bool v4 = ip->family == IP_V4;
	const bool *used = v4 ? l->prefixes_v4 : l->prefixes_v6;
	unsigned longest = v4 ? 32 : 128;

	assert(l->sealed);
	if (ip->family == IP_NONE || !list_has_networks(l))
		return false;
	for (unsigned prefix = 0; prefix <= longest; prefix++)
		if (used[prefix] && hit_network(l, ip, prefix, now))
			return true;
	return false;
}

static int64_t end_of(const struct list_entry *e)
{
	return e->note == NULL ? 0 : e->note->expires;
}

const struct list_entry *list_same(const struct list *l,
    const struct list_entry *e)
{
	for (const struct list_entry *o = find(l, e); o != NULL; o = o->same)
		if (end_of(o) == end_of(e))
			return o;
	return NULL;
}

/* Does it hold now, and as long as the other one? */
static bool outlives(const struct list_entry *e, const struct list_entry *other,
    int64_t now)
{
	if (e == other || list_expired(e, now))
		return false;
	if (e->note == NULL || e->note->expires == 0)
		return true;
	return other->note != NULL && other->note->expires != 0 &&
	    other->note->expires <= e->note->expires;
}

static bool twins(const struct list_entry *a, const struct list_entry *b)
{
	return a->kind == b->kind && compare_entries(a, b) == 0;
}

static const struct list_entry *cover_of(const struct list *l,
    const struct list_entry *key, const struct list_entry *e, int64_t now)
{
	for (const struct list_entry *o = find(l, key); o != NULL; o = o->same)
		if (outlives(o, e, now) && (o->order < e->order ||
		    !twins(o, e) || !outlives(e, o, now)))
			return o;
	return NULL;
}

static const struct list_entry *cover_name(const struct list *l,
    enum list_kind kind, const char *name, const struct list_entry *e,
    int64_t now)
{
	const struct list_entry key = { .kind = kind, .name = name };

	return cover_of(l, &key, e, now);
}

static const struct list_entry *cover_above(const struct list *l,
    const char *name, const struct list_entry *e, int64_t now)
{
	const struct list_entry *found = NULL;

	while (found == NULL && (name = domain_parent(name)) != NULL)
		found = cover_name(l, LIST_BELOW, name, e, now);
	return found;
}

static const struct list_entry *cover_network(const struct list *l,
    const struct list_entry *e, int64_t now)
{
	const struct list_entry *found = NULL;

	for (unsigned p = 0; found == NULL && p <= e->network->prefix; p++) {
		const struct network n = enclosing(&e->network->base, p);
		const struct list_entry key = { .kind = LIST_NETWORK,
		    .network = &n };

		found = cover_of(l, &key, e, now);
	}
	return found;
}

const struct list_entry *list_cover(const struct list *l,
    const struct list_entry *e, int64_t now)
{
	const struct list_entry *found;
	const char *domain;

	assert(l->sealed);
	if (e->kind == LIST_NETWORK)
		return cover_network(l, e, now);
	found = cover_name(l, e->kind, e->name, e, now);
	if (found != NULL)
		return found;
	if (e->kind != LIST_ADDRESS)
		return cover_above(l, e->name, e, now);
	domain = strrchr(e->name, '@') + 1;
	found = cover_name(l, LIST_DOMAIN, domain, e, now);
	return found != NULL ? found : cover_above(l, domain, e, now);
}
