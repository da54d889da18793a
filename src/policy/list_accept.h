/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * list_accept: one more line for the file of a list.
 *
 * The new file is read as a policy would read it before it takes the place of
 * the old one, in one step: who reads it meanwhile sees the one or the other.
 * It keeps mode, owner and whatever else the file says.
 */
#include "policy/list.h"

struct list_accepted {
	const char *entry;
	struct list_note note;          /* owner and why are wanted; until may
	                                 * be NULL; expires is not read */
	int64_t now;
};

/*
 * False: err names the file and says why, and the file is as it was. Refused
 * are what is no entry, one that the list holds already (itself, or by a wider
 * one that holds as long), one whose day has passed, and a file with mistakes.
 */
bool list_accept(const char *path, const struct list_accepted *what,
    struct error *err);
