/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/kit.h"

#include <stdlib.h>

#include "base/mem.h"

struct kit *kit_new(void)
{
	struct kit *k = xcalloc(1, sizeof(*k));

	k->references = 1;
	k->mem = arena_new(4096);
	return k;
}

struct kit *kit_ref(struct kit *k)
{
	__atomic_add_fetch(&k->references, 1, __ATOMIC_RELAXED);
	return k;
}

void kit_drop(struct kit *k)
{
	if (k == NULL ||
	    __atomic_sub_fetch(&k->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	/* The resolver first: an answer under way may still log. */
	resolver_free(k->resolver);
	policy_free(k->policy);
	policy_free(k->shadow);
	check_env_free(k->checks);
	arena_free(k->mem);
	free(k);
}

bool network_list_contains(const struct network_list *l, const struct ip *a)
{
	for (size_t i = 0; i < l->count; i++)
		if (network_contains(&l->items[i], a))
			return true;
	return false;
}
