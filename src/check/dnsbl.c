/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dnsbl.h"

#include <string.h>

#include "mail/domain.h"

const struct name listed_names[] = {
	{ LISTED_UNKNOWN, "unknown" },
	{ LISTED_NO, "no" },
	{ LISTED_YES, "yes" },
	{ 0, NULL },
};

/* "1.2.0.192" of "1.2.0.192.in-addr.arpa"; nibbles for IPv6. */
static const char *reversed(struct arena *mem, const struct ip *client)
{
	char name[IP_REVERSE_MAX];
	const char *suffix = client->family == IP_V6 ? ".ip6.arpa" :
	    ".in-addr.arpa";

	if (client->family == IP_NONE)
		return NULL;
	ip_reverse_name(client, name);
	return arena_strndup(mem, name, strlen(name) - strlen(suffix));
}

const char *dnsbl_question(struct arena *mem, const struct lookup *l,
    const struct ip *client, const char *domain)
{
	const char *what = l->subject == LOOKUP_CLIENT_IP ?
	    reversed(mem, client) : domain, *name;

	if (what == NULL)
		return NULL;
	name = arena_printf(mem, "%s.%s", what, l->list.zone);
	return domain_fits_dns(name) ? name : NULL;
}

enum listed dnsbl_reads(const struct lookup *l, const struct dns_answer *a,
    bool *refused)
{
	enum listed result = LISTED_NO;

	*refused = false;
	if (dns_is_trouble(a))
		return LISTED_UNKNOWN;
	for (size_t i = 0; a->status == DNS_FOUND && i < a->count; i++) {
		const uint8_t *code = (const uint8_t *)a->records[i].data;

		if (a->records[i].len != 4)
			continue;
		if (blocklist_refuses(code)) {
			*refused = true;
			return LISTED_UNKNOWN;
		}
		if (blocklist_counts(&l->list, code))
			result = LISTED_YES;
	}
	return result;
}

void dnsbl_prefetch(struct arena *mem, struct inquiry *dns,
    const struct lookup *lookups, size_t count, const struct ip *client)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = lookups[i].subject == LOOKUP_CLIENT_IP ?
		    dnsbl_question(mem, &lookups[i], client, NULL) : NULL;

		if (name != NULL)
			inquiry_prefetch(dns, name, DNS_A);
	}
}

static const char *field_domain(struct arena *mem, const struct evidence *e,
    const char *name)
{
	const struct field *field = header_find(&e->header, name, 0);
	const struct mailbox *box = field == NULL ? NULL :
	    mailbox_read_first(mem, field->value);

	return box == NULL ? NULL : box->domain;
}

/* As gather.c fills the facts of these names. */
static const char *domain_of(struct arena *mem, const struct evidence *e,
    enum lookup_subject subject)
{
	switch (subject) {
	case LOOKUP_CLIENT_NAME:
		return e->client_name == NULL ? NULL :
		    domain_normalise(mem, slice_of(e->client_name));
	case LOOKUP_HELO_NAME:
		return e->helo_domain;
	case LOOKUP_MAIL_DOMAIN:
		return e->mail.domain;
	case LOOKUP_FROM_DOMAIN:
		return e->author.status == AUTHOR_OK ? e->author.domain : NULL;
	case LOOKUP_SENDER_DOMAIN:
		return field_domain(mem, e, "Sender");
	case LOOKUP_REPLY_TO_DOMAIN:
		return field_domain(mem, e, "Reply-To");
	case LOOKUP_CLIENT_IP:
		break;
	}
	return NULL;
}

/* Questions about the header are a check of their own: they are ready later. */
static bool of_header(const struct lookup *l)
{
	return l->subject >= LOOKUP_FROM_DOMAIN;
}

struct asking {
	struct examination *x;
	bool header;                    /* those of the header, or the others */
	const char **names;             /* by lookup, once they are known */
	bool known;
};

static void *start(struct examination *x, bool header)
{
	struct asking *a = arena_alloc(x->mem, sizeof(*a));
	size_t count = x->evidence->lookup_count;

	a->x = x;
	a->header = header;
	a->names = arena_array(x->mem, count + 1, sizeof(*a->names));
	if (x->findings->listed == NULL)
		x->findings->listed = arena_array(x->mem, count + 1,
		    sizeof(*x->findings->listed));
	return a;
}

static void *dnsbl_open(struct examination *x)
{
	return start(x, false);
}

static void *rhsbl_open(struct examination *x)
{
	return start(x, true);
}

/* All questions at once, so that they are answered side by side. */
static void find_names(struct asking *a)
{
	const struct evidence *e = a->x->evidence;

	if (a->known || client_exempt(e) != NULL)
		return;
	a->known = true;
	for (size_t i = 0; i < e->lookup_count; i++) {
		const struct lookup *l = &e->lookups[i];

		if (of_header(l) != a->header)
			continue;
		a->names[i] = dnsbl_question(a->x->mem, l, &e->client_ip,
		    domain_of(a->x->mem, e, l->subject));
		if (a->names[i] != NULL)
			inquiry_prefetch(a->x->dns, a->names[i], DNS_A);
	}
}

static void asking_reach(void *state, enum phase phase)
{
	struct asking *a = state;

	if (a->x->evidence->client_settled && (!a->header ||
	    phase >= PHASE_HEADERS))
		find_names(a);
}

static void asking_finish(void *state)
{
	struct asking *a = state;
	const struct evidence *e = a->x->evidence;

	find_names(a);
	for (size_t i = 0; i < e->lookup_count; i++) {
		const struct lookup *l = &e->lookups[i];
		bool refused;

		if (a->names[i] == NULL)
			continue;
		a->x->findings->listed[i] = dnsbl_reads(l,
		    inquiry_ask(a->x->dns, a->names[i], DNS_A), &refused);
		if (refused)
			log_say_rarely(check_env_log(a->x->env),
			    LOG_LEVEL_ERROR, "the DNS list %s does not answer "
			    "us (blocked, over its limit, or not that list's "
			    "zone): it lists nobody until this is mended",
			    l->list.zone);
	}
}

const struct check dnsbl_check = {
	.name = "dnsbl",
	.ready = PHASE_MAIL,
	.open = dnsbl_open,
	.reach = asking_reach,
	.finish = asking_finish,
};

const struct check rhsbl_check = {
	.name = "rhsbl",
	.ready = PHASE_HEADERS,
	.open = rhsbl_open,
	.reach = asking_reach,
	.finish = asking_finish,
};
