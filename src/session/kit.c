/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/kit.h"

#include <stdlib.h>

#include "base/buf.h"
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

#define TIME_TEXT_MAX 32

static const char *time_text(int64_t t, char out[TIME_TEXT_MAX])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
	return out;
}

static void tell_counter(const struct kit *k, const struct policy_hits *h)
{
	char since[TIME_TEXT_MAX];

	log_say(k->log, LOG_LEVEL_INFO, "policy %s: counter %s: %lu since %s",
	    policy_name(k->policy), h->rule, h->acted,
	    time_text(h->since, since));
}

static void tell_rule(const struct kit *k, const struct policy_hits *h)
{
	struct buf more = { 0 };
	char since[TIME_TEXT_MAX];

	if (h->observed > 0)
		buf_addf(&more, ", would have acted %lu times", h->observed);
	if (h->waited > 0)
		buf_addf(&more, ", deferred long enough %lu times", h->waited);
	log_say(k->log, LOG_LEVEL_INFO, "policy %s: rule %s (%s:%u) acted %lu "
	    "times%s since %s", policy_name(k->policy), h->rule, h->file,
	    h->line, h->acted, buf_text(&more), time_text(h->since, since));
	buf_free(&more);
}

void kit_tell_hits(const struct kit *k)
{
	if (k->policy == NULL || k->log == NULL)
		return;
	for (size_t i = 0; i <= policy_rule_count(k->policy); i++) {
		struct policy_hits h = policy_hits(k->policy, i);

		tell_rule(k, &h);
	}
	for (size_t i = 0; i < policy_counter_count(k->policy); i++) {
		struct policy_hits h = policy_counter(k->policy, i);

		tell_counter(k, &h);
	}
}

void kit_drop(struct kit *k)
{
	if (k == NULL ||
	    __atomic_sub_fetch(&k->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	/* The resolver first: an answer under way may still log. Others may hold
	 * it too: nothing it was given points into a kit. */
	resolver_drop(k->resolver);
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
