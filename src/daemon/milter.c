/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/milter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <libmilter/mfapi.h>

#include "base/mem.h"
#include "daemon/apply.h"
#include "session/transaction.h"

/*
 * libmilter passes no argument of ours to its callbacks before the first of a
 * connection, so this one pointer is the daemon's only mutable global. Set
 * before the first callback, never changed afterwards.
 */
static struct service *the_service;

/* Postfix sends a header field of up to header_size_limit as one packet. */
#define MAX_PACKET (1 << 20)

/* One connection from the MTA: what was agreed, and our end of it. */
struct peer {
	struct rights rights;
	struct kit *kit;                /* one reference: of the negotiation,
					 * so that what it promises stays true */
	unsigned long unanswered;       /* agreed: SMFIP_NR_* */
	struct connection *connection;  /* NULL before on_connect() */
	bool in_message;
	bool turned_away;               /* this message began while stopping */
};

/* Every callback but the last of a message ends here: silence, exactly where
 * it was agreed upon. */
static sfsistat answer(SMFICTX *ctx, unsigned long step,
    const struct verdict *v)
{
	const struct peer *p = smfi_getpriv(ctx);

	return (p->unanswered & step) != 0 ? SMFIS_NOREPLY :
	    apply_verdict(ctx, v);
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
	if (p->connection != NULL)
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

static const struct {
	int stage;
	const char *macros;
} wanted_macros[] = {
	{ SMFIM_CONNECT, "j _ {client_name} {client_resolve} {daemon_name} v" },
	{ SMFIM_HELO, "{tls_version} {cipher}" },
	{ SMFIM_ENVFROM, "i {auth_authen} {auth_type}" },
	{ SMFIM_EOM, "i" },
};

static const char *macro(SMFICTX *ctx, const char *name)
{
	return smfi_getsymval(ctx, (char *)name);
}

static void ask_for_macros(SMFICTX *ctx)
{
	for (size_t i = 0; i < sizeof(wanted_macros) / sizeof(*wanted_macros);
	    i++)
		smfi_setsymlist(ctx, wanted_macros[i].stage,
		    (char *)wanted_macros[i].macros);
}

static void say_what_is_missing(unsigned long actions, unsigned long steps)
{
	struct log *log = service_log(the_service);
	const unsigned long wanted = SMFIF_ADDHDRS | SMFIF_CHGHDRS |
	    SMFIF_DELRCPT | SMFIF_QUARANTINE;

	if ((actions & wanted) != wanted && service_is_news(the_service,
	    NEWS_RIGHTS))
		log_say(log, LOG_LEVEL_WARNING, "the MTA does not let us%s%s%s%s",
		    actions & SMFIF_ADDHDRS ? "" : " add fields;",
		    actions & SMFIF_CHGHDRS ? "" : " remove forged fields;",
		    actions & SMFIF_DELRCPT ? "" : " remove recipients;",
		    actions & SMFIF_QUARANTINE ? "" : " quarantine;");
	if ((steps & SMFIP_HDR_LEADSPC) == 0 &&
	    service_is_news(the_service, NEWS_LEADSPC))
		log_say(log, LOG_LEVEL_WARNING, "the MTA does not tell the "
		    "blank behind a field's colon; DKIM signatures with simple "
		    "header canonicalization may fail");
	if ((actions & SMFIF_SETSYMLIST) == 0 &&
	    service_is_news(the_service, NEWS_SYMLIST))
		log_say(log, LOG_LEVEL_INFO, "the MTA sends the macros it is "
		    "configured to send; we cannot ask for ours");
}

/*
 * Each answer is a way to the MTA and back, and most of what a small message
 * costs. Only an early rule can have one to give before the end of message.
 */
static unsigned long steps_without_answer(const struct policy *policy)
{
	unsigned long steps = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR |
	    SMFIP_NR_EOH | SMFIP_NR_BODY;

	if (!policy_early(policy, PHASE_MAIL))
		steps |= SMFIP_NR_MAIL;
	if (!policy_early(policy, PHASE_RCPT))
		steps |= SMFIP_NR_RCPT;
	return steps;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
    unsigned long steps, unsigned long unused2, unsigned long unused3,
    unsigned long *want_actions, unsigned long *want_steps,
    unsigned long *want2, unsigned long *want3)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	(void)unused2;
	(void)unused3;
	say_what_is_missing(actions, steps);
	p->rights = (struct rights){
		.add_fields = actions & SMFIF_ADDHDRS,
		.change_fields = actions & SMFIF_CHGHDRS,
		.remove_rcpts = actions & SMFIF_DELRCPT,
		.quarantine = actions & SMFIF_QUARANTINE,
		.leading_blank = steps & SMFIP_HDR_LEADSPC,
	};
	p->kit = service_kit(the_service);
	p->unanswered = steps & steps_without_answer(p->kit->policy);
	smfi_setpriv(ctx, p);
	if (actions & SMFIF_SETSYMLIST)
		ask_for_macros(ctx);
	*want_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS |
	    SMFIF_DELRCPT | SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
	*want_steps = p->unanswered | (steps & (SMFIP_HDR_LEADSPC |
	    SMFIP_NOUNKNOWN | SMFIP_NODATA));
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

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct peer *p = smfi_getpriv(ctx);
	struct client client = { .name = confirmed_name(ctx, host) };

	if (address != NULL)
		client.address =
		    ip_from_sockaddr((const struct sockaddr *)address);
	client.submitted = client.address.family == IP_NONE;
	connection_close(p->connection);
	p->connection = connection_open(p->kit, &client);
	return answer(ctx, SMFIP_NR_CONN, NULL);
}

