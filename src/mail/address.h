/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * address: mailboxes of the envelope and of From, read strictly.
 *
 * The author's domain decides everything DMARC does, so it is never guessed:
 * if a From field can be read in two ways, or twice, that is a result of its
 * own (RFC 9989 4.4, 11.5; RFC 5322 3.4, 4.4; RFC 6854 groups).
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/name.h"
#include "base/slice.h"

struct mailbox {
	const char *display;    /* decoded of quotes and comments; NULL: none.
				 * RFC 2047 encoded-words stay encoded */
	const char *local;      /* as it means: without quoting; "" possible */
	const char *domain;     /* house form (domain.h), or NULL for a literal */
	const char *address;    /* local@domain as written, for people */
};

enum author_status {
	AUTHOR_OK,              /* one domain; several mailboxes may share it */
	AUTHOR_NONE,            /* no From field, or no mailbox with a domain */
	AUTHOR_MULTIPLE,        /* well-formed, but several author domains */
	AUTHOR_AMBIGUOUS,       /* repeated field, or cannot be read with certainty */
};

extern const struct name author_status_names[]; /* ok none multiple ambiguous */

struct author {
	enum author_status status;
	const char *reason;             /* why it is not ok; NULL when it is */
	const char *domain;             /* only for AUTHOR_OK */
	const struct mailbox *boxes;    /* as many as could be read */
	size_t box_count;
	const char *const *domains;     /* distinct, in order of appearance */
	size_t domain_count;
	/* An address (x@y) that the display name of a mailbox shows and that is
	 * not the mailbox's own; NULL: none. Spoofs like to live there, so
	 * encoded-words are looked into, too. */
	const char *display_address;
};

/* Bodies of all From fields of the message, unfolded or not, in order. */
struct author author_read(struct arena *mem, const struct slice *fields,
    size_t count);

/* One mailbox-list field body of another header (Sender, Reply-To): the first
 * mailbox that can be read, or NULL. Never used for an author. */
const struct mailbox *mailbox_read_first(struct arena *mem, struct slice body);

/* An envelope path as MAIL FROM and RCPT TO give it, with or without <>. */
enum path_status { PATH_OK, PATH_NULL, PATH_BAD };
struct path {
	enum path_status status;        /* PATH_NULL: "<>" or "" */
	const char *text;               /* verbatim without <>, arena memory */
	const char *local;              /* NULL when there is no "@" */
	const char *domain;             /* house form; NULL: none, literal or bad */
};

struct path path_read(struct arena *mem, const char *argument);
