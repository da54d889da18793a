/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/addrlist.h"

#include <string.h>

#include "base/buf.h"
#include "mail/addrtoken.h"
#include "mail/domain.h"
#include "mail/rfc5322.h"

struct reader {
	struct arena *mem;
	const struct addrtoken *tokens;         /* the last one is the end */
	size_t count;
	struct addrlist *out;
};

/* A run of tokens: from..to - 1. */
struct run {
	size_t from;
	size_t to;
};

static void trouble(struct addrlist *out, const char *why)
{
	if (out->trouble == NULL)
		out->trouble = why;
}

static void tokenize(struct reader *r, struct slice body)
{
	const char *why = addrtoken_cut(r->mem, body, &r->tokens, &r->count);

	if (why != NULL)
		trouble(r->out, why);
}

static char kind_at(const struct reader *r, size_t i)
{
	return r->tokens[i].kind;
}

/* The first token of this kind in the run; run.to when there is none. */
static size_t find_kind(const struct reader *r, struct run run, char kind)
{
	size_t i = run.from;

	while (i < run.to && kind_at(r, i) != kind)
		i++;
	return i;
}

static bool only_kinds(const struct reader *r, struct run run, const char *kinds)
{
	for (size_t i = run.from; i < run.to; i++)
		if (strchr(kinds, kind_at(r, i)) == NULL)
			return false;
	return true;
}

/* Nothing stands between its tokens. */
static bool is_solid(const struct reader *r, struct run run)
{
	for (size_t i = run.from + 1; i < run.to; i++)
		if (r->tokens[i].spaced)
			return false;
	return true;
}

/* The meaning of words in a row: quotes off, one blank where there was any. */
static const char *meaning(const struct reader *r, struct run run)
{
	struct buf text = { 0 };
	const char *kept;

	for (size_t i = run.from; i < run.to; i++) {
		const struct addrtoken *t = &r->tokens[i];
		struct slice raw = t->raw;

		if (i > run.from && t->spaced)
			buf_addc(&text, ' ');
		if (t->kind == 'q')
			buf_adds(&text, scan_unquote(r->mem,
			    slice_sub(raw, 1, raw.len - 2)));
		else
			buf_add(&text, raw.data, raw.len);
	}
	kept = arena_strndup(r->mem, buf_text(&text), text.len);
	buf_free(&text);
	return kept;
}

/* As written, line ends of folds left out; only for solid runs. */
static const char *as_written(const struct reader *r, struct run run)
{
	const char *begin, *end;
	char *text;
	size_t len = 0;

	if (run.from == run.to)
		return "";
	begin = r->tokens[run.from].raw.data;
	end = r->tokens[run.to - 1].raw.data + r->tokens[run.to - 1].raw.len;
	text = arena_alloc(r->mem, (size_t)(end - begin) + 1);
	for (; begin < end; begin++)
		if (*begin != '\r' && *begin != '\n')
			text[len++] = *begin;
	return text;
}

/*
 * Dots anywhere in it: whole countries use "a..b@" and "a.@", and the domain
 * is as certain with them. A quoted-string stands between dots.
 */
static bool is_local_part(const struct reader *r, struct run run)
{
	if (!only_kinds(r, run, "a.q") || !is_solid(r, run))
		return false;
	for (size_t i = run.from + 1; i < run.to; i++)
		if (kind_at(r, i) != '.' && kind_at(r, i - 1) != '.')
			return false;
	return true;
}

/* Fills domain; NULL in there after success means a literal. */
static bool read_domain(const struct reader *r, struct run run,
    struct mailbox *out)
{
	out->domain = NULL;
	if (run.to == run.from + 1 && kind_at(r, run.from) == 'l')
		return true;
	if (run.from == run.to || !only_kinds(r, run, "a.") || !is_solid(r, run))
		return false;
	out->domain = domain_normalise(r->mem, slice_of(as_written(r, run)));
	return out->domain != NULL;
}

/* addr-spec; without any "@" a local part alone. NULL: good; else why not. */
static const char *read_spec(const struct reader *r, struct run run,
    struct mailbox *out)
{
	size_t at = find_kind(r, run, '@');
	struct run local = { run.from, at };
	struct run domain = { at + 1, run.to };

	if (!is_local_part(r, local))
		return "something that is no address";
	out->local = meaning(r, local);
	out->address = as_written(r, local);
	if (at == run.to)
		return NULL;
	if (find_kind(r, domain, '@') < run.to)
		return "an address with more than one @";
	if (!read_domain(r, domain, out))
		return "an address whose domain is no domain name";
	out->address = arena_concat(r->mem, out->address, "@",
	    as_written(r, domain), NULL);
	return NULL;
}

/* RFC 5322 4.4: obs-route names no author; it is stepped over, strictly. */
static bool skip_route(const struct reader *r, struct run *spec)
{
	struct run route = { spec->from, find_kind(r, *spec, ':') };
	struct mailbox hop;

	if (spec->from == spec->to || kind_at(r, spec->from) != '@')
		return true;
	if (route.to == spec->to)
		return true;            /* no route: read_spec() judges it */
	while (route.from < route.to) {
		size_t comma = find_kind(r, route, ',');

		if (kind_at(r, route.from) != '@' ||
		    !read_domain(r, (struct run){ route.from + 1, comma }, &hop))
			return false;
		route.from = comma + 1;
	}
	spec->from = route.to + 1;
	return spec->from < spec->to;
}

