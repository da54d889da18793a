/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/address.h"

#include <string.h>

#include "mail/addrlist.h"
#include "mail/domain.h"
#include "mail/encword.h"
#include "mail/rfc5322.h"

const struct name author_status_names[] = {
	{ AUTHOR_OK,		"ok" },
	{ AUTHOR_NONE,		"none" },
	{ AUTHOR_MULTIPLE,	"multiple" },
	{ AUTHOR_AMBIGUOUS,	"ambiguous" },
	{ 0, NULL },
};

static bool is_local_char(unsigned char c)
{
	return is_atext(c) || c == '.';
}

/* Is this shown address the mailbox's own? */
static bool is_own(struct arena *mem, const struct mailbox *box,
    struct slice local, struct slice domain)
{
	const char *house = domain_normalise(mem, domain);

	return box->domain != NULL && house != NULL &&
	    slice_is_nocase(local, box->local) &&
	    domain_equal(house, box->domain);
}

/*
 * The first x@y in a display name that is another address than the mailbox's.
 * Each octet is looked at a bounded number of times: the search goes on behind
 * the domain that was read.
 */
static const char *shown_address(struct arena *mem, const struct mailbox *box)
{
	const char *start;
	const char *at;

	if (box->display == NULL)
		return NULL;
	start = encword_decode(mem, box->display);
	while ((at = strchr(start, '@')) != NULL) {
		const char *left = at;
		const char *right = at + 1;
		struct slice local, domain;

		while (left > start && is_local_char((unsigned char)left[-1]))
			left--;
		while (is_domain_char((unsigned char)*right))
			right++;
		while (right > at + 1 && right[-1] == '.')
			right--;        /* the end of a sentence */
		local = (struct slice){ left, (size_t)(at - left) };
		domain = (struct slice){ at + 1, (size_t)(right - at - 1) };
		if (local.len > 0 && domain.len > 0 &&
		    !is_own(mem, box, local, domain))
			return arena_strndup(mem, left, (size_t)(right - left));
		start = at + 1;
	}
	return NULL;
}

/* Distinct domains in order; how many mailboxes have none. */
static size_t collect_domains(struct arena *mem, const struct addrlist *list,
    struct author *a)
{
	const char **domains = arena_array(mem, list->count + 1,
	    sizeof(*domains));
	size_t without = 0;

	for (size_t i = 0; i < list->count; i++) {
		const char *domain = list->boxes[i].domain;
		size_t known = 0;

		if (domain == NULL) {
			without++;
			continue;
		}
		while (known < a->domain_count &&
		    !domain_equal(domains[known], domain))
			known++;
		if (known == a->domain_count)
			domains[a->domain_count++] = domain;
	}
	a->domains = domains;
	return without;
}

static void judge(struct author *a, enum author_status status,
    const char *reason)
{
	a->status = status;
	a->reason = reason;
}

struct author author_read(struct arena *mem, const struct slice *fields,
    size_t count)
{
	struct addrlist list = { 0 };
	struct author a = { .status = AUTHOR_OK };
	size_t without;

	for (size_t i = 0; i < count; i++)
		addrlist_read(mem, fields[i], &list);
	a.boxes = list.boxes;
	a.box_count = list.count;
	without = collect_domains(mem, &list, &a);
	for (size_t i = 0; i < list.count && a.display_address == NULL; i++)
		a.display_address = shown_address(mem, &list.boxes[i]);

	if (count == 0)
		judge(&a, AUTHOR_NONE, "no From field");
	else if (count > 1)             /* RFC 9989 4.4, 11.5 */
		judge(&a, AUTHOR_AMBIGUOUS, "more than one From field");
	else if (list.trouble != NULL)
		judge(&a, AUTHOR_AMBIGUOUS, list.trouble);
	else if (a.domain_count == 0)
		judge(&a, AUTHOR_NONE, "no mailbox with a domain");
	else if (without > 0)
		judge(&a, AUTHOR_AMBIGUOUS,
		    "mailboxes with and without a domain");
	else if (a.domain_count > 1)
		judge(&a, AUTHOR_MULTIPLE, "more than one author domain");
	else
		a.domain = a.domains[0];
	return a;
}

const struct mailbox *mailbox_read_first(struct arena *mem, struct slice body)
{
	struct addrlist list = { 0 };

	addrlist_read(mem, body, &list);
	for (size_t i = 0; i < list.count; i++)
		if (list.boxes[i].address[0] != '\0')
			return &list.boxes[i];
	return NULL;
}

struct path path_read(struct arena *mem, const char *argument)
{
	struct slice text = slice_trim(slice_of(argument));
	struct path p = { .status = PATH_BAD };
	struct mailbox box;

	if (text.len >= 2 && text.data[0] == '<' &&
	    text.data[text.len - 1] == '>')
		text = slice_sub(text, 1, text.len - 2);
	p.text = text.len > 0 ? arena_strndup(mem, text.data, text.len) : "";
	if (text.len == 0) {
		p.status = PATH_NULL;
		return p;
	}
	if (!addrlist_read_path(mem, text, &box))
		return p;
	p.status = PATH_OK;
	p.domain = box.domain;
	p.local = box.local;
	return p;
}
