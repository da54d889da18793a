/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/library.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>
#include <openssl/err.h>

#include "base/buf.h"
#include "base/mem.h"
#include "check/dkim/narrow.h"

/*
 * What libopendkim gets wrong is not even named below: settings under which it
 * changes the message, keeps keys or stops early; its own DNS; answers that do
 * not mean "verified"; and what it does to fields of foreign making.
 */
#undef DKIM_LIBFLAGS_FIXCRLF
#undef DKIM_LIBFLAGS_CACHE
#undef DKIM_LIBFLAGS_VERIFYONE
#undef DKIM_LIBFLAGS_STRICTHDRS
#undef DKIM_LIBFLAGS_TMPFILES
#undef DKIM_LIBFLAGS_KEEPFILES
#undef DKIM_LIBFLAGS_ACCEPTV05
#undef DKIM_CBSTAT_DEFAULT
#undef DKIM_SIG_CHECK
#pragma GCC poison dkim_dns_init dkim_dns_nslist dkim_dns_config \
    dkim_dns_trustanchor dkim_set_dns_callback
#pragma GCC poison dkim_set_final dkim_set_prescreen dkim_sig_process \
    dkim_sig_ignore dkim_sig_getidentity dkim_getuser \
    dkim_sig_hdrsigned dkim_sig_gethashes dkim_ohdrs dkim_diffheaders

struct dkim_libraries {
	DKIM_LIB *opendkim;
	atomic_ullong disagreements;
};

/* One message. */
struct library_state {
	const struct dkim_setup *setup;
	struct dkim_task *tasks;
	size_t count;
	DKIM *dkim;             /* NULL: broken */
	DKIM_SIGINFO **sigs;    /* the library's; one for each task */
	const char *broken;     /* why nothing can be said */
};

/*
 * The key of this signature, as the strict front wrote it. Never DEFAULT (an
 * assertion of the library), never an error (it would end the loop over the
 * other signatures).
 */
static DKIM_CBSTAT give_key(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *out,
    size_t room)
{
	struct library_state *s = dkim_get_user_context(dkim);

	for (size_t i = 0; i < s->count; i++) {
		const struct dkim_key *key = s->tasks[i].key;
		const char *record;

		if (s->sigs[i] != sig || key == NULL ||
		    key->cause != DKIM_CAUSE_NONE)
			continue;
		record = dkim_key_library_record(s->setup->mem, key, room);
		if (record == NULL)
			continue;
		memcpy(out, record, strlen(record) + 1);
		return DKIM_CBSTAT_CONTINUE;
	}
	return DKIM_CBSTAT_NOTFOUND;
}

static bool set_option(DKIM_LIB *lib, dkim_opts_t option, void *value,
    size_t size)
{
	return dkim_options(lib, DKIM_OP_SETOPT, option, value, size) ==
	    DKIM_STAT_OK;
}

struct dkim_libraries *dkim_libraries_new(unsigned minimum_bits,
    struct error *err)
{
	struct dkim_libraries *l = xcalloc(1, sizeof(*l));
	/* Every key is looked up, failing ones do not stop others; and one
	 * handle for each DKIM-Signature, whatever From looks like. */
	u_int flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
	u_int bits = minimum_bits;
	uint64_t drift = DKIM_LIBRARY_TIME_MIN;

	dkim_widen(dkim_narrow());      /* it is made now, not by a message */
	l->opendkim = dkim_init(NULL, NULL);
	if (l->opendkim == NULL ||
	    !set_option(l->opendkim, DKIM_OPTS_FLAGS, &flags, sizeof(flags)) ||
	    !set_option(l->opendkim, DKIM_OPTS_MINKEYBITS, &bits,
		sizeof(bits)) ||
	    !set_option(l->opendkim, DKIM_OPTS_CLOCKDRIFT, &drift,
		sizeof(drift)) ||
	    dkim_set_key_lookup(l->opendkim, give_key) != DKIM_STAT_OK) {
		error_set(err, "libopendkim cannot be set up");
		dkim_libraries_free(l);
		return NULL;
	}
	if (!dkim_libfeature(l->opendkim, DKIM_FEATURE_ED25519) ||
	    !dkim_libfeature(l->opendkim, DKIM_FEATURE_SHA256)) {
		error_set(err, "this libopendkim lacks Ed25519 or SHA-256");
		dkim_libraries_free(l);
		return NULL;
	}
	return l;
}

