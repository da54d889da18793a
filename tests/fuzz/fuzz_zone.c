/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Zone text; what was read is asked for every name that begins a line.
 */
#include "dns/dname.h"
#include "dns/zone.h"
#include "fuzz.h"

#define NAMES_ASKED 8

static void check_answer(enum dns_type type, const struct dns_answer *a)
{
	need((a->status == DNS_FOUND) == (a->count > 0),
	    "found is at least one record");
	for (size_t i = 0; i < a->count; i++) {
		const struct dns_record *r = &a->records[i];
		struct dname d;

		need(r->data[r->len] == '\0', "a record ends in NUL");
		if (type == DNS_A)
			need(r->len == 4, "an A record has 4 octets");
		else if (type == DNS_AAAA)
			need(r->len == 16, "an AAAA record has 16");
		else if (type != DNS_TXT)
			need(strcmp(r->data, ".") == 0 || dname_parse(
			    (struct slice){ r->data, r->len }, &d),
			    "a name is a name");
	}
}

static void ask(struct resolver *r, const char *name)
{
	for (const struct name *t = dns_type_names; t->word != NULL; t++) {
		enum dns_type type = (enum dns_type)t->code;
		struct dns_ticket *ticket = resolver_start(r, name, type);

		check_answer(type, ticket_wait(ticket, 0));
		ticket_drop(ticket);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice text = fuzz_copy(mem, fuzz_slice(data, size));
	struct error err = { "" };
	struct resolver *r = zone_resolver(text, "zone", &err);

	if (r == NULL) {
		need(strncmp(err.text, "zone:", 5) == 0,
		    "what is wrong has a place");
		return 0;
	}
	for (size_t i = 0; text.data != NULL && i < NAMES_ASKED; i++) {
		struct slice line = slice_cut(&text, '\n');
		struct slice name = slice_cut(&line, ' ');
		char *word = arena_strndup(mem, name.data, name.len);

		ask(r, word);
		ask(r, arena_printf(mem, "below.%s", word));
	}
	resolver_drop(r);
	return 0;
}
