/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The author of a message: From fields, parted by 0xff.
 */
#include "fuzz.h"
#include "mail/address.h"
#include "mail/addrlist.h"
#include "mail/header.h"

#define FIELDS 4

static void check_boxes(const struct author *a)
{
	need(a->box_count <= ADDRLIST_BOXES_MAX, "mailboxes are limited");
	for (size_t i = 0; i < a->box_count; i++) {
		const struct mailbox *box = &a->boxes[i];

		need(box->local != NULL && box->address != NULL,
		    "a mailbox has a local part and an address");
		need(box->domain == NULL || fuzz_is_house_form(box->domain),
		    "a mailbox's domain is in house form");
		need(a->status != AUTHOR_OK ||
		    fuzz_same(box->domain, a->domain),
		    "an author that is ok has one domain everywhere");
	}
}

static void check_domains(const struct author *a)
{
	for (size_t i = 0; i < a->domain_count; i++) {
		bool found = false;

		for (size_t k = 0; k < i; k++)
			need(!domain_equal(a->domains[k], a->domains[i]),
			    "the domains are distinct");
		for (size_t k = 0; k < a->box_count; k++)
			found |= fuzz_same(a->boxes[k].domain, a->domains[i]);
		need(found, "each domain is that of a mailbox");
	}
}

static void check_status(const struct author *a, size_t count)
{
	bool ok = a->status == AUTHOR_OK;

	need(ok == (a->domain != NULL), "a domain if, and only if, ok");
	need(ok == (a->reason == NULL), "a reason if, and only if, not ok");
	need(!ok || (a->domain_count == 1 &&
	    domain_equal(a->domain, a->domains[0])), "ok is one domain");
	need(!ok || fuzz_is_house_form(a->domain), "in house form");
	need(count == 1 || a->status == AUTHOR_AMBIGUOUS,
	    "more than one From field is never certain");
	need(a->display_address == NULL ||
	    strchr(a->display_address, '@') != NULL,
	    "a shown address is one");
}

/* "Bodies of all From fields, unfolded or not": the same author either way. */
static void check_unfolded(struct arena *mem, struct slice field,
    const struct author *a)
{
	struct slice flat = slice_of(header_unfold(mem, field));
	struct author b = author_read(mem, &flat, 1);

	if (a->status != AUTHOR_OK)
		return;
	need(b.status == AUTHOR_OK, "unfolding takes no author away");
	need(domain_equal(a->domain, b.domain),
	    "unfolding changes no author");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice rest = fuzz_slice(data, size), fields[FIELDS];
	struct author a;
	size_t count = 0;

	while (rest.data != NULL && count < FIELDS)
		fields[count++] = fuzz_piece(mem, &rest);
	if (count == 0)
		return 0;
	a = author_read(mem, fields, count);
	check_boxes(&a);
	check_domains(&a);
	check_status(&a, count);
	if (count == 1)
		check_unfolded(mem, fields[0], &a);
	for (size_t i = 0; i < count; i++) {
		const struct mailbox *box = mailbox_read_first(mem, fields[i]);

		need(box == NULL || box->address[0] != '\0',
		    "a mailbox that can be read is not empty");
	}
	return 0;
}