void dkim_libraries_free(struct dkim_libraries *l)
{
	if (l == NULL)
		return;
	if (l->opendkim != NULL)
		dkim_close(l->opendkim);
	free(l);
}

void dkim_libraries_disagreed(struct dkim_libraries *l)
{
	atomic_fetch_add(&l->disagreements, 1);
}

unsigned long long dkim_libraries_disagreements(const struct dkim_libraries *l)
{
	return atomic_load(&l->disagreements);
}

/* Other names are dropped by the library, which moves what h= selects. */
static bool name_is_kept(struct slice name)
{
	return dkim_field_name(name) &&
	    memchr(name.data, ';', name.len) == NULL;
}

static bool library_can(const struct dkim_task *task,
    const struct header *header)
{
	if (task->sig->not_for_library != NULL ||
	    !name_is_kept(header->fields[task->field].name))
		return false;
	for (size_t i = 0; i < task->sig->name_count; i++) {
		size_t field = task->selected[i];

		if (field != DKIM_NO_FIELD &&
		    (!name_is_kept(header->fields[field].name) ||
			!dkim_field_is_plain(header->fields[field].value)))
			return false;
	}
	return true;
}

static void drop_handle(void *dkim)
{
	dkim_free(dkim);
	ERR_clear_error();
}

static void broken(struct library_state *s, const char *why)
{
	s->broken = why;
	s->dkim = NULL;         /* the arena frees it */
}

/*
 * "Name:value" with folds as CRLF. A field that no signature here selects may
 * hold anything; what the library would trip over is overwritten.
 */
static void feed_field(struct library_state *s, const struct field *f,
    struct buf *text)
{
	struct slice value = f->value;

	buf_clear(text);
	buf_add(text, f->name.data, f->name.len);
	buf_addc(text, ':');
	if (!dkim_field_is_plain(value)) {
		for (size_t i = 0; i < value.len; i++)
			buf_addc(text, strchr("\v\f\r\n", value.data[i]) ?
			    '?' : value.data[i]);
	} else {
		for (size_t i = 0; i < value.len; i++) {
			if (value.data[i] == '\n' &&
			    (i == 0 || value.data[i - 1] != '\r'))
				buf_addc(text, '\r');
			buf_addc(text, value.data[i]);
		}
	}
	/* The return value says what it thinks of a signature's syntax; that
	 * is decided already. */
	dkim_header(s->dkim, (u_char *)text->data, text->len);
}

/*
 * All fields but DKIM-Signatures that are not to be judged: those would be
 * parsed and hashed too. (A signature that covers another one goes to the
 * native engine, see not_for_library.)
 */
static void feed_header(struct library_state *s)
{
	/* No h= can name this one, so no h= can name all fields of the
	 * message: a list of as many as there are, and one more, is beyond
	 * what the library has room for. */
	static u_char guard[] = "x guard: 1";
	const struct header *h = s->setup->header;
	struct buf text = { 0 };
	size_t next = 0;

	dkim_header(s->dkim, guard, sizeof(guard) - 1);
	for (size_t i = 0; i < h->count; i++) {
		const struct field *f = &h->fields[i];

		if (next < s->count && s->tasks[next].field == i)
			next++;
		else if (slice_is_nocase(slice_trim(f->name), DKIM_SIGNHEADER))
			continue;
		if (name_is_kept(f->name))
			feed_field(s, f, &text);
	}
	buf_free(&text);
}

static void take_body(void *state, const void *bytes, size_t n)
{
	struct library_state *s = state;

	if (s->dkim != NULL && dkim_body(s->dkim, (u_char *)bytes, n) !=
	    DKIM_STAT_OK)
		broken(s, "libopendkim cannot read the body");
}

