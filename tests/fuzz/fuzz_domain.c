/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Domain names, from any text to the house form.
 */
#include "dns/dname.h"
#include "fuzz.h"

static void check_parts(const char *name)
{
	size_t labels = domain_labels(name);
	const char *parent = domain_parent(name);

	need(labels >= 1, "a name has labels");
	need((parent == NULL) == (labels == 1), "only one label has no parent");
	need(domain_equal(domain_last_labels(name, labels), name),
	    "all labels are the name");
	if (parent == NULL)
		return;
	need(domain_is_below(name, parent) && domain_labels(parent) ==
	    labels - 1 && domain_equal(parent,
	    domain_last_labels(name, labels - 1)), "one label fewer");
}

/* What the DNS room makes of the same text. */
static void check_dname(struct slice text)
{
	struct dname d, again;
	char out[DNAME_TEXT_MAX];
	size_t len;

	if (!dname_parse(text, &d))
		return;
	len = dname_text(&d, out);
	need(dname_parse((struct slice){ out, len }, &again) &&
	    dname_compare(&d, &again) == 0, "a name reads as it is written");
	need(dname_read(d.wire, d.len, &again) == d.len &&
	    dname_compare(&d, &again) == 0, "its octets are a name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice text = fuzz_copy(mem, fuzz_slice(data, size));
	const char *name = domain_normalise(mem, text);

	check_dname(text);
	if (name == NULL)
		return 0;
	need(fuzz_is_house_form(name), "the house form");
	need(fuzz_same(domain_normalise(mem, slice_of(name)), name),
	    "which is its own");
	check_parts(name);
	return 0;
}
