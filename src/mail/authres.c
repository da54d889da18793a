/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/authres.h"

#include <limits.h>
#include <string.h>

#include "mail/rfc5322.h"

/* Twice the room, or the first few; the old array stays in the arena. */
static void *grown(struct arena *mem, const void *old, size_t count,
    size_t *room, size_t size)
{
	void *more;

	*room = *room > 0 ? *room * 2 : 8;
	more = arena_array(mem, *room, size);
	if (count > 0)
		memcpy(more, old, count * size);
	return more;
}

struct authres_result *authres_add(struct authres *a, struct arena *mem,
    const char *method, const char *result, const char *reason)
{
	struct authres_result *r;

	if (a->count == a->room)
		a->results = grown(mem, a->results, a->count, &a->room,
		    sizeof(*a->results));
	r = &a->results[a->count++];
	*r = (struct authres_result){
		.method = method,
		.version = 1,
		.result = result,
		.reason = reason,
	};
	return r;
}

const char *authres_find(const struct authres_result *r, const char *type,
    const char *name)
{
	for (size_t i = 0; i < r->property_count; i++)
		if (slice_is_nocase(slice_of(r->properties[i].type), type) &&
		    slice_is_nocase(slice_of(r->properties[i].name), name))
			return r->properties[i].value;
	return NULL;
}

void authres_property(struct authres_result *r, struct arena *mem,
    const char *type, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (r->property_count == r->property_room)
		r->properties = grown(mem, r->properties, r->property_count,
		    &r->property_room, sizeof(*r->properties));
	r->properties[r->property_count++] = (struct authres_property){
		.type = type,
		.name = name,
		.value = value,
	};
}

struct parser {
	struct scan s;
	struct arena *mem;
};

static bool skip_cfws(struct parser *p)
{
	return scan_cfws(&p->s, NULL);
}

/* c with CFWS on both sides */
static bool skip_mark(struct parser *p, char c)
{
	return skip_cfws(p) && scan_char(&p->s, c) && skip_cfws(p);
}

static char *keep(struct parser *p, struct slice text)
{
	return arena_strndup(p->mem, text.data, text.len);
}

static bool is_keyword_char(unsigned char c)
{
	return ascii_alnum((char)c) || c == '-';
}

/* Keyword = Ldh-str (RFC 5321 4.1.2); NULL: there is none. */
static const char *read_keyword(struct parser *p)
{
	struct slice word = scan_run(&p->s, is_keyword_char);

	if (word.len == 0 || word.len > AUTHRES_KEYWORD_MAX ||
	    word.data[word.len - 1] == '-')
		return NULL;
	return keep(p, word);
}

static bool is_digit(unsigned char c)
{
	return ascii_digit((char)c);
}

static bool read_version(struct parser *p, unsigned *version)
{
	unsigned long long n;

	if (!slice_number(scan_run(&p->s, is_digit), &n) || n > UINT_MAX)
		return false;
	*version = (unsigned)n;
	return true;
}

/* An authserv-id may be a U-label domain (RFC 8601 2.5). */
static bool is_id_char(unsigned char c)
{
	return is_token_char(c) || c >= 0x80;
}

/* value = token / quoted-string */
static const char *read_value(struct parser *p, bool (*is)(unsigned char c))
{
	struct slice text;

	if (scan_peek(&p->s) == '"')
		return scan_quoted(&p->s, &text) ?
		    scan_unquote(p->mem, text) : NULL;
	text = scan_run(&p->s, is);
	return text.len > 0 ? keep(p, text) : NULL;
}

static bool is_local_char(unsigned char c)
{
	return is_token_char(c) || is_atext(c);
}

/* The rest of [local-part] "@" domain-name, from the "@" on. */
static const char *read_domain_part(struct parser *p, const char *local)
{
	struct slice domain;

	if (!scan_char(&p->s, '@'))
		return NULL;
	domain = scan_run(&p->s, is_domain_char);
	if (domain.len == 0)
		return NULL;
	return arena_printf(p->mem, "%s@%.*s", local, (int)domain.len,
	    domain.data);
}

