/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * List files. What was taken for an entry is found again; what was not is
 * complained about.
 */
#include "fuzz.h"
#include "policy/list.h"

/* Each entry alone: is what it names in it? */
static void check_entry(struct arena *mem, struct slice entry)
{
	struct list *l = list_new();
	bool dot = entry.len > 0 && entry.data[0] == '.';
	struct network n;

	if (!list_add(l, entry, NULL)) {
		list_free(l);
		return;
	}
	list_seal(l);
	need(list_count(l) == 1, "one entry is one entry");
	if (list_has_networks(l)) {
		need(network_parse(entry, &n, NULL) &&
		    list_has_ip(l, &n.base, 0), "a network has its first address");
	} else if (memchr(entry.data, '@', entry.len) == NULL) {
		const char *name = domain_normalise(mem, slice_sub(entry,
		    dot ? 1 : 0, entry.len));

		need(name != NULL && list_has_domain(l, name, 0) == !dot,
		    "a name is in, or only what is below it");
		need(list_has_domain(l, arena_printf(mem, "x.%s", name), 0) ==
		    dot, "what is below is in, or only the name");
	}
	list_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice rest = fuzz_slice(data, size);
	struct source file = { .name = "fuzz.list", .text = rest };
	struct policy_report report = { 0 };
	struct list *l = list_new();

	list_read(l, &file, 0, &report);
	list_seal(l);
	need(report.errors == 0 || report.text.len > 0, "errors are said");
	list_has_domain(l, "www.example.org", 0);
	list_has_address(l, SLICE("Joe"), "example.org", 0);
	list_free(l);
	policy_report_free(&report);
	while (rest.data != NULL && rest.len > 0)
		check_entry(mem, fuzz_copy(mem, slice_cut(&rest, '\n')));
	return 0;
}
