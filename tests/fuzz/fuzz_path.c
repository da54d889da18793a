/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Envelope paths: the argument of MAIL FROM and RCPT TO.
 */
#include "fuzz.h"
#include "mail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	const char *argument = fuzz_text(mem, fuzz_slice(data, size));
	struct path p = path_read(mem, argument), q;

	need(p.text != NULL, "the text is always there");
	need((p.status == PATH_NULL) == (p.text[0] == '\0'),
	    "the null path is the empty text");
	need(p.status == PATH_OK || (p.local == NULL && p.domain == NULL),
	    "only a path that is ok has parts");
	need(p.domain == NULL || fuzz_is_house_form(p.domain),
	    "its domain is in house form");
	need(p.domain == NULL || p.local != NULL,
	    "no domain without a local part");
	if (p.status != PATH_OK)
		return 0;
	q = path_read(mem, arena_printf(mem, "<%s>", p.text));
	need(q.status == PATH_OK && fuzz_same(p.text, q.text) &&
	    fuzz_same(p.local, q.local) && fuzz_same(p.domain, q.domain),
	    "the same path in angle brackets");
	return 0;
}