static void *library_begin(const struct dkim_setup *setup,
    struct dkim_task *tasks, size_t count)
{
	struct library_state *s = arena_alloc(setup->mem, sizeof(*s));
	DKIM_STAT stat;
	int sigs = 0;

	*s = (struct library_state){ setup, tasks, count, NULL, NULL, NULL };
	ERR_clear_error();
	s->dkim = dkim_verify(setup->libraries->opendkim,
	    (const unsigned char *)setup->job, NULL, &stat);
	if (s->dkim == NULL) {
		broken(s, "libopendkim gives no handle");
		return s;
	}
	arena_defer(setup->mem, drop_handle, s->dkim);
	dkim_set_user_context(s->dkim, s);
	feed_header(s);
	stat = dkim_eoh(s->dkim);
	if (stat != DKIM_STAT_OK && stat != DKIM_STAT_NOSIG)
		broken(s, "libopendkim cannot read the header");
	else if (dkim_getsiglist(s->dkim, &s->sigs, &sigs) != DKIM_STAT_OK ||
	    sigs < 0 || (size_t)sigs != count)
		broken(s, "libopendkim lost a signature");
	else if (!body_tap(setup->body, (struct canonical_sink){ take_body, s }))
		broken(s, "the body has begun before libopendkim");
	return s;
}

/* RSA keys are measured a second time, by the library itself. */
static bool key_agrees(const struct library_state *s, size_t i)
{
	const struct dkim_key *key = s->tasks[i].key;
	unsigned bits = 0;

	if (key->type != DKIM_KEY_RSA)
		return true;
	return dkim_sig_getkeysize(s->sigs[i], &bits) == DKIM_STAT_OK &&
	    bits == key->bits && bits >= s->setup->minimum_bits;
}

/* Nothing but these three together is a pass: error, flag and body hash. */
static enum dkim_opinion judge(const struct library_state *s, size_t i,
    const char **why)
{
	DKIM_SIGINFO *sig = s->sigs[i];
	DKIM_SIGERROR error = dkim_sig_geterror(sig);
	unsigned flags = dkim_sig_getflags(sig);
	int body = dkim_sig_getbh(sig);

	if (error == DKIM_SIGERROR_OK && (flags & DKIM_SIGFLAG_PASSED) != 0 &&
	    body == DKIM_SIGBH_MATCH && key_agrees(s, i))
		return DKIM_OPINION_PASS;
	if ((error == DKIM_SIGERROR_OK || error == DKIM_SIGERROR_BADSIG) &&
	    body == DKIM_SIGBH_MISMATCH)
		return DKIM_OPINION_BODY;
	if (error == DKIM_SIGERROR_BADSIG)
		return DKIM_OPINION_HEADER;
	if (error == DKIM_SIGERROR_TOOLARGE_L)
		return DKIM_OPINION_LENGTH;
	*why = arena_printf(s->setup->mem, "libopendkim says: %s",
	    error == DKIM_SIGERROR_UNKNOWN ? "nothing" :
	    dkim_sig_geterrorstr(error));
	return DKIM_OPINION_NONE;
}

static void library_finish(void *state)
{
	struct library_state *s = state;

	if (s->dkim != NULL) {
		OSSL_LIB_CTX *before = dkim_narrow();

		dkim_eom(s->dkim, NULL);        /* each signature says more */
		dkim_widen(before);
	}
	for (size_t i = 0; i < s->count; i++) {
		struct dkim_task *t = &s->tasks[i];

		if (t->key == NULL)
			continue;
		t->opinion = DKIM_OPINION_TROUBLE;
		t->why = s->broken;
		if (s->dkim != NULL)
			t->opinion = judge(s, i, &t->why);
	}
	ERR_clear_error();
}

const struct dkim_engine dkim_library_engine = {
	.name = "library",
	.can = library_can,
	.begin = library_begin,
	.finish = library_finish,
};
