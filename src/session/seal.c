/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/seal.h"

#include <string.h>

#include "check/arc/seal.h"

/* Held mail goes on, too, once somebody lets it. */
static bool goes_on(enum action action)
{
	switch (action) {
	case ACTION_ACCEPT:
	case ACTION_TAG:
	case ACTION_QUARANTINE:
		return true;
	case ACTION_TEMPFAIL:
	case ACTION_REJECT:
	case ACTION_DISCARD:
		break;
	}
	return false;
}

static bool is_field(const struct field *f, const char *name, unsigned index)
{
	return f->instance == index && slice_is_nocase(slice_trim(f->name),
	    name);
}

static struct slice value_as_sent(const struct outcome *o,
    const struct field *f)
{
	for (size_t i = 0; i < o->changed_count; i++)
		if (is_field(f, o->changed[i].name, o->changed[i].index))
			return slice_of(o->changed[i].value);
	return f->value;
}

/* The removals are in the order of the header, the lowest first. */
static struct header header_as_sent(struct transaction *t,
    const struct outcome *o)
{
	const struct header *h = &t->evidence.header;
	struct header sent = { .count = 0 };
	size_t left = o->removed_count;

	for (size_t i = 0; i < o->added_count; i++)
		header_append(&sent, t->mem, slice_of(o->added[i].name),
		    slice_of(o->added[i].value));
	for (size_t i = 0; i < h->count; i++) {
		const struct field *f = &h->fields[i];

		if (left > 0 && is_field(f, o->removed[left - 1].name,
		    o->removed[left - 1].index))
			left--;
		else
			header_append(&sent, t->mem, f->name,
			    value_as_sent(o, f));
	}
	return sent;
}

static const char *own_results(const struct outcome *o)
{
	size_t i = 0;

	while (strcmp(o->added[i].name, "Authentication-Results") != 0)
		i++;
	return o->added[i].value;
}

/* From the top: ARC-Seal, ARC-Message-Signature, ARC-Authentication-Results
 * (RFC 8617 5.1 step 5), then what was there. */
static void put_on_top(struct transaction *t, struct outcome *o,
    const struct seal *seal)
{
	struct field_addition *all = arena_array(t->mem,
	    o->added_count + ARC_PARTS, sizeof(*all));

	memcpy(all + ARC_PARTS, o->added, o->added_count * sizeof(*all));
	for (int part = ARC_RESULTS; part < ARC_PARTS; part++)
		all[ARC_SEAL - part] = (struct field_addition){
			.name = name_word(arc_part_names, part),
			.value = seal->values[part],
		};
	o->added = all;
	o->added_count += ARC_PARTS;
	o->sealed_fields = ARC_PARTS;
	for (size_t i = 0; i < o->added_count; i++)
		all[i].index = (unsigned)i;
}

static void take(struct transaction *t, struct outcome *o,
    const struct seal *seal)
{
	switch (seal->answer) {
	case SEAL_DONE:
		put_on_top(t, o, seal);
		o->sealed = seal->instance;
		return;
	case SEAL_TROUBLE:
		log_say_rarely(t->kit->log, LOG_LEVEL_WARNING,
		    "a message could not be sealed: %s", seal->reason);
		break;
	case SEAL_NOT_ALLOWED:
		break;
	}
	o->unsealed = seal->reason;
}

/* Mail of our own users and of this host has no results worth keeping: the
 * domain's own signature comes later. */
void seal_prepare(struct transaction *t, struct outcome *o)
{
	const struct sealer *sealer = check_env_sealer(t->kit->checks);
	struct header sent;
	struct seal seal;

	if (sealer == NULL || client_exempt(&t->evidence) != NULL ||
	    !goes_on(o->verdict->action))
		return;
	if (t->header_cut) {
		o->unsealed = "the header is larger than our limits";
		return;
	}
	sent = header_as_sent(t, o);
	arc_seal(sealer, t->mem, &(struct seal_request){
		.header = &sent,
		.found = &t->findings.arc,
		.names = sealer_names(sealer, t->mem, &sent),
		.results = own_results(o),
		.now = t->evidence.received,
	}, &seal);
	take(t, o, &seal);
}
