/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A few thousand answers are kept, of anybody's domains: some 4 KB each. */
#define KEPT_MAX 40

struct kept {
	struct spf_record record;
	struct spf_directive directives[];
};

size_t spf_records(const struct dns_answer *a, struct slice *text)
{
	size_t found = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct slice s = { a->records[i].data, a->records[i].len };

		if (spf_record_is(s)) {
			*text = s;
			found++;
		}
	}
	return found;
}

static struct kept *keep(const struct spf_record *r)
{
	size_t octets = r->count * sizeof(*r->directives);
	struct kept *k = xcalloc(1, sizeof(*k) + octets);

	if (octets > 0)
		memcpy(k->directives, r->directives, octets);
	k->record = *r;
	k->record.directives = k->directives;
	return k;
}

static void *make(const struct dns_answer *a)
{
	struct kept *k = NULL;
	struct spf_record r;
	struct slice text;
	struct arena *mem;

	if (spf_records(a, &text) != 1)
		return NULL;
	mem = arena_new(0);
	if (spf_record_parse(mem, text, &r, NULL) && r.count <= KEPT_MAX)
		k = keep(&r);
	arena_free(mem);
	return k;
}

static const struct answer_reader reader = { make, free };

const struct spf_record *spf_reading(const struct dns_answer *a)
{
	const struct kept *k = answer_reading(a, &reader);

	return k == NULL ? NULL : &k->record;
}
