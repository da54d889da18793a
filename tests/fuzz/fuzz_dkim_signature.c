/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DKIM-Signature, ARC-Message-Signature and ARC-Seal: one text read as each.
 */
#include "check/dkim/signature.h"
#include "fuzz.h"

static void check_bad(const struct dkim_sig_parsed *sig)
{
	need(sig->reason != NULL && fuzz_printable(sig->reason),
	    "what is of no use has a printable reason");
	need(sig->cause == DKIM_CAUSE_SYNTAX ||
	    sig->cause == DKIM_CAUSE_ALGORITHM ||
	    sig->cause == DKIM_CAUSE_LIMIT, "one of three causes");
	need(sig->domain == NULL || fuzz_is_house_form(sig->domain),
	    "a domain that is shown is in house form");
	need(sig->selector == NULL || fuzz_is_house_form(sig->selector),
	    "a selector that is shown, too");
}

static void check_names(const struct dkim_sig_parsed *sig)
{
	need((sig->kind == DKIM_KIND_ARC_SEAL) == (sig->name_count == 0),
	    "all but seals have h=");
	for (size_t i = 0; i < sig->name_count; i++)
		need(dkim_field_name(sig->names[i]), "h= lists field names");
}

static void check_b(const struct dkim_sig_parsed *sig)
{
	struct slice before = slice_sub(sig->text, 0, sig->b_from);

	need(sig->b_from > 0 && sig->b_from + sig->b_len <= sig->text.len &&
	    before.data[sig->b_from - 1] == '=', "b= stands in the text");
	need(sig->b_from + sig->b_len == sig->text.len ||
	    sig->text.data[sig->b_from + sig->b_len] == ';',
	    "all of it, up to the semicolon");
	need(sig->b.len > 0 && sig->b_text != NULL &&
	    strpbrk(sig->b_text, " \t\r\n") == NULL, "b= is read");
}

static void check_good(const struct dkim_sig_parsed *sig)
{
	need(sig->reason == NULL, "no reason for what is sound");
	need(fuzz_is_house_form(sig->domain) &&
	    fuzz_is_house_form(sig->selector) &&
	    fuzz_is_house_form(sig->key_name), "names are in house form");
	check_names(sig);
	check_b(sig);
	if (sig->kind == DKIM_KIND_SIGNATURE) {
		const char *at = strrchr(sig->identity, '@');

		need(at != NULL && domain_is_same_or_below(at + 1,
		    sig->domain), "i= is not outside d=");
		need(sig->identity_below == !domain_equal(at + 1, sig->domain),
		    "and whether it is below is known");
	} else {
		need(sig->identity == NULL, "no identity in ARC");
		need(sig->instance >= 1 && sig->instance <= 50,
		    "an instance of ARC");
	}
}

/* What an engine hashes reads as what was judged. */
static void check_again(struct arena *mem, const struct dkim_sig_parsed *sig)
{
	struct dkim_sig_parsed again;

	dkim_sig_parse(mem, sig->kind, sig->text, &again);
	need(slice_equal(again.text, sig->text) && again.cause == sig->cause &&
	    fuzz_same(again.reason, sig->reason) &&
	    again.b_from == sig->b_from && again.b_len == sig->b_len,
	    "the same with folds as CRLF");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice value = fuzz_copy(mem, fuzz_slice(data, size));

	for (enum dkim_kind kind = DKIM_KIND_SIGNATURE;
	    kind <= DKIM_KIND_ARC_SEAL; kind++) {
		struct dkim_sig_parsed sig;

		dkim_sig_parse(mem, kind, value, &sig);
		need(sig.kind == kind, "the kind is kept");
		if (sig.cause == DKIM_CAUSE_NONE)
			check_good(&sig);
		else
			check_bad(&sig);
		if (sig.cause != DKIM_CAUSE_LIMIT && sig.text.data != NULL &&
		    sig.text.len <= DKIM_FIELD_MAX)
			check_again(mem, &sig);
	}
	return 0;
}
