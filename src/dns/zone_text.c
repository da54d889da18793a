/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/zone_text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/name.h"
#include "dns/zone_words.h"

#define DEFAULT_TTL 3600u
#define TTL_MAX 0x7fffffffu             /* RFC 2181 8 */
#define RDATA_MAX 65535u
#define DELAY_MAX_MS 3600000u

/* --- words to data --- */

/* For messages: a word cut to a length that leaves room for the reason. */
#define SHOWN(s) (int)((s).len > 80 ? 80 : (s).len), (s).data

static bool unescape(struct slice s, struct buf *out, struct error *err)
{
	while (s.len > 0) {
		char c = s.data[0];
		size_t used = 1;

		if (c == '\\') {
			if (s.len < 2)
				return error_set(err, "a broken escape");
			c = s.data[1];
			used = 2;
			if (ascii_digit(c)) {
				unsigned long long v;

				if (s.len < 4 ||
				    !slice_number(slice_sub(s, 1, 3), &v) ||
				    v > 255)
					return error_set(err,
					    "a broken escape");
				c = (char)v;
				used = 4;
			}
		}
		buf_addc(out, c);
		s = (struct slice){ s.data + used, s.len - used };
	}
	return true;
}

static bool put_name(struct slice s, struct buf *out, struct error *err)
{
	struct dname d = { .wire = { 0 }, .len = 1 };
	char text[DNAME_TEXT_MAX];

	/* "." is the target of a null MX (RFC 7505). */
	if (!slice_is(s, ".") && !dname_parse(s, &d))
		return error_set(err, "\"%.*s\" is no name", SHOWN(s));
	buf_add(out, text, dname_text(&d, text));
	return true;
}

static bool put_address(struct slice s, int family, struct buf *out,
    struct error *err)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned char octets[16];

	if (s.len < sizeof(text) && memchr(s.data, '\0', s.len) == NULL)
		memcpy(text, s.data, s.len);
	if (inet_pton(family, text, octets) != 1)
		return error_set(err, "\"%.*s\" is no %s address", SHOWN(s),
		    family == AF_INET ? "IPv4" : "IPv6");
	buf_add(out, octets, family == AF_INET ? 4 : 16);
	return true;
}

struct rdata {
	const struct zone_word *words;
	size_t count;
	struct buf data;
	uint16_t preference;
};

static bool read_a(struct rdata *d, struct error *err)
{
	return put_address(d->words[0].text, AF_INET, &d->data, err);
}

static bool read_aaaa(struct rdata *d, struct error *err)
{
	return put_address(d->words[0].text, AF_INET6, &d->data, err);
}

static bool read_name(struct rdata *d, struct error *err)
{
	return put_name(d->words[0].text, &d->data, err);
}

static bool read_mx(struct rdata *d, struct error *err)
{
	unsigned long long v;

	if (!slice_number(d->words[0].text, &v) || v > UINT16_MAX)
		return error_set(err, "\"%.*s\" is no preference",
		    SHOWN(d->words[0].text));
	d->preference = (uint16_t)v;
	return put_name(d->words[1].text, &d->data, err);
}

/* A string over 255 octets is taken as the several it would be on the wire. */
static bool read_txt(struct rdata *d, struct error *err)
{
	for (size_t i = 0; i < d->count; i++)
		if (!unescape(d->words[i].text, &d->data, err))
			return false;
	if (d->data.len > RDATA_MAX - RDATA_MAX / 256 - d->count)
		return error_set(err, "more than a record can hold");
	return true;
}

/* Only the name of the primary is kept: nobody here asks for the rest. */
static bool read_soa(struct rdata *d, struct error *err)
{
	struct buf unused = { 0 };
	bool ok = put_name(d->words[0].text, &d->data, err) &&
	    put_name(d->words[1].text, &unused, err);

	buf_free(&unused);
	for (size_t i = 2; ok && i < 7; i++) {
		unsigned long long v;

		if (!slice_number(d->words[i].text, &v) || v > UINT32_MAX)
			ok = error_set(err, "\"%.*s\" is no number",
			    SHOWN(d->words[i].text));
	}
	return ok;
}

static const struct {
	enum dns_type type;
	size_t least, most;             /* words of data */
	bool (*read)(struct rdata *d, struct error *err);
} grammar[] = {
	{ DNS_A,        1, 1,           read_a },
	{ DNS_NS,       1, 1,           read_name },
	{ DNS_CNAME,    1, 1,           read_name },
	{ DNS_SOA,      7, 7,           read_soa },
	{ DNS_PTR,      1, 1,           read_name },
	{ DNS_MX,       2, 2,           read_mx },
	{ DNS_TXT,      1, ZONE_WORDS_MAX,   read_txt },
	{ DNS_AAAA,     1, 1,           read_aaaa },
};

static bool read_record(struct zone_tree *t, const struct dname *owner,
    enum dns_type type, uint32_t ttl, const struct zone_word *words,
    size_t count, struct error *err)
{
	size_t row = 0;

	while (grammar[row].type != type)
		row++;
	if (count < grammar[row].least || count > grammar[row].most)
		return error_set(err, "%s with %zu words of data",
		    name_word(dns_type_names, (int)type), count);
	struct rdata d = { .words = words, .count = count };

	if (!grammar[row].read(&d, err)) {
		buf_free(&d.data);
		return false;
	}
	struct zone_record *r = xcalloc(1, sizeof(*r));

	*r = (struct zone_record){
		.type = type, .ttl = ttl, .preference = d.preference,
		.len = d.data.len, .data = buf_detach(&d.data),
	};
	zone_tree_exist(t, owner);
	zone_node_append(zone_tree_node(t, owner), r);
	return true;
}

