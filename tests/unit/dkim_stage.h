/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * One engine, signatures of a signer of our own, one message: what the tests of
 * the engines share. One thread; keys are made once per program.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "check/dkim/engine.h"
#include "check/dkim/library.h"
#include "dkim_signer.h"
#include "mail/canon.h"

#define TEXT(s) { s, sizeof(s) - 1 }

enum { RSA2048, RSA1024, ED25519, OTHER, KEYS };

static struct arena *mem;
static struct arena *kept;              /* what all tests share */
static EVP_PKEY *pkeys[KEYS];
static struct dkim_key keys[KEYS];
static struct dkim_libraries *libraries;

static const char *const algorithms[] = {
	[RSA2048] = "rsa-sha256", [RSA1024] = "rsa-sha256",
	[ED25519] = "ed25519-sha256",
};
static const char *const forms[] = {
	"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed",
};

static inline int set_up_keys(void **state)
{
	struct error err;

	(void)state;
	kept = arena_new(4096);
	pkeys[RSA2048] = signer_rsa(2048);
	pkeys[RSA1024] = signer_rsa(1024);
	pkeys[ED25519] = signer_ed25519();
	pkeys[OTHER] = signer_rsa(2048);
	for (int i = 0; i < KEYS; i++) {
		char *p = i == ED25519 ? signer_raw(pkeys[i]) :
		    signer_info(pkeys[i]);

		dkim_key_parse(kept, slice_of(arena_printf(kept, "k=%s; p=%s",
		    i == ED25519 ? "ed25519" : "rsa", p)), &keys[i]);
		assert_int_equal(keys[i].cause, DKIM_CAUSE_NONE);
		free(p);
	}
	libraries = dkim_libraries_new(1024, &err);
	assert_non_null(libraries);
	return 0;
}

static inline int tear_down_keys(void **state)
{
	(void)state;
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(pkeys[i]);
	dkim_libraries_free(libraries);
	arena_free(kept);
	return 0;
}

static inline int set_up(void **state)
{
	(void)state;
	mem = arena_new(65536);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_free(mem);
	return 0;
}

/* --- an engine over one message --- */

enum { TASKS = 20 };

struct stage {
	const struct dkim_engine *engine;
	struct header header;
	struct slice body;
	size_t chunk;                   /* octets of body at a time; 0: all */
	size_t first;                   /* of the first piece; 0: as chunk */
	bool forced;                    /* the engine gets what it cannot */
	const struct dkim_key *keys[TASKS];     /* top of the message first */
	struct dkim_sig_parsed sigs[TASKS];
	struct dkim_task tasks[TASKS];
	size_t count;
};

static inline void put(struct stage *s, const char *name, const char *value)
{
	header_append(&s->header, mem, slice_of(name), slice_of(value));
}

static inline void collect(struct stage *s)
{
	struct dkim_index *index = dkim_index_new(mem, &s->header);

	s->count = 0;
	for (size_t i = 0; i < s->header.count; i++) {
		struct dkim_sig_parsed *sig = &s->sigs[s->count];

		if (!slice_is_nocase(s->header.fields[i].name,
		    "DKIM-Signature"))
			continue;
		assert_true(s->count < TASKS);
		dkim_sig_parse(mem, DKIM_KIND_SIGNATURE,
		    s->header.fields[i].value, sig);
		if (sig->cause != DKIM_CAUSE_NONE)
			fail_msg("%s", sig->reason);
		s->tasks[s->count] = (struct dkim_task){
			.sig = sig, .field = i,
			.selected = dkim_select(index, sig, i),
		};
		s->count++;
	}
}

/* The opinion about the first signature. */
static inline enum dkim_opinion run(struct stage *s)
{
	struct dkim_setup setup = { .mem = mem, .header = &s->header,
		.body = body_new(mem), .job = "4Abc", .libraries = libraries,
		.minimum_bits = 1024 };
	void *state;

	if (s->engine == NULL)
		s->engine = &dkim_native_engine;
	collect(s);
	for (size_t i = 0; i < s->count; i++)
		assert_true(s->forced ||
		    s->engine->can(&s->tasks[i], &s->header));
	state = s->engine->begin(&setup, s->tasks, s->count);
	for (size_t at = 0; at < s->body.len; ) {
		size_t n = s->body.len - at;
		size_t most = at == 0 && s->first > 0 ? s->first : s->chunk;

		n = most > 0 && most < n ? most : n;
		body_feed(setup.body, s->body.data + at, n);
		at += n;
	}
	body_end(setup.body);
	for (size_t i = 0; i < s->count; i++)
		s->tasks[i].key = s->keys[i];
	s->engine->finish(state);
	assert_int_equal(ERR_peek_error(), 0);
	return s->tasks[0].opinion;
}

/* --- signed messages --- */

static const struct signer_field message[] = {
	{ "Received", " from a (a [192.0.2.1])\r\n\tby b;\r\n\tnow" },
	{ "Received", " from c\n by d; earlier" },
	{ "From", " Joe  <joe@example.com> " },
	{ "to", "suzie@example.net" },
	{ "SUBJECT", " \tdinner\t is \r\n\t ready? \xc3\xa4" },
	{ "X-Empty", "" },
	{ "X-Blank", " \r\n\t " },
};
enum { FIELDS = sizeof(message) / sizeof(message[0]) };

static const char names[] = "from:to:subject : received:received:received:"
    "x-empty:X-Blank:x-missing:from";

static inline void put_message(struct stage *s)
{
	for (size_t i = 0; i < FIELDS; i++)
		put(s, message[i].name, message[i].value);
}

/* A signature on top; its key by number. */
static inline void put_signed(struct stage *s, int key, const char *form,
    struct slice body, long length)
{
	char tags[300], l[40] = "";
	char *value;

	if (length >= 0)
		snprintf(l, sizeof(l), "l=%ld; ", length);
	snprintf(tags, sizeof(tags), "v=1; a=%s; c=%s; d=example.com;\r\n"
	    "\ts=sel; t=1700000000; %s", algorithms[key], form, l);
	value = signer_sign(pkeys[key], tags, names, message, FIELDS, body,
	    length);
	put(s, "DKIM-Signature", value);
	free(value);
	s->keys[s->count++] = &keys[key];
}
