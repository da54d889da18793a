/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/version.h"

#include <inttypes.h>

/* FNV-1a, 64 bits; the length goes in, too, so that a line that moves from the
 * end of one file to the start of the next makes a difference. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}

void version_mix(struct policy *p, struct slice bytes)
{
	uint64_t length = bytes.len, hash = p->content;

	if (hash == 0)
		hash = UINT64_C(0xcbf29ce484222325);
	hash = mix(hash, &length, sizeof(length));
	p->content = mix(hash, bytes.data, bytes.len);
}

const char *version_text(const struct policy *p)
{
	/* The low bits of FNV-1a are its weak ones: fold, then mix. */
	uint64_t h = p->content;

	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	return arena_printf(p->mem, "%012" PRIx64, h >> 16);
}
