/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_engine: what does the mathematics of signatures: libopendkim
 * (library.c) or our own (native.c), behind one shape.
 *
 * An engine gets well-formed signatures and usable keys only and answers one
 * question about each: does it verify? What is allowed, and what the answer
 * means, is dkim.c's business. One state per message, in the message's arena.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "check/body.h"
#include "check/dkim/key.h"
#include "check/dkim/signature.h"
#include "mail/header.h"

enum dkim_opinion {
	DKIM_OPINION_NONE,      /* not judged: the engine could not; see why */
	DKIM_OPINION_PASS,      /* header and body are what was signed */
	DKIM_OPINION_BODY,      /* the body hash differs */
	DKIM_OPINION_HEADER,    /* header fields or b= differ; libopendkim does
				 * not look at the body then */
	DKIM_OPINION_LENGTH,    /* the body is shorter than l= */
	DKIM_OPINION_TROUBLE,   /* the engine broke down; another time, maybe */
};

/* One signature; `opinion` and what follows is the engine's to write. */
struct dkim_task {
	const struct dkim_sig_parsed *sig;
	size_t field;                   /* where it stands in the header */
	/* Which field each name of h= stands for (dkim_select), or
	 * DKIM_NO_FIELD; sig->name_count of them. */
	const size_t *selected;
	const struct dkim_key *key;     /* set before finish(); NULL: leave the
					 * task alone */
	enum dkim_opinion opinion;
	const char *why;                /* for NONE and TROUBLE, static or in
					 * the arena */
};

#define DKIM_NO_FIELD SIZE_MAX

struct dkim_setup {
	struct arena *mem;
	const struct header *header;
	struct body *body;              /* nothing of it has come yet */
	const char *job;                /* a name for the message, kept */
	struct dkim_libraries *libraries;
	struct crypto_keys *keys;       /* decoded before; NULL: none kept */
	unsigned minimum_bits;
};

struct dkim_engine {
	const char *name;
	/* Decided before the key is known, by the signature and the fields it
	 * selects. */
	bool (*can)(const struct dkim_task *task, const struct header *header);
	/* The header is complete; says what it wants of the body. tasks and
	 * setup's pointers are kept; all tasks are ones the engine can, in
	 * header order, at least one. Never NULL. */
	void *(*begin)(const struct dkim_setup *setup, struct dkim_task *tasks,
	    size_t count);
	/* The body has ended. Once; writes the opinions. Never waits. */
	void (*finish)(void *state);
};

/* Octets of a signed field for which two readers may see two fields: NUL, VT,
 * FF, and CR or LF that are no fold. No engine gets such a task. */
bool dkim_field_is_plain(struct slice value);

extern const struct dkim_engine dkim_library_engine, dkim_native_engine;

/*
 * The fields that h= of the signature at header->fields[own] selects: bottom
 * up for each name, never twice the same, never the signature itself
 * (RFC 6376 5.4.2, 3.5). The index is made once per message.
 */
struct dkim_index;
struct dkim_index *dkim_index_new(struct arena *mem, const struct header *h);
const size_t *dkim_select(struct dkim_index *index,
    const struct dkim_sig_parsed *sig, size_t own);
