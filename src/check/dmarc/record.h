/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dmarc_record: one DMARC Policy Record (RFC 9989 4.7, 4.8) as data.
 *
 * Any text is read: what is not a DMARC record is said so, and in one that is,
 * errors cost no more than the tag they stand in. What the owner should know
 * about them can be collected as sentences.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "check/findings.h"

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

/* fo=, a set; reports are wanted when ... */
enum dmarc_fo {
	DMARC_FO_ALL = 1,       /* 0: nothing passed aligned */
	DMARC_FO_ANY = 2,       /* 1: anything did not */
	DMARC_FO_DKIM = 4,      /* d: a signature failed */
	DMARC_FO_SPF = 8,       /* s: SPF failed */
};

/* One of p=, sp=, np=. */
struct dmarc_wish {
	enum dmarc_policy policy;       /* ABSENT: not there, or invalid */
	bool invalid;
};

/* The syntactically valid URIs of rua= or ruf=, any scheme, in order, without
 * the obsolete size limit; percent-encoding as published. */
struct dmarc_uris {
	const char **uri;
	size_t count;
};

struct dmarc_record {
	/* As published. NUL, which no C string can hold, reads DEL: as little
	 * part of any valid value. */
	const char *text;
	struct dmarc_wish p, sp, np;
	bool strict_dkim, strict_spf;   /* adkim=s, aspf=s */
	enum dmarc_psd psd;
	bool testing;                   /* t=y */
	unsigned fo;                    /* of enum dmarc_fo; means nothing
					 * without ruf */
	struct dmarc_uris rua, ruf;
};

#define DMARC_COMPLAINTS 32

/* What is wrong with a record, a sentence each, printable ASCII. */
struct dmarc_complaints {
	const char *lines[DMARC_COMPLAINTS];
	size_t count;           /* beyond the room nothing is said */
};

/*
 * text: the character-strings of one TXT record, joined. False: not a DMARC
 * record at all (4.7: v= is not the first tag, or not DMARC1), out is unset.
 * Everything in out lives in mem. complaints: added to; NULL: not wanted.
 */
bool dmarc_record_parse(struct arena *mem, struct slice text,
    struct dmarc_record *out, struct dmarc_complaints *complaints);

/* The policies as receivers apply them. */
struct dmarc_wishes {
	enum dmarc_policy p;            /* never ABSENT */
	enum dmarc_policy sp, np;
};

/*
 * RFC 9989 4.10.1: a record without a valid p=, or with an invalid sp= or np=,
 * means p=none if it has a reporting URI, and otherwise false: no DMARC
 * processing for this message.
 */
bool dmarc_record_wishes(const struct dmarc_record *r,
    struct dmarc_wishes *out);
