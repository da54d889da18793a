/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dmarc/record.h"

#include <string.h>

#include "base/error.h"
#include "check/dmarc/complain.h"
#include "mail/taglist.h"
#include "mail/uri.h"

/* A record is an answer of the DNS: 64 KiB of commas must not cost more. */
#define URIS_MAX 100

/* dmarc-request of RFC 9989 4.8. */
const struct name dmarc_policy_names[] = {
	{ DMARC_POLICY_NONE, "none" },
	{ DMARC_POLICY_QUARANTINE, "quarantine" },
	{ DMARC_POLICY_REJECT, "reject" },
	{ 0, NULL },
};

enum seen { SEEN_P = 1, SEEN_SP = 2, SEEN_NP = 4, SEEN_ADKIM = 8,
	SEEN_ASPF = 16, SEEN_PSD = 32, SEEN_T = 64, SEEN_FO = 128,
	SEEN_RUA = 256, SEEN_RUF = 512 };

struct reading {
	struct dmarc_complainer c;
	struct dmarc_record *record;
	unsigned seen;          /* of enum seen */
};

/* OPEN in RFC 9989 (4.8 against RFC 6376 3.2); of harmless tags the first
 * one counts. */
static bool first_time(struct reading *r, enum seen tag, const char *name)
{
	if (r->seen & tag) {
		dmarc_complain(&r->c, "%s= is there twice: the first one "
		    "counts", name);
		return false;
	}
	r->seen |= tag;
	return true;
}

/* A policy that is said twice and differently cannot be believed. */
static bool set_wish(struct reading *r, enum seen tag, const char *name,
    struct slice value, struct dmarc_wish *wish)
{
	const struct name *n = name_find_slice(dmarc_policy_names, value);
	struct dmarc_wish read = {
		.policy = n == NULL ? DMARC_POLICY_ABSENT :
		    (enum dmarc_policy)n->code,
		.invalid = n == NULL,
	};

	if (read.invalid)
		dmarc_complain(&r->c, "%s=%s is no policy: none, quarantine "
		    "or reject", name, dmarc_shown(value).text);
	if (!(r->seen & tag)) {
		*wish = read;
	} else if (read.policy != wish->policy || read.invalid) {
		dmarc_complain(&r->c, "%s= is there twice and differs", name);
		*wish = (struct dmarc_wish){ DMARC_POLICY_ABSENT, true };
	}
	r->seen |= tag;
	return true;
}

static bool set_p(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_wish(r, SEEN_P, "p", value, &r->record->p);
}

static bool set_sp(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_wish(r, SEEN_SP, "sp", value, &r->record->sp);
}

static bool set_np(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_wish(r, SEEN_NP, "np", value, &r->record->np);
}

/* One of two letters; anything else is the default (4.8), which is `no`. */
static bool set_letter(struct reading *r, enum seen tag, const char *name,
    struct slice value, const char *yes, const char *no, bool *out)
{
	if (!first_time(r, tag, name))
		return false;
	*out = slice_is_nocase(value, yes);
	if (*out || slice_is_nocase(value, no))
		return true;
	dmarc_complain(&r->c, "%s=%s is neither %s nor %s: receivers assume "
	    "%s", name, dmarc_shown(value).text, yes, no, no);
	return false;
}

static bool set_adkim(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_letter(r, SEEN_ADKIM, "adkim", value, "s", "r",
	    &r->record->strict_dkim);
}

static bool set_aspf(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_letter(r, SEEN_ASPF, "aspf", value, "s", "r",
	    &r->record->strict_spf);
}

static bool set_t(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_letter(r, SEEN_T, "t", value, "y", "n",
	    &r->record->testing);
}

static const struct name psd_words[] = {
	{ DMARC_PSD_UNKNOWN, "u" },
	{ DMARC_PSD_YES, "y" },
	{ DMARC_PSD_NO, "n" },
	{ 0, NULL },
};

