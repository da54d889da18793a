/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Any message, signed by a signer that shares no code with the checks: both
 * engines must find it good, and neither must when a word was added. The first
 * octet says how it is signed and fed, then comes the message.
 */
#include <openssl/err.h>

#include "check/dkim/dkim.h"
#include "dns/zone.h"
#include "fuzz.h"
#include "mail/canon.h"
#include "mail/message.h"
#include "unit/dkim_signer.h"

#define NOW 1700000000
#define FIELDS 12
#define NAME_OCTETS 60

/* Process lifetime. */
static struct stage {
	EVP_PKEY *rsa, *ed25519;
	struct resolver *resolver;
	struct dkim_libraries *libraries;
} stage;

static void publish(struct buf *zone, const char *name, const char *form,
    char *key)
{
	char record[1000];

	snprintf(record, sizeof(record), form, key);
	signer_publish(zone, name, record);
	free(key);
}

static void set_stage(void)
{
	struct buf zone = { 0 };
	struct error err;

	stage.rsa = signer_rsa(1024);
	stage.ed25519 = signer_ed25519();
	publish(&zone, "rsa._domainkey.example.com", "v=DKIM1; p=%s",
	    signer_info(stage.rsa));
	publish(&zone, "ed._domainkey.example.com", "k=ed25519; p=%s",
	    signer_raw(stage.ed25519));
	stage.resolver = zone_resolver(buf_slice(&zone), "zone", &err);
	stage.libraries = dkim_libraries_new(1024, &err);
	need(stage.resolver != NULL && stage.libraries != NULL, "the stage");
	buf_free(&zone);
}

struct letter {
	struct signer_field fields[FIELDS + 1];
	size_t count;
	struct buf names;               /* h= */
	struct buf body;
};

static void add_field(struct letter *l, const char *name, const char *value)
{
	l->fields[l->count++] = (struct signer_field){ name, value };
	buf_addf(&l->names, "%s%s", l->names.len > 0 ? ":" : "", name);
}

/* What nobody can sign (h= has no way to write a ";"), or has two readings, is
 * left out. */
static void take_fields(struct arena *mem, const struct header *h,
    struct letter *l)
{
	for (size_t i = 0; i < h->count && l->count < FIELDS; i++) {
		const struct field *f = &h->fields[i];

		if (f->name.len <= NAME_OCTETS && dkim_field_name(f->name) &&
		    memchr(f->name.data, ';', f->name.len) == NULL &&
		    !slice_is_nocase(f->name, "DKIM-Signature") &&
		    dkim_field_is_plain(f->value))
			add_field(l, arena_strndup(mem, f->name.data,
			    f->name.len), arena_strndup(mem, f->value.data,
			    f->value.len));
	}
	add_field(l, "From", " Joe <joe@example.com>");
}

static void collect(void *arg, const void *bytes, size_t n)
{
	buf_add(arg, bytes, n);
}

static void judge(struct arena *mem, const struct header *header,
    struct slice body, size_t step, enum engine engine,
    struct dkim_finding *out)
{
	static const char *const authors[] = { "example.com" };
	const struct dkim_settings settings = {
		.engine = engine, .minimum_bits = 1024, .signatures = 15,
		.libraries = stage.libraries,
	};
	const struct dkim_question question = {
		.header = header, .body = body_new(mem), .authors = authors,
		.author_count = 1, .now = NOW,
	};
	struct dkim_work *w = dkim_begin(mem, inquiry_new(mem, stage.resolver,
	    &(struct inquiry_limits){ 0 }, NULL), &settings, &question, out);

	for (; body.len > 0; body = slice_sub(body, step, body.len))
		body_feed(question.body, body.data, body.len < step ? body.len : step);
	dkim_conclude(w);
	need(ERR_peek_error() == 0, "OpenSSL's complaints are cleared");
}

static void expect(struct arena *mem, const struct header *header,
    struct slice body, size_t step, enum auth_code code, enum dkim_cause cause)
{
	static const enum engine engines[] = { ENGINE_LIBRARY, ENGINE_NATIVE };

	for (size_t i = 0; i < 2; i++) {
		struct dkim_finding f;

		judge(mem, header, body, step, engines[i], &f);
		if (f.count == 1 && f.signatures[0].code == code &&
		    f.signatures[0].cause == cause)
			continue;
		fprintf(stderr, "%s: %s (%s), not %s\n",
		    name_word(engine_names, engines[i]),
		    name_word(dkim_names, f.code), f.count == 1 &&
		    f.signatures[0].reason ? f.signatures[0].reason : "",
		    name_word(dkim_names, code));
		need(false, "an engine judges right");
	}
}

static void play(struct arena *mem, struct letter *l, unsigned marks)
{
	size_t step = marks & 8 ? 1 + (marks >> 4) : SIZE_MAX;
	char *tags = arena_printf(mem, "v=1; a=%s; s=%s; d=example.com; "
	    "c=%s/%s;", marks & 4 ? "ed25519-sha256" : "rsa-sha256",
	    marks & 4 ? "ed" : "rsa", marks & 1 ? "relaxed" : "simple",
	    marks & 2 ? "relaxed" : "simple");
	char *signature = signer_sign(marks & 4 ? stage.ed25519 : stage.rsa,
	    tags, buf_text(&l->names), l->fields, l->count,
	    buf_slice(&l->body), -1);
	struct header h = { 0 };

	header_append(&h, mem, SLICE("DKIM-Signature"), slice_of(signature));
	for (size_t i = 0; i < l->count; i++)
		header_append(&h, mem, slice_of(l->fields[i].name),
		    slice_of(l->fields[i].value));
	expect(mem, &h, buf_slice(&l->body), step, AUTH_PASS,
	    DKIM_CAUSE_NONE);
	buf_adds(&l->body, "more\r\n");
	expect(mem, &h, buf_slice(&l->body), step, AUTH_FAIL,
	    DKIM_CAUSE_BODY);
	free(signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice raw = fuzz_slice(data, size);
	unsigned marks = fuzz_octet(&raw);
	struct letter letter = { .count = 0 };
	struct crlf_stream lines = { .sink = collect, .arg = &letter.body };
	struct message m;

	if (stage.resolver == NULL)
		set_stage();
	message_cut(mem, raw, &m);
	take_fields(mem, &m.header, &letter);
	if (m.body.len > 0)
		crlf_feed(&lines, m.body.data, m.body.len);
	crlf_end(&lines);
	play(mem, &letter, marks);
	arena_reset(mem);               /* the engines' handles */
	buf_free(&letter.names);
	buf_free(&letter.body);
	return 0;
}
