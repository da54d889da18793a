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

/* Are all line ends CRLF, and is there one? */
static bool is_wire_text(struct slice raw)
{
	size_t ends = 0;

	for (size_t i = 0; i < raw.len; i++) {
		if (raw.data[i] != '\n')
			continue;
		if (i == 0 || raw.data[i - 1] != '\r')
			return false;
		ends++;
	}
	return ends > 0;
}

/* Fields, perhaps a blank line, the body: that is all of the file. */
static void check_whole(struct slice raw, const struct message *m)
{
	struct buf fields = { 0 };
	struct slice rest;

	for (size_t i = 0; i < m->header.count; i++) {
		const struct field *f = &m->header.fields[i];

		buf_add(&fields, f->name.data, f->name.len);
		buf_addc(&fields, ':');
		buf_add(&fields, f->value.data, f->value.len);
		buf_adds(&fields, "\r\n");
	}
	need(m->header.octets == fields.len, "the octets are counted");
	if (m->mbox_from == NULL && is_wire_text(raw)) {
		/* The last field may have no line end. */
		if (fields.len > raw.len)
			fields.len -= 2;
		need(memcmp(raw.data, buf_text(&fields), fields.len) == 0,
		    "the fields are those of the file");
		rest = slice_sub(raw, fields.len, raw.len);
		if (slice_starts_nocase(rest, "\r\n"))
			rest = slice_sub(rest, 2, rest.len);
		need(rest.len == m->body.len &&
		    memcmp(rest.data, m->body.data, rest.len) == 0,
		    "the body is all the rest");
	}
	buf_free(&fields);
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
