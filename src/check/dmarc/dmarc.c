/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dmarc/dmarc.h"

#include "mail/domain.h"

/* RFC 9989 9.2, in the words of RFC 8601. */
const struct name dmarc_names[] = {
	{ AUTH_NONE, "none" },
	{ AUTH_PASS, "pass" },
	{ AUTH_FAIL, "fail" },
	{ AUTH_TEMPERROR, "temperror" },
	{ AUTH_PERMERROR, "permerror" },
	{ 0, NULL },
};

const struct name dmarc_discovery_names[] = {
	{ DMARC_DISCOVERY_AUTHOR, "author" },
	{ DMARC_DISCOVERY_ORG, "org" },
	{ DMARC_DISCOVERY_PSD, "psd" },
	{ DMARC_DISCOVERY_NOTHING, "none" },
	{ 0, NULL },
};

static void *dmarc_open(struct examination *x)
{
	return x;
}

static bool are_neighbours(const char *a, const char *b)
{
	return !domain_equal(a, b) && domain_equal(domain_last_labels(a, 2),
	    domain_last_labels(b, 2));
}

/*
 * The author's walk is needed in any case. A sender that may turn out to be
 * aligned needs one too, and only a neighbour of the author's is likely to.
 */
static void dmarc_reach(void *state, enum phase phase)
{
	struct examination *x = state;
	const struct evidence *e = x->evidence;
	const char *author = e->author.domain;
	const char *sender = e->mail.status == PATH_NULL ? e->helo_domain :
	    e->mail.domain;

	if (phase != PHASE_HEADERS || e->author.status != AUTHOR_OK ||
	    author == NULL || client_exempt(e) != NULL)
		return;
	dmarc_prefetch(x->dns, author);
	if (sender != NULL && are_neighbours(sender, author))
		dmarc_prefetch(x->dns, sender);
}

static bool only_literals(const struct author *author)
{
	for (size_t i = 0; i < author->box_count; i++)
		if (author->boxes[i].domain != NULL)
			return false;
	return author->box_count > 0;
}

/*
 * There is no one author domain. Only an address that by its form has none is
 * out of DMARC's reach; everything else is a From field that nobody can be
 * held to (RFC 9989 4.4, 11.5), and never silently "none".
 */
static void no_author(const struct author *author, struct dmarc_finding *out)
{
	bool literal = only_literals(author) &&
	    author->status != AUTHOR_AMBIGUOUS;

	out->code = literal ? AUTH_NONE : AUTH_PERMERROR;
	if (literal)
		out->reason = "the author's address has no domain name";
	else if (author->reason != NULL)
		out->reason = author->reason;
	else
		out->reason = "no author domain";
}

/* 4.3: what passed. A HELO check of its own is no identifier, but postmaster@
 * HELO of a null sender is (3.2.4). */
static void evaluate(struct examination *x)
{
	const struct findings *f = x->findings;
	const char **domains = arena_array(x->mem, f->dkim.count + 1,
	    sizeof(*domains));
	struct dmarc_question q = {
		.author_domain = x->evidence->author.domain,
		.dkim_domains = domains,
		.identifiers = check_env_options(x->env)->dmarc_identifiers,
	};

	if (f->spf.mailfrom.code == AUTH_PASS)
		q.spf_domain = f->spf.mailfrom.domain;
	for (size_t i = 0; i < f->dkim.count; i++) {
		const struct dkim_signature *s = &f->dkim.signatures[i];

		if (s->code == AUTH_PASS && s->domain != NULL)
			domains[q.dkim_count++] = s->domain;
	}
	dmarc_evaluate(x->mem, x->dns, &q, &x->findings->dmarc);
}

static void dmarc_finish(void *state)
{
	struct examination *x = state;
	const struct evidence *e = x->evidence;
	struct dmarc_finding *out = &x->findings->dmarc;
	const char *exempt = client_exempt(e);

	*out = (struct dmarc_finding){
		.policy = DMARC_POLICY_ABSENT,
		.published = DMARC_POLICY_ABSENT,
		.discovery = DMARC_DISCOVERY_NOTHING,
		.reason = exempt,
	};
	if (exempt != NULL)
		return;
	if (e->author.status == AUTHOR_OK && e->author.domain != NULL)
		evaluate(x);
	else
		no_author(&e->author, out);
}

const struct check dmarc_check = {
	.name = "dmarc",
	.ready = PHASE_EOM,
	.open = dmarc_open,
	.reach = dmarc_reach,
	.finish = dmarc_finish,
};
