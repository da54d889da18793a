/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Authentication-Results of ours, with values of strangers, parted by 0xff:
 * nobody breaks out of his value.
 */
#include "authres.h"

static const struct {
	const char *method, *result, *type, *name;
} forms[] = {
	{ "spf", "softfail", "smtp", "mailfrom" },
	{ "dkim", "pass", "header", "i" },
	{ "dmarc", "fail", "header", "from" },
	{ "iprev", "permerror", "policy", "iprev" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice rest = fuzz_slice(data, size);
	unsigned marks = fuzz_octet(&rest);
	struct authres a = { .id = "mx.example.org", .version = 1 };

	for (size_t i = 0; rest.data != NULL && i < 4; i++) {
		const char *reason = fuzz_text(mem, fuzz_piece(mem, &rest));
		struct authres_result *r = authres_add(&a, mem,
		    forms[i].method, forms[i].result,
		    marks >> i & 1 ? reason : NULL);

		if (rest.data == NULL)
			break;
		authres_property(r, mem, forms[i].type, forms[i].name,
		    fuzz_text(mem, fuzz_piece(mem, &rest)));
		if (marks >> (4 + i) & 1)
			authres_property(r, mem, "policy", "x", reason);
	}
	authres_need_round(mem, &a, true);
	authres_need_round(mem, &a, false);
	return 0;
}
