/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/record.h"

#include <arpa/inet.h>
#include <string.h>

#include "check/spf/macro.h"

#define VERSION "v=spf1"

/* How much of a bad term is shown; the rest would not help. */
#define SHOWN 64

enum domain_use { DOMAIN_NEVER, DOMAIN_MAY, DOMAIN_MUST };

/* RFC 7208 section 5. A mechanism is one row here. */
static const struct grammar {
	const char *name;
	enum domain_use domain;
	bool prefixes;          /* dual-cidr-length may follow */
	bool asks;              /* counts against the limit of 4.6.4 */
} grammar[] = {
	[SPF_ALL]     = { "all",     DOMAIN_NEVER, false, false },
	[SPF_INCLUDE] = { "include", DOMAIN_MUST,  false, true },
	[SPF_A]       = { "a",       DOMAIN_MAY,   true,  true },
	[SPF_MX]      = { "mx",      DOMAIN_MAY,   true,  true },
	[SPF_PTR]     = { "ptr",     DOMAIN_MAY,   false, true },
	[SPF_IP4]     = { "ip4",     DOMAIN_NEVER, false, false },
	[SPF_IP6]     = { "ip6",     DOMAIN_NEVER, false, false },
	[SPF_EXISTS]  = { "exists",  DOMAIN_MUST,  false, true },
};

bool spf_mechanism_asks(enum spf_mechanism m)
{
	return grammar[m].asks;
}

bool spf_record_is(struct slice text)
{
	return slice_starts_nocase(text, VERSION) &&
	    (text.len == strlen(VERSION) || text.data[strlen(VERSION)] == ' ');
}

static struct slice from(struct slice s, size_t at)
{
	return slice_sub(s, at, s.len - at);
}

/*
 * "/" ("0" / %x31-39 *DIGIT) at the end of *s, with as many slashes as said:
 * taken off. True, and nothing taken, if there is none.
 */
static bool take_prefix(struct slice *s, size_t slashes, unsigned max,
    unsigned *out, struct error *err)
{
	unsigned long long value;
	size_t at = s->len;

	while (at > 0 && ascii_digit(s->data[at - 1]))
		at--;
	if (at == s->len || at < slashes ||
	    memcmp(s->data + at - slashes, "//", slashes) != 0)
		return true;
	if (!slice_number(from(*s, at), &value) || value > max ||
	    (s->data[at] == '0' && s->len - at > 1))
		return error_set(err, "a prefix length that is not 0 to %u",
		    max);
	*out = (unsigned)value;
	s->len = at - slashes;
	return true;
}

/* The whole slice as an address; a NUL in it must not end it early. */
static bool read_address(int family, struct slice s, uint8_t octets[16])
{
	char text[INET6_ADDRSTRLEN];

	if (s.len == 0 || s.len >= sizeof(text) ||
	    memchr(s.data, '\0', s.len) != NULL)
		return false;
	memcpy(text, s.data, s.len);
	text[s.len] = '\0';
	return inet_pton(family, text, octets) == 1;
}

/* qnum "." qnum "." qnum "." qnum: inet_pton() takes nothing else either. */
static bool parse_ip4(struct slice s, struct spf_directive *d,
    struct error *err)
{
	if (!take_prefix(&s, 1, 32, &d->prefix4, err))
		return false;
	d->address.family = IP_V4;
	return read_address(AF_INET, s, d->address.octets) ||
	    error_set(err, "not an IPv4 address");
}

/*
 * Not by ip_parse(): an IPv4-mapped network stays IPv6 here and so matches
 * nobody (section 5: IPv4 clients are only listed by ip4).
 */
static bool parse_ip6(struct slice s, struct spf_directive *d,
    struct error *err)
{
	if (!take_prefix(&s, 1, 128, &d->prefix6, err))
		return false;
	d->address.family = IP_V6;
	return read_address(AF_INET6, s, d->address.octets) ||
	    error_set(err, "not an IPv6 address");
}

/* What follows the name: [":" domain-spec] [dual-cidr-length]. */
static bool parse_argument(struct slice rest, const struct grammar *g,
    struct spf_directive *d, struct error *err)
{
	if (g->prefixes &&
	    (!take_prefix(&rest, 2, 128, &d->prefix6, err) ||
	    !take_prefix(&rest, 1, 32, &d->prefix4, err)))
		return false;
	if (rest.len == 0)
		return g->domain != DOMAIN_MUST ||
		    error_set(err, "\"%s\" needs a domain name", g->name);
	if (rest.data[0] != ':' || g->domain == DOMAIN_NEVER)
		return error_set(err, "\"%s\" cannot have that argument",
		    g->name);
	d->domain = from(rest, 1);
	return spf_domain_spec_check(d->domain, err);
}

