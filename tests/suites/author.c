/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The author vectors of the DMARC suite: From field bodies in, what kind of
 * author they name out. "domains" is compared for single and multiple only.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "mail/address.h"

static const struct name outcomes[] = {
	{ AUTHOR_OK,		"single" },
	{ AUTHOR_MULTIPLE,	"multiple" },
	{ AUTHOR_NONE,		"none" },
	{ AUTHOR_AMBIGUOUS,	"invalid" },
	{ 0, NULL },
};

static bool has_text(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (strcmp(json_string_value(json_array_get(array, i)),
		    text) == 0)
			return true;
	return false;
}

static bool same_domains(const struct author *a, const json_t *wanted)
{
	if (a->domain_count != json_array_size(wanted))
		return false;
	for (size_t i = 0; i < a->domain_count; i++)
		if (!has_text(wanted, a->domains[i]))
			return false;
	return a->status != AUTHOR_OK || has_text(wanted, a->domain);
}

static bool run_vector(struct arena *mem, const json_t *vector)
{
	const json_t *bodies = json_object_get(vector, "from_fields");
	const json_t *expect = json_object_get(vector, "expect");
	const char *wanted = json_string_value(json_object_get(expect,
	    "outcome"));
	size_t count = json_array_size(bodies);
	struct slice *fields = arena_array(mem, count + 1, sizeof(*fields));
	struct author a;
	const char *got;
	bool good;

	for (size_t i = 0; i < count; i++) {
		const json_t *body = json_array_get(bodies, i);

		fields[i] = (struct slice){ json_string_value(body),
		    json_string_length(body) };
	}
	a = author_read(mem, fields, count);
	got = name_word(outcomes, (int)a.status);
	if (wanted == NULL)
		good = false;
	else if (strcmp(got, wanted) != 0)
		good = has_text(json_object_get(expect, "outcome_alt"), got);
	else
		good = (a.status != AUTHOR_OK && a.status != AUTHOR_MULTIPLE) ||
		    same_domains(&a, json_object_get(expect, "domains"));
	if (!good)
		printf("%s: got %s (%s), wanted %s\n",
		    json_string_value(json_object_get(vector, "id")), got,
		    a.reason != NULL ? a.reason : a.domain,
		    wanted != NULL ? wanted : "?");
	return good;
}

int main(void)
{
	static const char path[] = ASSAY_SUITES "/dmarc/author.json";
	struct arena *mem;
	json_error_t error;
	json_t *suite;
	size_t count, good = 0;

	if (access(path, R_OK) != 0) {
		printf("skipped: no %s\n", path);
		return 77;
	}
	suite = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (!json_is_array(suite)) {
		printf("%s:%d: %s\n", path, error.line, error.text);
		return 1;
	}
	mem = arena_new(4096);
	count = json_array_size(suite);
	for (size_t i = 0; i < count; i++) {
		good += run_vector(mem, json_array_get(suite, i));
		arena_reset(mem);
	}
	printf("dmarc author vectors: %zu of %zu\n", good, count);
	arena_free(mem);
	json_decref(suite);
	return good == count && count > 0 ? 0 : 1;
}
