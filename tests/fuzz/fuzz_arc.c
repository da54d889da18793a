/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Chains of strangers: a message whose ARC fields are read, ordered and, where
 * they are sound, checked against keys that nobody here can have signed with.
 */
#include "check/arc/arc.h"
#include "check/arc/chain.h"
#include "dns/zone.h"
#include "fuzz.h"
#include "mail/message.h"

static const char zone[] =
    "s._domainkey.example.org TXT \"k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"
    "t._domainkey.example.org STATUS servfail\n";

static void check_set(const struct header *h, const struct arc_set *set,
    unsigned instance)
{
	for (enum arc_part p = ARC_RESULTS; p < ARC_PARTS; p++) {
		const struct arc_field *f = &set->parts[p];

		need(f->count == 1, "each field stands there once");
		need(f->field < h->count && slice_is_nocase(
		    slice_trim(h->fields[f->field].name),
		    name_word(arc_part_names, (int)p)), "it is of its kind");
		if (p == ARC_RESULTS)
			need(arc_instance(h->fields[f->field].value) ==
			    instance, "of its instance");
		else
			need(f->sig != NULL &&
			    (f->sig->cause != DKIM_CAUSE_NONE ||
			    f->sig->instance == instance), "signed so");
	}
}

static void check_chain(struct arena *mem, const struct header *h)
{
	struct arc_chain chain;

	arc_chain_read(mem, h, &chain);
	need(chain.count <= ARC_SETS_MAX, "a chain has an end");
	need(chain.fault == NULL || fuzz_printable(chain.fault),
	    "what is wrong is printable");
	if (chain.fault == NULL)
		for (unsigned i = 0; i < chain.count; i++)
			check_set(h, &chain.sets[i], i + 1);
}

static void check_verdict(struct arena *mem, const struct message *m)
{
	static struct resolver *resolver;
	const struct arc_question question = {
		.header = &m->header, .body = body_new(mem), .minimum_bits = 1024, .now = 1700000000,
	};
	struct arc_finding f = { .code = AUTH_NONE };
	struct arc_work *w;
	struct error err;

	if (resolver == NULL)
		resolver = zone_resolver(slice_of(zone), "zone", &err);
	need(resolver != NULL, "the zone can be read");
	w = arc_begin(mem, inquiry_new(mem, resolver,
	    &(struct inquiry_limits){ 0 }, NULL), &question, &f);
	if (m->body.len > 0)
		body_feed(question.body, m->body.data, m->body.len);
	arc_conclude(w);
	need(f.code == AUTH_NONE || f.code == AUTH_FAIL,
	    "nobody forges a chain");
	need(f.code == AUTH_NONE || f.reason != NULL, "a fail has a reason");
	need(f.reason == NULL || fuzz_printable(f.reason),
	    "which is printable");
	need(f.count == 0, "no seal verifies");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct message m;

	message_cut(mem, fuzz_slice(data, size), &m);
	check_chain(mem, &m.header);
	check_verdict(mem, &m);
	arena_reset(mem);
	return 0;
}
