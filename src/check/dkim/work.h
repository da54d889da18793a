/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * dkim_work: one message's signatures under way, shared by choose.c (which
 * are worth the work) and dkim.c (the work, and what comes of it).
 */
#include "check/dkim/dkim.h"

/* One DKIM-Signature field. */
struct candidate {
	struct dkim_sig_parsed sig;
	struct dkim_signature *out;
	size_t field;
	unsigned rank;                  /* how promising */
	bool live;                      /* to be verified, so far */
	const size_t *selected;
	struct dkim_key *key;
	struct dkim_task *tasks[2];     /* by engine; NULL: not given to it */
};

/* One engine at work on this message. */
struct run {
	const struct dkim_engine *engine;
	void *state;
	struct dkim_task *tasks;
	size_t count;
};

struct dkim_work {
	struct arena *mem;
	struct inquiry *dns;
	const struct dkim_settings *settings;
	const struct dkim_question *question;
	struct dkim_finding *out;
	struct dkim_setup setup;
	struct candidate *candidates;   /* top of the message first */
	size_t count;
	struct run runs[2];
};

/* It is turned away without, or before, any mathematics: the cause says with
 * what result. */
void dkim_refuse(struct candidate *c, enum dkim_cause cause,
    const char *reason);

/* Read all DKIM-Signature fields, and leave those live that are sound, in
 * time and among the most promising. */
void dkim_choose(struct dkim_work *w);
/* What the live ones cover; some fields nobody can sign for. */
void dkim_select_fields(struct dkim_work *w);
