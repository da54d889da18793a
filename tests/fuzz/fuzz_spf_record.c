/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * SPF records, explanations, and the macros in both.
 */
#include "check/spf/macro.h"
#include "check/spf/record.h"
#include "fuzz.h"

static const char *no_name(void *arg, const char *domain)
{
	(void)arg, (void)domain;
	return "unknown";
}

static const struct spf_values values = {
	.client = { .family = IP_V6, .octets = { 0x20, 1, 0xd, 0xb8, 7 } },
	.local = "o'toole+x-y.z%",
	.sender_domain = "mail.example.org",
	.domain = "sub.example.com",
	.helo = "mx.example.org",
	.receiver = "rcvr.example.net",
	.now = 1700000000,
	.validated = no_name,
};

static void check_spec(struct slice spec)
{
	struct buf name = { 0 };

	need(spf_domain_spec_check(spec, NULL), "a domain-spec was checked");
	spf_expand_name(spec, &values, &name);
	need(name.len <= SPF_NAME_KEEP, "a name has an end");
	for (size_t i = 0; i < name.len; i++)
		need(ascii_lower(name.data[i]) == name.data[i],
		    "a name is lower-case");
	buf_free(&name);
}

static void check_directive(const struct spf_directive *d)
{
	need(d->mechanism <= SPF_EXISTS, "a mechanism we know");
	need(d->prefix4 <= 32 && d->prefix6 <= 128, "prefixes are in range");
	need(d->text.len > 0, "it has a text");
	for (size_t i = 0; i < d->text.len; i++)
		need(d->text.data[i] > ' ' && d->text.data[i] <= '~',
		    "nothing but printable ASCII is left");
	if (d->mechanism == SPF_IP4 || d->mechanism == SPF_IP6)
		need(d->address.family != IP_NONE, "it has an address");
	if (d->mechanism == SPF_INCLUDE || d->mechanism == SPF_EXISTS)
		need(d->domain.data != NULL, "it has a domain-spec");
	if (d->domain.data != NULL)
		check_spec(d->domain);
}

static void read_record(struct arena *mem, struct slice text)
{
	struct spf_record r;
	struct error err = { "" };

	if (!spf_record_parse(mem, text, &r, &err)) {
		need(err.text[0] != '\0', "a permerror has a reason");
		return;
	}
	for (size_t i = 0; i < r.count; i++)
		check_directive(&r.directives[i]);
	if (r.redirect.data != NULL)
		check_spec(r.redirect);
	if (r.exp.data != NULL)
		check_spec(r.exp);
}

static void read_explanation(struct slice text)
{
	struct buf out = { 0 };

	if (!spf_explain_string_check(text, NULL))
		return;
	spf_expand_text(text, &values, &out);
	need(out.len <= SPF_TEXT_MAX, "an explanation has an end");
	need(fuzz_printable(buf_text(&out)), "it is printable");
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice text = fuzz_copy(mem, fuzz_slice(data, size));

	if (spf_record_is(text))
		read_record(mem, text);
	else
		read_explanation(text);
	return 0;
}
