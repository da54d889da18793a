/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * check_host() over records of strangers, parted by 0xff: libspf2 behind its
 * front, and our own evaluator. Both must say the same.
 */
#include "base/buf.h"
#include "check/spf/spf.h"
#include "check/spf/library.h"
#include "dns/zone.h"
#include "fuzz.h"

static const char *const names[] = {
	"example.org", "a.example.org", "b.example.org", "c.example.org",
};

static const char hosts[] =
    "\nexample.org A 192.0.2.1\nexample.org MX 10 mx.example.org\n"
    "mx.example.org A 192.0.2.7\nmx.example.org AAAA 2001:db8::7\n"
    "h.example.org A 198.51.100.1\nh.example.org AAAA 2001:db8::1\n"
    "1.2.0.192.in-addr.arpa PTR mx.example.org\n"
    "7.2.0.192.in-addr.arpa PTR mx.example.org\n"
    "broken.example.org STATUS servfail\n";

static void add_record(struct buf *zone, const char *name, struct slice text)
{
	buf_addf(zone, "\n%s TXT \"", name);
	for (size_t i = 0; i < text.len; i++)
		buf_addf(zone, "\\%03u", (unsigned char)text.data[i]);
	buf_adds(zone, "\"");
}

static void evaluate(struct arena *mem, struct resolver *r, enum engine engine,
    const struct spf_question *question, struct spf_identity *out)
{
	const struct spf_settings settings = {
		.engine = engine, .void_lookups = 2,
	};

	spf_evaluate(mem, inquiry_new(mem, r, &(struct inquiry_limits){ 0 },
	    NULL), &settings, question, out);
}

static void compare(struct arena *mem, struct resolver *r, const char *client)
{
	struct spf_question question = {
		.domain = names[0], .local = "joe.user", .helo = "mx.example",
		.receiver = "rcvr.example", .now = 1700000000,
		.scope = SPF_SCOPE_MAILFROM,
	};
	struct spf_identity library, native;

	if (!ip_parse(slice_of(client), &question.client))
		abort();
	evaluate(mem, r, ENGINE_LIBRARY, &question, &library);
	evaluate(mem, r, ENGINE_NATIVE, &question, &native);
	if (library.code != native.code)
		fprintf(stderr, "%s: library %s (%s), native %s (%s)\n", client,
		    name_word(spf_names, library.code),
		    library.reason != NULL ? library.reason : "",
		    name_word(spf_names, native.code),
		    native.reason != NULL ? native.reason : "");
	need(library.code == native.code, "the engines agree");
	need(fuzz_same(library.mechanism, native.mechanism),
	    "on what matched, too");
	need(native.explanation == NULL || fuzz_printable(native.explanation),
	    "an explanation is printable");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice rest = fuzz_slice(data, size);
	struct buf zone = { 0 };
	struct error err = { "" };
	struct resolver *r;

	spf_library_init();             /* only the first call does anything */
	for (size_t i = 0; i < 4 && rest.data != NULL; i++)
		add_record(&zone, names[i], slice_cut(&rest, FUZZ_BORDER));
	buf_adds(&zone, hosts);
	r = zone_resolver(buf_slice(&zone), "zone", &err);
	need(r != NULL, "the zone can be read");
	compare(mem, r, "192.0.2.7");
	compare(mem, r, "2001:db8::1");
	arena_reset(mem);
	resolver_drop(r);
	buf_free(&zone);
	return 0;
}
