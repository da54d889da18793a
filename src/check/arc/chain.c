/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/arc/chain.h"

#include "base/name.h"
#include "check/dkim/engine.h"
#include "mail/rfc5322.h"

const struct name arc_part_names[] = {
	{ ARC_RESULTS, "ARC-Authentication-Results" },
	{ ARC_MESSAGE, "ARC-Message-Signature" },
	{ ARC_SEAL,    "ARC-Seal" },
	{ 0, NULL },
};

struct reading {
	struct arena *mem;
	const struct header *header;
	struct arc_chain *out;
	const char *unreadable;         /* the first field that is */
};

/* NULL: none of ARC. */
static const struct name *part_of(const struct field *f)
{
	return name_find_slice(arc_part_names, slice_trim(f->name));
}

/* 3.9: instance = [CFWS] %s"i" [CFWS] "=" [CFWS] position; 4.1.1: ";" */
unsigned arc_instance(struct slice value)
{
	struct scan s = scan_of(value);
	unsigned n = 0;

	if (!scan_cfws(&s, NULL) || !scan_char(&s, 'i') ||
	    !scan_cfws(&s, NULL) || !scan_char(&s, '=') ||
	    !scan_cfws(&s, NULL))
		return 0;
	for (int digits = 0; digits < 2; digits++) {
		int c = scan_peek(&s);

		if (c < '0' || c > '9')
			break;
		n = 10 * n + (unsigned)(c - '0');
		scan_char(&s, (char)c);
	}
	if (!scan_cfws(&s, NULL) || !scan_char(&s, ';'))
		return 0;
	return n <= ARC_SETS_MAX ? n : 0;
}

static void unreadable(struct reading *r, enum arc_part part,
    const char *reason)
{
	if (r->unreadable == NULL)
		r->unreadable = arena_printf(r->mem, "%s cannot be read: %s",
		    name_word(arc_part_names, part), reason);
}

/* The instance, or 0 with the reason. */
static unsigned read_results(struct slice value, const char **reason)
{
	*reason = "it holds control characters";
	if (!dkim_field_is_plain(value))
		return 0;
	*reason = "no instance of 1 to 50 in front";
	return arc_instance(value);
}

/* A signature that says no more than "not by this algorithm" has its place in
 * the chain, though it never verifies. */
static unsigned read_signature(struct reading *r, enum arc_part part,
    struct slice value, struct dkim_sig_parsed *sig, const char **reason)
{
	static const enum dkim_kind kinds[] = {
		[ARC_MESSAGE] = DKIM_KIND_ARC_MESSAGE,
		[ARC_SEAL] = DKIM_KIND_ARC_SEAL,
	};

	dkim_sig_parse(r->mem, kinds[part], value, sig);
	*reason = sig->reason != NULL ? sig->reason : "no instance";
	return sig->cause == DKIM_CAUSE_SYNTAX ? 0 : sig->instance;
}

static void read_field(struct reading *r, size_t index, enum arc_part part)
{
	struct slice value = r->header->fields[index].value;
	struct dkim_sig_parsed *sig = NULL;
	const char *reason;
	struct arc_field *f;
	unsigned instance;

	if (part == ARC_RESULTS) {
		instance = read_results(value, &reason);
	} else {
		sig = arena_alloc(r->mem, sizeof(*sig));
		instance = read_signature(r, part, value, sig, &reason);
	}
	if (instance == 0) {
		unreadable(r, part, reason);
		return;
	}
	f = &r->out->sets[instance - 1].parts[part];
	f->field = index;
	f->sig = sig;
	f->count++;
	if (instance > r->out->count)
		r->out->count = instance;
}

/* 5.2 step 2. */
static bool newest_says_fail(const struct arc_chain *c)
{
	const struct arc_field *seal;

	if (c->count == 0)
		return false;
	seal = &c->sets[c->count - 1].parts[ARC_SEAL];
	return seal->count == 1 && seal->sig->cv == ARC_CV_FAIL;
}

/* 5.2 step 3. */
static const char *fault_of(struct arena *mem, const struct arc_chain *c)
{
	for (unsigned i = 1; i <= c->count; i++) {
		const struct arc_set *set = &c->sets[i - 1];
		enum arc_cv wanted = i == 1 ? ARC_CV_NONE : ARC_CV_PASS;

		for (int part = 0; part < ARC_PARTS; part++) {
			unsigned count = set->parts[part].count;

			if (count != 1)
				return arena_printf(mem, "%s %s with i=%u",
				    count == 0 ? "there is no" :
				    "there is more than one",
				    name_word(arc_part_names, part), i);
		}
		if (set->parts[ARC_SEAL].sig->cv != wanted)
			return arena_printf(mem,
			    "the ARC-Seal with i=%u has the wrong cv=", i);
	}
	return NULL;
}

void arc_chain_read(struct arena *mem, const struct header *header,
    struct arc_chain *out)
{
	struct reading r = { .mem = mem, .header = header, .out = out };
	size_t fields = 0;

	*out = (struct arc_chain){ .count = 0 };
	for (size_t i = 0; i < header->count; i++)
		fields += part_of(&header->fields[i]) != NULL;
	if (fields == 0)
		return;
	if (fields > ARC_PARTS * ARC_SETS_MAX) {
		out->count = ARC_SETS_MAX;
		out->fault = "there are more than 50 ARC sets";
		return;
	}
	out->sets = arena_array(mem, ARC_SETS_MAX, sizeof(*out->sets));
	for (size_t i = 0; i < header->count; i++) {
		const struct name *part = part_of(&header->fields[i]);

		if (part != NULL)
			read_field(&r, i, (enum arc_part)part->code);
	}
	if (newest_says_fail(out))
		out->fault = arena_printf(mem,
		    "the newest ARC-Seal, i=%u, says cv=fail", out->count);
	else if (r.unreadable != NULL)
		out->fault = r.unreadable;
	else
		out->fault = fault_of(mem, out);
}
