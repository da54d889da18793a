/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/chase.h"

#include <string.h>

#include "check/spf/dns.h"
#include "check/spf/reading.h"

/* Twice what an evaluation may ask (RFC 7208 4.6.4), for MX hosts. */
#define QUESTIONS_MAX (2 * SPF_TERMS_MAX)

static enum dns_type address_type(const struct ip *client)
{
	return client->family == IP_V6 ? DNS_AAAA : DNS_A;
}

/* A domain-spec with macros needs more than is known here. */
static void ask(struct chase *c, struct slice spec, const char *domain,
    enum dns_type type)
{
	char target[DOMAIN_MAX + 1], name[SPF_ESCAPED_MAX];

	if (spec.data == NULL) {
		chase_on(c, domain, type);
		return;
	}
	if (spec.len > DOMAIN_MAX || memchr(spec.data, '%', spec.len) != NULL)
		return;
	memcpy(target, spec.data, spec.len);
	target[spec.len] = '\0';
	if (spf_escape(target, name))
		chase_on(c, name, type);
}

static void follow(struct chase *c, const char *domain,
    const struct spf_record *r)
{
	const struct ip *client = chase_about(c);
	const struct spf_question question = { .client = *client };
	const struct spf_walk walk = { .question = &question };

	for (size_t i = 0; i < r->count; i++) {
		const struct spf_directive *d = &r->directives[i];

		if (spf_matches_unasked(&walk, d))
			return;
		switch (d->mechanism) {
		case SPF_INCLUDE:
			ask(c, d->domain, domain, DNS_TXT);
			break;
		case SPF_A:
			ask(c, d->domain, domain, address_type(client));
			break;
		case SPF_MX:
			ask(c, d->domain, domain, DNS_MX);
			break;
		case SPF_EXISTS:
			ask(c, d->domain, domain, DNS_A);
			break;
		case SPF_PTR:
		case SPF_IP4:
		case SPF_IP6:
		case SPF_ALL:
			break;
		}
	}
	if (!r->has_all && r->redirect.data != NULL)
		ask(c, r->redirect, domain, DNS_TXT);
}

static void show_hosts(struct chase *c, const struct dns_answer *a)
{
	const struct ip *client = chase_about(c);

	for (size_t i = 0; i < a->count && i < SPF_MX_MAX; i++)
		chase_on(c, a->records[i].data, address_type(client));
}

static void show(struct chase *c, const char *name, enum dns_type type,
    const struct dns_answer *a)
{
	const struct spf_record *r = type == DNS_TXT ? spf_reading(a) : NULL;

	if (r != NULL)
		follow(c, name, r);
	else if (type == DNS_MX)
		show_hosts(c, a);
}

static const struct chaser record_chaser = { show, QUESTIONS_MAX };

void spf_chase(struct inquiry *dns, const char *domain,
    const struct ip *client)
{
	if (client->family == IP_NONE)
		inquiry_prefetch(dns, domain, DNS_TXT);
	else
		inquiry_chase(dns, domain, DNS_TXT, &record_chaser, client,
		    sizeof(*client));
}
