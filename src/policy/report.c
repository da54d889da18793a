/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* How much of a line is shown on either side of the caret. */
#define SHOWN_BEFORE 60
#define SHOWN_AFTER 60

void policy_report_free(struct policy_report *r)
{
	if (r == NULL)
		return;
	buf_free(&r->text);
	for (size_t i = 0; i < r->file_count; i++)
		free(r->files[i].path);
	free(r->files);
	*r = (struct policy_report){ 0 };
}

void report_file(struct policy_report *r, const char *path)
{
	r->files = xrealloc(r->files, r->file_count + 1, sizeof(*r->files));
	r->files[r->file_count++] = (struct file_seen){
		.path = xstrdup(path), .look = file_look(path),
	};
}

static bool shown(const struct policy_report *r)
{
	return r->errors + r->warnings <= REPORT_SHOWN;
}

/* The one file the offset stands in, and the offset within it. */
static struct source part_at(const struct source *s, size_t *offset)
{
	struct source one = { .name = s->name, .text = s->text };

	if (*offset > s->text.len)
		*offset = s->text.len;
	for (size_t i = s->part_count; i-- > 0;) {
		const struct source_part *p = &s->parts[i];

		if (*offset < p->start)
			continue;
		one.name = p->name;
		one.text = slice_sub(s->text, p->start, p->end - p->start);
		*offset -= p->start;
		break;
	}
	return one;
}

static unsigned line_of(const struct source *one, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset && i < one->text.len; i++)
		if (one->text.data[i] == '\n')
			line++;
	return line;
}

unsigned source_line(const struct source *s, size_t offset)
{
	struct source one = part_at(s, &offset);

	return line_of(&one, offset);
}

const char *source_name(const struct source *s, size_t offset)
{
	return part_at(s, &offset).name;
}

const char *source_where(const struct source *s, size_t offset, size_t here,
    struct arena *mem)
{
	struct source there = part_at(s, &offset);

	if (strcmp(there.name, source_name(s, here)) == 0)
		return arena_printf(mem, "line %u", line_of(&there, offset));
	return arena_printf(mem, "line %u of %s", line_of(&there, offset),
	    there.name);
}

static size_t line_start(const struct source *s, size_t offset)
{
	while (offset > 0 && s->text.data[offset - 1] != '\n')
		offset--;
	return offset;
}

/* Characters from the start of the line to the offset. */
static size_t characters(struct slice s)
{
	size_t n = 0;

	while (s.len > 0) {
		utf8_take(&s);
		n++;
	}
	return n;
}

/* One character as a terminal may have it; the caret's line gets blanks. */
static void show(struct buf *out, struct slice *rest, bool blank)
{
	const char *at = rest->data;
	uint32_t c = utf8_take(rest);

	if (c == '\t')
		buf_addc(out, '\t');
	else if (blank)
		buf_addc(out, ' ');
	else if (c == UTF8_BAD || c < ' ' || (c >= 0x7f && c < 0xa0) ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029)
		buf_addc(out, '?');     /* controls, and what turns text */
	else
		buf_add(out, at, (size_t)(rest->data - at));
}

/* The line and the caret; of a long line, the part around the caret. */
static void show_line(struct buf *out, const struct source *s, size_t offset)
{
	size_t start = line_start(s, offset);
	struct slice before = slice_sub(s->text, start, offset - start);
	struct slice caret, after = slice_sub(s->text, offset, SIZE_MAX);

	for (size_t n = characters(before); n > SHOWN_BEFORE; n--)
		utf8_take(&before);
	caret = before;
	buf_adds(out, "    ");
	while (before.len > 0)
		show(out, &before, false);
	for (size_t n = 0; n < SHOWN_AFTER && after.len > 0 &&
	    after.data[0] != '\n' && after.data[0] != '\r'; n++)
		show(out, &after, false);
	buf_adds(out, "\n    ");
	while (caret.len > 0)
		show(out, &caret, true);
	buf_adds(out, "^\n");
}

/* At the end of a file there is nothing to point at. */
static bool empty_line(const struct source *s, size_t offset)
{
	return line_start(s, offset) == offset && (offset == s->text.len ||
	    s->text.data[offset] == '\n' || s->text.data[offset] == '\r');
}

static void add(struct policy_report *r, const struct source *all,
    size_t offset, const char *kind, const char *fmt, va_list args)
{
	struct source one = part_at(all, &offset);
	const struct source *s = &one;
	char reason[512];
	size_t start;

	if (!shown(r))
		return;
	start = line_start(s, offset);
	vsnprintf(reason, sizeof(reason), fmt, args);
	buf_addf(&r->text, "%s:%u:%zu: %s", s->name, line_of(s, offset),
	    characters(slice_sub(s->text, start, offset - start)) + 1, kind);
	for (struct slice rest = slice_of(reason); rest.len > 0;)
		show(&r->text, &rest, false);
	buf_addc(&r->text, '\n');
	if (!empty_line(s, offset))
		show_line(&r->text, s, offset);
}

void report_error(struct policy_report *r, const struct source *s,
    size_t offset, const char *fmt, ...)
{
	va_list args;

	r->errors++;
	va_start(args, fmt);
	add(r, s, offset, "", fmt, args);
	va_end(args);
}

void report_warning(struct policy_report *r, const struct source *s,
    size_t offset, const char *fmt, ...)
{
	va_list args;

	r->warnings++;
	va_start(args, fmt);
	add(r, s, offset, "warning: ", fmt, args);
	va_end(args);
}

void report_hint(struct policy_report *r, const char *fmt, ...)
{
	va_list args;
	char hint[256];

	if (!shown(r))
		return;
	va_start(args, fmt);
	vsnprintf(hint, sizeof(hint), fmt, args);
	va_end(args);
	buf_adds(&r->text, "    ");
	for (struct slice rest = slice_of(hint); rest.len > 0;)
		show(&r->text, &rest, false);
	buf_addc(&r->text, '\n');
}

void report_meant(struct policy_report *r, const struct closest *c)
{
	if (c->best != NULL)
		report_hint(r, "did you mean \"%s\"?", c->best);
}

void report_finish(struct policy_report *r)
{
	size_t all = r->errors + r->warnings;

	if (all > REPORT_SHOWN)
		buf_addf(&r->text, "%zu more problems are not shown\n",
		    all - REPORT_SHOWN);
}
