/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/signature.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "check/dkim/grammar.h"
#include "check/dkim/key.h"
#include "mail/domain.h"

#define LIBRARY_IDENTITY_OCTETS 256

static void refuse(struct dkim_sig_parsed *sig, enum dkim_cause cause,
    const char *reason)
{
	sig->cause = cause;
	sig->reason = reason;
}

/*
 * U-labels and UTF-8 are allowed in d=, s=, i= and z= (RFC 8616 5) while a tag
 * list is ASCII. So the list is read from a shadow of the text, in which those
 * octets are filled in; the values of the three tags come from the text again.
 */
static struct slice cast_shadow(struct arena *mem, struct slice text)
{
	char *copy = arena_memdup(mem, text.data, text.len);
	struct slice more = text;

	while (more.data != NULL) {
		struct slice value = slice_cut(&more, ';');
		struct slice name = slice_trim(slice_cut(&value, '='));

		if (value.data == NULL || name.len != 1 ||
		    strchr("dsiz", name.data[0]) == NULL)
			continue;
		for (size_t i = 0; i < value.len; i++)
			if ((unsigned char)value.data[i] > 0x7f)
				copy[value.data - text.data + i] = 'x';
	}
	return (struct slice){ copy, text.len };
}

/* Local-part of RFC 5321 and 6532: a quoted string, or atoms and dots (more
 * freely than the RFC, as addresses in use are). */
static bool local_part_ok(struct slice local)
{
	static const char specials[] = "()<>[]:;@\\,\" ";
	bool quoted = local.len >= 2 && local.data[0] == '"';
	size_t end = quoted ? local.len - 1 : local.len;

	if (quoted && local.data[end] != '"')
		return false;
	for (size_t i = quoted; i < end; i++) {
		char c = local.data[i];

		if (quoted && c == '\\') {
			if (++i == end)
				return false;
		} else if (quoted ? c == '"' : strchr(specials, c) != NULL) {
			return false;
		}
	}
	return true;
}

static bool printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f)
			return false;
	return utf8_valid(s);
}

/* i= = [ Local-part ] "@" domain-name, in dkim-quoted-printable. */
static bool read_identity(struct reading *r, struct error *err)
{
	struct dkim_sig_parsed *sig = r->sig;
	struct slice raw = r->identity, text;
	const char *at, *domain;

	if (!dkim_quoted(r->mem, raw, &text) || !printable(text))
		return error_set(err, "i= is not quoted-printable text");
	at = memrchr(text.data, '@', text.len);
	if (at == NULL)
		return error_set(err, "i= has no @");
	text.len = (size_t)(at - text.data);
	if (!local_part_ok(text))
		return error_set(err, "i= is no address");
	domain = dkim_name(r->mem, slice_of(at + 1), 2);
	if (domain == NULL)
		return error_set(err, "i= has no domain");
	if (!domain_is_same_or_below(domain, sig->domain))
		return error_set(err, "i= is outside d=");
	sig->identity = arena_printf(r->mem, "%.*s@%s", (int)text.len,
	    text.data, domain);
	sig->identity_below = !domain_equal(domain, sig->domain);
	if (raw.len > LIBRARY_IDENTITY_OCTETS)
		dkim_keep_from_library(sig, "i= is longer than 256 octets");
	for (size_t i = 0; i < raw.len; i++)
		if (dkim_is_fws(raw.data[i]) || strchr("=\"\\", raw.data[i]))
			dkim_keep_from_library(sig, "i= is quoted");
	return true;
}

/*
 * Where b= stands: everything from "=" to ";" is what the signer left empty
 * (RFC 6376 3.7). libopendkim looks for "b=" by its letters, so a blank
 * before "=" or another tag ending in b leads it astray.
 */
static void find_b(struct dkim_sig_parsed *sig)
{
	struct slice more = sig->text;

	while (more.data != NULL) {
		struct slice value = slice_cut(&more, ';');
		struct slice before = slice_cut(&value, '=');
		struct slice name = slice_trim(before);
		bool ends_in_b = name.len > 0 &&
		    ascii_lower(name.data[name.len - 1]) == 'b';

		if (value.data == NULL)
			continue;
		if (slice_is(name, "b")) {
			sig->b_from = (size_t)(value.data - sig->text.data);
			sig->b_len = value.len;
			if (before.data[before.len - 1] != 'b')
				dkim_keep_from_library(sig,
				    "blank before = of b=");
		} else if (ends_in_b) {
			dkim_keep_from_library(sig, "a tag that ends in b");
		}
	}
}

