/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/native.h"

#include "mail/domain.h"

static enum auth_code check_host(struct spf_walk *w, const char *domain,
    struct spf_outcome *out);

static enum spf_step match_nothing_asked(struct spf_walk *w,
    const char *domain, const struct spf_directive *d)
{
	(void)domain;
	return spf_matches_unasked(w, d) ? SPF_YES : SPF_NO;
}

/* The table of 5.2. Deeper than the limit of terms it cannot get. */
static enum spf_step match_include(struct spf_walk *w, const char *target,
    const struct spf_directive *d)
{
	struct spf_outcome inner = { 0 };

	(void)d;
	switch (check_host(w, target, &inner)) {
	case AUTH_PASS:
		return SPF_YES;
	case AUTH_FAIL:
	case AUTH_SOFTFAIL:
	case AUTH_NEUTRAL:
	case AUTH_POLICY:
		return SPF_NO;
	case AUTH_TEMPERROR:
		return SPF_TEMPERROR;
	case AUTH_NONE:
		w->reason = arena_printf(w->mem, "include: %s", w->reason);
		return SPF_PERMERROR;
	case AUTH_PERMERROR:
		break;
	}
	return SPF_PERMERROR;
}

static enum spf_step match_a(struct spf_walk *w, const char *target,
    const struct spf_directive *d)
{
	const struct dns_answer *a;
	enum spf_step step = spf_ask_target(w, target, spf_address_type(w),
	    &a);

	if (step != SPF_YES)
		return step;
	return spf_answer_has_client(w, a, d) ? SPF_YES : SPF_NO;
}

/* 5.4; no implicit MX. */
static enum spf_step match_mx(struct spf_walk *w, const char *target,
    const struct spf_directive *d)
{
	const struct dns_answer *hosts, *a;
	enum spf_step step = spf_ask_mx(w, target, &hosts);

	if (step != SPF_YES)
		return step;
	for (size_t i = 0; i < hosts->count; i++) {
		step = spf_ask(w, hosts->records[i].data, spf_address_type(w),
		    &a);
		if (step == SPF_TEMPERROR || step == SPF_PERMERROR)
			return step;
		if (step == SPF_YES && spf_answer_has_client(w, a, d))
			return SPF_YES;
	}
	return SPF_NO;
}

static enum spf_step match_ptr(struct spf_walk *w, const char *target,
    const struct spf_directive *d)
{
	const struct dns_answer *names;
	size_t count;
	enum spf_step step = spf_ask_ptr(w, &names, &count);

	(void)d;
	if (step != SPF_YES)
		return step;
	for (size_t i = 0; i < count; i++) {
		const char *name = names->records[i].data;

		if (domain_is_same_or_below(name, target) &&
		    spf_validates(w, name))
			return SPF_YES;
	}
	return SPF_NO;
}

/* 5.7: A records, for clients of either family. */
static enum spf_step match_exists(struct spf_walk *w, const char *target,
    const struct spf_directive *d)
{
	const struct dns_answer *a;

	(void)d;
	return spf_ask_target(w, target, DNS_A, &a);
}

static enum spf_step (*const matchers[])(struct spf_walk *w,
    const char *target, const struct spf_directive *d) = {
	[SPF_ALL]     = match_nothing_asked,
	[SPF_INCLUDE] = match_include,
	[SPF_A]       = match_a,
	[SPF_MX]      = match_mx,
	[SPF_PTR]     = match_ptr,
	[SPF_IP4]     = match_nothing_asked,
	[SPF_IP6]     = match_nothing_asked,
	[SPF_EXISTS]  = match_exists,
};

static enum spf_step match(struct spf_walk *w, const char *domain,
    const struct spf_directive *d)
{
	const char *target = domain;
	enum spf_step step = SPF_YES;

	if (spf_mechanism_asks(d->mechanism)) {
		step = spf_count_term(w);
		if (step == SPF_YES)
			step = spf_target(w, domain, d->domain, &target);
	}
	return step == SPF_YES ? matchers[d->mechanism](w, target, d) : step;
}

static enum auth_code code_of(enum spf_step step)
{
	return step == SPF_TEMPERROR ? AUTH_TEMPERROR :
	    step == SPF_PERMERROR ? AUTH_PERMERROR : AUTH_NONE;
}

/* 4.6.2: left to right; the first that matches or fails decides. */
static bool walk_record(struct spf_walk *w, struct spf_outcome *out)
{
	for (size_t i = 0; i < out->record.count; i++) {
		const struct spf_directive *d = &out->record.directives[i];
		enum spf_step step = match(w, out->domain, d);

		if (step == SPF_NO)
			continue;
		if (step == SPF_YES)
			out->matched = d;
		out->code = step == SPF_YES ? d->code : code_of(step);
		return true;
	}
	return false;
}

/* 6.1: the same question to another domain; none there is a permerror. */
static enum spf_step redirect(struct spf_walk *w, struct spf_outcome *out)
{
	const char *target;
	enum spf_step step = spf_count_term(w);

	if (step == SPF_YES)
		step = spf_target(w, out->domain, out->record.redirect,
		    &target);
	if (step == SPF_YES) {
		out->domain = target;
		step = spf_fetch(w, target, &out->record);
	} else if (step == SPF_NO) {
		w->reason = "no name can be made of the local-part";
	}
	if (step != SPF_NO)
		return step;
	w->reason = arena_printf(w->mem, "redirect: %s", w->reason);
	return SPF_PERMERROR;
}

static enum auth_code check_host(struct spf_walk *w, const char *domain,
    struct spf_outcome *out)
{
	enum spf_step step;

	out->domain = domain;
	step = spf_fetch(w, domain, &out->record);
	while (step == SPF_YES) {
		if (walk_record(w, out))
			return out->code;
		if (out->record.has_all || out->record.redirect.data == NULL)
			return out->code = AUTH_NEUTRAL;        /* 4.7 */
		step = redirect(w, out);
	}
	return out->code = code_of(step);
}

void spf_native(struct spf_walk *w, struct spf_outcome *out)
{
	*out = (struct spf_outcome){ 0 };
	check_host(w, w->question->domain, out);
}
