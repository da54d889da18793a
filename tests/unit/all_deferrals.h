/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "session/deferral.h"

/* How many are remembered; up to `room` of them, in the order of the list,
 * which is that in which they came as long as none has gone. */
static inline size_t all_deferrals(struct deferrals *d, struct deferral *out,
    size_t room)
{
	struct deferral piece[7];
	uint32_t at = 0;
	size_t count = 0;

	for (size_t n; (n = deferrals_list(d, &at, piece, 7)) > 0; )
		for (size_t i = 0; i < n; i++, count++)
			if (count < room)
				out[count] = piece[i];
	return count;
}
