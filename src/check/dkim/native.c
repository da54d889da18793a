/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "check/dkim/digest.h"
#include "check/dkim/engine.h"

/* One message. */
struct native_state {
	const struct dkim_setup *setup;
	struct dkim_task *tasks;
	size_t count;
};

static bool native_can(const struct dkim_task *task,
    const struct header *header)
{
	for (size_t i = 0; i < task->sig->name_count; i++)
		if (task->selected[i] != DKIM_NO_FIELD &&
		    !dkim_field_is_plain(
			header->fields[task->selected[i]].value))
			return false;
	return true;
}

static void *native_begin(const struct dkim_setup *setup,
    struct dkim_task *tasks, size_t count)
{
	struct native_state *s = arena_alloc(setup->mem, sizeof(*s));

	*s = (struct native_state){ setup, tasks, count };
	/* One l= too many has no digest at the end, and says so there. */
	for (size_t i = 0; i < count; i++)
		body_want(setup->body, dkim_body_part(tasks[i].sig));
	return s;
}

static const struct {
	enum dkim_opinion opinion;
	const char *why;
} opinions[] = {
	[CRYPTO_SIGNED] = { DKIM_OPINION_PASS, NULL },
	[CRYPTO_NOT_SIGNED] = { DKIM_OPINION_HEADER, NULL },
	[CRYPTO_NO_KEY] = { DKIM_OPINION_NONE, "OpenSSL refuses the key" },
	[CRYPTO_TROUBLE] = { DKIM_OPINION_TROUBLE, "OpenSSL is in trouble" },
};

/* RFC 6376 3.7: bh= first, it costs next to nothing. */
static enum dkim_opinion judge(const struct native_state *s,
    const struct dkim_task *t, const char **why)
{
	const struct dkim_sig_parsed *sig = t->sig;
	struct body_part part = dkim_body_part(sig);
	struct body_digest body = body_digest(s->setup->body, part);
	unsigned char digest[CRYPTO_DIGEST];
	enum crypto_answer answer;

	if (!body.known) {
		*why = "the body could not be hashed";
		return DKIM_OPINION_TROUBLE;
	}
	if (part.limited && part.length > body_octets(s->setup->body,
	    part.form))
		return DKIM_OPINION_LENGTH;
	if (memcmp(body.digest, sig->bh, sizeof(sig->bh)) != 0)
		return DKIM_OPINION_BODY;
	if (!dkim_header_digest(s->setup->mem, s->setup->header, sig, t->field,
	    t->selected, digest)) {
		*why = "the header could not be hashed";
		return DKIM_OPINION_TROUBLE;
	}
	answer = crypto_verify(s->setup->keys, t->key, digest, sig->b);
	*why = opinions[answer].why;
	return opinions[answer].opinion;
}

static void native_finish(void *state)
{
	struct native_state *s = state;

	for (size_t i = 0; i < s->count; i++) {
		struct dkim_task *t = &s->tasks[i];

		if (t->key == NULL)
			continue;
		t->why = NULL;
		t->opinion = judge(s, t, &t->why);
	}
}

const struct dkim_engine dkim_native_engine = {
	.name = "native",
	.can = native_can,
	.begin = native_begin,
	.finish = native_finish,
};
