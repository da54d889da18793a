/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * seal_text: the tag list of a signature field, as it is written.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct seal_tag {
	const char *name;
	const char *value;
};

/*
 * "name=value; name=value", starting with a blank. Folded with CRLF SP so that
 * lines end before column 78 where they can: between tags, behind a colon in
 * h=, anywhere in b=. `field`: its name, for the first line. `sorted`: by the
 * alphabet, in one line.
 */
const char *seal_tags(struct arena *mem, const char *field,
    const struct seal_tag *tags, size_t count, bool sorted);
