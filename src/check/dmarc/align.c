/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dmarc/align.h"

#include "base/name.h"
#include "mail/domain.h"

static const struct name trouble_words[] = {
	{ DNS_FAILED, "DNS failure" },
	{ DNS_TIMEOUT, "DNS timeout" },
	{ DNS_BOGUS, "DNSSEC failure" },
	{ DNS_REFUSED_HERE, "too many DNS questions" },
	{ 0, NULL },
};

const char *dmarc_trouble(struct arena *mem, enum dns_status status,
    const char *name)
{
	return arena_printf(mem, "%s at %s", name_word(trouble_words,
	    (int)status), name);
}

/*
 * What can be said without a walk of the identifier's own. An organizational
 * domain is always the start of its walk or above it, so an identifier that is
 * not within the author's cannot share it (4.10.2).
 */
static void align_at_sight(struct arena *mem, const char *author,
    const char *org, struct dmarc_identifier *id)
{
	id->fit = DMARC_FIT_NO;
	if (domain_equal(id->domain, author)) {
		id->fit = DMARC_FIT_YES;
		id->why = "identical";
	} else if (id->strict) {
		id->why = "not identical, as strict mode demands";
	} else if (org != NULL && !domain_is_same_or_below(id->domain, org)) {
		id->why = arena_printf(mem, "outside of %s", org);
	} else if (!domain_equal(domain_last_labels(id->domain, 1),
	    domain_last_labels(author, 1))) {
		id->why = "another top-level domain";
	} else {
		id->fit = DMARC_FIT_UNKNOWN;
		id->why = "beyond the number of identifiers looked at";
	}
}

/* The author's org domain is NULL when its walk failed: then a common org
 * domain can only be ruled out. */
static void align_by_walk(struct arena *mem, const struct dmarc_walk *author,
    const char *author_org, struct dmarc_identifier *id)
{
	const char *org = dmarc_walk_org(id->walk);

	if (org == NULL) {
		id->why = dmarc_trouble(mem, id->walk->trouble,
		    id->walk->failed);
	} else if (author_org == NULL &&
	    domain_is_same_or_below(author->start, org)) {
		id->why = dmarc_trouble(mem, author->trouble, author->failed);
	} else {
		id->fit = author_org != NULL && domain_equal(org, author_org) ?
		    DMARC_FIT_YES : DMARC_FIT_NO;
		id->why = arena_printf(mem, "org %s", org);
	}
}

static bool has_aligned(const struct dmarc_identifier *ids, size_t count,
    bool dkim)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i].dkim == dkim && ids[i].fit == DMARC_FIT_YES)
			return true;
	return false;
}

/* The identifier before `i` that names the same domain and was given a walk. */
static const struct dmarc_identifier *walked_before(
    const struct dmarc_identifier *ids, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (ids[k].walk != NULL &&
		    domain_equal(ids[k].domain, ids[i].domain))
			return &ids[k];
	return NULL;
}

/* Hand out walks, each to be walked by whoever comes to it first. */
static void start_walks(struct arena *mem, struct inquiry *dns,
    struct dmarc_identifier *ids, size_t count, unsigned limit)
{
	unsigned walks = 0;

	for (size_t i = 0; i < count; i++) {
		const struct dmarc_identifier *before = walked_before(ids, i);

		if (ids[i].fit != DMARC_FIT_UNKNOWN ||
		    has_aligned(ids, count, ids[i].dkim))
			continue;
		if (before != NULL) {
			ids[i].walk = before->walk;
		} else if (walks < limit) {
			ids[i].walk = arena_alloc(mem, sizeof(*ids[i].walk));
			dmarc_walk_prefetch(dns, ids[i].domain);
			walks++;
		}
	}
}

/* One aligned identifier of a method is enough: more would only take time. */
static bool id_settled(struct dmarc_identifier *ids, size_t count, size_t i)
{
	if (!has_aligned(ids, count, ids[i].dkim))
		return false;
	ids[i].why = "not needed";
	return true;
}

void dmarc_align(struct arena *mem, struct inquiry *dns,
    const struct dmarc_walk *author, struct dmarc_identifier *ids,
    size_t count, unsigned limit)
{
	const char *org = dmarc_walk_org(author);

	for (size_t i = 0; i < count; i++)
		align_at_sight(mem, author->start, org, &ids[i]);
	start_walks(mem, dns, ids, count, limit);
	for (size_t i = 0; i < count; i++) {
		struct dmarc_walk *walk = ids[i].walk;

		if (walk == NULL || id_settled(ids, count, i))
			continue;
		if (walk->start == NULL)
			dmarc_walk(mem, dns, ids[i].domain, walk);
		align_by_walk(mem, author, org, &ids[i]);
	}
}
