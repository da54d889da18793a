/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dmarc/walk.h"

#include <string.h>

#include "mail/domain.h"

#define QUERY_MAX (DOMAIN_MAX + sizeof("_dmarc."))

/* False: no such name can exist in the DNS, so there is no record at it. */
static bool query_name(const char *name, char out[QUERY_MAX])
{
	static const char before[] = "_dmarc.";
	size_t n = strlen(name);

	if (n > DOMAIN_MAX)
		return false;
	memcpy(out, before, sizeof(before) - 1);
	memcpy(out + sizeof(before) - 1, name, n + 1);
	return domain_fits_dns(out);
}

/* 4.10 steps 3, 4 and 7; NULL: no labels remain. Only a start name has more
 * than seven. */
static const char *next_target(const char *name)
{
	return domain_labels(name) > 7 ? domain_last_labels(name, 7) :
	    domain_parent(name);
}

void dmarc_walk_prefetch(struct inquiry *dns, const char *start)
{
	char query[QUERY_MAX];

	for (const char *n = start; n != NULL; n = next_target(n))
		if (query_name(n, query))
			inquiry_prefetch(dns, query, DNS_TXT);
}

/* 4.10 steps 2 and 6: of several DMARC records at one name none counts. */
static bool only_record(struct arena *mem, const struct dns_answer *a,
    struct dmarc_record *out, bool *several)
{
	size_t valid = 0;

	for (size_t i = 0; i < a->count && valid < 2; i++) {
		struct slice text = { a->records[i].data, a->records[i].len };
		struct dmarc_record r;

		if (!dmarc_record_parse(mem, text, &r, NULL))
			continue;
		*out = r;
		valid++;
	}
	*several = valid > 1;
	return valid == 1;
}

static bool is_answer(const struct dns_answer *a)
{
	return a->status == DNS_FOUND || a->status == DNS_NODATA ||
	    a->status == DNS_NXDOMAIN;
}

/* One query; false: the walk ends here. */
static bool step(struct arena *mem, struct inquiry *dns, const char *name,
    struct dmarc_walk *w)
{
	struct dmarc_found *found = &w->found[w->count];
	const struct dns_answer *a;
	char query[QUERY_MAX];
	bool several;

	if (!query_name(name, query))
		return true;
	w->queries[w->query_count] = arena_strdup(mem, query);
	a = inquiry_ask(dns, query, DNS_TXT);
	if (!is_answer(a)) {
		w->failed = w->queries[w->query_count++];
		w->trouble = a->status;
		return false;
	}
	/* RFC 8020: what has something below it exists; so does an alias. */
	if (name == w->start && (a->status != DNS_NXDOMAIN || a->alias))
		w->start_exists = true;
	if (only_record(mem, a, &found->record, &several)) {
		found->name = name;
		w->count++;
	} else if (several && w->crowded == NULL) {
		w->crowded = w->queries[w->query_count];
	}
	w->query_count++;
	return found->name == NULL ||
	    found->record.psd == DMARC_PSD_UNKNOWN;
}

void dmarc_walk(struct arena *mem, struct inquiry *dns, const char *start,
    struct dmarc_walk *out)
{
	const char *name = start;

	*out = (struct dmarc_walk){ .start = start };
	dmarc_walk_prefetch(dns, start);
	while (name != NULL && step(mem, dns, name, out))
		name = next_target(name);
}

/*
 * 4.10.2. "One label below" a psd=y is counted in the start name: after the
 * jump of a long name the previous query is not it. At the start name itself
 * psd=y does not push anything down.
 */
const char *dmarc_walk_org(const struct dmarc_walk *w)
{
	if (w->failed != NULL)
		return NULL;
	for (size_t i = 0; i < w->count; i++) {
		const struct dmarc_found *f = &w->found[i];

		if (f->record.psd == DMARC_PSD_NO)
			return f->name;
		if (f->record.psd == DMARC_PSD_YES && f->name != w->start)
			return domain_last_labels(w->start,
			    domain_labels(f->name) + 1);
	}
	return w->count > 0 ? w->found[w->count - 1].name : w->start;
}

const struct dmarc_found *dmarc_walk_at(const struct dmarc_walk *w,
    const char *name)
{
	for (size_t i = 0; i < w->count; i++)
		if (domain_equal(w->found[i].name, name))
			return &w->found[i];
	return NULL;
}

const struct dmarc_found *dmarc_walk_psd(const struct dmarc_walk *w)
{
	const struct dmarc_found *last;

	if (w->failed != NULL || w->count == 0)
		return NULL;
	last = &w->found[w->count - 1];
	return last->record.psd == DMARC_PSD_YES && last->name != w->start ?
	    last : NULL;
}
