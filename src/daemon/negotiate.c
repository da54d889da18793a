/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/negotiate.h"

#include <stddef.h>

enum {
	KEPT = 1 << 0, KEPT_ADD = 1 << 1, KEPT_CHANGE = 1 << 2,
	KEPT_REMOVE = 1 << 3, KEPT_QUARANTINE = 1 << 4, KEPT_BLANK = 1 << 5,
};

/* Where the MTA may be told that no answer comes; none of them is a KEPT_. */
static const unsigned long no_replies = SMFIP_NR_CONN | SMFIP_NR_HELO |
    SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH |
    SMFIP_NR_BODY;

/* The answers that an early rule might want to give. */
static const unsigned long early_step[PHASE_EOM + 1] = {
	[PHASE_CONNECT] = SMFIP_NR_CONN, [PHASE_HELO] = SMFIP_NR_HELO,
	[PHASE_MAIL] = SMFIP_NR_MAIL, [PHASE_RCPT] = SMFIP_NR_RCPT,
};

bool rights_deaf(const struct rights *r, enum phase phase)
{
	return (r->unanswered & early_step[phase]) != 0;
}

uintptr_t rights_keep(const struct rights *r)
{
	uintptr_t kept = KEPT | r->unanswered;

	kept |= r->add_fields ? KEPT_ADD : 0;
	kept |= r->change_fields ? KEPT_CHANGE : 0;
	kept |= r->remove_rcpts ? KEPT_REMOVE : 0;
	kept |= r->quarantine ? KEPT_QUARANTINE : 0;
	kept |= r->leading_blank ? KEPT_BLANK : 0;
	return kept;
}

bool rights_are_kept(uintptr_t kept)
{
	return (kept & KEPT) != 0;
}

struct rights rights_kept(uintptr_t kept)
{
	return (struct rights){
		.add_fields = kept & KEPT_ADD,
		.change_fields = kept & KEPT_CHANGE,
		.remove_rcpts = kept & KEPT_REMOVE,
		.quarantine = kept & KEPT_QUARANTINE,
		.leading_blank = kept & KEPT_BLANK,
		.unanswered = kept & no_replies,
	};
}

/*
 * What is looked up, and no more. It spares octets, not packets: Postfix tells
 * a stage that is not named here the macros of its own configuration, and those
 * of the header's end (of the message's) before each field (each chunk), too.
 */
static const struct {
	int stage;
	const char *macros;
} wanted_macros[] = {
	{ SMFIM_CONNECT, "{client_resolve}" },
	{ SMFIM_HELO, "{tls_version} {cipher}" },
	{ SMFIM_ENVFROM, "i {auth_authen} {auth_type}" },
	{ SMFIM_EOM, "i" },
};

static void ask_for_macros(SMFICTX *ctx)
{
	for (size_t i = 0; i < sizeof(wanted_macros) / sizeof(*wanted_macros);
	    i++)
		smfi_setsymlist(ctx, wanted_macros[i].stage,
		    (char *)wanted_macros[i].macros);
}

static void say_what_is_missing(struct service *s, unsigned long actions,
    unsigned long steps)
{
	struct log *log = service_log(s);
	const unsigned long wanted = SMFIF_ADDHDRS | SMFIF_CHGHDRS |
	    SMFIF_DELRCPT | SMFIF_QUARANTINE;

	if ((actions & wanted) != wanted && service_is_news(s,
	    NEWS_RIGHTS))
		log_say(log, LOG_LEVEL_WARNING, "the MTA does not let us%s%s%s%s",
		    actions & SMFIF_ADDHDRS ? "" : " add fields;",
		    actions & SMFIF_CHGHDRS ? "" : " remove forged fields;",
		    actions & SMFIF_DELRCPT ? "" : " remove recipients;",
		    actions & SMFIF_QUARANTINE ? "" : " quarantine;");
	if ((steps & SMFIP_HDR_LEADSPC) == 0 &&
	    service_is_news(s, NEWS_LEADSPC))
		log_say(log, LOG_LEVEL_WARNING, "the MTA does not tell the "
		    "blank behind a field's colon; DKIM signatures with simple "
		    "header canonicalization may fail");
	if ((actions & SMFIF_SETSYMLIST) == 0 &&
	    service_is_news(s, NEWS_SYMLIST))
		log_say(log, LOG_LEVEL_INFO, "the MTA sends the macros it is "
		    "configured to send; we cannot ask for ours");
}

/*
 * Each answer is a way to the MTA and back, and most of what a small message
 * costs. Only an early rule can have one to give before the end of message; a
 * policy that is loaded later speaks where an answer was agreed upon, or at the
 * end (struct client).
 *
 * Postfix keeps what it needs no answer to until DATA at the latest. We learn
 * of the client then, as most clients send MAIL, RCPT and DATA in one go.
 */
static unsigned long steps_without_answer(struct service *s)
{
	struct kit *kit = service_kit(s);
	unsigned long steps = no_replies;

	for (enum phase p = PHASE_CONNECT; p <= PHASE_RCPT; p++)
		if (policy_early(kit->policy, p))
			steps &= ~early_step[p];
	kit_drop(kit);
	return steps;
}

struct rights negotiate(SMFICTX *ctx, struct service *s,
    unsigned long actions, unsigned long steps, unsigned long *want_actions,
    unsigned long *want_steps)
{
	const struct rights rights = {
		.add_fields = actions & SMFIF_ADDHDRS,
		.change_fields = actions & SMFIF_CHGHDRS,
		.remove_rcpts = actions & SMFIF_DELRCPT,
		.quarantine = actions & SMFIF_QUARANTINE,
		.leading_blank = steps & SMFIP_HDR_LEADSPC,
		.unanswered = steps & steps_without_answer(s),
	};

	say_what_is_missing(s, actions, steps);
	if (actions & SMFIF_SETSYMLIST)
		ask_for_macros(ctx);
	*want_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS |
	    SMFIF_DELRCPT | SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
	*want_steps = rights.unanswered | (steps & (SMFIP_HDR_LEADSPC |
	    SMFIP_NOUNKNOWN | SMFIP_NODATA));
	return rights;
}
