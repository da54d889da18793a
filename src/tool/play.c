/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/play.h"

#include "mail/received.h"

static void from_trace(struct arena *mem, const struct message *m,
    struct envelope *e)
{
	const struct field *received = header_find(&m->header, "Received", 0);
	const struct field *path = header_find(&m->header, "Return-Path", 0);
	struct received r;

	if (received != NULL && received_read(mem, received->value, &r)) {
		e->client.address = r.client;
		e->client.name = r.name;
		e->helo = r.helo;
	}
	if (path != NULL)
		e->from = header_unfold(mem, path->value);
}

bool play_envelope(const struct tool *t, struct arena *mem,
    const struct message *m, struct envelope *e, struct error *err)
{
	const char *ip = tool_value(t, "--ip"), *name = tool_value(t, "--name");
	const char *helo = tool_value(t, "--helo");
	const char *from = tool_value(t, "--from");

	*e = (struct envelope){ .from = "" };
	from_trace(mem, m, e);
	if (ip != NULL) {
		/* The trace fields speak of another client. */
		e->client.name = NULL;
		e->helo = NULL;
		if (!ip_parse(slice_of(ip), &e->client.address))
			return error_set(err, "--ip %s is no address", ip);
	}
	e->client.name = name != NULL ? name : e->client.name;
	e->helo = helo != NULL ? helo : e->helo;
	e->from = from != NULL ? from : e->from;
	return true;
}

const struct outcome *play(const struct tool *t, struct connection *c,
    const struct envelope *e, const struct message *m)
{
	const struct mail_event event = {
		.path = e->from,
		.auth_user = tool_value(t, "--auth"),
	};
	size_t position = 0, refused = 0, taken = 0;
	const char *rcpt;

	if (transaction_greeted(c, PHASE_CONNECT) != NULL)
		return transaction_refusal(c);
	connection_helo(c, e->helo);
	if (e->helo != NULL && transaction_greeted(c, PHASE_HELO) != NULL)
		return transaction_refusal(c);
	if (transaction_mail(c, &event) != NULL)
		return transaction_refusal(c);
	while ((rcpt = tool_next(t, "--rcpt", &position)) != NULL) {
		if (transaction_rcpt(c, rcpt) != NULL)
			refused++;
		else
			taken++;
	}
	if (refused > 0 && taken == 0)  /* nobody is left to send it to */
		return transaction_refusal(c);
	for (size_t i = 0; i < m->header.count; i++)
		transaction_header(c, m->header.fields[i].name,
		    m->header.fields[i].value);
	transaction_headers_done(c);
	if (m->body.len > 0)
		transaction_body(c, m->body.data, m->body.len);
	return transaction_conclude(c, NULL);
}