/* Line ends of folds left out, all else as written. */
static const char *unfolded(struct parser *p, struct slice raw)
{
	char *text = arena_alloc(p->mem, raw.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < raw.len; i++)
		if (raw.data[i] != '\r' && raw.data[i] != '\n')
			text[len++] = raw.data[i];
	return text;
}

/*
 * pvalue = [CFWS] ( value / [ [ local-part ] "@" ] domain-name ) [CFWS]
 * An address keeps the form in which it is written, quotes too.
 */
static const char *read_pvalue(struct parser *p)
{
	const char *begin = p->s.at;
	bool quoted = scan_peek(&p->s) == '"';
	struct slice raw, inner;
	struct scan behind;

	if (!quoted)
		scan_run(&p->s, is_local_char);
	else if (!scan_quoted(&p->s, &inner))
		return NULL;
	raw = (struct slice){ begin, (size_t)(p->s.at - begin) };
	behind = p->s;
	if (!skip_cfws(p))
		return NULL;
	if (scan_peek(&p->s) == '@')
		return read_domain_part(p, unfolded(p, raw));
	p->s = behind;
	if (quoted)
		return scan_unquote(p->mem, inner);
	/* What is no address may be a token, or a domain-name of U-labels. */
	for (size_t i = 0; i < raw.len; i++)
		if (!is_id_char((unsigned char)raw.data[i]))
			return NULL;
	return raw.len > 0 ? keep(p, raw) : NULL;
}

static bool at_end_of_result(const struct parser *p)
{
	int c = scan_peek(&p->s);

	return c < 0 || c == ';';
}

/* reasonspec, or one propspec, behind the word both begin with. */
static bool read_detail(struct parser *p, struct authres_result *r)
{
	const char *word = read_keyword(p);
	const char *name, *value;

	if (word == NULL || !skip_cfws(p))
		return false;
	if (scan_peek(&p->s) == '=') {
		if (!slice_is_nocase(slice_of(word), "reason") ||
		    r->reason != NULL || r->property_count > 0 ||
		    !skip_mark(p, '='))
			return false;
		r->reason = read_value(p, is_token_char);
		return r->reason != NULL;
	}
	if (!skip_mark(p, '.') || (name = read_keyword(p)) == NULL ||
	    !skip_mark(p, '=') || (value = read_pvalue(p)) == NULL)
		return false;
	authres_property(r, p->mem, word, name, value);
	return true;
}

/* methodspec and what follows it up to ";" */
static bool read_result(struct parser *p, const char *method,
    struct authres *out)
{
	struct authres_result *r = authres_add(out, p->mem, method, NULL, NULL);

	if (!skip_cfws(p))
		return false;
	if (scan_peek(&p->s) == '/' &&
	    (!skip_mark(p, '/') || !read_version(p, &r->version)))
		return false;
	if (!skip_mark(p, '='))
		return false;
	r->result = read_keyword(p);
	if (r->result == NULL || !skip_cfws(p))
		return false;
	while (!at_end_of_result(p))
		if (!read_detail(p, r) || !skip_cfws(p))
			return false;
	return true;
}

static bool read_id(struct parser *p, struct authres *out)
{
	if (!skip_cfws(p))
		return false;
	out->id = read_value(p, is_id_char);
	if (out->id == NULL || !skip_cfws(p))
		return false;
	return scan_peek(&p->s) == ';' ||
	    (read_version(p, &out->version) && skip_cfws(p));
}

bool authres_parse(struct arena *mem, struct slice value, struct authres *out)
{
	struct parser p = { scan_of(slice_trim(value)), mem };

	*out = (struct authres){ .version = 1 };
	if (!read_id(&p, out) || scan_peek(&p.s) != ';')
		return false;
	while (skip_mark(&p, ';')) {
		const char *method = read_keyword(&p);

		if (method == NULL || !skip_cfws(&p))
			return false;
		if (scan_peek(&p.s) < 0)        /* no-result */
			return out->count == 0 &&
			    slice_is_nocase(slice_of(method), "none");
		if (!read_result(&p, method, out))
			return false;
	}
	return scan_peek(&p.s) < 0;
}
