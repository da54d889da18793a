/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/forwarded.h"

#include <string.h>
#include <strings.h>

#include "mail/domain.h"

struct clues {
	struct arena *mem;
	const struct evidence *e;
	const struct findings *f;
	const char *list_id;
};

/*
 * RFC 2919: the identifier stands in <> at the end, a phrase may precede it.
 * Many lists leave the brackets out.
 */
const char *forwarded_list_id(struct arena *mem, const struct header *h)
{
	const struct field *field = header_find(h, "List-Id", 0);
	const char *text, *open, *close;

	if (field == NULL)
		return NULL;
	text = header_unfold(mem, field->value);
	open = strrchr(text, '<');
	if (open == NULL)
		return domain_normalise(mem, slice_of(text));
	close = strchr(open, '>');
	if (close == NULL)
		return NULL;
	return domain_normalise(mem, (struct slice){
	    open + 1, (size_t)(close - open - 1) });
}

/*
 * Do both names belong to one owner, as far as can be told without asking
 * anybody? One is the other or stands below it, and the upper one is not a
 * bare top-level domain.
 */
static bool related(const char *a, const char *b)
{
	const char *upper;

	if (a == NULL || b == NULL)
		return false;
	if (domain_is_same_or_below(a, b))
		upper = b;
	else if (domain_is_below(b, a))
		upper = a;
	else
		return false;
	return domain_labels(upper) >= 2;
}

/* The domain of MAIL FROM, if SPF says that it sent this message. */
static const char *spf_proven(const struct clues *c)
{
	const struct spf_finding *spf = &c->f->spf;

	if (spf->mailfrom.code != AUTH_PASS ||
	    spf->mailfrom_scope != SPF_SCOPE_MAILFROM)
		return NULL;
	return spf->mailfrom.domain;
}

static bool proven(const struct clues *c, const char *domain)
{
	const struct dkim_finding *dkim = &c->f->dkim;

	if (related(spf_proven(c), domain))
		return true;
	for (size_t i = 0; i < dkim->count; i++)
		if (dkim->signatures[i].code == AUTH_PASS &&
		    related(dkim->signatures[i].domain, domain))
			return true;
	return false;
}

static bool of_author(const struct clues *c, const char *domain)
{
	return related(domain, c->e->author.domain) ||
	    related(domain, c->f->dmarc.org_domain);
}

static bool by_list(const struct clues *c)
{
	return c->list_id != NULL && proven(c, c->list_id);
}

/* "SRS0=HHH=TT=orig.example=user" and "SRS1=HHH=host==HHH=TT=...": the
 * separator after the tag is one of = + -, then at least four parts follow. */
static bool by_srs(const struct clues *c)
{
	const char *local = c->e->mail.local;
	size_t parts = 0;

	if (local == NULL || spf_proven(c) == NULL)
		return false;
	if (strncasecmp(local, "SRS0", 4) != 0 &&
	    strncasecmp(local, "SRS1", 4) != 0)
		return false;
	if (local[4] == '\0' || strchr("=+-", local[4]) == NULL)
		return false;
	for (const char *s = local + 5; *s != '\0'; s++)
		if (*s == '=')
			parts++;
	return parts >= 3;
}

/* "list-bounces+user=here.example@lists.example" for user@here.example. */
static bool encodes(const char *local, const struct path *rcpt)
{
	size_t user, domain, len = strlen(local);
	const char *tail;

	if (rcpt->local == NULL || rcpt->domain == NULL)
		return false;
	user = strlen(rcpt->local);
	domain = strlen(rcpt->domain);
	if (user == 0 || len < user + 1 + domain + 1)
		return false;
	tail = local + len - domain - 1 - user;
	return strncasecmp(tail, rcpt->local, user) == 0 &&
	    tail[user] == '=' &&
	    strcasecmp(tail + user + 1, rcpt->domain) == 0 &&
	    strchr("+-=", tail[-1]) != NULL;
}

static bool by_verp(const struct clues *c)
{
	const struct evidence *e = c->e;

	if (c->list_id == NULL || e->mail.local == NULL ||
	    spf_proven(c) == NULL)
		return false;
	for (size_t i = 0; i < e->rcpt_kept; i++)
		if (encodes(e->mail.local, &e->rcpts[i]))
			return true;
	return false;
}

/* RFC 5322 3.6.6: who passed it on by hand says so, the newest on top. */
static bool by_resent(const struct clues *c)
{
	static const char *const names[] = { "Resent-Sender", "Resent-From" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct field *field =
		    header_find(&c->e->header, names[i], 0);
		const struct mailbox *box;

		if (field == NULL)
			continue;
		box = mailbox_read_first(c->mem, field->value);
		if (box != NULL && box->domain != NULL &&
		    !of_author(c, box->domain) && proven(c, box->domain))
			return true;
	}
	return false;
}

/* Broken in transit: a key was found, and the message is another one now. */
static bool broken(const struct dkim_signature *s)
{
	return s->code == AUTH_FAIL &&
	    (s->cause == DKIM_CAUSE_BODY || s->cause == DKIM_CAUSE_HEADER);
}

static bool by_signature(const struct clues *c)
{
	const struct dkim_finding *dkim = &c->f->dkim;
	bool other = false;

	for (size_t i = 0; i < dkim->count; i++) {
		const struct dkim_signature *s = &dkim->signatures[i];
		bool author = of_author(c, s->domain);

		if (s->code == AUTH_PASS && !author)
			other = true;
		else if (other && author && broken(s))
			return true;
	}
	return false;
}

static bool (*const tests[])(const struct clues *) = {
	[FORWARDED_LIST] = by_list,
	[FORWARDED_SRS] = by_srs,
	[FORWARDED_VERP] = by_verp,
	[FORWARDED_RESENT] = by_resent,
	[FORWARDED_SIGNATURE] = by_signature,
};

size_t forwarded_evidence(struct arena *mem, const struct evidence *e,
    const struct findings *f, const char **words, size_t room)
{
	struct clues c = { .mem = mem, .e = e, .f = f };
	size_t n = 0;

	c.list_id = forwarded_list_id(mem, &e->header);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (n < room && tests[i](&c))
			words[n++] = name_word(forwarded_names, (int)i);
	return n;
}
