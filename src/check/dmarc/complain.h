/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dmarc_complain: how the reader of DMARC records says what is wrong with one.
 */
#include "base/arena.h"
#include "base/slice.h"
#include "check/dmarc/record.h"
#include "mail/taglist.h"

struct dmarc_complainer {
	struct arena *mem;
	struct dmarc_complaints *to;    /* NULL: nobody wants to hear it */
};

void dmarc_complain(struct dmarc_complainer *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Foreign text fit for a sentence: short, printable. */
struct dmarc_shown {
	char text[48];
};
struct dmarc_shown dmarc_shown(struct slice s);

/* What the parser of `rest`, a record without its version, drops without a
 * word: pieces that are no tag, tags that the grammar does not know. */
void dmarc_complain_dropped(struct dmarc_complainer *c, struct slice rest,
    const struct tag *grammar);
