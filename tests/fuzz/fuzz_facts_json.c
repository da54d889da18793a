/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Facts out of JSON, as a history may hold it: what was read is written and
 * read again as the same.
 */
#include "facts/facts.h"
#include "fuzz.h"

static char *kept(const struct facts *f)
{
	struct json *j = json_new();
	char *text;

	facts_json_kept(f, j);
	text = json_finish(j, false);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = arena_new(1024);
	char *copy = arena_memdup(mem, data, size);
	struct json_document *d = json_read((struct slice){ copy, size }, NULL);
	struct json_document *again = NULL;
	char *text = NULL, *same = NULL;
	struct facts f, g;

	if (d != NULL) {
		facts_from_json(json_root(d), mem, &f);
		text = kept(&f);
		again = json_read(slice_of(text), NULL);
		need(again != NULL, "what was written can be read");
		facts_from_json(json_root(again), mem, &g);
		same = kept(&g);
		need(strcmp(text, same) == 0, "and is the same");
		for (int i = 0; i < FACT_COUNT; i++)
			facts_render(mem, &g, (enum fact)i);
	}
	free(text);
	free(same);
	json_document_drop(d);
	json_document_drop(again);
	arena_free(mem);
	return 0;
}
