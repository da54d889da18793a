/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/compiler.h"

#include <string.h>

#include "mail/domain.h"
#include "policy/lex.h"

static bool quoted(struct compiler *c, const struct literal *l,
    const char *what)
{
	if (l->quoted)
		return true;
	compiler_error(c, l->offset, "%s stands in quotes", what);
	if (fact_find(l->text) != FACT_COUNT)
		report_hint(c->report, "facts are not compared with one "
		    "another");
	else
		report_hint(c->report, "write \"%s\" in quotes", l->text);
	return false;
}

bool compile_word(struct compiler *c, const struct literal *l,
    const char *fact, const struct name *words, int *code)
{
	struct closest near;

	for (const struct name *n = words; n->word != NULL; n++) {
		if (strcmp(n->word, l->text) != 0)
			continue;
		if (l->quoted) {
			compiler_error(c, l->offset, "words of %s stand "
			    "without quotes", fact);
			return false;
		}
		*code = n->code;
		return true;
	}
	compiler_error(c, l->offset, "%s can never be \"%s\"", fact, l->text);
	closest_start(&near, l->text);
	for (const struct name *n = words; n->word != NULL; n++)
		closest_offer(&near, n->word);
	if (near.best != NULL) {
		report_meant(c->report, &near);
	} else {
		struct buf all = { 0 };

		for (const struct name *n = words; n->word != NULL; n++)
			buf_addf(&all, " %s", n->word);
		report_hint(c->report, "its words are:%s", buf_text(&all));
		buf_free(&all);
	}
	return false;
}

bool compile_text(struct compiler *c, const struct literal *l,
    const char **out)
{
	if (!quoted(c, l, "a text"))
		return false;
	*out = lex_text(&c->policy->source, c->report, c->policy->mem, l->raw);
	return *out != NULL;
}

bool compile_domain(struct compiler *c, const struct literal *l,
    const char **out)
{
	const char *text;

	if (!quoted(c, l, "a domain") || !compile_text(c, l, &text))
		return false;
	*out = domain_normalise(c->policy->mem, slice_of(text));
	if (*out != NULL)
		return true;
	compiler_error(c, l->offset, "not a domain");
	if (text[0] == '.')
		report_hint(c->report, "for every name below it write: in "
		    "{ \"%s\" }", text);
	else if (strchr(text, '*') != NULL)
		report_hint(c->report, "for a glob write \"matches\"");
	return false;
}

/* The local part is compared without regard to ASCII case, as mail systems
 * do; kept in lower case. */
bool compile_address(struct compiler *c, const struct literal *l,
    const char **out)
{
	const char *text, *at, *domain;
	char *key;

	if (!quoted(c, l, "an address") || !compile_text(c, l, &text))
		return false;
	at = strrchr(text, '@');
	domain = at == NULL || at == text ? NULL :
	    domain_normalise(c->policy->mem, slice_of(at + 1));
	if (domain == NULL) {
		compiler_error(c, l->offset, "not a mail address");
		return false;
	}
	key = arena_printf(c->policy->mem, "%.*s@%s", (int)(at - text), text,
	    domain);
	for (char *s = key; *s != '\0'; s++)
		*s = ascii_lower(*s);
	*out = key;
	return true;
}

bool compile_ip(struct compiler *c, const struct literal *l, struct ip *out)
{
	if (ip_parse(l->raw, out))
		return true;
	compiler_error(c, l->offset, "not an IP address");
	if (strchr(l->text, '/') != NULL)
		report_hint(c->report, "for a network write: in { \"%s\" }",
		    l->text);
	return false;
}

/* 10, 64K, 10M, 2G: the letters are powers of 1024. */
bool compile_number(struct compiler *c, const struct literal *l, int64_t *out)
{
	static const char units[] = "KMG";
	struct slice digits = l->raw;
	unsigned long long n, factor = 1;
	const char *unit;

	if (!l->quoted && digits.len > 0 &&
	    (unit = memchr(units, digits.data[digits.len - 1], 3)) != NULL) {
		digits.len--;
		factor = 1ULL << (10 * (unit - units + 1));
	}
	if (l->quoted || !slice_number(digits, &n)) {
		compiler_error(c, l->offset, "not a number");
		report_hint(c->report, "numbers are digits, as in 20, 64K, "
		    "10M or 2G");
		return false;
	}
	if (n > INT64_MAX / factor) {
		compiler_error(c, l->offset, "this number is too large");
		return false;
	}
	*out = (int64_t)(n * factor);
	return true;
}

bool compile_yes_no(struct compiler *c, const struct literal *l, bool *out)
{
	*out = strcmp(l->text, "yes") == 0;
	if (!l->quoted && (*out || strcmp(l->text, "no") == 0))
		return true;
	compiler_error(c, l->offset, "expected yes or no");
	return false;
}
