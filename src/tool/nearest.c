/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/nearest.h"

#include <stdlib.h>
#include <string.h>

#include "mail/domain.h"

/* A message has fifty facts of a dozen words at the most. */
#define CHANGES_MAX 400

struct search {
	struct restored x;              /* one fact of it is another */
	const struct policy *policy;
	const struct verdict *now;
	const struct trace *trace;
	struct arena *mem;
	struct nearest *out;
	bool pattern;                   /* the value tried is one, and any that
					 * it matches would do */
};

/* These have a value for every message; "absent" would be idle. */
static const bool always_known[FACT_COUNT] = {
	[FACT_CLIENT_CLASS] = true, [FACT_HELO_STATUS] = true,
	[FACT_RCPT_COUNT] = true, [FACT_IPREV_RESULT] = true,
	[FACT_SPF_RESULT] = true, [FACT_SPF_SCOPE] = true,
	[FACT_SPF_HELO] = true, [FACT_DKIM_RESULT] = true,
	[FACT_DKIM_COUNT] = true, [FACT_ARC_RESULT] = true,
	[FACT_DMARC_RESULT] = true, [FACT_DMARC_DISCOVERY] = true,
	[FACT_FROM_STATUS] = true, [FACT_FORWARDED_LIKELY] = true,
	[FACT_FORGED_RESULTS] = true, [FACT_MESSAGE_SIZE] = true,
	[FACT_MESSAGE_HEADERS] = true,
};

static const char *value_text(struct arena *mem, const struct facts *f,
    enum fact id)
{
	const char *text = facts_render(mem, f, id);

	if (text == NULL)
		return "absent";
	return *text == '\0' ? "empty" : text;
}

static struct nearest_change *find(const struct nearest *n, const char *fact,
    const struct verdict *v)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->changes[i].fact, fact) == 0 &&
		    n->changes[i].action == v->action &&
		    strcmp(n->changes[i].rule, v->rule) == 0)
			return &n->changes[i];
	return NULL;
}

/* What if the fact had the value that now stands in s->x? */
static void try_named(struct search *s, const char *name, const char *was,
    const char *would)
{
	struct nearest_change *c;
	struct verdict v;

	if (strcmp(would, was) == 0 ||
	    !restored_decide(&s->x, s->policy, s->mem, &v, NULL) ||
	    (v.action == s->now->action && strcmp(v.rule, s->now->rule) == 0))
		return;
	if (s->pattern)
		would = arena_printf(s->mem, "what matches \"%s\"", would);
	c = find(s->out, name, &v);
	if (c != NULL) {
		c->would = arena_printf(s->mem, "%s, %s", c->would, would);
		return;
	}
	if (s->out->count == CHANGES_MAX)
		return;
	s->out->changes[s->out->count++] = (struct nearest_change){
		.fact = name, .was = was, .would = would, .action = v.action,
		.rule = v.rule, .file = v.file, .line = v.line,
	};
}

static void try_it(struct search *s, const struct facts *original,
    enum fact id)
{
	try_named(s, fact_defs[id].name, value_text(s->mem, original, id),
	    value_text(s->mem, &s->x.facts, id));
}

static void try_absent(struct search *s, const struct facts *f, enum fact id)
{
	facts_absent(&s->x.facts, id);
	try_it(s, f, id);
}

static void try_words(struct search *s, const struct facts *f, enum fact id)
{
	const struct name *n = fact_defs[id].words;

	for (; n->word != NULL; n++) {
		facts_word(&s->x.facts, id, n->code);
		try_it(s, f, id);
	}
}

static void try_word_sets(struct search *s, const struct facts *f, enum fact id)
{
	const struct name *n = fact_defs[id].words;

	for (; n->word != NULL; n++) {
		facts_set(&s->x.facts, id, arena_memdup(s->mem, &n->word,
		    sizeof(n->word)), 1);
		try_it(s, f, id);
	}
}

