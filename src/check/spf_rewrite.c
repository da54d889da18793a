/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf_rewrite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "check/spf_macro.h"
#include "mail/domain.h"

/* Beyond this many directives the compiled form has no room. */
#define DIRECTIVES_MAX 60

static char qualifier(enum auth_code code)
{
	return code == AUTH_FAIL ? '-' : code == AUTH_SOFTFAIL ? '~' :
	    code == AUTH_NEUTRAL ? '?' : '+';
}

/* What it takes for "not given" is a zero. */
static bool zero_prefix(const struct spf_directive *d)
{
	return d->prefix4 == 0 || d->prefix6 == 0;
}

/* It compares names as text: only plain ones are written. */
static bool plain_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!ascii_alnum(*p) && strchr("-_.", *p) == NULL)
			return false;
	return domain_fits_dns(name);
}

static void write_address(const struct spf_directive *d, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = d->mechanism == SPF_IP4;

	inet_ntop(v4 ? AF_INET : AF_INET6, d->address.octets, text,
	    sizeof(text));
	buf_addf(out, " %cip%d:%s/%u", qualifier(d->code), v4 ? 4 : 6, text,
	    v4 ? d->prefix4 : d->prefix6);
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

static void write_token(const struct rewrite *x, const char *name, size_t i)
{
	const struct spf_directive *d = &x->record->directives[i];

	buf_addf(x->out, " %c%s:t%zu.%zu.x", qualifier(d->code), name,
	    x->scene, i);
	if (d->mechanism == SPF_A || d->mechanism == SPF_MX)
		buf_addf(x->out, "/%u//%u", d->prefix4, d->prefix6);
}

static const char *write_directive(const struct rewrite *x, size_t i)
{
	const struct spf_directive *d = &x->record->directives[i];

	if (zero_prefix(d))
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
		write_address(d, x->out);
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
