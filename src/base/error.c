/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Written beside and copied, because the old text may be an argument. */
bool error_set(struct error *err, const char *fmt, ...)
{
	struct error next;
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, fmt);
	vsnprintf(next.text, sizeof(next.text), fmt, args);
	va_end(args);
	memcpy(err->text, next.text, strlen(next.text) + 1);
	return false;
}

bool error_prefix(struct error *err, const char *fmt, ...)
{
	struct error prefix;
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, fmt);
	vsnprintf(prefix.text, sizeof(prefix.text), fmt, args);
	va_end(args);
	return error_set(err, "%s: %s", prefix.text, err->text);
}
