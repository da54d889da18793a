/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/fetch.h"

#include <string.h>

#include "check/spf/macro.h"
#include "check/spf/reading.h"
#include "mail/domain.h"

/* Questions started ahead per evaluation; the rest wait for their turn. */
#define FORESEEN_MAX 20

static const char not_a_domain[] = "not a domain name of two labels or more";

/* Once per evaluation. Its PTR lookup counts as a term does (4.6.4). */
static void learn_validated(struct spf_walk *w)
{
	const struct dns_answer *a;
	const char **names;
	size_t count;

	w->validated_known = true;
	if (spf_count_term(w) != SPF_YES ||
	    spf_ask_ptr(w, &a, &count) != SPF_YES)
		return;
	names = arena_array(w->mem, count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		const char *name = a->records[i].data;

		/* No host has octets that need escaping in its name. */
		if (strchr(name, '\\') == NULL && spf_validates(w, name))
			names[w->validated_count++] = name;
	}
	w->validated = names;
}

/* 7.3: the domain itself, else one below it, else any, else "unknown". */
static const char *validated_name(void *arg, const char *domain)
{
	struct spf_walk *w = arg;

	if (!w->validated_known)
		learn_validated(w);
	for (size_t i = 0; i < w->validated_count; i++)
		if (domain_equal(w->validated[i], domain))
			return w->validated[i];
	for (size_t i = 0; i < w->validated_count; i++)
		if (domain_is_below(w->validated[i], domain))
			return w->validated[i];
	return w->validated_count > 0 ? w->validated[0] : "unknown";
}

static struct spf_values values_of(struct spf_walk *w, const char *domain)
{
	const struct spf_question *q = w->question;
	bool has_local = q->local != NULL && *q->local != '\0';

	return (struct spf_values){
		.client = q->client,
		.local = has_local ? q->local : "postmaster",
		.sender_domain = q->domain,
		.domain = domain,
		.helo = q->helo != NULL ? q->helo : "unknown",
		.receiver = q->receiver != NULL ? q->receiver : "unknown",
		.now = q->now,
		.validated = validated_name,
		.arg = w,
	};
}

static const char *expand(struct spf_walk *w, const char *domain,
    struct slice spec)
{
	struct spf_values v = values_of(w, domain);
	struct buf name = { 0 };
	const char *copy;

	spf_expand_name(spec, &v, &name);
	copy = arena_strndup(w->mem, buf_text(&name), name.len);
	buf_free(&name);
	return copy;
}

static bool names_local_part(struct slice spec)
{
	return spf_macro_names(spec, 's') || spf_macro_names(spec, 'l');
}

enum spf_step spf_target(struct spf_walk *w, const char *domain,
    struct slice spec, const char **out)
{
	*out = domain;
	if (spec.data == NULL)
		return SPF_YES;
	if (names_local_part(spec)) {
		w->local_part_used |= !w->explaining;
		if (!w->local_part_ascii)
			return SPF_NO;
	}
	*out = expand(w, domain, spec);
	return w->over_limit ? SPF_PERMERROR : SPF_YES;
}

/* What a directive asks first. */
static bool first_question(const struct spf_walk *w,
    const struct spf_directive *d, enum dns_type *type)
{
	switch (d->mechanism) {
	case SPF_INCLUDE:
		*type = DNS_TXT;
		return true;
	case SPF_A:
		*type = spf_address_type(w);
		return true;
	case SPF_MX:
		*type = DNS_MX;
		return true;
	case SPF_EXISTS:
		*type = DNS_A;
		return true;
	case SPF_PTR:                   /* slow and mostly not needed (5.5) */
	case SPF_IP4:
	case SPF_IP6:
	case SPF_ALL:
		break;
	}
	return false;
}

/*
 * Start what will be asked unless something matches before: side by side the
 * questions of one record take as long as the slowest.
 */
