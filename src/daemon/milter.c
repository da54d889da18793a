/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/milter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <libmilter/mfapi.h>

#include "base/mem.h"
#include "daemon/apply.h"
#include "daemon/negotiate.h"
#include "daemon/parking.h"
#include "session/transaction.h"

/*
 * libmilter passes no argument of ours to its callbacks before the first of a
 * connection, so this one pointer is global. Set before the first callback,
 * never changed afterwards. (Also global: what stream.c knows by descriptor,
 * and who is idle in crew.c.)
 */
static struct service *the_service;

/* Postfix sends a header field of up to header_size_limit as one packet. */
#define MAX_PACKET (1 << 20)

/* One client of the MTA: what was agreed with it, and our end of it. */
struct peer {
	struct rights rights;
	struct connection *connection;
	bool in_message;
	bool turned_away;       /* a message that began while we are stopping */
};

/*
 * The pointer libmilter keeps for us is a peer from connect to close. Before,
 * it is only what was agreed, as an odd number; afterwards it has to be NULL,
 * and the number is parked: Sendmail may bring its next client by the same
 * connection (SMFIC_QUIT_NC). libmilter then calls close, connect without
 * another negotiation, and close again at the end even if no client came; so
 * nothing that must be freed can outlast close.
 */
static uintptr_t kept_rights(SMFICTX *ctx)
{
	uintptr_t kept = (uintptr_t)smfi_getpriv(ctx);

	return kept != 0 ? kept : parking_look(service_parking(the_service),
	    ctx);
}

static void park_rights(SMFICTX *ctx, uintptr_t kept)
{
	parking_put(service_parking(the_service), ctx, kept);
	smfi_setpriv(ctx, NULL);
}

static struct peer *new_peer(SMFICTX *ctx)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	p->rights = rights_kept(kept_rights(ctx));
	smfi_setpriv(ctx, p);
	return p;
}

/* NULL where there is no client: libmilter lets an MTA that forgets to tell of
 * one come as far as HELO, and maybe farther. It is asked to try again. */
static struct peer *the_peer(SMFICTX *ctx)
{
	void *kept = smfi_getpriv(ctx);

	return rights_are_kept((uintptr_t)kept) ? NULL : kept;
}

/* Every callback but that of the end of message ends here: with silence,
 * exactly where it was agreed upon. */
static sfsistat answer(SMFICTX *ctx, unsigned long step, sfsistat said)
{
	const struct peer *p = the_peer(ctx);
	struct rights rights = p != NULL ? p->rights :
	    rights_kept(kept_rights(ctx));

	return (rights.unanswered & step) != 0 ? SMFIS_NOREPLY : said;
}

/* False while we are stopping: a message that began now would be cut off. */
static bool message_begins(struct peer *p)
{
	if (!p->in_message)
		p->in_message = service_message_begins(the_service);
	return p->in_message;
}

static void message_ends(struct peer *p)
{
	transaction_end(p->connection);
	if (p->in_message)
		service_message_ends(the_service);
	p->in_message = false;
	p->turned_away = false;
}

static sfsistat turn_away(SMFICTX *ctx)
{
	smfi_setreply(ctx, (char *)"451", (char *)"4.3.2",
	    (char *)"the mail filter is about to restart");
	return SMFIS_TEMPFAIL;
}

static const char *macro(SMFICTX *ctx, const char *name)
{
	return smfi_getsymval(ctx, (char *)name);
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
    unsigned long steps, unsigned long unused2, unsigned long unused3,
    unsigned long *want_actions, unsigned long *want_steps,
    unsigned long *want2, unsigned long *want3)
{
	struct rights rights = negotiate(ctx, the_service, actions, steps,
	    want_actions, want_steps);

	(void)unused2;
	(void)unused3;
	smfi_setpriv(ctx, (void *)rights_keep(&rights));
	*want2 = 0;
	*want3 = 0;
	return SMFIS_CONTINUE;
}

/* The client's name only if the MTA has confirmed it; Sendmail says so in
 * {client_resolve}, Postfix writes "unknown" otherwise. */
static const char *confirmed_name(SMFICTX *ctx, const char *host)
{
	const char *resolve = macro(ctx, "{client_resolve}");

	if (host == NULL || host[0] == '[' || strcasecmp(host, "unknown") == 0)
		return NULL;
	if (resolve != NULL && strcmp(resolve, "OK") != 0)
		return NULL;
	return host;
}

/* Is the client, or his greeting, reason enough to refuse the session? */
static sfsistat greeted(SMFICTX *ctx, struct peer *p, enum phase phase)
{
	const struct verdict *v = transaction_greeted(p->connection, phase);
	sfsistat said = apply_refusal(ctx, v,
	    transaction_refusal(p->connection), the_service);

	transaction_end(p->connection);
	return said;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct peer *p = the_peer(ctx);
	struct kit *kit = service_kit(the_service);
	struct client client = { .name = confirmed_name(ctx, host) };

	if (address != NULL)
		client.address =
		    ip_from_sockaddr((const struct sockaddr *)address);
	client.submitted = client.address.family == IP_NONE;
	if (p == NULL)
		p = new_peer(ctx);
	for (enum phase at = PHASE_CONNECT; at <= PHASE_RCPT; at++)
		client.deaf[at] = rights_deaf(&p->rights, at);
	connection_close(p->connection);
	p->connection = connection_open(kit, &client);
	kit_drop(kit);
	return answer(ctx, SMFIP_NR_CONN, greeted(ctx, p, PHASE_CONNECT));
}

