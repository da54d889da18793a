/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * error: why something at start-up or in the tool did not work, as a sentence
 * for a person. Copied by value, never freed. Trouble of one message is not
 * an error but a result of that message.
 */
#include <stdbool.h>

struct error {
	char text[512];
};

/* Always returns false, so a parser may say `return error_set(err, ...)`.
 * err may be NULL when nobody wants the reason. */
bool error_set(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Put "prefix: " before the text that is already there; returns false. */
bool error_prefix(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
