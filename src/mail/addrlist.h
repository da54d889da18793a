/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * addrlist: the grammar of mailbox lists (RFC 5322 3.4, RFC 6854 groups,
 * source routes of 4.4), for address.c alone.
 *
 * Read here is what has one reading only. Dots and blanks in display names are
 * taken as people write them; around "." of an address no white space is, and
 * nothing may stand behind an address but comments.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/address.h"

#define ADDRLIST_BOXES_MAX 64

struct addrlist {
	struct mailbox *boxes;  /* start as { 0 }; room for all at first use */
	size_t count;
	const char *trouble;    /* the first thing that cannot be read */
};

/* Append the mailboxes of one field body. */
void addrlist_read(struct arena *mem, struct slice body, struct addrlist *out);

/* One addr-spec or source-routed path and nothing else, no comments, no
 * blanks; false: it is none. Without "@" local and domain are NULL. */
bool addrlist_read_path(struct arena *mem, struct slice text,
    struct mailbox *out);
