/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/arc.h"

#include "check/arc/chain.h"
#include "check/arc/verify.h"
#include "mail/authres.h"

/* What all signatures but the newest may make us hash of the header. */
#define OLDER_OCTETS_MAX (8u << 20)

struct arc_work {
	struct arena *mem;
	const struct arc_question *question;
	struct arc_finding *out;
	struct arc_chain chain;
	struct arc_verifier *verifier;  /* NULL: all is said already */
};

struct arc_work *arc_begin(struct arena *mem, struct inquiry *dns,
    const struct arc_question *question, struct arc_finding *out)
{
	struct arc_work *w = arena_alloc(mem, sizeof(*w));

	*w = (struct arc_work){ .mem = mem, .question = question, .out = out };
	arc_chain_read(mem, question->header, &w->chain);
	*out = (struct arc_finding){
		.code = w->chain.fault != NULL ? AUTH_FAIL : AUTH_NONE,
		.reason = w->chain.fault, .instances = w->chain.count,
	};
	if (w->chain.fault == NULL && w->chain.count > 0)
		w->verifier = arc_verifier_new(mem, dns, question, &w->chain);
	return w;
}

static const struct dkim_sig_parsed *signature(const struct arc_work *w,
    unsigned instance, enum arc_part part)
{
	return w->chain.sets[instance - 1].parts[part].sig;
}

static void chain_fails(struct arc_work *w, unsigned instance,
    enum arc_part part, const char *why)
{
	const char *domain = signature(w, instance, part)->domain;

	w->out->code = AUTH_FAIL;
	w->out->key_missed = arc_key_missed(w->verifier);
	w->out->reason = arena_printf(w->mem, "%s i=%u of %s: %s",
	    name_word(arc_part_names, part), instance,
	    domain != NULL ? domain : "nobody", why);
}

/* 5.2 step 6, from the newest to the oldest. */
static bool seals_hold(struct arc_work *w)
{
	struct arc_finding *out = w->out;

	out->sealers = arena_array(w->mem, w->chain.count,
	    sizeof(*out->sealers));
	for (unsigned i = w->chain.count; i > 0; i--) {
		const struct dkim_sig_parsed *sig = signature(w, i, ARC_SEAL);
		const char *why = arc_why_bad_seal(w->verifier, i);

		if (why != NULL) {
			chain_fails(w, i, ARC_SEAL, why);
			return false;
		}
		out->sealers[out->count++] = (struct arc_sealer){
			sig->domain, sig->selector };
	}
	return true;
}

/* 5.2 step 5, optional: since which set has the message been as it is now? For
 * a giant header that remains unknown. */
static void find_oldest_pass(struct arc_work *w)
{
	size_t octets = 0;
	unsigned i;

	for (i = w->chain.count - 1; i > 0; i--) {
		octets += w->question->header->octets;
		if (octets > OLDER_OCTETS_MAX)
			return;
		if (arc_why_bad_message(w->verifier, i) != NULL)
			break;
	}
	w->out->oldest_pass = i == 0 ? 0 : i + 1;
	w->out->oldest_known = true;
}

/* RFC 8617 10.2: smtp.remote-ip in the results of the first set. */
static const char *first_client(const struct arc_work *w)
{
	const struct arc_set *set = &w->chain.sets[0];
	struct slice value = w->question->header->fields[
	    set->parts[ARC_RESULTS].field].value;
	struct authres results;
	char text[IP_TEXT_MAX];
	struct ip ip;

	slice_cut(&value, ';');         /* i=1 */
	if (value.data == NULL || !authres_parse(w->mem, value, &results))
		return NULL;
	for (size_t i = 0; i < results.count; i++) {
		const char *client = authres_find(&results.results[i],
		    "smtp", "remote-ip");

		if (client != NULL && ip_parse(slice_of(client), &ip))
			return arena_strdup(w->mem, ip_text(&ip, text));
	}
	return NULL;
}

void arc_comment(const struct arc_finding *f, struct buf *out)
{
	if (f->code != AUTH_PASS)
		return;
	buf_adds(out, "arc=pass");
	for (size_t i = 0; i < f->count; i++)
		buf_addf(out, " as[%zu].d=%s as[%zu].s=%s", f->count - i,
		    f->sealers[i].domain, f->count - i,
		    f->sealers[i].selector);
	if (f->first_client != NULL)
		buf_addf(out, " remote-ip[1]=%s", f->first_client);
}

/* Step 5 decides nothing and may need keys, so it comes when the rest has
 * passed. */
void arc_conclude(struct arc_work *w)
{
	unsigned newest = w->chain.count;
	const char *why;

	if (w->verifier == NULL)
		return;
	body_end(w->question->body);
	why = arc_why_bad_message(w->verifier, newest);
	if (why != NULL) {
		chain_fails(w, newest, ARC_MESSAGE, why);
		return;
	}
	if (!seals_hold(w))
		return;
	w->out->code = AUTH_PASS;
	w->out->first_client = first_client(w);
	find_oldest_pass(w);
}