static void learn_tls(SMFICTX *ctx, struct connection *c)
{
	connection_tls(c, macro(ctx, "{tls_version}"),
	    macro(ctx, "{cipher}"));
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
	struct peer *p = smfi_getpriv(ctx);

	message_ends(p);
	connection_helo(p->connection, helo);
	learn_tls(ctx, p->connection);
	return answer(ctx, SMFIP_NR_HELO, NULL);
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
	struct peer *p = smfi_getpriv(ctx);
	const struct mail_event event = {
		.path = argv[0],
		.auth_user = macro(ctx, "{auth_authen}"),
		.auth_method = macro(ctx, "{auth_type}"),
		.queue_id = macro(ctx, "i"),
		.utf8 = has_parameter(argv, "SMTPUTF8"),
	};
	const struct verdict *early;

	if (!message_begins(p)) {
		if ((p->unanswered & SMFIP_NR_MAIL) == 0)
			return turn_away(ctx);
		p->turned_away = true;  /* it is told at the end */
		return SMFIS_NOREPLY;
	}
	learn_tls(ctx, p->connection);
	early = transaction_mail(p->connection, &event);
	sfsistat said = answer(ctx, SMFIP_NR_MAIL, early);

	if (early != NULL)
		message_ends(p);
	return said;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **argv)
{
	struct peer *p = smfi_getpriv(ctx);

	return answer(ctx, SMFIP_NR_RCPT,
	    transaction_rcpt(p->connection, argv[0]));
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct peer *p = smfi_getpriv(ctx);
	struct buf blank = { 0 };

	if (p->rights.leading_blank) {
		transaction_header(p->connection, slice_of(name),
		    slice_of(value));
		return answer(ctx, SMFIP_NR_HDR, NULL);
	}
	/* One blank is what nearly everybody writes. */
	buf_addc(&blank, ' ');
	buf_adds(&blank, value);
	transaction_header(p->connection, slice_of(name), buf_slice(&blank));
	buf_free(&blank);
	return answer(ctx, SMFIP_NR_HDR, NULL);
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	struct peer *p = smfi_getpriv(ctx);

	transaction_headers_done(p->connection);
	return answer(ctx, SMFIP_NR_EOH, NULL);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct peer *p = smfi_getpriv(ctx);

	transaction_body(p->connection, bytes, n);
	return answer(ctx, SMFIP_NR_BODY, NULL);
}

static sfsistat on_eom(SMFICTX *ctx)
{
	struct peer *p = smfi_getpriv(ctx);
	const char *queue_id = macro(ctx, "i");
	sfsistat said;

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
	message_ends(smfi_getpriv(ctx));
	return SMFIS_CONTINUE;
}

/* Comes once, also after a failed negotiation and without a connect. */
static sfsistat on_close(SMFICTX *ctx)
{
	struct peer *p = smfi_getpriv(ctx);

	if (p == NULL)
		return SMFIS_CONTINUE;
	message_ends(p);
	connection_close(p->connection);
	kit_drop(p->kit);
	free(p);
	smfi_setpriv(ctx, NULL);
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