static void try_text(struct search *s, const struct facts *f, enum fact id,
    const char *text)
{
	struct facts *out = &s->x.facts;
	struct ip ip;
	unsigned long long n;

	switch (fact_defs[id].type) {
	case FACT_TEXT:
	case FACT_ADDRESS:
		facts_text(out, id, text);
		break;
	case FACT_DOMAIN:
	case FACT_DOMAIN_SET:
		text = domain_normalise(s->mem, slice_of(text));
		if (text == NULL)
			return;
		if (fact_defs[id].type == FACT_DOMAIN)
			facts_text(out, id, text);
		else
			facts_set(out, id, arena_memdup(s->mem, &text,
			    sizeof(text)), 1);
		break;
	case FACT_IP:
		if (!ip_parse(slice_of(text), &ip))
			return;
		facts_ip(out, id, &ip);
		break;
	case FACT_NUMBER:
		if (!slice_number(slice_of(text), &n) || n >= INT64_MAX)
			return;
		facts_number(out, id, (int64_t)n);
		break;
	case FACT_WORD:
	case FACT_YES_NO:
	case FACT_WORD_SET:
		return;
	}
	try_it(s, f, id);
}

/* What a test compares with is behind the fact's name: `matches "..."`. */
static bool is_pattern(const char *behind)
{
	return strncmp(behind, "matches ", strlen("matches ")) == 0;
}

/* Does this test of a trace, "any arc.trusted in ...", ask for the fact? */
static const char *behind_fact(const char *test, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(test, "any ", 4) == 0 || strncmp(test, "all ", 4) == 0)
		test += 4;
	if (strncmp(test, name, len) != 0 || test[len] != ' ')
		return NULL;
	return test + len + 1;
}

/* The next text in quotes, from *at on; NULL: none is left. A value of the
 * message in quotes does no harm: it is one more text to try. */
static const char *next_quoted(struct arena *mem, const char **at)
{
	const char *open = strchr(*at, '"');
	const char *close = open == NULL ? NULL : strchr(open + 1, '"');

	if (close == NULL)
		return NULL;
	*at = close + 1;
	return arena_strndup(mem, open + 1, (size_t)(close - open - 1));
}

/* What a test compares the fact with: texts in quotes, or the number. */
static void try_compared(struct search *s, const struct facts *f, enum fact id,
    const char *test)
{
	const char *text;
	size_t digits;

	if (fact_defs[id].type != FACT_NUMBER) {
		while ((text = next_quoted(s->mem, &test)) != NULL)
			try_text(s, f, id, text);
		return;
	}
	test += strcspn(test, "0123456789");
	digits = strspn(test, "0123456789");
	if (digits == 0 || digits > 15)
		return;
	text = arena_strndup(s->mem, test, digits);
	try_text(s, f, id, text);
	/* One more, for < and >. */
	try_text(s, f, id, arena_printf(s->mem, "%lld",
	    strtoll(text, NULL, 10) + 1));
}

static void try_traced(struct search *s, const struct facts *f, enum fact id)
{
	for (size_t i = 0; i < s->trace->count; i++) {
		const struct trace_tests *tests = &s->trace->steps[i].tests;

		for (size_t k = 0; k < tests->count; k++) {
			const char *value = behind_fact(tests->items[k].text,
			    fact_defs[id].name);

			if (value == NULL)
				continue;
			s->pattern = is_pattern(value);
			try_compared(s, f, id, value);
			s->pattern = false;
		}
	}
}

static const char *or_absent(const char *value)
{
	return value == NULL ? "absent" : *value == '\0' ? "empty" : value;
}

static void try_header(struct search *s, size_t i)
{
	struct header_fact *h = &s->x.facts.headers[i];
	const char *name = arena_printf(s->mem, "header(\"%s\")", h->name);
	const char *was = h->value;

	for (size_t k = 0; k < s->trace->count; k++) {
		const struct trace_tests *tests = &s->trace->steps[k].tests;

		for (size_t n = 0; n < tests->count; n++) {
			const char *value = behind_fact(tests->items[n].text,
			    name);

			s->pattern = value != NULL && is_pattern(value);
			while (value != NULL && (h->value = next_quoted(s->mem,
			    &value)) != NULL)
				try_named(s, name, or_absent(was), h->value);
			s->pattern = false;
		}
	}
	h->value = NULL;
	try_named(s, name, or_absent(was), or_absent(NULL));
	h->value = was;
}

