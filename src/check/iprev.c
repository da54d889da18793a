/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/iprev.h"

#include "mail/domain.h"

/* RFC 8601 section 3 sees the danger and gives no number; RFC 7208 5.5 does,
 * for the same names. */
#define NAMES_MAX 10

/* RFC 8601 2.7.3; `none` is ours, for a client that was not looked at. */
const struct name iprev_names[] = {
	{ AUTH_NONE, "none" },
	{ AUTH_PASS, "pass" },
	{ AUTH_FAIL, "fail" },
	{ AUTH_TEMPERROR, "temperror" },
	{ AUTH_PERMERROR, "permerror" },
	{ 0, NULL },
};

static enum dns_type forward_type(const struct ip *client)
{
	return client->family == IP_V6 ? DNS_AAAA : DNS_A;
}

static bool is_answer(const struct dns_answer *a)
{
	return a->status == DNS_FOUND || a->status == DNS_NODATA ||
	    a->status == DNS_NXDOMAIN;
}

/* The names lead to their addresses. */
static void show_names(struct chase *c, const char *name, enum dns_type type,
    const struct dns_answer *a)
{
	const struct ip *client = chase_about(c);

	(void)name;
	for (size_t i = 0; type == DNS_PTR && i < a->count; i++)
		chase_on(c, a->records[i].data, forward_type(client));
}

static const struct chaser reverse_chaser = { show_names, NAMES_MAX };

void iprev_prefetch(struct inquiry *dns, const struct ip *client)
{
	char reverse[IP_REVERSE_MAX];

	if (client->family != IP_NONE)
		inquiry_chase(dns, ip_reverse_name(client, reverse), DNS_PTR,
		    &reverse_chaser, client, sizeof(*client));
}

/* Names in house form; what is none cannot be confirmed. */
static size_t usable_names(struct arena *mem, const struct dns_answer *ptr,
    const char *names[NAMES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ptr->count && i < NAMES_MAX; i++) {
		struct slice text = {
			ptr->records[i].data, ptr->records[i].len,
		};
		const char *name = domain_normalise(mem, text);

		if (name != NULL)
			names[count++] = name;
	}
	return count;
}

static bool leads_back(const struct dns_answer *a, const struct ip *client)
{
	size_t size = client->family == IP_V6 ? 16 : 4;

	for (size_t i = 0; i < a->count; i++) {
		struct ip there;

		if (a->records[i].len != size)
			continue;
		there = ip_from_octets(client->family, a->records[i].data);
		if (ip_equal(&there, client))
			return true;
	}
	return false;
}

static void confirm(struct arena *mem, struct inquiry *dns,
    const struct ip *client, const struct dns_answer *ptr,
    struct iprev_finding *out)
{
	const char *names[NAMES_MAX], *trouble = NULL;
	size_t count = usable_names(mem, ptr, names);

	for (size_t i = 0; i < count; i++)
		inquiry_prefetch(dns, names[i], forward_type(client));
	for (size_t i = 0; i < count; i++) {
		const struct dns_answer *a = inquiry_ask(dns, names[i],
		    forward_type(client));

		if (leads_back(a, client)) {
			out->code = AUTH_PASS;
			out->name = names[i];
			return;
		}
		if (!is_answer(a))
			trouble = names[i];
	}
	if (trouble != NULL) {
		out->code = AUTH_TEMPERROR;
		out->reason = arena_printf(mem, "DNS failure at %s", trouble);
		return;
	}
	out->code = AUTH_FAIL;
	out->reason = count == 0 ? "the client's PTR record names no host" :
	    arena_printf(mem, "%s does not lead back to the client",
		names[0]);
}

void iprev_evaluate(struct arena *mem, struct inquiry *dns,
    const struct ip *client, struct iprev_finding *out)
{
	char reverse[IP_REVERSE_MAX];
	const struct dns_answer *ptr;

	*out = (struct iprev_finding){ .code = AUTH_NONE };
	if (client->family == IP_NONE) {
		out->reason = "the client's address is not known";
		return;
	}
	ip_reverse_name(client, reverse);
	ptr = inquiry_ask(dns, reverse, DNS_PTR);
	if (ptr->status == DNS_FOUND) {
		confirm(mem, dns, client, ptr, out);
	} else if (is_answer(ptr)) {
		out->code = AUTH_PERMERROR;
		out->reason = "the client's address has no PTR record";
	} else {
		out->code = AUTH_TEMPERROR;
		out->reason = arena_printf(mem, "DNS failure at %s", reverse);
	}
}

/* Why this client is not looked at; NULL: it is. */
static const char *why_not(const struct evidence *e)
{
	const char *exempt = client_exempt(e);

	if (exempt != NULL)
		return exempt;
	return e->client_ip.family == IP_NONE ? e->why_no_client : NULL;
}

static void *iprev_open(struct examination *x)
{
	return x;
}

static void iprev_reach(void *state, enum phase phase)
{
	struct examination *x = state;
	const struct evidence *e = x->evidence;

	(void)phase;
	if (e->client_settled && why_not(e) == NULL)
		iprev_prefetch(x->dns, &e->client_ip);
}

static void iprev_finish(void *state)
{
	struct examination *x = state;
	const char *reason = why_not(x->evidence);

	if (reason != NULL)
		x->findings->iprev = (struct iprev_finding){
			.code = AUTH_NONE, .reason = reason,
		};
	else
		iprev_evaluate(x->mem, x->dns, &x->evidence->client_ip,
		    &x->findings->iprev);
}

const struct check iprev_check = {
	.name = "iprev",
	.ready = PHASE_MAIL,
	.open = iprev_open,
	.reach = iprev_reach,
	.finish = iprev_finish,
};
