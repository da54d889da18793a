/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/utf8.h"

#include <stddef.h>

/*
 * RFC 3629 section 4: by the first octet, how many follow, and the range of
 * the second one, which is where overlong forms and surrogates show.
 */
static const struct lead {
	uint8_t first, last;
	uint8_t second_low, second_high;
	uint8_t more;
	uint8_t bits;
} leads[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 1, 0x1f },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 2, 0x0f },
	{ 0xe1, 0xec, 0x80, 0xbf, 2, 0x0f },
	{ 0xed, 0xed, 0x80, 0x9f, 2, 0x0f },
	{ 0xee, 0xef, 0x80, 0xbf, 2, 0x0f },
	{ 0xf0, 0xf0, 0x90, 0xbf, 3, 0x07 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 3, 0x07 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 3, 0x07 },
};

static const struct lead *lead_of(uint8_t octet)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if (octet >= leads[i].first && octet <= leads[i].last)
			return &leads[i];
	}
	return NULL;
}

static bool complete(const struct lead *lead, const uint8_t *s, size_t len)
{
	if (len <= lead->more)
		return false;
	if (s[1] < lead->second_low || s[1] > lead->second_high)
		return false;
	for (size_t i = 2; i <= lead->more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

uint32_t utf8_take(struct slice *rest)
{
	const uint8_t *s = (const uint8_t *)rest->data;
	uint32_t c = UTF8_BAD;
	size_t taken = 1;

	if (s[0] < 0x80) {
		c = s[0];
	} else {
		const struct lead *lead = lead_of(s[0]);

		if (lead != NULL && complete(lead, s, rest->len)) {
			c = s[0] & lead->bits;
			for (; taken <= lead->more; taken++)
				c = c << 6 | (s[taken] & 0x3f);
		}
	}
	rest->data += taken;
	rest->len -= taken;
	return c;
}

bool utf8_valid(struct slice s)
{
	while (s.len > 0) {
		if (utf8_take(&s) == UTF8_BAD)
			return false;
	}
	return true;
}
