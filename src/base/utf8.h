/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * utf8: characters out of untrusted bytes (RFC 3629), one at a time.
 *
 * Overlong forms, surrogates and what lies beyond U+10FFFF are not characters.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define UTF8_BAD UINT32_MAX
#define UTF8_REPLACEMENT "\xef\xbf\xbd"         /* U+FFFD */

/*
 * Take the first character off *rest, which must not be empty. UTF8_BAD: the
 * first octet begins no character; that one octet is taken.
 */
uint32_t utf8_take(struct slice *rest);

bool utf8_valid(struct slice s);
