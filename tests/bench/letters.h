/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * letters: the messages of a corpus as corpus.c writes it: a list, one message
 * a line (client, client's name, sender, recipient, file), and the files.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct letter_field {
	char *name, *value;             /* value with its blank, folds as LF */
};

struct letter {
	char client[64], name[128], sender[128], rcpt[128];
	struct letter_field *fields;
	size_t count;
	char *body;                     /* CRLF */
	size_t body_len;
	size_t octets;
	bool varies;                    /* "%n" in a field, see play.h */
};

struct letters {
	struct letter *items;
	size_t count;
};

/* Process lifetime. */
bool letters_read(const char *list, struct letters *out, struct error *err);
