/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compiler.h"

#include <string.h>
#include <strings.h>

#include "policy/parse.h"
#include "policy/template.h"

/* RFC 5322 3.6.8: printable ASCII without the colon. */
bool header_name_valid(const char *name, const char **bad)
{
	size_t n = 0;

	for (; name[n] != '\0'; n++)
		if (name[n] <= ' ' || name[n] > '~' || name[n] == ':') {
			*bad = name + n;
			return false;
		}
	*bad = name;
	return n > 0 && n <= 76;
}

/* Fields a policy must not write, and why. A name with a star stands for all
 * that begin so. */
static const struct {
	const char *name;
	const char *why;
} forbidden[] = {
	{ "Authentication-Results", "only assay itself writes this field" },
	{ "Assay-*", "only assay itself writes fields of this name" },
	{ "Received-SPF", "only assay itself writes this field" },
	{ "ARC-*", "this field is part of a signed chain" },
	{ "DKIM-Signature", "this field is a signature" },
	{ "Received", "only a mail server that took the message writes this" },
	{ "Return-Path", "only the final delivery writes this field" },
	{ "From", "a message has one From field (RFC 5322 3.6)" },
	{ "Sender", "a message has one Sender field (RFC 5322 3.6)" },
	{ "Reply-To", "a message has one Reply-To field (RFC 5322 3.6)" },
	{ "To", "a message has one To field (RFC 5322 3.6)" },
	{ "Cc", "a message has one Cc field (RFC 5322 3.6)" },
	{ "Bcc", "a message has one Bcc field (RFC 5322 3.6)" },
	{ "Date", "a message has one Date field (RFC 5322 3.6)" },
	{ "Message-ID", "a message has one Message-ID field (RFC 5322 3.6)" },
	{ "Subject", "write: tag subject \"...\"" },
	{ "Content-*", "this field belongs to the body" },
	{ "MIME-Version", "this field belongs to the body" },
};

static bool named(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? strncasecmp(pattern, name, n - 1) == 0 :
	    strcasecmp(pattern, name) == 0;
}

static bool check_header_name(struct compiler *c, const struct literal *l)
{
	const char *bad;

	if (!header_name_valid(l->text, &bad)) {
		size_t at = l->offset + 1 + (size_t)(bad - l->text);

		if (*bad == ' ' || *bad == '\t')
			compiler_error(c, at, "a blank in the name of a "
			    "header field");
		else if (strlen(l->text) > 76)
			compiler_error(c, l->offset,
			    "the name of a header field has at most 76 octets");
		else
			compiler_error(c, at, "the name of a header field is "
			    "printable ASCII without colon");
		return false;
	}
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (named(forbidden[i].name, l->text)) {
			compiler_error(c, l->offset, "%s cannot be a tag: %s",
			    l->text, forbidden[i].why);
			return false;
		}
	return true;
}

/* RFC 5321 4.2.1: the first digit says what becomes of the message, the
 * second one goes from 0 to 5. */
static bool check_code(struct compiler *c, const struct deed *d)
{
	const char *s = d->code.text;
	char wanted = d->action == ACTION_REJECT ? '5' : '4';

	if (strlen(s) != 3 || !ascii_digit(s[0]) || s[1] < '0' || s[1] > '5' ||
	    !ascii_digit(s[2])) {
		compiler_error(c, d->code.offset, "\"%s\" is no SMTP reply "
		    "code", s);
		return false;
	}
	if (s[0] == wanted)
		return true;
	compiler_error(c, d->code.offset, "%s needs a code that begins with "
	    "%c, not %s", name_word(action_names, (int)d->action), wanted, s);
	if (s[0] == '4' || s[0] == '5')
		report_hint(c->report, s[0] == '4' ? "to make the sender try "
		    "again write \"tempfail\"" :
		    "to refuse for good write \"reject\"");
	return false;
}

/* One number of RFC 3463 section 2: one to three digits, no leading zero. */
static bool subcode(const char **s)
{
	const char *start = *s;

	while (ascii_digit(**s))
		++*s;
	return *s > start && *s - start <= 3 &&
	    (*start != '0' || *s - start == 1);
}

static bool check_enhanced(struct compiler *c, const struct deed *d)
{
	const char *s = d->enhanced.text;
	bool ok = (*s == '2' || *s == '4' || *s == '5') && s[1] == '.';

	if (ok) {
		s += 2;
		ok = subcode(&s) && *s++ == '.' && subcode(&s) && *s == '\0';
	}
	if (!ok) {
		compiler_error(c, d->enhanced.offset, "\"%s\" is no enhanced "
		    "status code (RFC 3463)", d->enhanced.text);
		report_hint(c->report, "it has three numbers, as in %c.7.1",
		    d->code.text[0]);
		return false;
	}
	if (d->enhanced.text[0] == d->code.text[0])
		return true;
	compiler_error(c, d->enhanced.offset, "%s and %s contradict one "
	    "another: their first digits differ", d->code.text,
	    d->enhanced.text);
	return false;
}

