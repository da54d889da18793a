/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Random numbers that come again: one stream per case (splitmix64). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_next(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* 0 to sides - 1; 0 for no sides. */
static inline size_t roll(struct dice *d, size_t sides)
{
	return sides == 0 ? 0 : (size_t)(dice_next(d) % sides);
}

static inline bool one_in(struct dice *d, size_t sides)
{
	return roll(d, sides) == 0;
}

static inline struct dice dice_of(uint64_t seed, uint64_t part, uint64_t number)
{
	struct dice d = { seed ^ part << 56 };

	d.state = dice_next(&d) + number;
	d.state = dice_next(&d);
	return d;
}

#define PICK(d, table) ((table)[roll(d, sizeof(table) / sizeof((table)[0]))])
