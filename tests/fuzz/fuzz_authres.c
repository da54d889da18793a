/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Authentication-Results of strangers: whose are they, and what do they say?
 */
#include "authres.h"

static const char our_id[] = "mx.example.org";

/* A reader that takes our name for the id is not to be left a field that we
 * took for somebody else's. */
static bool names_us(struct arena *mem, const char *id)
{
	const char *house = domain_normalise(mem, slice_of(id));

	return house != NULL && domain_is_same_or_below(house, our_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice value = fuzz_copy(mem, fuzz_slice(data, size));
	struct authres a;
	bool claims = authres_claims(value, our_id);

	if (!authres_parse(mem, value, &a))
		return 0;
	need(claims || !names_us(mem, a.id), "our own name is a claim");
	authres_need_round(mem, &a, true);
	authres_need_round(mem, &a, false);
	a.id = our_id;
	authres_need_round(mem, &a, true);
	return 0;
}