static bool set_psd(void *out, struct slice value, struct error *err)
{
	const struct name *n = name_find_slice(psd_words, value);
	struct reading *r = out;

	(void)err;
	if (!first_time(r, SEEN_PSD, "psd"))
		return false;
	if (n == NULL) {
		dmarc_complain(&r->c, "psd=%s is not y, n or u: receivers "
		    "assume u", dmarc_shown(value).text);
		return false;
	}
	r->record->psd = (enum dmarc_psd)n->code;
	return true;
}

static const struct name fo_words[] = {
	{ DMARC_FO_ALL, "0" },
	{ DMARC_FO_ANY, "1" },
	{ DMARC_FO_DKIM, "d" },
	{ DMARC_FO_SPF, "s" },
	{ 0, NULL },
};

/* dmarc-fo: each at most once, "0" and "1" exclude each other. 0: invalid. */
static unsigned fo_read(struct slice value)
{
	unsigned fo = 0;

	while (value.data != NULL) {
		struct slice word = slice_cut(&value, ':');
		const struct name *n = name_find_slice(fo_words, word);

		if (n == NULL || (fo & (unsigned)n->code))
			return 0;
		fo |= (unsigned)n->code;
	}
	if ((fo & DMARC_FO_ALL) && (fo & DMARC_FO_ANY))
		return 0;
	return fo;
}

static bool set_fo(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;
	unsigned fo = fo_read(value);

	(void)err;
	if (!first_time(r, SEEN_FO, "fo"))
		return false;
	if (fo == 0) {
		dmarc_complain(&r->c, "fo=%s is not understood: receivers "
		    "assume 0", dmarc_shown(value).text);
		return false;
	}
	r->record->fo = fo;
	return true;
}

/* obs-dmarc-report-size: "!" 1*DIGIT [ "k" / "m" / "g" / "t" ] */
static struct slice without_size(struct slice uri)
{
	size_t end = uri.len, digits;

	if (end > 0 && strchr("kmgt", ascii_lower(uri.data[end - 1])) != NULL &&
	    uri.data[end - 1] != '\0')
		end--;
	for (digits = end; digits > 0 && ascii_digit(uri.data[digits - 1]);)
		digits--;
	if (digits == end || digits == 0 || uri.data[digits - 1] != '!')
		return uri;
	return slice_sub(uri, 0, digits - 1);
}

static void add_uri(struct reading *r, const char *name, struct slice piece,
    struct dmarc_uris *list)
{
	struct slice uri = without_size(piece);

	/* dmarc-uri: "!" must be encoded; "," has been cut at already */
	if (!uri_valid(uri) || memchr(uri.data, '!', uri.len) != NULL) {
		dmarc_complain(&r->c, "%s=: \"%s\" is not a URI%s", name,
		    dmarc_shown(piece).text,
		    memchr(piece.data, '@', piece.len) != NULL &&
		    !slice_starts_nocase(piece, "mailto:") ?
		    " (mailto: is missing)" : "");
		return;
	}
	if (uri.len < piece.len)
		dmarc_complain(&r->c, "%s=: the size limit of \"%s\" is "
		    "obsolete and ignored", name, dmarc_shown(piece).text);
	if (!slice_starts_nocase(uri, "mailto:"))
		dmarc_complain(&r->c, "%s=: receivers need not support "
		    "\"%s\", only mailto:", name, dmarc_shown(uri).text);
	if (list->count == URIS_MAX) {
		dmarc_complain(&r->c, "%s= has more than %d URIs", name,
		    URIS_MAX);
		return;
	}
	list->uri[list->count++] = arena_strndup(r->c.mem, uri.data, uri.len);
}

static bool set_uris(struct reading *r, enum seen tag, const char *name,
    struct slice value, struct dmarc_uris *list)
{
	if (!first_time(r, tag, name))
		return false;
	list->uri = arena_array(r->c.mem, URIS_MAX, sizeof(*list->uri));
	while (value.data != NULL) {
		struct slice piece = slice_trim(slice_cut(&value, ','));

		if (piece.len > 0)
			add_uri(r, name, piece, list);
		else
			dmarc_complain(&r->c, "%s= has an empty place in its "
			    "list", name);
	}
	return true;
}