static enum auth_code take_qualifier(struct slice *term)
{
	enum auth_code code = AUTH_PASS;

	switch (term->data[0]) {
	case '+':
		break;
	case '-':
		code = AUTH_FAIL;
		break;
	case '~':
		code = AUTH_SOFTFAIL;
		break;
	case '?':
		code = AUTH_NEUTRAL;
		break;
	default:
		return AUTH_PASS;
	}
	*term = from(*term, 1);
	return code;
}

/* directive = [ qualifier ] mechanism */
static bool parse_directive(struct slice term, struct spf_record *r,
    struct error *err)
{
	struct spf_directive *d = &r->directives[r->count];
	size_t n = 0, m;
	struct slice name;

	*d = (struct spf_directive){ .prefix4 = 32, .prefix6 = 128,
	    .text = term };
	d->code = take_qualifier(&term);
	while (n < term.len && term.data[n] != ':' && term.data[n] != '/')
		n++;
	name = slice_sub(term, 0, n);
	for (m = 0; m < sizeof(grammar) / sizeof(grammar[0]); m++)
		if (slice_is_nocase(name, grammar[m].name))
			break;
	if (m == sizeof(grammar) / sizeof(grammar[0]))
		return error_set(err, "no such mechanism");
	d->mechanism = (enum spf_mechanism)m;
	r->count++;
	if (d->mechanism == SPF_ALL)
		r->has_all = true;
	if (d->mechanism != SPF_IP4 && d->mechanism != SPF_IP6)
		return parse_argument(from(term, n), &grammar[m], d, err);
	if (n == term.len || term.data[n] != ':')
		return error_set(err, "\"%s\" needs an address",
		    grammar[m].name);
	return d->mechanism == SPF_IP4 ? parse_ip4(from(term, n + 1), d, err) :
	    parse_ip6(from(term, n + 1), d, err);
}

/* Section 6: redirect and exp at most once. */
static bool parse_once(struct slice *target, struct slice value,
    const char *name, struct error *err)
{
	if (target->data != NULL)
		return error_set(err, "\"%s\" appears twice", name);
	*target = value;
	return spf_domain_spec_check(value, err);
}

static bool parse_modifier(struct slice name, struct slice value,
    struct spf_record *r, struct error *err)
{
	if (slice_is_nocase(name, "redirect"))
		return parse_once(&r->redirect, value, "redirect", err);
	if (slice_is_nocase(name, "exp"))
		return parse_once(&r->exp, value, "exp", err);
	return spf_macro_string_check(value, err);
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), and "=" behind it. */
static bool is_modifier(struct slice term, size_t *equals)
{
	size_t n = 0;

	if (!ascii_alpha(term.data[0]))
		return false;
	while (n < term.len && (ascii_alnum(term.data[n]) ||
	    term.data[n] == '-' || term.data[n] == '_' || term.data[n] == '.'))
		n++;
	*equals = n;
	return n < term.len && term.data[n] == '=';
}

static bool parse_term(struct slice term, struct spf_record *r,
    struct error *err)
{
	size_t equals;

	if (is_modifier(term, &equals))
		return parse_modifier(slice_sub(term, 0, equals),
		    from(term, equals + 1), r, err);
	return parse_directive(term, r, err);
}

/* Foreign bytes inside a sentence of ours: cut, and made printable. */
static bool blame(struct slice term, struct error *err)
{
	char shown[SHOWN + 1];
	size_t n = term.len < SHOWN ? term.len : SHOWN;

	for (size_t i = 0; i < n; i++)
		shown[i] = term.data[i] < ' ' || term.data[i] > '~' ? '?' :
		    term.data[i];
	shown[n] = '\0';
	return error_prefix(err, "term \"%s%s\"", shown,
	    term.len > n ? "..." : "");
}

static size_t count_terms(struct slice s)
{
	size_t n = 0;

	for (size_t i = 1; i < s.len; i++)
		n += s.data[i] != ' ' && s.data[i - 1] == ' ';
	return n;
}

/* record = version terms *SP; terms are apart by spaces and nothing else. */
bool spf_record_parse(struct arena *mem, struct slice text,
    struct spf_record *out, struct error *err)
{
	struct slice rest = from(text, strlen(VERSION)), term;

	*out = (struct spf_record){ 0 };
	out->directives = arena_array(mem, count_terms(text) + 1,
	    sizeof(*out->directives));
	while (rest.data != NULL) {
		term = slice_cut(&rest, ' ');
		if (term.len > 0 && !parse_term(term, out, err))
			return blame(term, err);
	}
	return true;
}
