/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/compile.h"
#include "policy/counts.h"
#include "policy/decide.h"
#include "policy/expect.h"
#include "policy/file.h"
#include "policy/lex.h"
#include "policy/parse.h"
#include "policy/version.h"

/* "/etc/assay/standard.policy" is named "standard". */
static const char *name_of(struct arena *mem, const char *path)
{
	static const char suffix[] = ".policy";
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	size_t len = strlen(base), cut = sizeof(suffix) - 1;

	if (len > cut && strcmp(base + len - cut, suffix) == 0)
		len -= cut;
	return arena_strndup(mem, base, len);
}

static const char *folder_of(struct arena *mem, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return NULL;
	return slash == path ? "/" :
	    arena_strndup(mem, path, (size_t)(slash - path));
}

/* The policy's own copy of its text: tokens and traces borrow from it. */
static struct policy *new_policy(const char *text, size_t len,
    const char *name)
{
	struct policy *p = xcalloc(1, sizeof(*p));

	p->mem = arena_new(16384);
	p->name = name_of(p->mem, name);
	p->folder = folder_of(p->mem, name);
	p->source.name = arena_strdup(p->mem, name);
	/* A file that includes others has room for them behind its own text,
	 * which must not move: nodes and reports point into it. */
	p->text_room_size = len + 1;
	if (len < POLICY_OCTETS_MAX && len > 0 &&
	    memmem(text, len, "include", strlen("include")) != NULL)
		p->text_room_size = POLICY_OCTETS_MAX + 1;
	p->text_room = xcalloc(1, p->text_room_size);
	if (len > 0)
		memcpy(p->text_room, text, len);
	p->source.text = (struct slice){ p->text_room, len };
	p->counts = xcalloc(1, sizeof(*p->counts));
	return p;
}

void policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	arena_free(p->mem);
	counts_free(p->counts);
	free(p->text_room);
	free(p);
}

/* Loaded: from here on only messages count. */
static void settle(struct policy *p)
{
	version_mix(p, p->source.text);
	p->version = version_text(p);
	for (struct list_def *d = p->lists; d != NULL; d = d->next)
		list_forget_hits(d->list);
}

struct policy *policy_load_text(const char *text, size_t len, const char *name,
    const struct policy_extra *extra, struct policy_report *report)
{
	struct policy *p = new_policy(text, len, name);

	if (policy_parse(p, report) && policy_compile(p, extra, report) &&
	    expect_check(p, report)) {
		counts_start(p);
		settle(p);
		report_finish(report);
		return p;
	}
	report_finish(report);
	policy_free(p);
	return NULL;
}

struct policy *policy_load(const char *path, const struct policy_extra *extra,
    struct policy_report *report)
{
	struct buf text = { 0 };
	struct policy *p = NULL;
	struct error err;

	report_file(report, path);
	if (file_read(path, POLICY_OCTETS_MAX, &text, &err)) {
		p = policy_load_text(buf_text(&text), text.len, path, extra,
		    report);
	} else {
		report->errors++;
		buf_addf(&report->text, "%s\n", err.text);
	}
	buf_free(&text);
	return p;
}

const char *policy_name(const struct policy *p)
{
	return p->name;
}

const char *policy_version(const struct policy *p)
{
	return p->version;
}

size_t policy_rule_count(const struct policy *p)
{
	return p->rule_count;
}

const char *const *policy_headers(const struct policy *p, size_t *count)
{
	*count = p->header_count;
	return p->headers;
}

const struct lookup *policy_lookups(const struct policy *p, size_t *count)
{
	*count = p->lookup_count;
	return p->lookups;
}

bool policy_per_recipient(const struct policy *p)
{
	return p->per_recipient;
}

bool policy_early(const struct policy *p, enum phase phase)
{
	if (phase >= PHASE_EOM)
		return false;
	for (const struct rule *r = p->rules; r != NULL; r = r->next)
		if (!r->observe && r->stage <= phase)
			return true;
	return false;
}

enum phase policy_stage(const struct policy *p, size_t i)
{
	const struct rule *r = p->rules;

	while (r != NULL && r->index < i)
		r = r->next;
	return r != NULL && !r->observe ? r->stage : PHASE_EOM;
}

void policy_expired(const struct policy *p, int64_t now, struct buf *out)
{
	const struct list_entry *first;

	for (const struct list_def *d = p->lists; d != NULL; d = d->next) {
		size_t n = list_expired_count(d->list, now, &first);

		if (n > 0)
			buf_addf(out, "list %s: %zu %s expired and match%s "
			    "nothing; the first is line %u of %s (until %s)\n",
			    d->name, n, n == 1 ? "entry has" : "entries have",
			    n == 1 ? "es" : "", first->line, d->file,
			    first->note->until);
	}
}

bool policy_decide(const struct policy *p, const struct facts *f,
    enum phase phase, struct arena *mem, struct verdict *out,
    struct trace *trace)
{
	return policy_decide_past(p, f, NULL, phase, mem, out, trace);
}

bool policy_decide_past(const struct policy *p, const struct facts *f,
    const struct policy_past *past, enum phase phase, struct arena *mem,
    struct verdict *out, struct trace *trace)
{
	const struct circumstances around = { .past = past };

	return decide(p, f, &around, phase, mem, out, trace);
}
