/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * uri: is this a URI by the letter of RFC 3986? Nothing is resolved or changed.
 */
#include <stdbool.h>

#include "base/slice.h"

/* URI = scheme ":" hier-part [ "?" query ] [ "#" fragment ] */
bool uri_valid(struct slice text);
