/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "base/slice.h"

/* A message is worth milliseconds, not minutes: pcre2api(3), "match limits". */
#define MATCH_LIMIT 200000
#define DEPTH_LIMIT 2000
#define HEAP_LIMIT_KIB 4096
#define NEST_LIMIT 50

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;    /* read only while matching */
};

static pcre2_compile_context *compile_limits(void)
{
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);

	if (c == NULL)
		abort();
	pcre2_set_parens_nest_limit(c, NEST_LIMIT);
	pcre2_set_max_pattern_length(c, PATTERN_OCTETS_MAX);
	return c;
}

static pcre2_match_context *match_limits(void)
{
	pcre2_match_context *c = pcre2_match_context_create(NULL);

	if (c == NULL)
		abort();
	pcre2_set_match_limit(c, MATCH_LIMIT);
	pcre2_set_depth_limit(c, DEPTH_LIMIT);
	pcre2_set_heap_limit(c, HEAP_LIMIT_KIB);
	return c;
}

struct pattern *pattern_compile(const char *text, size_t *offset,
    struct error *err)
{
	pcre2_compile_context *context = compile_limits();
	struct pattern *p = NULL;
	PCRE2_SIZE at = 0;
	int code = 0;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)text,
	    PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
	    PCRE2_NEVER_BACKSLASH_C, &code, &at, context);

	pcre2_compile_context_free(context);
	if (re != NULL) {
		p = xcalloc(1, sizeof(*p));
		p->code = re;
		p->limits = match_limits();
	} else {
		PCRE2_UCHAR why[200] = { 0 };

		pcre2_get_error_message(code, why, sizeof(why));
		error_set(err, "%s", (const char *)why);
		*offset = at;
	}
	return p;
}

void pattern_free(struct pattern *p)
{
	if (p == NULL)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
	free(p);
}

/* Any error at match time is a limit: the rest cannot happen, and would not
 * be a match either. */
enum pattern_result pattern_match(const struct pattern *p, const char *subject)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int rc;

	if (data == NULL)
		abort();
	rc = pcre2_match(p->code, (PCRE2_SPTR)subject, strlen(subject), 0, 0,
	    data, p->limits);
	pcre2_match_data_free(data);
	if (rc >= 0)
		return PATTERN_YES;
	return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_LIMIT;
}

/* Octets of one character; a stray octet is one. */
static size_t step(const char *s)
{
	size_t n = 1;

	if ((unsigned char)*s >= 0xc0)
		while (((unsigned char)s[n] & 0xc0) == 0x80)
			n++;
	return n;
}

/* Does *glob begin with something that takes the front of text? */
static bool takes(const char *glob, const char *text, size_t *g, size_t *t)
{
	*g = *t = 1;
	if (*glob == '?') {
		*t = step(text);
		return true;
	}
	if (*glob == '\\' && glob[1] != '\0') {
		glob++;
		*g = 2;
	}
	return *glob != '\0' && ascii_lower(*glob) == ascii_lower(*text);
}

/* Where, behind this, the rest of the glob may begin. */
static const char *next_place(const char *glob, const char *text)
{
	const char first = ascii_lower(*glob);

	text += step(text);
	if (first == '?' || first == '\\' || first == '*')
		return text;
	while (*text != '\0' && ascii_lower(*text) != first)
		text += step(text);
	return text;
}

/* The last star is the only one that ever has to take more: what stands
 * before it has matched as early as it can. */
bool glob_match(const char *glob, const char *text)
{
	const char *star = NULL, *retry = NULL;
	size_t g, t;

	while (*text != '\0') {
		if (*glob == '*') {
			star = ++glob;
			retry = text;
		} else if (takes(glob, text, &g, &t)) {
			glob += g;
			text += t;
		} else if (star != NULL) {
			glob = star;
			retry = next_place(star, retry);
			text = retry;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}
