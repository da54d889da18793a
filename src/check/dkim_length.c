/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim_length.h"

static void line_ends(struct dkim_length *l, enum dkim_folding form)
{
	if (l->line[form] == 0) {
		l->empty[form]++;
		return;
	}
	l->total[form] += 2 * l->empty[form] + l->line[form] + 2;
	l->empty[form] = 0;
	l->line[form] = 0;
}

void dkim_length_feed(struct dkim_length *l, const void *bytes, size_t n)
{
	const char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\r')
			continue;
		if (p[i] == '\n') {
			line_ends(l, DKIM_FOLDING_SIMPLE);
			line_ends(l, DKIM_FOLDING_RELAXED);
			l->blank = false;
			continue;
		}
		l->line[DKIM_FOLDING_SIMPLE]++;
		if (dkim_is_wsp(p[i])) {
			l->blank = true;
			continue;
		}
		l->line[DKIM_FOLDING_RELAXED] += 1 + (l->blank ? 1 : 0);
		l->blank = false;
	}
}

uint64_t dkim_length_of(const struct dkim_length *l, enum dkim_folding form)
{
	/* simple turns the empty body into one CRLF */
	if (form == DKIM_FOLDING_SIMPLE && l->total[form] == 0)
		return 2;
	return l->total[form];
}