static bool set_rua(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_uris(r, SEEN_RUA, "rua", value, &r->record->rua);
}

static bool set_ruf(void *out, struct slice value, struct error *err)
{
	struct reading *r = out;

	(void)err;
	return set_uris(r, SEEN_RUF, "ruf", value, &r->record->ruf);
}

/* RFC 9989 4.7 without v=, which is more than a tag. A new tag is one row here
 * and one set function. */
static const struct tag grammar[] = {
	{ "p", false, set_p },
	{ "sp", false, set_sp },
	{ "np", false, set_np },
	{ "adkim", false, set_adkim },
	{ "aspf", false, set_aspf },
	{ "psd", false, set_psd },
	{ "t", false, set_t },
	{ "fo", false, set_fo },
	{ "rua", false, set_rua },
	{ "ruf", false, set_ruf },
	{ NULL, false, NULL },
};

static void complain_whole(struct reading *r)
{
	const struct dmarc_record *d = r->record;
	struct dmarc_wishes w;

	if (!(r->seen & SEEN_P))
		dmarc_complain(&r->c, "p= is missing");
	if (!dmarc_record_wishes(d, &w))
		dmarc_complain(&r->c, "receivers do not apply this record: "
		    "its policy is unusable and it has no reporting URI");
	else if (d->p.policy == DMARC_POLICY_ABSENT || d->sp.invalid ||
	    d->np.invalid)
		dmarc_complain(&r->c, "receivers treat this record as p=none");
	if ((r->seen & SEEN_FO) && d->ruf.count == 0)
		dmarc_complain(&r->c, "fo= has no effect without ruf=");
}

/*
 * dmarc-version = "v" equals %s"DMARC1", and it comes first: not even a blank
 * before it. What follows the first ";" is left in *text.
 */
static bool cut_version(struct slice *text)
{
	struct slice value, name;

	if (text->len == 0 || ascii_lower(text->data[0]) != 'v')
		return false;
	value = slice_cut(text, ';');
	name = slice_cut(&value, '=');
	return slice_is_nocase(slice_trim(name), "v") && value.data != NULL &&
	    slice_is(slice_trim(value), "DMARC1");
}

bool dmarc_record_parse(struct arena *mem, struct slice text,
    struct dmarc_record *out, struct dmarc_complaints *complaints)
{
	struct reading r = { { mem, complaints }, out, 0 };
	struct slice rest = text;
	char *copy;

	if (!cut_version(&rest))
		return false;
	copy = arena_alloc(mem, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		copy[i] = text.data[i] == '\0' ? 0x7f : text.data[i];
	*out = (struct dmarc_record){
		.text = copy,
		.p.policy = DMARC_POLICY_ABSENT,
		.sp.policy = DMARC_POLICY_ABSENT,
		.np.policy = DMARC_POLICY_ABSENT,
		.fo = DMARC_FO_ALL,
	};
	if (rest.data != NULL)
		taglist_parse_lenient(rest, grammar, &r, NULL);
	if (complaints != NULL) {
		dmarc_complain_dropped(&r.c, rest, grammar);
		complain_whole(&r);
	}
	return true;
}

bool dmarc_record_wishes(const struct dmarc_record *r,
    struct dmarc_wishes *out)
{
	if (r->p.policy != DMARC_POLICY_ABSENT && !r->sp.invalid &&
	    !r->np.invalid) {
		*out = (struct dmarc_wishes){
			r->p.policy, r->sp.policy, r->np.policy,
		};
		return true;
	}
	*out = (struct dmarc_wishes){
		DMARC_POLICY_NONE, DMARC_POLICY_ABSENT, DMARC_POLICY_ABSENT,
	};
	return r->rua.count > 0;
}