static void learn_tls(SMFICTX *ctx, struct connection *c)
{
	connection_tls(c, macro(ctx, "{tls_version}"),
	    macro(ctx, "{cipher}"));
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
	struct peer *p = the_peer(ctx);

	if (p == NULL)
		return answer(ctx, SMFIP_NR_HELO, SMFIS_TEMPFAIL);
	message_ends(p);
	connection_helo(p->connection, helo);
	learn_tls(ctx, p->connection);
	return answer(ctx, SMFIP_NR_HELO, greeted(ctx, p, PHASE_HELO));
}

static bool has_parameter(char **argv, const char *name)
{
	for (size_t i = 1; argv[0] != NULL && argv[i] != NULL; i++)
		if (strcasecmp(argv[i], name) == 0)
			return true;
	return false;
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	struct peer *p = the_peer(ctx);
	const struct mail_event event = {
		.path = argv[0],
		.auth_user = macro(ctx, "{auth_authen}"),
		.auth_method = macro(ctx, "{auth_type}"),
		.queue_id = macro(ctx, "i"),
		.utf8 = has_parameter(argv, "SMTPUTF8"),
	};
	const struct verdict *v;
	sfsistat said;

	if (p == NULL)
		return answer(ctx, SMFIP_NR_MAIL, SMFIS_TEMPFAIL);
	if (!message_begins(p)) {
		if ((p->rights.unanswered & SMFIP_NR_MAIL) == 0)
			return turn_away(ctx);
		p->turned_away = true;  /* and told so at the end */
		return SMFIS_NOREPLY;
	}
	learn_tls(ctx, p->connection);
	v = transaction_mail(p->connection, &event);
	said = apply_refusal(ctx, v, transaction_refusal(p->connection),
	    the_service);
	if (said != SMFIS_CONTINUE)
		message_ends(p);
	return answer(ctx, SMFIP_NR_MAIL, said);
}

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
	struct peer *p = the_peer(ctx);
	const struct verdict *v;

	if (p == NULL)
		return answer(ctx, SMFIP_NR_RCPT, SMFIS_TEMPFAIL);
	v = transaction_rcpt(p->connection, argv[0]);
	return answer(ctx, SMFIP_NR_RCPT, apply_refusal(ctx, v,
	    transaction_refusal(p->connection), the_service));
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct peer *p = the_peer(ctx);
	struct buf blank = { 0 };

	if (p == NULL)
		return answer(ctx, SMFIP_NR_HDR, SMFIS_TEMPFAIL);
	if (p->rights.leading_blank) {
		transaction_header(p->connection, slice_of(name),
		    slice_of(value));
		return answer(ctx, SMFIP_NR_HDR, SMFIS_CONTINUE);
	}
	/* One blank is what nearly everybody writes. */
	buf_addc(&blank, ' ');
	buf_adds(&blank, value);
	transaction_header(p->connection, slice_of(name), buf_slice(&blank));
	buf_free(&blank);
	return answer(ctx, SMFIP_NR_HDR, SMFIS_CONTINUE);
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	struct peer *p = the_peer(ctx);

	if (p == NULL)
		return answer(ctx, SMFIP_NR_EOH, SMFIS_TEMPFAIL);
	transaction_headers_done(p->connection);
	return answer(ctx, SMFIP_NR_EOH, SMFIS_CONTINUE);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct peer *p = the_peer(ctx);

	if (p == NULL)
		return answer(ctx, SMFIP_NR_BODY, SMFIS_TEMPFAIL);
	transaction_body(p->connection, bytes, n);
	return answer(ctx, SMFIP_NR_BODY, SMFIS_CONTINUE);
}

static sfsistat on_eom(SMFICTX *ctx)
{
	struct peer *p = the_peer(ctx);
	const char *queue_id = macro(ctx, "i");
	sfsistat said;

	if (p == NULL)
		return SMFIS_TEMPFAIL;
	if (p->turned_away) {
		message_ends(p);
		return turn_away(ctx);
	}
	if (queue_id == NULL && service_is_news(the_service, NEWS_QUEUE_ID))
		log_say(service_log(the_service), LOG_LEVEL_WARNING,
		    "the MTA does not send its queue id (macro i); log lines "
		    "will lack it");
	said = apply_outcome(ctx, &p->rights,
	    transaction_conclude(p->connection, queue_id), the_service);
	message_ends(p);
	return said;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct peer *p = the_peer(ctx);

	if (p != NULL)
		message_ends(p);
	return SMFIS_CONTINUE;
}

/* Comes after a failed negotiation, without a connect, and twice as well. */
static sfsistat on_close(SMFICTX *ctx)
{
	struct peer *p = the_peer(ctx);

	if (p == NULL) {
		if (smfi_getpriv(ctx) != NULL)
			park_rights(ctx, kept_rights(ctx));
		return SMFIS_CONTINUE;
	}
	message_ends(p);
	connection_close(p->connection);
	park_rights(ctx, rights_keep(&p->rights));
	free(p);
	return SMFIS_CONTINUE;
}

bool milter_register(struct service *s, struct error *err)
{
	struct smfiDesc filter = {
		.xxfi_name = (char *)"assay",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT |
		    SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
		.xxfi_negotiate = on_negotiate,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
	};

	the_service = s;
	smfi_setmaxdatasize(MAX_PACKET);
	if (smfi_register(filter) != MI_SUCCESS)
		return error_set(err, "libmilter refused to register us");
	return true;
}

bool milter_listen(const char *address, struct error *err)
{
	if (smfi_setconn((char *)address) != MI_SUCCESS)
		return error_set(err, "libmilter refuses the socket %s",
		    address);
	if (smfi_opensocket(false) != MI_SUCCESS)
		return error_set(err, "cannot listen on %s (in use, or not "
		    "permitted)", address);
	return true;
}

bool milter_run(void)
{
	return smfi_main() == MI_SUCCESS;
}

void milter_stop(void)
{
	smfi_stop();
}
