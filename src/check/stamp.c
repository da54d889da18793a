/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/stamp.h"

#include <string.h>

struct stamping {
	struct arena *mem;
	const struct evidence *e;
	const struct findings *f;
	struct authres *out;
};

static bool is_judged(const struct evidence *e)
{
	return client_exempt(e) == NULL;
}

static struct authres_result *add(struct stamping *s, const char *method,
    const struct name *words, enum auth_code code, const char *reason)
{
	return authres_add(s->out, s->mem, method,
	    name_word(words, (int)code), reason);
}

static const char *client_text(struct stamping *s)
{
	char text[IP_TEXT_MAX];

	if (s->e->client_ip.family == IP_NONE)
		return NULL;
	return arena_strdup(s->mem, ip_text(&s->e->client_ip, text));
}

/* RFC 8601 2.7.3 knows no "none": a client not looked at has no result. */
static void stamp_iprev(struct stamping *s)
{
	const struct iprev_finding *iprev = &s->f->iprev;
	struct authres_result *r;

	if (!is_judged(s->e) || iprev->code == AUTH_NONE)
		return;
	r = add(s, "iprev", iprev_names, iprev->code, iprev->reason);
	authres_property(r, s->mem, "policy", "iprev", client_text(s));
}

static void stamp_auth(struct stamping *s)
{
	struct authres_result *r;

	if (s->e->client_class != CLIENT_AUTHENTICATED)
		return;
	r = authres_add(s->out, s->mem, "auth", "pass", NULL);
	authres_property(r, s->mem, "smtp", "auth", s->e->auth_user);
}

/* RFC 5321 atext and the dot. */
static bool is_atom_text(const char *s)
{
	for (; *s != '\0'; s++)
		if (!ascii_alnum(*s) && strchr("!#$%&'*+-/=?^_`{|}~.", *s) ==
		    NULL && (unsigned char)*s < 0x80)
			return false;
	return true;
}

/* A local-part as RFC 5321 writes it. */
static const char *local_part(struct arena *mem, const char *local)
{
	struct buf quoted = { 0 };
	size_t n = strlen(local);
	const char *kept;

	if (n > 0 && local[0] != '.' && local[n - 1] != '.' &&
	    strstr(local, "..") == NULL && is_atom_text(local))
		return local;
	buf_addc(&quoted, '"');
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			buf_addc(&quoted, '\\');
		buf_addc(&quoted, *local);
	}
	buf_addc(&quoted, '"');
	kept = arena_strdup(mem, buf_text(&quoted));
	buf_free(&quoted);
	return kept;
}

/* RFC 8601 2.7.2: the local-part only if it took part in the evaluation. */
static const char *mailfrom_text(struct stamping *s)
{
	const struct spf_identity *id = &s->f->spf.mailfrom;

	if (!id->local_part_used || id->domain == NULL ||
	    s->e->mail.local == NULL)
		return id->domain;
	return arena_printf(s->mem, "%s@%s",
	    local_part(s->mem, s->e->mail.local), id->domain);
}

/*
 * Two identities, two results. With a null sender the MAIL FROM identity is
 * made of HELO, so there is one, and smtp.helo says where it came from.
 */
static void stamp_spf(struct stamping *s)
{
	const struct spf_finding *spf = &s->f->spf;
	struct authres_result *r;

	if (!is_judged(s->e))
		return;
	r = add(s, "spf", spf_names, spf->mailfrom.code,
	    spf->mailfrom.reason);
	if (spf->mailfrom_scope == SPF_SCOPE_HELO) {
		authres_property(r, s->mem, "smtp", "helo",
		    spf->mailfrom.domain);
		return;
	}
	authres_property(r, s->mem, "smtp", "mailfrom", mailfrom_text(s));
	if (spf->helo.domain == NULL)
		return;
	r = add(s, "spf", spf_names, spf->helo.code, spf->helo.reason);
	authres_property(r, s->mem, "smtp", "helo", spf->helo.domain);
}

static void stamp_signature(struct stamping *s, const struct dkim_signature *d)
{
	struct authres_result *r = add(s, "dkim", dkim_names, d->code,
	    d->reason);

	authres_property(r, s->mem, "header", "d", d->domain);
	authres_property(r, s->mem, "header", "i", d->identity);
	authres_property(r, s->mem, "header", "s", d->selector);
	authres_property(r, s->mem, "header", "a", d->algorithm);
	authres_property(r, s->mem, "header", "b", d->b);
}

static void stamp_dkim(struct stamping *s)
{
	const struct dkim_finding *dkim = &s->f->dkim;

	for (size_t i = 0; i < dkim->count; i++)
		stamp_signature(s, &dkim->signatures[i]);
	if (dkim->count == 0 && (is_judged(s->e) || dkim->code != AUTH_NONE))
		add(s, "dkim", dkim_names, dkim->code, NULL);
}

static void stamp_arc(struct stamping *s)
{
	const struct arc_finding *arc = &s->f->arc;
	struct authres_result *r;

	if (!is_judged(s->e) && arc->code == AUTH_NONE)
		return;
	r = add(s, "arc", arc_names, arc->code, arc->reason);
	authres_property(r, s->mem, "smtp", "remote-ip", client_text(s));
	if (arc->oldest_known)
		authres_property(r, s->mem, "header", "oldest-pass",
		    arena_printf(s->mem, "%u", arc->oldest_pass));
}

/* Registered for dmarc: header.from and policy.dmarc, no more (RFC 9989 9.1).
 * The reason of a pass is for explain; here it would only be noise. */
static void stamp_dmarc(struct stamping *s)
{
	const struct dmarc_finding *dmarc = &s->f->dmarc;
	struct authres_result *r;

	if (!is_judged(s->e))
		return;
	r = add(s, "dmarc", dmarc_names, dmarc->code,
	    dmarc->code == AUTH_PASS ? NULL : dmarc->reason);
	authres_property(r, s->mem, "header", "from", dmarc->author_domain);
	if (dmarc->policy != DMARC_POLICY_ABSENT &&
	    dmarc->policy_domain != NULL)
		authres_property(r, s->mem, "policy", "dmarc",
		    name_word(dmarc_policy_names, (int)dmarc->policy));
}

void stamp_results(struct arena *mem, const struct check_options *options,
    const struct evidence *e, const struct findings *f, struct authres *out)
{
	struct stamping s = { mem, e, f, out };

	*out = (struct authres){ .id = options->authserv_id, .version = 1 };
	stamp_iprev(&s);
	stamp_auth(&s);
	stamp_spf(&s);
	stamp_dkim(&s);
	stamp_arc(&s);
	stamp_dmarc(&s);
}
