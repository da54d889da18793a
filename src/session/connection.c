/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/dnsbl.h"
#include "check/iprev.h"
#include "session/asked.h"
#include "session/transaction.h"

static bool is_outside(const struct kit *kit, const struct ip *address)
{
	return address->family != IP_NONE && !ip_is_loopback(address) &&
	    !network_list_contains(&kit->options.local_networks, address) &&
	    !network_list_contains(&kit->options.trusted_relays, address);
}

void connection_prefetch(struct connection *c)
{
	struct asked a;

	if (!is_outside(c->kit, &c->peer))
		return;
	a = asked_of(c->mem, c->kit);
	iprev_prefetch(c->dns, &c->peer);
	dnsbl_prefetch(c->mem, c->dns, a.lookups, a.lookup_count, &c->peer);
}

struct connection *connection_open(struct kit *kit, const struct client *client)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->kit = kit_ref(kit);
	c->mem = arena_new(1024);
	c->greeting_mem = arena_new(512);
	c->message_mem = arena_new(16384);
	c->peer = client->address;
	c->peer_name = arena_strdup(c->mem, client->name);
	c->submitted = client->submitted;
	memcpy(c->deaf, client->deaf, sizeof(c->deaf));
	c->dns = inquiry_new(c->mem, kit->resolver, &kit->options.dns, NULL);
	return c;
}

void connection_close(struct connection *c)
{
	if (c == NULL)
		return;
	/* Messages join questions of the connection, so they go first. */
	transaction_end(c);
	arena_free(c->message_mem);
	arena_free(c->greeting_mem);
	arena_free(c->mem);
	kit_drop(c->kit);
	free(c);
}

void connection_helo(struct connection *c, const char *helo)
{
	/* A transaction under way borrows from the greeting (RFC 5321 4.1.4: a
	 * new EHLO ends it, as RSET would). */
	transaction_end(c);
	arena_reset(c->greeting_mem);
	c->tls_version = NULL;
	c->tls_cipher = NULL;
	c->helo = arena_strdup(c->greeting_mem, helo);
}

void connection_tls(struct connection *c, const char *version,
    const char *cipher)
{
	if (version == NULL || c->tls_version != NULL)
		return;
	c->tls_version = arena_strdup(c->greeting_mem, version);
	c->tls_cipher = arena_strdup(c->greeting_mem, cipher);
}
