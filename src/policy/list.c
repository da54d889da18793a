/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/list.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mail/domain.h"

/* Sorted by strcmp() once sealed. */
struct texts {
	const char **items;
	size_t count;
	size_t room;
};

struct list {
	struct arena *mem;      /* of the texts */
	struct texts exact;     /* "example.org" */
	struct texts below;     /* ".example.org", kept without its dot */
	struct texts addresses; /* "user@example.org", in lower case */
	struct network *networks;
	size_t network_count;
	size_t network_room;
	/* Prefix lengths in use, so that a look-up tries no others. */
	bool prefixes_v4[33], prefixes_v6[129];
	bool sealed;
};

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
	free(l->exact.items);
	free(l->below.items);
	free(l->addresses.items);
	free(l->networks);
	arena_free(l->mem);
	free(l);
}

static void texts_add(struct texts *t, const char *text)
{
	if (t->count == t->room) {
		t->room = t->room == 0 ? 8 : t->room * 2;
		t->items = xrealloc(t->items, t->room, sizeof(*t->items));
	}
	t->items[t->count++] = text;
}

static bool add_network(struct list *l, const struct network *n)
{
	if (l->network_count == l->network_room) {
		l->network_room = l->network_room == 0 ? 8 :
		    l->network_room * 2;
		l->networks = xrealloc(l->networks, l->network_room,
		    sizeof(*l->networks));
	}
	l->networks[l->network_count++] = *n;
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

static char *address_key(struct arena *mem, struct slice local,
    const char *domain)
{
	size_t len = strlen(domain);
	char *key = arena_alloc(mem, local.len + 1 + len + 1);

	for (size_t i = 0; i < local.len; i++)
		key[i] = ascii_lower(local.data[i]);
	key[local.len] = '@';
	memcpy(key + local.len + 1, domain, len);
	return key;
}

static bool add_address(struct list *l, struct slice entry, size_t at,
    struct error *err)
{
	struct slice local = slice_sub(entry, 0, at);
	const char *domain = domain_normalise(l->mem,
	    rest_after(entry, at + 1));

	if (local.len == 0 || domain == NULL)
		return error_set(err, "not a mail address");
	texts_add(&l->addresses, address_key(l->mem, local, domain));
	return true;
}

/* Digits, dots and a slash, or a colon: an address or a network was meant. */
static bool looks_like_network(struct slice s)
{
	bool digit = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == ':' || s.data[i] == '/' || s.data[i] == '[')
			return true;
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
	texts_add(dot ? &l->below : &l->exact, domain);
	return true;
}

bool list_add(struct list *l, struct slice entry, struct error *err)
{
	struct network n;
	size_t at;

	assert(!l->sealed);
	if (list_count(l) >= LIST_ENTRIES_MAX)
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

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By prefix first: the networks of one prefix length stand together. */
static int compare_networks(const void *a, const void *b)
{
	const struct network *x = a, *y = b;

	if (x->base.family != y->base.family)
		return x->base.family < y->base.family ? -1 : 1;
	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return memcmp(x->base.octets, y->base.octets, sizeof(x->base.octets));
}

static void texts_seal(struct texts *t)
{
	size_t kept = 0;

	if (t->count == 0)
		return;
	qsort(t->items, t->count, sizeof(*t->items), compare_texts);
	for (size_t i = 0; i < t->count; i++)
		if (i == 0 || strcmp(t->items[i], t->items[kept - 1]) != 0)
			t->items[kept++] = t->items[i];
	t->count = kept;
}

void list_seal(struct list *l)
{
	texts_seal(&l->exact);
	texts_seal(&l->below);
	texts_seal(&l->addresses);
	if (l->network_count > 0)
		qsort(l->networks, l->network_count, sizeof(*l->networks),
		    compare_networks);
	l->sealed = true;
}

size_t list_count(const struct list *l)
{
	return l->exact.count + l->below.count + l->addresses.count +
	    l->network_count;
}

bool list_has_networks(const struct list *l)
{
	return l->network_count > 0;
}

bool list_has_names(const struct list *l)
{
	return list_count(l) > l->network_count;
}

static bool texts_have(const struct texts *t, const char *text)
{
	return t->count > 0 && bsearch(&text, t->items, t->count,
	    sizeof(*t->items), compare_texts) != NULL;
}

bool list_has_domain(const struct list *l, const char *domain)
{
	assert(l->sealed);
	if (texts_have(&l->exact, domain))
		return true;
	while ((domain = domain_parent(domain)) != NULL)
		if (texts_have(&l->below, domain))
			return true;
	return false;
}

bool list_has_address(const struct list *l, struct slice local,
    const char *domain)
{
	char key[LIST_ENTRY_OCTETS_MAX + DOMAIN_MAX + 2];

	assert(l->sealed);
	if (domain == NULL)
		return false;
	if (list_has_domain(l, domain))
		return true;
	if (l->addresses.count == 0 || local.len > LIST_ENTRY_OCTETS_MAX ||
	    strlen(domain) > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < local.len; i++)
		key[i] = ascii_lower(local.data[i]);
	key[local.len] = '@';
	strcpy(key + local.len + 1, domain);
	return texts_have(&l->addresses, key);
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

bool list_has_ip(const struct list *l, const struct ip *ip)
{
	bool v4 = ip->family == IP_V4;
	const bool *used = v4 ? l->prefixes_v4 : l->prefixes_v6;
	unsigned longest = v4 ? 32 : 128;

	assert(l->sealed);
	if (ip->family == IP_NONE || l->network_count == 0)
		return false;
	for (unsigned prefix = 0; prefix <= longest; prefix++) {
		struct network n;

		if (!used[prefix])
			continue;
		n = enclosing(ip, prefix);
		if (bsearch(&n, l->networks, l->network_count,
		    sizeof(*l->networks), compare_networks) != NULL)
			return true;
	}
	return false;
}