/* What no single tag can say. The list itself is sound. */
static bool check_whole(struct reading *r, struct error *err)
{
	struct dkim_sig_parsed *sig = r->sig;
	bool body = sig->kind != DKIM_KIND_ARC_SEAL;

	if (sig->cause != DKIM_CAUSE_NONE)
		return true;    /* refused already, and for a better reason */
	if (body && r->hash.len != sizeof(sig->bh))
		return error_set(err, "bh= is no SHA-256 hash");
	if (body)
		memcpy(sig->bh, r->hash.data, sizeof(sig->bh));
	if (sig->has_time && sig->has_expiry && sig->expiry <= sig->time)
		return error_set(err, "x= is not later than t=");
	if (sig->kind == DKIM_KIND_SIGNATURE && !r->signs_from)
		return error_set(err, "h= does not cover From");
	if (sig->kind == DKIM_KIND_SIGNATURE && r->identity.data != NULL &&
	    !read_identity(r, err))
		return false;
	sig->key_name = dkim_key_name(r->mem, sig->selector, sig->domain);
	return sig->key_name != NULL ||
	    error_set(err, "s= and d= are too long together");
}

/* One line of a field, without its end. */
static bool line_ok(struct slice line)
{
	return line.len == 0 || (memchr(line.data, '\0', line.len) == NULL &&
	    memchr(line.data, '\r', line.len) == NULL);
}

bool dkim_fold_crlf(struct arena *mem, struct slice value, struct slice *out)
{
	struct slice more = value;
	size_t folds = 0;
	char *text, *at;

	for (size_t i = 0; i < value.len; i++)
		folds += value.data[i] == '\n';
	text = at = arena_alloc(mem, value.len + folds + 1);
	for (;;) {
		struct slice line = slice_cut(&more, '\n');

		if (more.data != NULL && line.len > 0 &&
		    line.data[line.len - 1] == '\r')
			line.len--;
		if (!line_ok(line))
			return false;
		if (line.len > 0)
			at = mempcpy(at, line.data, line.len);
		if (more.data == NULL)
			break;
		if (more.len == 0 || !dkim_is_wsp(more.data[0]))
			return false;
		*at++ = '\r';
		*at++ = '\n';
	}
	*out = (struct slice){ text, (size_t)(at - text) };
	return true;
}

static void unreadable(struct reading *r, const struct error *err)
{
	struct dkim_sig_parsed *sig = r->sig;
	char *reason = arena_strdup(r->mem, err->text);

	for (char *c = reason; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	sig->cause = DKIM_CAUSE_NONE;
	taglist_parse_lenient(r->shadow, dkim_display_grammar, r, NULL);
	sig->cause = DKIM_CAUSE_SYNTAX;
	sig->reason = reason;
	sig->name_count = 0;
}

void dkim_sig_parse(struct arena *mem, enum dkim_kind kind, struct slice value,
    struct dkim_sig_parsed *out)
{
	struct reading r = { .mem = mem, .sig = out };
	struct error err = { "" };

	*out = (struct dkim_sig_parsed){ .kind = kind };
	if (value.len > DKIM_FIELD_MAX) {
		refuse(out, DKIM_CAUSE_LIMIT, "the field is too long");
		return;
	}
	if (!dkim_fold_crlf(mem, value, &out->text)) {
		refuse(out, DKIM_CAUSE_SYNTAX,
		    "it holds NUL or a bare CR or LF");
		return;
	}
	r.shadow = out->text;
	if (!dkim_ascii(out->text)) {
		dkim_keep_from_library(out, "it holds 8-bit text");
		r.shadow = cast_shadow(mem, out->text);
	}
	if (!taglist_parse_strict(r.shadow, dkim_grammars[kind], &r, &err) ||
	    !check_whole(&r, &err))
		unreadable(&r, &err);
	find_b(out);
	if (kind == DKIM_KIND_SIGNATURE && r.identity.data == NULL &&
	    out->domain != NULL)
		out->identity = arena_concat(mem, "@", out->domain, NULL);
}
