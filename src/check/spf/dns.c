/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/dns.h"

#include <string.h>

#include "mail/domain.h"

void spf_walk_start(struct spf_walk *w, struct arena *mem,
    struct inquiry *dns, const struct spf_settings *settings,
    const struct spf_question *question)
{
	*w = (struct spf_walk){
		.mem = mem,
		.dns = dns,
		.question = question,
		.void_limit = settings->void_lookups,
		.local_part_ascii = true,
	};
	for (const char *p = question->local; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p > 126)
			w->local_part_ascii = false;
}

enum spf_step spf_count_term(struct spf_walk *w)
{
	if (w->explaining)
		return SPF_YES;
	if (++w->terms <= SPF_TERMS_MAX)
		return SPF_YES;
	w->over_limit = true;
	w->reason = "more than 10 terms cause DNS lookups";
	return SPF_PERMERROR;
}

bool spf_escape(const char *target, char out[SPF_ESCAPED_MAX])
{
	size_t n = 0;

	if (strlen(target) > DOMAIN_MAX)
		return false;
	for (const char *p = target; *p != '\0'; p++) {
		unsigned c = (unsigned char)*p;

		if (c == '\\') {
			out[n++] = '\\';
			out[n++] = '\\';
		} else if (c > ' ' && c <= '~') {
			out[n++] = (char)c;
		} else {
			out[n++] = '\\';
			out[n++] = (char)('0' + c / 100);
			out[n++] = (char)('0' + c / 10 % 10);
			out[n++] = (char)('0' + c % 10);
		}
	}
	out[n] = '\0';
	return domain_fits_dns(out);
}

static enum spf_step void_lookup(struct spf_walk *w)
{
	if (w->explaining || ++w->voids <= w->void_limit)
		return SPF_NO;
	w->over_limit = true;
	w->reason = arena_printf(w->mem, "more than %u void DNS lookups",
	    w->void_limit);
	return SPF_PERMERROR;
}

enum spf_step spf_trouble(struct spf_walk *w, const char *name,
    enum dns_type type, const struct dns_answer *a)
{
	w->reason = arena_printf(w->mem, "DNS trouble: %s %s: %s", name,
	    name_word(dns_type_names, (int)type),
	    name_word(dns_status_names, (int)a->status));
	return SPF_TEMPERROR;
}

enum spf_step spf_ask(struct spf_walk *w, const char *name,
    enum dns_type type, const struct dns_answer **out)
{
	const struct dns_answer *a;

	*out = NULL;
	if (!domain_fits_dns(name))
		return SPF_NO;
	a = inquiry_ask(w->dns, name, type);
	switch (a->status) {
	case DNS_FOUND:
		*out = a;
		return SPF_YES;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return void_lookup(w);
	case DNS_FAILED:
	case DNS_TIMEOUT:
	case DNS_BOGUS:
	case DNS_REFUSED_HERE:
		break;
	}
	return dns_is_trouble(a) ? spf_trouble(w, name, type, a) : SPF_NO;
}

enum spf_step spf_ask_target(struct spf_walk *w, const char *target,
    enum dns_type type, const struct dns_answer **out)
{
	char name[SPF_ESCAPED_MAX];

	*out = NULL;
	if (!spf_escape(target, name))
		return SPF_NO;
	return spf_ask(w, name, type, out);
}

enum dns_type spf_address_type(const struct spf_walk *w)
{
	return w->question->client.family == IP_V6 ? DNS_AAAA : DNS_A;
}

bool spf_matches_unasked(const struct spf_walk *w,
    const struct spf_directive *d)
{
	const struct ip *client = &w->question->client;

	switch (d->mechanism) {
	case SPF_ALL:
		return true;
	case SPF_IP4:
		return ip_same_prefix(client, &d->address, d->prefix4);
	case SPF_IP6:
		return ip_same_prefix(client, &d->address, d->prefix6);
	case SPF_INCLUDE:
	case SPF_A:
	case SPF_MX:
	case SPF_PTR:
	case SPF_EXISTS:
		break;
	}
	return false;
}

static bool has_client(const struct spf_walk *w, const struct dns_answer *a,
    unsigned prefix4, unsigned prefix6)
{
	const struct ip *client = &w->question->client;
	bool v6 = client->family == IP_V6;
	size_t size = v6 ? 16 : 4;

	for (size_t i = 0; i < a->count; i++) {
		struct ip address = { .family = client->family };

		if (a->records[i].len != size)
			continue;
		memcpy(address.octets, a->records[i].data, size);
		if (ip_same_prefix(client, &address, v6 ? prefix6 : prefix4))
			return true;
	}
	return false;
}

bool spf_answer_has_client(const struct spf_walk *w,
    const struct dns_answer *a, const struct spf_directive *d)
{
	return has_client(w, a, d->prefix4, d->prefix6);
}

enum spf_step spf_ask_mx(struct spf_walk *w, const char *target,
    const struct dns_answer **out)
{
	enum spf_step step = spf_ask_target(w, target, DNS_MX, out);

	if (step != SPF_YES)
		return step;
	if ((*out)->count > SPF_MX_MAX) {
		w->reason = "more than 10 MX hosts behind one \"mx\"";
		return SPF_PERMERROR;
	}
	for (size_t i = 0; i < (*out)->count; i++)
		if (domain_fits_dns((*out)->records[i].data))
			inquiry_prefetch(w->dns, (*out)->records[i].data,
			    spf_address_type(w));
	return SPF_YES;
}

enum spf_step spf_ask_ptr(struct spf_walk *w, const struct dns_answer **out,
    size_t *count)
{
	char name[IP_REVERSE_MAX];
	enum spf_step step;

	*count = 0;
	step = spf_ask(w, ip_reverse_name(&w->question->client, name), DNS_PTR,
	    out);
	if (step == SPF_TEMPERROR)
		return SPF_NO;
	if (step != SPF_YES)
		return step;
	*count = (*out)->count < SPF_PTR_MAX ? (*out)->count : SPF_PTR_MAX;
	for (size_t i = 0; i < *count; i++)
		if (domain_fits_dns((*out)->records[i].data))
			inquiry_prefetch(w->dns, (*out)->records[i].data,
			    spf_address_type(w));
	return SPF_YES;
}

/* Asked past the counters: whose names these are is not the domain's doing. */
bool spf_validates(struct spf_walk *w, const char *name)
{
	const struct dns_answer *a;

	if (!domain_fits_dns(name))
		return false;
	a = inquiry_ask(w->dns, name, spf_address_type(w));
	return a->status == DNS_FOUND && has_client(w, a, 32, 128);
}
