/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/judged.h"

#include <string.h>

#include "mail/authres.h"
#include "mail/domain.h"
#include "mail/received.h"

static enum helo_status read_helo(struct arena *mem, const char *helo,
    const char **domain)
{
	struct slice text = slice_of(helo);

	*domain = NULL;
	if (helo == NULL || helo[0] == '\0')
		return HELO_ABSENT;
	if (helo[0] == '[') {
		struct ip ip;

		return ip_parse(text, &ip) ? HELO_LITERAL : HELO_INVALID;
	}
	*domain = domain_normalise(mem, text);
	if (*domain == NULL)
		return HELO_INVALID;
	if (domain_labels(*domain) >= 2)
		return HELO_OK;
	*domain = NULL;
	return HELO_BARE;
}

static void set_client(struct transaction *t, const struct ip *ip,
    const char *name, const char *helo)
{
	struct evidence *e = &t->evidence;

	e->client_ip = *ip;
	e->client_name = name;
	e->helo = helo;
	e->helo_status = read_helo(t->mem, helo, &e->helo_domain);
	e->client_settled = true;
}

static enum client_class class_of(const struct transaction *t)
{
	const struct session_options *o = &t->kit->options;
	const struct connection *c = t->connection;

	if (t->evidence.auth_user != NULL)
		return CLIENT_AUTHENTICATED;
	if (c->submitted)
		return CLIENT_LOCAL;
	if (network_list_contains(&o->trusted_relays, &c->peer))
		return CLIENT_RELAY;
	/* Postfix gives 127.0.0.1 for mail of sendmail(1), too. */
	if (ip_is_loopback(&c->peer) ||
	    network_list_contains(&o->local_networks, &c->peer))
		return CLIENT_LOCAL;
	return CLIENT_OUTSIDE;
}

void judge_client(struct transaction *t)
{
	const struct connection *c = t->connection;
	struct evidence *e = &t->evidence;

	e->peer_ip = c->peer;
	e->tls_version = c->tls_version;
	e->tls_cipher = c->tls_cipher;
	e->client_class = class_of(t);
	if (e->client_class == CLIENT_RELAY) {
		e->why_no_client = "the header is not read yet";
		return;
	}
	if (c->submitted)
		e->why_no_client = "not received by SMTP";
	else if (c->peer.family == IP_NONE)
		e->why_no_client = "the client's address is not known";
	set_client(t, &c->peer, c->peer_name, c->helo);
}

/*
 * The topmost Received field is the relay's own, and so are the next ones as
 * long as each was handed over by another trusted relay (or inside one, by way
 * of loopback). The first client that is neither is the real one.
 */
static void find_client_behind_relay(struct transaction *t)
{
	const struct header *h = &t->evidence.header;
	const struct field *f = header_find(h, "Received", 0);

	t->evidence.why_no_client =
	    "the trusted relay's Received fields name no client";
	while (f != NULL) {
		struct received r;

		if (!received_read(t->mem, f->value, &r))
			break;
		if (!ip_is_loopback(&r.client) && !network_list_contains(
		    &t->kit->options.trusted_relays, &r.client)) {
			t->evidence.why_no_client = NULL;
			set_client(t, &r.client, r.name, r.helo);
			return;
		}
		f = header_find(h, "Received", header_index(h, f) + 1);
	}
	set_client(t, &(struct ip){ .family = IP_NONE }, NULL, NULL);
}

static void read_author(struct transaction *t)
{
	const struct header *h = &t->evidence.header;
	size_t count = header_count(h, "From"), i = 0;
	struct slice *bodies = arena_array(t->mem, count + 1, sizeof(*bodies));

	for (const struct field *f = header_find(h, "From", 0);
	    f != NULL && i < count;
	    f = header_find(h, "From", header_index(h, f) + 1))
		bodies[i++] = f->value;
	t->evidence.author = author_read(t->mem, bodies, count);
	if (!t->header_cut)
		return;
	/* What was not kept may hold another From field. */
	t->evidence.author.status = AUTHOR_AMBIGUOUS;
	t->evidence.author.domain = NULL;
	t->evidence.author.reason = "the header is larger than our limits";
}

static void count_forged(struct transaction *t)
{
	const struct header *h = &t->evidence.header;
	const char *id = t->kit->options.authserv_id;

	for (const struct field *f = header_find(h, "Authentication-Results", 0);
	    f != NULL; f = header_find(h, "Authentication-Results",
	    header_index(h, f) + 1))
		if (authres_claims(f->value, id))
			t->evidence.forged_results++;
	for (size_t i = 0; i < t->late_count; i++)
		if (slice_is_nocase(slice_of(t->late[i].name),
		    "Authentication-Results"))
			t->evidence.forged_results++;
}

void judge_headers(struct transaction *t)
{
	if (!t->evidence.client_settled)
		find_client_behind_relay(t);
	read_author(t);
	count_forged(t);
}
