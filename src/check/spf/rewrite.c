/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/rewrite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "check/spf/macro.h"
#include "mail/domain.h"

/* Beyond this many directives the compiled form has no room. */
#define DIRECTIVES_MAX 60

static char qualifier(enum auth_code code)
{
	return code == AUTH_FAIL ? '-' : code == AUTH_SOFTFAIL ? '~' :
	    code == AUTH_NEUTRAL ? '?' : '+';
}

/*
 * Only the prefix for the client's family is written: a zero is what the
 * library takes for "not given".
 */
static bool of_v6(const struct spf_walk *w)
{
	return w->question->client.family == IP_V6;
}

static bool zero_prefix(const struct spf_walk *w,
    const struct spf_directive *d)
{
	return (of_v6(w) ? d->prefix6 : d->prefix4) == 0;
}

/* It compares names as text: only plain ones are written. */
static bool plain_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!ascii_alnum(*p) && strchr("-_.", *p) == NULL)
			return false;
	return domain_fits_dns(name);
}

/* A record that is being written. */
struct rewrite {
	struct spf_walk *walk;
	const char *domain;
	const struct spf_record *record;
	size_t scene;
	struct buf *out;
};

static void announce(const struct rewrite *x, size_t i)
{
	buf_addf(x->out, " ?exists:t%zu.%zu.x", x->scene, i);
}

/*
 * Its target must be there already, as the library compares. Only looked at:
 * the directive may never be reached, so nothing is counted here.
 */
static const char *write_ptr(const struct rewrite *x, size_t i)
{
	const struct spf_directive *d = &x->record->directives[i];
	bool used = x->walk->local_part_used;
	enum spf_step step;
	const char *target;

	if (spf_macro_names(d->domain, 'p'))
		return "a ptr target that needs the DNS";
	step = spf_target(x->walk, x->domain, d->domain, &target);
	x->walk->local_part_used = used;
	if (step != SPF_YES || !plain_name(target))
		return "a ptr target that is no plain name";
	announce(x, i);
	buf_addf(x->out, " %cptr:%s", qualifier(d->code), target);
	return NULL;
}

/* A network of the other family matches nobody, with any prefix. */
static void write_address(const struct rewrite *x,
    const struct spf_directive *d)
{
	char text[INET6_ADDRSTRLEN];
	bool v6 = d->mechanism == SPF_IP6;

	inet_ntop(v6 ? AF_INET6 : AF_INET, d->address.octets, text,
	    sizeof(text));
	buf_addf(x->out, " %cip%d:%s", qualifier(d->code), v6 ? 6 : 4, text);
	if (v6 == of_v6(x->walk))
		buf_addf(x->out, "/%u", v6 ? d->prefix6 : d->prefix4);
}

static void write_token(const struct rewrite *x, const char *name, size_t i)
{
	const struct spf_directive *d = &x->record->directives[i];

	buf_addf(x->out, " %c%s:t%zu.%zu.x", qualifier(d->code), name,
	    x->scene, i);
	if (d->mechanism == SPF_A || d->mechanism == SPF_MX)
		buf_addf(x->out, of_v6(x->walk) ? "//%u" : "/%u",
		    of_v6(x->walk) ? d->prefix6 : d->prefix4);
}

static const char *write_directive(const struct rewrite *x, size_t i)
{
	const struct spf_directive *d = &x->record->directives[i];

	if (zero_prefix(x->walk, d))
		return "a prefix length of zero";
	if (spf_matches_unasked(x->walk, d))
		announce(x, i);
	switch (d->mechanism) {
	case SPF_ALL:
		buf_addf(x->out, " %call", qualifier(d->code));
		break;
	case SPF_INCLUDE:
		write_token(x, "include", i);
		break;
	case SPF_A:
		write_token(x, "a", i);
		break;
	case SPF_MX:
		write_token(x, "mx", i);
		break;
	case SPF_EXISTS:
		write_token(x, "exists", i);
		break;
	case SPF_PTR:
		return write_ptr(x, i);
	case SPF_IP4:
	case SPF_IP6:
		write_address(x, d);
		break;
	}
	return NULL;
}

const char *spf_rewrite(struct spf_walk *w, const char *domain,
    const struct spf_record *r, size_t scene, struct buf *out)
{
	struct rewrite x = { w, domain, r, scene, out };
	const char *why;

	buf_adds(out, "v=spf1");
	for (size_t i = 0; i < r->count; i++) {
		if (i == DIRECTIVES_MAX)
			return "a record of very many directives";
		why = write_directive(&x, i);
		if (why != NULL)
			return why;
		if (spf_matches_unasked(w, &r->directives[i]))
			return NULL;
	}
	if (r->redirect.data != NULL && !r->has_all)
		buf_addf(out, " redirect=r%zu.0.x", scene);
	return NULL;
}
