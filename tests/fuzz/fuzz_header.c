/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A message file, cut into fields and body.
 */
#include "base/buf.h"
#include "fuzz.h"
#include "mail/message.h"

/* Counting and searching every name is quadratic. */
#define FIELDS_COUNTED 64

static void check_value(struct arena *mem, struct slice value)
{
	const char *flat = header_unfold(mem, value);

	need(strpbrk(flat, "\r\n") == NULL, "unfolding leaves no line end");
	need(slice_trim(slice_of(flat)).len == strlen(flat), "it is trimmed");
	for (size_t i = 0; i < value.len; i++)
		need(value.data[i] != '\n' || (i + 1 < value.len &&
		    (value.data[i + 1] == ' ' || value.data[i + 1] == '\t')),
		    "a line end in a value is a fold");
}

static void check_field(struct arena *mem, const struct header *h, size_t at)
{
	const struct field *f = &h->fields[at];
	size_t seen = 0, total = 0;
	char *name = arena_strndup(mem, f->name.data, f->name.len);

	need(strpbrk(name, ":\r\n") == NULL && strlen(name) == f->name.len,
	    "a name holds no colon, no line end and no NUL");
	check_value(mem, f->value);
	if (at >= FIELDS_COUNTED)
		return;
	name[strcspn(name, " \t")] = '\0';
	for (const struct field *g = header_find(h, name, 0); g != NULL;
	    g = header_find(h, name, header_index(h, g) + 1)) {
		total++;
		seen += header_index(h, g) <= at;
	}
	need(f->instance == seen, "instances count from the top");
	need(header_count(h, name) == total, "as many as can be found");
}

/* With whole line ends nothing of the file may be lost. */
static void check_whole(struct slice raw, const struct message *m)
{
	struct buf again = { 0 };
	struct slice text;

	if (m->mbox_from != NULL)
		return;
	for (size_t i = 0; i < m->header.count; i++) {
		const struct field *f = &m->header.fields[i];

		buf_add(&again, f->name.data, f->name.len);
		buf_addc(&again, ':');
		buf_add(&again, f->value.data, f->value.len);
		buf_adds(&again, "\r\n");
	}
	text = buf_slice(&again);
	need(m->header.octets == text.len, "the octets are counted");
	/* A bare LF may have ended a field, or the file may have ended. */
	if (memmem(raw.data, raw.len, "\r\n", 2) != NULL &&
	    m->header.count == 0)
		need(m->body.len == raw.len || m->body.len + 1 == raw.len ||
		    m->body.len + 2 == raw.len, "a body is all there");
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice raw = fuzz_slice(data, size);
	struct message m;

	message_cut(mem, raw, &m);
	for (size_t i = 0; i < m.header.count; i++)
		check_field(mem, &m.header, i);
	check_whole(raw, &m);
	if (memmem(data, size, "\r\n", 2) == NULL)
		for (size_t i = 0; i < m.body.len; i++)
			need(m.body.data[i] != '\n' ||
			    (i > 0 && m.body.data[i - 1] == '\r'),
			    "Unix line ends have become CRLF");
	return 0;
}
