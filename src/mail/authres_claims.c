/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * authres_claims: whose field is this? (RFC 8601 section 5)
 *
 * A field that is read well is judged by its authserv-id. For all others the
 * question is what some sloppy reader behind us might take it for, so anything
 * that shows our name in the place of the id counts as a claim.
 */
#include <string.h>

#include "mail/authres.h"
#include "mail/domain.h"
#include "mail/rfc5322.h"

static bool is_id_char(unsigned char c)
{
	return is_token_char(c) || c >= 0x80;
}

static bool is_digit(unsigned char c)
{
	return ascii_digit((char)c);
}

static bool is_name(const char *s)
{
	for (; *s != '\0'; s++)
		if (!is_domain_char((unsigned char)*s))
			return false;
	return true;
}

static bool is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s > 0x7f)
			return false;
	return true;
}

/*
 * [CFWS] authserv-id [ CFWS version ] [CFWS] up to ";" or the end. NULL: it is
 * written in another way; *seen is then the part in which an id may hide.
 */
static const char *read_id(struct arena *mem, struct slice value,
    struct slice *seen)
{
	struct scan s = scan_of(value);
	struct slice text = { NULL, 0 };
	const char *semicolon;

	*seen = value;
	if (!scan_cfws(&s, NULL))
		return NULL;
	if (scan_peek(&s) != '"')
		text = scan_run(&s, is_id_char);
	else if (!scan_quoted(&s, &text))
		return NULL;
	semicolon = memchr(s.at, ';', (size_t)(s.end - s.at));
	if (semicolon != NULL)
		seen->len = (size_t)(semicolon - value.data);
	if (!scan_cfws(&s, NULL)) {
		*seen = value;          /* that ";" may be in a comment */
		return NULL;
	}
	scan_run(&s, is_digit);
	if (!scan_cfws(&s, NULL) || text.len == 0 ||
	    (scan_peek(&s) >= 0 && scan_peek(&s) != ';'))
		return NULL;
	return scan_unquote(mem, text);
}

/* A letter, digit, hyphen of a name, so that the name goes on. */
static bool goes_on(struct slice s, size_t at)
{
	return at < s.len && s.data[at] != '.' &&
	    is_domain_char((unsigned char)s.data[at]);
}

/* Does the id stand in there, as a whole name or as the end of one? */
static bool shows(struct slice s, struct slice id)
{
	for (size_t i = 0; i + id.len <= s.len; i++) {
		size_t end = i + id.len;

		if (i > 0 && goes_on(s, i - 1))
			continue;
		if (goes_on(s, end) || (end < s.len && s.data[end] == '.' &&
		    goes_on(s, end + 1)))
			continue;
		if (slice_starts_nocase(slice_sub(s, i, id.len), id.data))
			return true;
	}
	return false;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * What is left when a reader throws away comments, quotes and all that is no
 * visible ASCII; of blanks either all, or those beside dots (obs-domain).
 */
static struct slice squeeze(struct arena *mem, struct slice s, bool all_blanks)
{
	char *kept = arena_alloc(mem, s.len + 1);
	size_t depth = 0, len = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		if (depth > 0 || c == ')' || c == '"' || c == '\\')
			continue;
		if (c == '.' && len > 0 && kept[len - 1] == ' ')
			len--;
		if (c > ' ' && c < 0x7f)
			kept[len++] = (char)c;
		else if (is_blank(c) && !all_blanks && len > 0 &&
		    kept[len - 1] != '.' && kept[len - 1] != ' ')
			kept[len++] = ' ';
	}
	return (struct slice){ kept, len };
}

/* Does any way of reading what is seen come upon the id? */
static bool shows_somehow(struct arena *mem, struct slice seen, struct slice id)
{
	return shows(seen, id) || shows(squeeze(mem, seen, true), id) ||
	    shows(squeeze(mem, seen, false), id);
}

/* By the letters alone: an id need not be a domain name. */
static bool ends_with_id(struct slice name, const char *id)
{
	size_t n = strlen(id);

	while (name.len > 0 && name.data[name.len - 1] == '.')
		name.len--;
	if (name.len < n)
		return false;
	if (name.len > n && name.data[name.len - n - 1] != '.')
		return false;
	return slice_is_nocase(slice_sub(name, name.len - n, n), id);
}

static bool claims(struct arena *mem, struct slice value, const char *id)
{
	const char *house_id = domain_normalise(mem, slice_of(id));
	struct slice seen;
	const char *name = read_id(mem, value, &seen);

	if (name != NULL && is_name(name)) {
		const char *house = domain_normalise(mem, slice_of(name));

		if (ends_with_id(slice_of(name), id))
			return true;
		if (house != NULL && house_id != NULL)
			return domain_is_same_or_below(house, house_id);
		if (is_ascii(name))
			return false;
	}
	return shows_somehow(mem, seen, slice_of(id)) ||
	    (house_id != NULL &&
	    shows_somehow(mem, seen, slice_of(house_id)));
}

bool authres_claims(struct slice value, const char *id)
{
	struct arena *mem;
	bool answer;

	if (value.data == NULL || id == NULL || id[0] == '\0')
		return false;
	mem = arena_new(1024);
	answer = claims(mem, slice_trim(value), id);
	arena_free(mem);
	return answer;
}
