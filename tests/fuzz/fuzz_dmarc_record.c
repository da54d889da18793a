/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * DMARC Policy Records.
 */
#include "check/dmarc/record.h"
#include "fuzz.h"
#include "mail/uri.h"

static void check_uris(const struct dmarc_uris *list)
{
	for (size_t i = 0; i < list->count; i++)
		need(uri_valid(slice_of(list->uri[i])),
		    "the URIs are valid ones");
}

static void check_wish(const struct dmarc_wish *w)
{
	need(!w->invalid || w->policy == DMARC_POLICY_ABSENT,
	    "an invalid wish is none");
}

static void check_record(const struct dmarc_record *r)
{
	struct dmarc_wishes w;

	need(r->text != NULL, "the text is kept");
	check_wish(&r->p);
	check_wish(&r->sp);
	check_wish(&r->np);
	check_uris(&r->rua);
	check_uris(&r->ruf);
	if (dmarc_record_wishes(r, &w))
		need(w.p != DMARC_POLICY_ABSENT, "what applies has a policy");
	else
		need(r->rua.count == 0, "a reporting URI means p=none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice text = fuzz_copy(mem, fuzz_slice(data, size));
	struct dmarc_complaints complaints = { .count = 0 };
	struct dmarc_record r, quiet;
	bool is = dmarc_record_parse(mem, text, &r, &complaints);

	need(complaints.count <= DMARC_COMPLAINTS, "complaints have an end");
	for (size_t i = 0; i < complaints.count; i++)
		need(fuzz_printable(complaints.lines[i]),
		    "complaints are printable");
	need(dmarc_record_parse(mem, text, &quiet, NULL) == is,
	    "complaining changes nothing");
	if (!is)
		return 0;
	check_record(&r);
	need(r.p.policy == quiet.p.policy && r.fo == quiet.fo &&
	    r.psd == quiet.psd && r.rua.count == quiet.rua.count,
	    "not in the record either");
	return 0;
}
