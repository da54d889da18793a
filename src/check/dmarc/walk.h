/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dmarc_walk: the DNS Tree Walk of RFC 9989 4.10.
 *
 * The names of a walk are known beforehand, so all of them are asked at once
 * and then read in order: a walk costs the time of one question. It ends at an
 * explicit psd=, at the last label, or at the first answer that is none.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "check/dmarc/record.h"
#include "dns/inquiry.h"

/* 4.10: the start, and from seven labels down to one. */
#define DMARC_WALK_MAX 8

struct dmarc_found {
	const char *name;               /* without _dmarc */
	struct dmarc_record record;
};

struct dmarc_walk {
	const char *start;
	struct dmarc_found found[DMARC_WALK_MAX];       /* longest name first */
	size_t count;
	const char *queries[DMARC_WALK_MAX];    /* _dmarc names, in order */
	size_t query_count;
	/* The query that failed, the last one; NULL: the walk is complete. */
	const char *failed;
	enum dns_status trouble;        /* how it failed */
	/* The answers prove that the start name exists (RFC 8020); false: they
	 * do not say. */
	bool start_exists;
	/* The first query with several DMARC records, which count as none. */
	const char *crowded;
};

/* start: house form, outlives the walk. Never waits. */
void dmarc_walk_prefetch(struct inquiry *dns, const char *start);
void dmarc_walk(struct arena *mem, struct inquiry *dns, const char *start,
    struct dmarc_walk *out);

/* Organizational Domain of the start name (4.10.2); NULL: the walk failed. */
const char *dmarc_walk_org(const struct dmarc_walk *w);
/* The record at exactly this name, or NULL. */
const struct dmarc_found *dmarc_walk_at(const struct dmarc_walk *w,
    const char *name);
/* The psd=y record above the start name at which the walk ended, or NULL. */
const struct dmarc_found *dmarc_walk_psd(const struct dmarc_walk *w);