/* RFC 7372 section 3: the codes of authentication and what they go with. */
static const struct {
	const char *detail, *codes;
} pairs[] = {
	{ "7.20", "550" }, { "7.21", "550" }, { "7.22", "550" },
	{ "7.23", "550" }, { "7.24", "451 550" }, { "7.25", "550" },
	{ "7.26", "550" },
};

static void check_pair(struct compiler *c, const struct deed *d)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (d->action == ACTION_REJECT &&
		    strcmp(pairs[i].detail, d->enhanced.text + 2) == 0 &&
		    strstr(pairs[i].codes, d->code.text) == NULL)
			compiler_warning(c, d->code.offset, "%s goes with 550 "
			    "(RFC 7372), not with %s", d->enhanced.text,
			    d->code.text);
}

static bool check_codes(struct compiler *c, const struct deed *d)
{
	if (d->code.text == NULL)
		return true;
	if (!check_code(c, d) || !check_enhanced(c, d))
		return false;
	check_pair(c, d);
	return true;
}

static bool compile_template(struct compiler *c, struct template *t)
{
	if (t->source.text == NULL)
		return true;
	if (!template_parse(t, c->policy->mem, &c->policy->source, c->report))
		return false;
	for (const struct piece *p = t->first; p != NULL; p = p->next)
		if (p->fact != FACT_COUNT)
			compiler_uses(c, p->fact, fact_defs[p->fact].name,
			    t->source.offset);
	return true;
}

static bool compile_marks(struct compiler *c, struct mark *m, bool header)
{
	bool ok = true;

	for (; m != NULL; m = m->next) {
		if (header && !check_header_name(c, &m->name))
			ok = false;
		if (!compile_template(c, &m->text))
			ok = false;
	}
	return ok;
}

/* Marks of a message that is not delivered are never seen by anybody; beside
 * a deferral that ends they are for what is let through then. */
static void check_lost_marks(struct compiler *c, const struct rule *r)
{
	const struct deed *d = &r->deed;
	const struct mark *m = d->headers != NULL ? d->headers : d->subjects;

	if (d->final && m != NULL && r->at_most.value == 0 &&
	    (d->action == ACTION_REJECT || d->action == ACTION_TEMPFAIL ||
	    d->action == ACTION_DISCARD))
		compiler_warning(c, m->offset, "this tag is never seen: the "
		    "rule's own %s keeps the message out",
		    name_word(action_names, (int)d->action));
}

/* The same name is the same counter, in whatever rule. */
static bool compile_count(struct compiler *c, struct mark *m)
{
	struct policy *p = c->policy;
	struct counter **tail = &p->counters;

	for (m->id = 0; *tail != NULL; tail = &(*tail)->next, m->id++)
		if (strcmp((*tail)->name, m->name.text) == 0)
			return true;
	if (p->counter_count == COUNTERS_MAX) {
		compiler_error(c, m->offset, "a policy has at most %d counters",
		    COUNTERS_MAX);
		return false;
	}
	*tail = arena_alloc(p->mem, sizeof(**tail));
	(*tail)->name = m->name.text;
	p->counter_count++;
	return true;
}

static bool compile_override(struct compiler *c, struct mark *m)
{
	const struct name *n = name_find(override_names, m->name.text);
	struct closest near;

	if (n != NULL) {
		m->id = (size_t)n->code;
		return true;
	}
	compiler_error(c, m->name.offset, "\"%.60s\" is no type of override "
	    "(RFC 9990)", m->name.text);
	closest_start(&near, m->name.text);
	for (n = override_names; n->word != NULL; n++)
		closest_offer(&near, n->word);
	if (near.best != NULL)
		report_meant(c->report, &near);
	else
		report_hint(c->report, "types are local_policy, mailing_list, "
		    "other, policy_test_mode and trusted_forwarder");
	return false;
}

static bool compile_named(struct compiler *c, struct mark *m,
    bool (*compile)(struct compiler *, struct mark *))
{
	bool ok = true;

	for (; m != NULL; m = m->next)
		ok = compile(c, m) && ok;
	return ok;
}

bool compile_deed(struct compiler *c, struct rule *r)
{
	struct deed *d = &r->deed;
	bool ok = check_codes(c, d);

	ok = compile_template(c, &d->text) && ok;
	ok = compile_marks(c, d->headers, true) && ok;
	ok = compile_marks(c, d->subjects, false) && ok;
	ok = compile_marks(c, d->logs, false) && ok;
	ok = compile_named(c, d->counts, compile_count) && ok;
	ok = compile_named(c, d->overrides, compile_override) && ok;
	check_lost_marks(c, r);
	return ok;
}