/* --- what no master file has --- */

static const struct name mood_names[] = {
	{ MOOD_SERVFAIL,        "servfail" },
	{ MOOD_REFUSED,         "refused" },
	{ MOOD_TIMEOUT,         "timeout" },
	{ MOOD_BOGUS,           "bogus" },
	{ MOOD_NXDOMAIN,        "nxdomain" },
	{ 0, NULL },
};

static bool read_status(struct zone_tree *t, const struct dname *owner,
    struct slice value, struct error *err)
{
	const struct name *mood = name_find_slice(mood_names, value);

	if (mood == NULL)
		return error_set(err, "unknown STATUS \"%.*s\"", SHOWN(value));
	zone_tree_exist(t, owner);
	zone_tree_node(t, owner)->mood = (enum zone_mood)mood->code;
	return true;
}

static bool read_delay(struct zone_tree *t, const struct dname *owner,
    struct slice value, struct error *err)
{
	size_t digits = 0;
	unsigned long long v;

	while (digits < value.len && ascii_digit(value.data[digits]))
		digits++;
	struct slice unit = slice_sub(value, digits, value.len);
	unsigned scale = slice_is_nocase(unit, "ms") ? 1 :
	    slice_is_nocase(unit, "s") ? 1000 : 0;

	if (scale == 0 || !slice_number(slice_sub(value, 0, digits), &v) ||
	    v > DELAY_MAX_MS / scale)
		return error_set(err, "\"%.*s\" is no DELAY (50ms, 2s)",
		    SHOWN(value));
	zone_tree_node(t, owner)->delay_us = (int64_t)v * scale * 1000;
	t->delays = true;
	return true;
}

static bool read_secure(struct zone_tree *t, const struct dname *owner,
    struct slice value, struct error *err)
{
	(void)value;
	(void)err;
	zone_tree_node(t, owner)->secure = true;
	return true;
}

static const struct {
	const char *word;
	size_t values;
	bool (*read)(struct zone_tree *t, const struct dname *owner,
	    struct slice value, struct error *err);
} directives[] = {
	{ "STATUS",     1, read_status },
	{ "DELAY",      1, read_delay },
	{ "SECURE",     0, read_secure },
};

static const size_t directive_count = sizeof(directives) /
    sizeof(directives[0]);

/* --- entries --- */

static bool is_ttl(const struct zone_word *w)
{
	unsigned long long v;

	return !w->quoted && slice_number(w->text, &v);
}

static bool is_class(const struct zone_word *w)
{
	return !w->quoted && slice_is_nocase(w->text, "IN");
}

static const struct name *type_of(const struct zone_word *w)
{
	return w->quoted ? NULL : name_find_slice(dns_type_names, w->text);
}

/* RFC 1035 5.1 lets TTL and class stand in either order. */
static bool take_ttl_and_class(const struct zone_word *words, size_t count,
    size_t *at, uint32_t *ttl, struct error *err)
{
	bool ttl_seen = false, class_seen = false;

	for (; *at < count; ++*at) {
		unsigned long long v;

		if (!ttl_seen && is_ttl(&words[*at])) {
			slice_number(words[*at].text, &v);
			if (v > TTL_MAX)
				return error_set(err, "a TTL too large");
			*ttl = (uint32_t)v;
			ttl_seen = true;
		} else if (!class_seen && is_class(&words[*at])) {
			class_seen = true;
		} else {
			break;
		}
	}
	return true;
}

static bool is_directive(const struct zone_words *r, size_t i)
{
	return r->count > 1 && !r->words[1].quoted &&
	    slice_is_nocase(r->words[1].text, directives[i].word);
}

static bool read_entry(struct zone_tree *t, const struct zone_words *r,
    struct error *err)
{
	const struct zone_word *w = r->words;
	uint32_t ttl = DEFAULT_TTL;
	struct dname owner;
	size_t at = 1;

	/* RFC 1035 would repeat the last owner here; we want it written. */
	if (r->indented && (is_ttl(w) || is_class(w) || type_of(w) != NULL))
		return error_set(err, "the line does not begin with a name");
	if (w->quoted || w->text.len == 0 || w->text.data[0] == '$' ||
	    !dname_parse(w->text, &owner))
		return error_set(err, "\"%.*s\" is no name", SHOWN(w->text));
	for (size_t i = 0; i < directive_count; i++)
		if (is_directive(r, i))
			return r->count == 2 + directives[i].values ?
			    directives[i].read(t, &owner, w[r->count - 1].text,
			    err) : error_set(err, "%s with %zu values",
			    directives[i].word, r->count - 2);
	if (!take_ttl_and_class(w, r->count, &at, &ttl, err))
		return false;
	if (at == r->count)
		return error_set(err, "no type");
	const struct name *type = type_of(&w[at]);

	if (type == NULL)
		return error_set(err, "unknown type \"%.*s\"",
		    SHOWN(w[at].text));
	return read_record(t, &owner, (enum dns_type)type->code, ttl,
	    w + at + 1, r->count - at - 1, err);
}

bool zone_text_read(struct zone_tree *t, struct slice text, const char *origin,
    struct error *err)
{
	struct zone_words *r = xcalloc(1, sizeof(*r));
	bool ok = true;

	r->rest = text;
	r->line = 1;
	while (ok && r->rest.len > 0) {
		ok = zone_words_next(r, err);
		if (ok && r->count > 0)
			ok = read_entry(t, r, err);
	}
	if (!ok)
		error_prefix(err, "%s:%u", origin, r->entry_line);
	free(r);
	return ok;
}
