/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/message.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"

static bool has_crlf(struct slice raw)
{
	return raw.len > 0 && memmem(raw.data, raw.len, "\r\n", 2) != NULL;
}

/* A file kept the Unix way, as it went over the wire. */
static struct slice lf_to_crlf(struct arena *mem, struct slice raw)
{
	size_t lines = 0;

	for (size_t i = 0; i < raw.len; i++)
		lines += raw.data[i] == '\n';
	char *wire = arena_alloc(mem, raw.len + lines);
	char *at = wire;

	for (size_t i = 0; i < raw.len; i++) {
		if (raw.data[i] == '\n')
			*at++ = '\r';
		*at++ = raw.data[i];
	}
	return (struct slice){ wire, (size_t)(at - wire) };
}

/* The first line with its end, or all that is left. */
static struct slice first_line(struct slice text)
{
	const char *lf = text.len == 0 ? NULL :
	    memchr(text.data, '\n', text.len);

	return lf == NULL ? text :
	    slice_sub(text, 0, (size_t)(lf - text.data) + 1);
}

static struct slice without_end(struct slice line)
{
	if (line.len > 0 && line.data[line.len - 1] == '\n') {
		line.len--;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
	}
	return line;
}

static struct slice after(struct slice text, struct slice line)
{
	return slice_sub(text, line.len, text.len);
}

/* RFC 5322 2.2 and 4.5: ftext, perhaps blanks, a colon. The name's octets,
 * blanks included; 0: no field begins here. */
static size_t name_length(struct slice line)
{
	size_t i = 0;

	while (i < line.len && line.data[i] > ' ' && line.data[i] <= '~' &&
	    line.data[i] != ':')
		i++;
	if (i == 0)
		return 0;
	while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
		i++;
	return i < line.len && line.data[i] == ':' ? i : 0;
}

/* A field with the lines folded into it. */
static struct slice whole_field(struct slice text)
{
	size_t len = first_line(text).len;

	while (len < text.len &&
	    (text.data[len] == ' ' || text.data[len] == '\t'))
		len += first_line(slice_sub(text, len, text.len)).len;
	return slice_sub(text, 0, len);
}

void message_cut(struct arena *mem, struct slice raw, struct message *out)
{
	struct slice rest = has_crlf(raw) ?
	    (struct slice){ arena_memdup(mem, raw.data, raw.len), raw.len } :
	    lf_to_crlf(mem, raw);

	*out = (struct message){ .mbox_from = NULL };
	struct slice line = first_line(rest);

	/* "From : x" is a field, if an old-fashioned one. */
	if (line.len >= 5 && memcmp(line.data, "From ", 5) == 0 &&
	    name_length(line) == 0) {
		struct slice text = without_end(line);

		out->mbox_from = arena_strndup(mem, text.data, text.len);
		rest = after(rest, line);
	}
	for (;;) {
		line = first_line(rest);
		size_t name = name_length(line);

		if (name == 0) {
			/* The blank line is part of neither; any other line
			 * that is no field opens the body. */
			if (without_end(line).len == 0)
				rest = after(rest, line);
			break;
		}
		struct slice field = whole_field(rest);
		struct slice text = without_end(field);

		header_append(&out->header, mem, slice_sub(text, 0, name),
		    slice_sub(text, name + 1, text.len));
		rest = after(rest, field);
	}
	out->body = rest;
}

bool message_read(struct arena *mem, FILE *in, size_t max, struct slice *out,
    struct error *err)
{
	struct buf all = { 0 };
	char piece[16384];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), in)) > 0) {
		if (n > max - all.len) {
			buf_free(&all);
			return error_set(err, "larger than %zu octets", max);
		}
		buf_add(&all, piece, n);
	}
	if (ferror(in)) {
		buf_free(&all);
		return error_set(err, "cannot be read: %s", strerror(errno));
	}
	*out = (struct slice){ arena_memdup(mem, buf_text(&all), all.len),
	    all.len };
	buf_free(&all);
	return true;
}
