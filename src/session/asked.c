/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/asked.h"

#include <string.h>
#include <strings.h>

static bool has_header(const struct asked *a, const char *name)
{
	for (size_t i = 0; i < a->header_count; i++)
		if (strcasecmp(a->headers[i], name) == 0)
			return true;
	return false;
}

static bool has_lookup(const struct asked *a, const char *name)
{
	for (size_t i = 0; i < a->lookup_count; i++)
		if (strcmp(a->lookups[i].name, name) == 0)
			return true;
	return false;
}

static void add_headers(struct arena *mem, struct asked *a,
    const char *const *more, size_t count)
{
	const char **all = arena_array(mem, a->header_count + count + 1,
	    sizeof(*all));

	if (a->header_count > 0)
		memcpy(all, a->headers, a->header_count * sizeof(*all));
	a->headers = all;
	for (size_t i = 0; i < count; i++)
		if (!has_header(a, more[i]))
			all[a->header_count++] = more[i];
}

static void add_lookups(struct arena *mem, struct asked *a,
    const struct lookup *more, size_t count)
{
	struct lookup *all = arena_array(mem, a->lookup_count + count + 1,
	    sizeof(*all));

	if (a->lookup_count > 0)
		memcpy(all, a->lookups, a->lookup_count * sizeof(*all));
	a->lookups = all;
	for (size_t i = 0; i < count; i++)
		if (!has_lookup(a, more[i].name))
			all[a->lookup_count++] = more[i];
}

struct asked asked_of(struct arena *mem, const struct kit *kit)
{
	const char *const *headers;
	const struct lookup *lookups;
	struct asked a;
	size_t count;

	a.headers = policy_headers(kit->policy, &a.header_count);
	a.lookups = policy_lookups(kit->policy, &a.lookup_count);
	if (kit->shadow == NULL)
		return a;
	headers = policy_headers(kit->shadow, &count);
	add_headers(mem, &a, headers, count);
	lookups = policy_lookups(kit->shadow, &count);
	add_lookups(mem, &a, lookups, count);
	return a;
}
