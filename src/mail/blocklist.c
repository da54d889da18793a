/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/blocklist.h"

#include <string.h>

#include "mail/domain.h"

const struct name lookup_subject_names[] = {
	{ LOOKUP_CLIENT_IP,             "client.ip" },
	{ LOOKUP_CLIENT_NAME,           "client.name" },
	{ LOOKUP_HELO_NAME,             "helo.name" },
	{ LOOKUP_MAIL_DOMAIN,           "mail.domain" },
	{ LOOKUP_FROM_DOMAIN,           "from.domain" },
	{ LOOKUP_SENDER_DOMAIN,         "sender.domain" },
	{ LOOKUP_REPLY_TO_DOMAIN,       "reply_to.domain" },
	{ 0, NULL },
};

/* A mask being read. */
struct reader {
	struct slice text;
	size_t at;
};

static bool take(struct reader *r, char c)
{
	if (r->at >= r->text.len || r->text.data[r->at] != c)
		return false;
	r->at++;
	return true;
}

static bool take_number(struct reader *r, unsigned *out)
{
	size_t from = r->at;
	unsigned long long n;

	while (r->at < r->text.len && ascii_digit(r->text.data[r->at]))
		r->at++;
	if (r->at - from > 3 || !slice_number(slice_sub(r->text, from,
	    r->at - from), &n) || n > 255) {
		r->at = from;
		return false;
	}
	*out = (unsigned)n;
	return true;
}

/* n or n..m */
static bool take_range(struct reader *r, uint32_t bits[8])
{
	unsigned low, high;

	if (!take_number(r, &low))
		return false;
	high = low;
	if (r->at + 1 < r->text.len && take(r, '.') &&
	    (!take(r, '.') || !take_number(r, &high) || high < low))
		return false;
	for (unsigned i = low; i <= high; i++)
		bits[i / 32] |= UINT32_C(1) << i % 32;
	return true;
}

static bool take_octet(struct reader *r, uint32_t bits[8])
{
	unsigned n;

	if (take(r, '[')) {
		do {
			if (!take_range(r, bits))
				return false;
		} while (take(r, ';'));
		return take(r, ']');
	}
	if (!take_number(r, &n))
		return false;
	bits[n / 32] |= UINT32_C(1) << n % 32;
	return true;
}

static bool take_mask(struct reader *r, struct blocklist *out)
{
	for (int i = 0; i < 4; i++)
		if ((i > 0 && !take(r, '.')) || !take_octet(r, out->codes[i]))
			return false;
	return r->at == r->text.len;
}

bool blocklist_parse(struct arena *mem, struct slice text,
    struct blocklist *out, size_t *offset, struct error *err)
{
	struct slice mask = text, zone = slice_cut(&mask, '=');
	struct reader r = { .text = mask };

	*out = (struct blocklist){ .zone = domain_normalise(mem, zone) };
	*offset = 0;
	if (out->zone == NULL || domain_labels(out->zone) < 2)
		return error_set(err, "not the zone of a DNS list");
	if (mask.data == NULL)
		return true;
	out->masked = true;
	if (!take_mask(&r, out)) {
		*offset = zone.len + 1 + r.at;
		return error_set(err, "not a mask of return codes; they are "
		    "written as 127.0.0.2 or 127.0.0.[2..4;10]");
	}
	if (out->codes[0][127 / 32] >> 127 % 32 & 1)
		return true;
	*offset = zone.len + 1;
	return error_set(err, "return codes of DNS lists are in 127.0.0.0/8");
}

bool blocklist_counts(const struct blocklist *b, const uint8_t code[4])
{
	for (int i = 0; b->masked && i < 4; i++)
		if ((b->codes[i][code[i] / 32] >> code[i] % 32 & 1) == 0)
			return false;
	return true;
}

/* RFC 5782 2.1: lists answer in 127/8, and 127.0.0.1 is never listed (2.3).
 * 127.255.255.252 to 255 are what Spamhaus, and others after them, say to who
 * may not ask. */
bool blocklist_refuses(const uint8_t code[4])
{
	static const uint8_t blocked[] = { 127, 255, 255 };
	static const uint8_t never[] = { 127, 0, 0, 1 };

	return code[0] != 127 || memcmp(code, never, sizeof(never)) == 0 ||
	    (memcmp(code, blocked, sizeof(blocked)) == 0 && code[3] >= 252);
}
