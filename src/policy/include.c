/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/include.h"

#include <stdlib.h>
#include <string.h>

#include "policy/file.h"
#include "policy/parse.h"
#include "policy/version.h"

/* The path without links, or NULL for what is no file. */
static const char *real_path(struct arena *mem, const char *path)
{
	char *real = realpath(path, NULL);
	const char *kept = arena_strdup(mem, real);

	free(real);
	return kept;
}

void include_start(struct parser *p, struct opened *outermost)
{
	struct policy *policy = p->policy;

	p->included = arena_array(policy->mem, INCLUDES_MAX + 1,
	    sizeof(*p->included));
	p->included_at = arena_array(policy->mem, INCLUDES_MAX + 1,
	    sizeof(*p->included_at));
	*outermost = (struct opened){
		.real = real_path(policy->mem, policy->source.name),
	};
	p->file = outermost;
}

static const char *join(struct arena *mem, const char *folder,
    const char *path)
{
	return path[0] == '/' || folder == NULL ? path :
	    arena_printf(mem, "%s/%s", folder, path);
}

static const char *folder_of(struct arena *mem, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return NULL;
	return arena_strndup(mem, path,
	    slash == path ? 1 : (size_t)(slash - path));
}

const char *include_path(const struct parser *p, const char *path)
{
	return join(p->policy->mem, p->file->prefix, path);
}

static bool refuse(struct parser *p, size_t offset, const char *reason)
{
	report_error(p->report, &p->policy->source, offset, "%s", reason);
	return false;
}

/* A file that is being read, or was read before. */
static bool is_new(struct parser *p, size_t offset, const char *real)
{
	struct policy *policy = p->policy;

	for (const struct opened *f = p->file; f != NULL; f = f->outer)
		if (f->real != NULL && strcmp(f->real, real) == 0)
			return refuse(p, offset, f == p->file ?
			    "this file includes itself" :
			    "a circle: this file is being included already");
	for (size_t i = 0; i < p->include_count; i++)
		if (strcmp(p->included[i], real) == 0)
			return refuse(p, offset, arena_printf(policy->mem,
			    "included a second time; the first time in %s",
			    source_where(&policy->source, p->included_at[i],
			    offset, policy->mem)));
	p->included[p->include_count] = real;
	p->included_at[p->include_count++] = offset;
	return true;
}

/* Behind the text so far, parted by an octet that is nobody's, so that the
 * end of one file is not the start of another. */
static bool append(struct parser *p, size_t offset, const char *name,
    const struct buf *text)
{
	struct policy *policy = p->policy;
	struct source *s = &policy->source;
	struct source_part *parts;
	size_t start = s->text.len + 1;

	if (start + text->len >= policy->text_room_size)
		return refuse(p, offset, arena_printf(policy->mem,
		    "too much: a policy and what it includes have at most %d "
		    "octets", POLICY_OCTETS_MAX));
	parts = arena_array(policy->mem, s->part_count + 2, sizeof(*parts));
	if (s->part_count > 0)
		memcpy(parts, s->parts, s->part_count * sizeof(*parts));
	else
		parts[s->part_count++] = (struct source_part){ s->name, 0,
		    s->text.len };
	parts[s->part_count++] = (struct source_part){ name, start,
	    start + text->len };
	s->parts = parts;
	if (text->len > 0)
		memcpy(policy->text_room + start, text->data, text->len);
	s->text.len = start + text->len;
	version_mix(policy, buf_slice(text));
	return true;
}

/* The statements of the file that was appended last. */
static bool read_statements(struct parser *p, struct opened *file)
{
	const struct source *s = &p->policy->source;
	struct lexer lexer = p->lexer;
	struct token now = p->now;
	size_t last_end = p->last_end;
	bool good;

	file->outer = p->file;
	p->file = file;
	p->include_depth++;
	good = lex_start_at(&p->lexer, s,
	    s->parts[s->part_count - 1].start, p->report);
	if (good) {
		parser_take(p);
		parse_statements(p);
	}
	p->include_depth--;
	p->file = file->outer;
	p->lexer = lexer;
	p->now = now;
	p->last_end = last_end;
	p->braces = 0;
	return good;
}

static bool read_file(struct parser *p, size_t offset, const char *path,
    struct opened *file)
{
	struct arena *mem = p->policy->mem;
	const char *full = join(mem, p->policy->folder, path);
	struct buf text = { 0 };
	struct error err;
	bool good;

	report_file(p->report, full);
	if (!file_read(full, POLICY_OCTETS_MAX, &text, &err)) {
		buf_free(&text);
		return refuse(p, offset, err.text);
	}
	file->real = real_path(mem, full);
	file->prefix = folder_of(mem, path);
	good = (file->real == NULL || is_new(p, offset, file->real)) &&
	    append(p, offset, full, &text);
	buf_free(&text);
	return good;
}

bool parse_include(struct parser *p)
{
	struct opened file = { .real = NULL };
	struct literal path;

	if (!parser_string(p, "a file name in quotes", &path))
		return false;
	if (p->include_depth == INCLUDE_DEPTH_MAX)
		return refuse(p, path.offset, arena_printf(p->policy->mem,
		    "files include one another at most %d deep",
		    INCLUDE_DEPTH_MAX));
	if (p->include_count == INCLUDES_MAX)
		return refuse(p, path.offset, arena_printf(p->policy->mem,
		    "a policy includes at most %d files", INCLUDES_MAX));
	return read_file(p, path.offset, include_path(p, path.text), &file) &&
	    read_statements(p, &file);
}