/* On a copy, for x is not ours. */
static void try_headers(struct search *s)
{
	struct facts *f = &s->x.facts;

	if (f->header_count == 0)
		return;
	f->headers = arena_memdup(s->mem, f->headers,
	    f->header_count * sizeof(*f->headers));
	for (size_t i = 0; i < f->header_count; i++)
		try_header(s, i);
}

static void try_fact(struct search *s, const struct facts *f, enum fact id)
{
	switch (fact_defs[id].type) {
	case FACT_WORD:
		try_words(s, f, id);
		break;
	case FACT_WORD_SET:
		try_word_sets(s, f, id);
		break;
	case FACT_YES_NO:
		facts_yes_no(&s->x.facts, id, true);
		try_it(s, f, id);
		facts_yes_no(&s->x.facts, id, false);
		try_it(s, f, id);
		break;
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
	case FACT_IP:
	case FACT_NUMBER:
	case FACT_DOMAIN_SET:
		try_traced(s, f, id);
		break;
	}
	if (f->values[id].state == FACT_KNOWN && !always_known[id])
		try_absent(s, f, id);
}

/* In the order of the table, those that change the action first. */
static void sort(struct nearest *n, enum action now, struct arena *mem)
{
	struct nearest_change *sorted = arena_array(mem, n->count + 1,
	    sizeof(*sorted));
	size_t k = 0;

	for (int same = 0; same < 2; same++)
		for (size_t i = 0; i < n->count; i++)
			if ((n->changes[i].action == now) == same)
				sorted[k++] = n->changes[i];
	n->changes = sorted;
}

static bool is_open(const char *test)
{
	return strstr(test, " in ") != NULL || strstr(test, " matches ") != NULL ||
	    strstr(test, " ~ ") != NULL;
}

/* The one test of this rule that says no; NULL: several do, or none. */
static const struct trace_test *only_no(const struct trace_tests *tests)
{
	const struct trace_test *found = NULL;

	for (size_t i = 0; i < tests->count; i++) {
		if (tests->items[i].truth != TRUTH_NO)
			continue;
		if (found != NULL)
			return NULL;
		found = &tests->items[i];
	}
	return found;
}

/* Does a change that was found make this rule decide? */
static bool leads_to(const struct nearest *n, const char *rule)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->changes[i].rule, rule) == 0)
			return true;
	return false;
}

static const char *shown(struct arena *mem, const struct trace_test *test)
{
	struct buf line = { 0 };
	const char *text;

	trace_test_show(test, &line);
	text = arena_strdup(mem, buf_text(&line));
	buf_free(&line);
	return text;
}

static void find_misses(const struct trace *trace, struct arena *mem,
    struct nearest *out)
{
	out->misses = arena_array(mem, trace->count + 1, sizeof(*out->misses));
	for (size_t i = 0; i + 1 < trace->count; i++) {
		const struct trace_step *s = &trace->steps[i];
		const struct trace_test *test = s->when == TRUTH_NO ?
		    only_no(&s->tests) : NULL;

		if (test != NULL && is_open(test->text) &&
		    !leads_to(out, s->rule))
			out->misses[out->miss_count++] = (struct nearest_miss){
				.rule = s->rule, .file = s->file,
				.line = s->line,
				.test = shown(mem, test),
			};
	}
}

void nearest_find(const struct restored *x, const struct policy *p,
    const struct verdict *now, const struct trace *trace, struct arena *mem,
    struct nearest *out)
{
	struct search s = {
		.x = *x, .policy = p, .now = now, .trace = trace, .mem = mem,
		.out = out,
	};

	*out = (struct nearest){ .changes = arena_array(mem, CHANGES_MAX,
	    sizeof(*out->changes)) };
	for (int i = 0; i < FACT_COUNT; i++) {
		if (x->facts.values[i].state == FACT_UNKNOWN)
			continue;       /* it was not looked at yet */
		try_fact(&s, &x->facts, (enum fact)i);
		s.x.facts.values[i] = x->facts.values[i];
	}
	try_headers(&s);
	sort(out, now->action, mem);
	find_misses(trace, mem, out);
}