static void foresee(struct spf_walk *w, const char *domain,
    const struct spf_record *r)
{
	unsigned left = SPF_TERMS_MAX - w->terms;
	char name[SPF_ESCAPED_MAX];
	enum dns_type type;

	for (size_t i = 0; i < r->count && left > 0 &&
	    w->foreseen < FORESEEN_MAX; i++) {
		const struct spf_directive *d = &r->directives[i];

		if (spf_matches_unasked(w, d))
			return;
		if (!first_question(w, d, &type) ||
		    spf_macro_names(d->domain, 'p') ||
		    (!w->local_part_ascii && names_local_part(d->domain)))
			continue;
		left--;
		if (!spf_escape(d->domain.data == NULL ? domain :
		    expand(w, domain, d->domain), name))
			continue;
		inquiry_prefetch(w->dns, name, type);
		w->foreseen++;
	}
}

/* 4.5: exactly one record may begin with the version section. */
static enum spf_step read_record(struct spf_walk *w, const char *name,
    const struct dns_answer *a, struct spf_record *out)
{
	struct slice text;
	struct error err;
	size_t found = spf_records(a, &text);

	if (found != 1) {
		w->reason = arena_printf(w->mem, found == 0 ?
		    "%s has no SPF record" :
		    "%s has more than one SPF record", name);
		return found == 0 ? SPF_NO : SPF_PERMERROR;
	}
	if (!spf_record_parse(w->mem, text, out, &err)) {
		w->reason = arena_printf(w->mem, "the SPF record of %s: %s",
		    name, err.text);
		return SPF_PERMERROR;
	}
	return SPF_YES;
}

/* Its TXT lookup is no void lookup: none ends the evaluation anyway. */
static enum spf_step ask_record(struct spf_walk *w, const char *domain,
    const char **name, const struct dns_answer **out)
{
	char escaped[SPF_ESCAPED_MAX];
	const struct dns_answer *a;

	if (!spf_escape(domain, escaped) || strchr(domain, '.') == NULL) {
		w->reason = not_a_domain;
		return SPF_NO;
	}
	*name = arena_strdup(w->mem, escaped);
	a = inquiry_ask(w->dns, escaped, DNS_TXT);
	switch (a->status) {
	case DNS_FOUND:
		*out = a;
		return SPF_YES;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		w->reason = arena_printf(w->mem, a->status == DNS_NODATA ?
		    "%s has no SPF record" : "%s does not exist", *name);
		return SPF_NO;
	case DNS_FAILED:
	case DNS_TIMEOUT:
	case DNS_BOGUS:
	case DNS_REFUSED_HERE:
		break;
	}
	w->reason = not_a_domain;
	return dns_is_trouble(a) ? spf_trouble(w, *name, DNS_TXT, a) : SPF_NO;
}

enum spf_step spf_fetch(struct spf_walk *w, const char *domain,
    struct spf_record *out)
{
	const struct dns_answer *a = NULL;
	const struct spf_record *kept;
	const char *name = domain;
	enum spf_step step = ask_record(w, domain, &name, &a);

	if (step != SPF_YES)
		return step;
	kept = spf_reading(a);
	if (kept != NULL)
		*out = *kept;
	else
		step = read_record(w, name, a, out);
	if (step == SPF_YES)
		foresee(w, domain, out);
	return step;
}

/* 6.2: any trouble, and there is no explanation. */
const char *spf_explain(struct spf_walk *w, const struct spf_outcome *o)
{
	struct spf_values v = values_of(w, o->domain);
	const struct dns_answer *a;
	const char *target, *words = NULL;
	struct buf text = { 0 };
	struct slice found;

	if (o->code != AUTH_FAIL || o->matched == NULL ||
	    o->record.exp.data == NULL)
		return NULL;
	w->explaining = true;
	if (spf_target(w, o->domain, o->record.exp, &target) != SPF_YES ||
	    spf_ask_target(w, target, DNS_TXT, &a) != SPF_YES || a->count != 1)
		return NULL;
	found = (struct slice){ a->records[0].data, a->records[0].len };
	if (!spf_explain_string_check(found, NULL))
		return NULL;
	spf_expand_text(found, &v, &text);
	if (text.len > 0)
		words = arena_strndup(w->mem, buf_text(&text), text.len);
	buf_free(&text);
	return words;
}