/* The comment of "user@example.com (Real Name)", or NULL. */
static const char *last_comment(const struct reader *r, struct run run)
{
	struct slice found = { NULL, 0 };

	for (size_t i = run.from; i <= run.to; i++)
		if (r->tokens[i].comment.data != NULL)
			found = r->tokens[i].comment;
	return found.data != NULL ? scan_unquote(r->mem, found) : NULL;
}

/* "a@example.com <a@example.com>": bad grammar, and still one reading only. */
static bool repeats_domain(const struct reader *r, struct run phrase,
    const struct mailbox *box)
{
	struct mailbox shown = { 0 };

	return box->domain != NULL && read_spec(r, phrase, &shown) == NULL &&
	    shown.domain != NULL && domain_equal(shown.domain, box->domain);
}

/* display-name and what stands between the angle brackets. */
static const char *read_name_addr(const struct reader *r, struct run item,
    size_t angle, struct mailbox *out)
{
	struct run phrase = { item.from, angle };
	struct run spec = { angle + 1, item.to - 1 };
	const char *why;

	if (kind_at(r, item.to - 1) != '>')
		return "an address that does not end with >";
	if (!skip_route(r, &spec))
		return "a source route that cannot be read";
	if (spec.from < spec.to && kind_at(r, spec.from) == '@')
		return "an address without a local part";
	if (phrase.from < phrase.to)
		out->display = meaning(r, phrase);
	why = read_spec(r, spec, out);
	if (why == NULL && !only_kinds(r, phrase, "aq.") &&
	    !repeats_domain(r, phrase, out))
		why = "a display name with bare special characters";
	return why;
}

/* NULL: good; else why not. */
static const char *read_mailbox(const struct reader *r, struct run item,
    struct mailbox *out)
{
	size_t angle = find_kind(r, item, '<');
	const char *why;

	if (angle < item.to)
		why = read_name_addr(r, item, angle, out);
	else if (kind_at(r, item.from) == '@')
		why = "an address without a local part";
	else
		why = read_spec(r, item, out);
	if (out->display == NULL)
		out->display = last_comment(r, item);
	return why;
}

static void read_item(struct reader *r, struct run item)
{
	struct addrlist *out = r->out;
	struct mailbox box = { 0 };
	const char *why = read_mailbox(r, item, &box);

	if (why != NULL) {
		trouble(out, why);
		return;
	}
	if (out->count == ADDRLIST_BOXES_MAX) {
		trouble(out, "too many mailboxes");
		return;
	}
	if (out->boxes == NULL)
		out->boxes = arena_array(r->mem, ADDRLIST_BOXES_MAX,
		    sizeof(*out->boxes));
	out->boxes[out->count++] = box;
}

/* The token that ends the item at i: one of , ; : outside of <>, or the end. */
static size_t item_end(const struct reader *r, size_t i)
{
	bool inside = false;

	for (; kind_at(r, i) != '\0'; i++) {
		if (kind_at(r, i) == '<')
			inside = true;
		else if (kind_at(r, i) == '>')
			inside = false;
		else if (!inside && strchr(",;:", kind_at(r, i)) != NULL)
			break;
	}
	return i;
}

enum place { AT_TOP, IN_GROUP, AFTER_GROUP };

/* Cut at "," and read groups (RFC 6854); empty places are obs-mbox-list. */
void addrlist_read(struct arena *mem, struct slice body, struct addrlist *out)
{
	struct reader r = { .mem = mem, .out = out };
	enum place place = AT_TOP;
	size_t from = 0;

	tokenize(&r, slice_trim(body));
	for (;; from++) {
		struct run item = { from, item_end(&r, from) };
		char stop = kind_at(&r, item.to);

		if (place == AFTER_GROUP && item.from < item.to)
			trouble(out, "text behind a group");
		if (stop == ':') {
			if (place != AT_TOP || item.from == item.to ||
			    !only_kinds(&r, item, "aq."))
				trouble(out, "a colon that begins no group");
			place = IN_GROUP;
		} else if (item.from < item.to) {
			read_item(&r, item);
		}
		if (stop == ';' && place != IN_GROUP)
			trouble(out, "a semicolon that ends no group");
		if (stop == '\0' && place == IN_GROUP)
			trouble(out, "a group that does not end");
		if (stop == ';')
			place = AFTER_GROUP;
		else if (stop == ',' && place == AFTER_GROUP)
			place = AT_TOP;
		else if (stop == '\0')
			return;
		from = item.to;
	}
}

bool addrlist_read_path(struct arena *mem, struct slice text,
    struct mailbox *out)
{
	struct addrlist list = { 0 };
	struct reader r = { .mem = mem, .out = &list };
	struct run spec;

	*out = (struct mailbox){ 0 };
	tokenize(&r, text);
	spec = (struct run){ 0, r.count };
	if (list.trouble != NULL || r.count == 0 || r.tokens[0].spaced ||
	    r.tokens[r.count].spaced || !is_solid(&r, spec) ||
	    !skip_route(&r, &spec) || read_spec(&r, spec, out) != NULL)
		return false;
	if (find_kind(&r, spec, '@') == spec.to)
		out->local = NULL;
	return true;
}
