/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/letters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char block[65536];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(out, block, n);
	fclose(f);
	return true;
}

/* One field, folds and all, from `at`; where the next one begins. */
static char *take_field(struct letter *l, char *at)
{
	struct letter_field *f;
	char *colon = strchr(at, ':'), *to, *from;

	l->fields = xrealloc(l->fields, l->count + 1, sizeof(*f));
	f = &l->fields[l->count++];
	*colon = '\0';
	f->name = at;
	f->value = from = to = colon + 1;
	for (; *from != '\0'; from++) {
		if (*from == '\r')
			continue;
		if (*from == '\n' && from[1] != ' ' && from[1] != '\t')
			break;
		*to++ = *from;
	}
	from += *from == '\n';
	*to = '\0';
	return from;
}

static bool read_letter(struct letter *l, const char *path, struct error *err)
{
	struct buf text = { 0 };
	char *at, *body;

	if (!read_file(path, &text))
		return error_set(err, "%s: cannot be read", path);
	body = text.data == NULL ? NULL : strstr(text.data, "\r\n\r\n");
	if (body == NULL)
		return error_set(err, "%s: no message", path);
	l->octets = text.len;
	l->body = body + 4;
	l->body_len = text.len - (size_t)(body + 4 - text.data);
	body[2] = '\0';
	for (at = text.data; *at != '\0'; ) {
		if (strchr(at, ':') == NULL)
			return error_set(err, "%s: no field", path);
		at = take_field(l, at);
		l->varies |= strstr(l->fields[l->count - 1].value, "%n") !=
		    NULL;
	}
	return true;
}

bool letters_read(const char *list, struct letters *out, struct error *err)
{
	char line[1024], path[512];
	FILE *f = fopen(list, "r");
	bool good = true;

	if (f == NULL)
		return error_set(err, "%s: cannot be read", list);
	while (good && fgets(line, sizeof(line), f) != NULL) {
		struct letter l = { .count = 0 };

		if (sscanf(line, "%63s %127s %127s %127s %511s", l.client,
		    l.name, l.sender, l.rcpt, path) != 5) {
			good = error_set(err, "%s: %s", list, line);
			break;
		}
		good = read_letter(&l, path, err);
		out->items = xrealloc(out->items, out->count + 1, sizeof(l));
		out->items[out->count++] = l;
	}
	fclose(f);
	return good && (out->count > 0 ||
	    error_set(err, "%s: no message in it", list));
}
