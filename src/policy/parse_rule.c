/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/parse.h"

#include <string.h>

#include "policy/parser.h"

static bool take_reply(struct parser *p, struct deed *d)
{
	return parser_word(p, "a reply code such as 550", &d->code) &&
	    parser_word(p, "an enhanced code such as 5.7.1",
	    &d->enhanced) &&
	    parser_string(p, "the text of the reply in quotes",
	    &d->text.source);
}

static bool take_nothing(struct parser *p, struct deed *d)
{
	(void)p;
	(void)d;
	return true;
}

/* A deferral has a text of its own; a code may be given. */
static bool take_optional_reply(struct parser *p, struct deed *d)
{
	if (parser_is(p, TOKEN_WORD) && ascii_digit(p->now.text.data[0]))
		return take_reply(p, d);
	if (parser_is(p, TOKEN_STRING))
		return parser_expected(p, "a reply code such as 451");
	return true;
}

static bool take_reason(struct parser *p, struct deed *d)
{
	return parser_string(p, "the reason in quotes", &d->text.source);
}

static const struct final_action {
	const char *word;
	enum action action;
	bool (*take)(struct parser *, struct deed *);
} finals[] = {
	{ "accept",     ACTION_ACCEPT,     take_nothing },
	{ "reject",     ACTION_REJECT,     take_reply },
	{ "tempfail",   ACTION_TEMPFAIL,   take_optional_reply },
	{ "discard",    ACTION_DISCARD,    take_nothing },
	{ "quarantine", ACTION_QUARANTINE, take_reason },
};

static bool take_final(struct parser *p, const struct final_action *f,
    struct deed *out)
{
	if (out->final) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "a second final action: \"%s\" ends the reading already",
		    name_word(action_names, (int)out->action));
		return false;
	}
	out->final = true;
	out->action = f->action;
	out->offset = p->now.offset;
	parser_take(p);
	return f->take(p, out);
}

/* NULL, and reported, when there are too many already. */
static struct mark *add_mark(struct parser *p, struct mark **list)
{
	size_t count = 0;

	for (; *list != NULL; list = &(*list)->next)
		count++;
	if (count >= MARKS_MAX) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "a rule has at most %d of these", MARKS_MAX);
		return NULL;
	}
	*list = arena_alloc(p->policy->mem, sizeof(**list));
	(*list)->offset = p->now.offset;
	return *list;
}

static bool take_tag_header(struct parser *p, struct deed *out)
{
	struct mark *m = add_mark(p, &out->headers);

	parser_take(p);
	return m != NULL &&
	    parser_string(p, "the name of a field in quotes", &m->name) &&
	    parser_string(p, "the value of the field in quotes",
	    &m->text.source);
}

static bool take_tag_subject(struct parser *p, struct deed *out)
{
	struct mark *m = add_mark(p, &out->subjects);

	parser_take(p);
	return m != NULL &&
	    parser_string(p, "the prefix in quotes", &m->text.source);
}

/* header "N" "V" ... subject "P": any number of either. */
static bool take_tag(struct parser *p, struct deed *out)
{
	size_t parts = 0;

	parser_take(p);
	for (;; parts++) {
		if (parser_is_word(p, "header")) {
			if (!take_tag_header(p, out))
				return false;
		} else if (parser_is_word(p, "subject")) {
			if (!take_tag_subject(p, out))
				return false;
		} else {
			break;
		}
	}
	return parts > 0 || parser_expected(p, "\"header\" or \"subject\"");
}

static bool take_log(struct parser *p, struct deed *out)
{
	struct mark *m = add_mark(p, &out->logs);

	parser_take(p);
	return m != NULL &&
	    parser_string(p, "the text in quotes", &m->text.source);
}

static bool take_count(struct parser *p, struct deed *out)
{
	struct mark *m = add_mark(p, &out->counts);

	parser_take(p);
	return m != NULL && parser_name(p, "the name of a counter",
	    &m->name.text, &m->name.offset);
}

/* report override TYPE */
static bool take_report(struct parser *p, struct deed *out)
{
	struct mark *m = add_mark(p, &out->overrides);

	parser_take(p);
	if (m == NULL)
		return false;
	if (!parser_accept_word(p, "override"))
		return parser_expected(p, "\"override\"");
	return parser_word(p, "the type of the override, such as "
	    "local_policy", &m->name);
}

static const struct {
	const char *word;
	bool (*take)(struct parser *, struct deed *);
} marks[] = {
	{ "tag",        take_tag },
	{ "log",        take_log },
	{ "count",      take_count },
	{ "report",     take_report },
};

bool parse_action(struct parser *p, struct deed *out)
{
	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++)
		if (parser_is_word(p, finals[i].word))
			return take_final(p, &finals[i], out);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (parser_is_word(p, marks[i].word))
			return marks[i].take(p, out);
	return parser_expected(p, "an action (accept, reject, tempfail, "
	    "discard, quarantine, tag, log, count or report) or \"}\"");
}

static bool condition(struct parser *p, const char *word, struct expr **out)
{
	if (!parser_is_word(p, word))
		return true;
	parser_take(p);
	*out = parse_expr(p);
	return *out != NULL;
}

/* What people write where an action has to stand. */
static bool misplaced(struct parser *p, const struct rule *r)
{
	bool when = parser_is_word(p, "when");

	if (parser_is_word(p, "and") || parser_is_word(p, "or"))
		return parser_expected(p, "an action");
	if (!when && !parser_is_word(p, "unless"))
		return true;
	if (when ? r->when != NULL : r->unless != NULL)
		report_error(p->report, &p->policy->source, p->now.offset,
		    "a second \"%s\": join conditions with \"and\" or \"or\"",
		    when ? "when" : "unless");
	else
		report_error(p->report, &p->policy->source, p->now.offset,
		    "\"%s\" stands before %s", when ? "when" : "unless",
		    when ? "\"unless\" and the actions" : "the actions");
	return false;
}

static bool bad_setting(struct parser *p, const struct literal *l,
    const char *wants)
{
	report_error(p->report, &p->policy->source, l->offset,
	    "\"%.60s\" is not %s", l->text, wants);
	return false;
}

/* 25% or 2.5%, in hundredths of a percent; false: it is not that. */
static bool read_percent(const char *s, uint32_t *out)
{
	uint32_t n = 0, digits = 0, places = 0;
	bool point = false;

	for (; ascii_digit(*s) || (*s == '.' && digits > 0 && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		n = n * 10 + (uint32_t)(*s - '0');
		places += point;
		if (++digits > 5 || places > 2)
			return false;
	}
	if (digits == 0 || (point && places == 0) || strcmp(s, "%") != 0)
		return false;
	for (; places < 2; places++)
		n *= 10;
	*out = n;
	return n <= SAMPLE_ALL;
}

static bool take_sample(struct parser *p, struct setting *out)
{
	struct literal l;

	if (!parser_word(p, "a percentage such as 25%", &l))
		return false;
	if (!read_percent(l.text, &out->value))
		return bad_setting(p, &l, "a percentage such as 25% or 0.5%, "
		    "100% at most");
	if (out->value > 0)
		return true;
	report_error(p->report, &p->policy->source, l.offset,
	    "a rule with a sample of nothing never acts");
	report_hint(p->report, "to watch what it would do write \"observe\" "
	    "behind the name of the rule");
	return false;
}

/* 90s, 30m, 6h or 2d, in seconds. */
static bool read_duration(const char *s, uint32_t *out)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	uint32_t n = 0;
	int digits = 0;

	for (; ascii_digit(*s) && digits < 7; s++, digits++)
		n = n * 10 + (uint32_t)(*s - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (digits > 0 && s[0] == units[i].unit && s[1] == '\0' &&
		    n <= DEFERRAL_MAX / units[i].seconds) {
			*out = n * units[i].seconds;
			return *out >= DEFERRAL_MIN;
		}
	return false;
}

static bool take_at_most(struct parser *p, struct setting *out)
{
	struct literal l;

	return parser_word(p, "a time such as 6h", &l) &&
	    (read_duration(l.text, &out->value) ||
	    bad_setting(p, &l, "a time such as 30m, 6h or 2d, between 1m and "
	    "30d"));
}

static bool at_setting(const struct parser *p)
{
	return parser_is_word(p, "sample") || parser_is_word(p, "at-most");
}

static bool take_setting(struct parser *p, struct rule *r)
{
	bool sample = parser_is_word(p, "sample");
	struct setting *out = sample ? &r->sample : &r->at_most;

	if (out->value != 0) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "a second \"%s\"", sample ? "sample" : "at-most");
		return false;
	}
	out->offset = p->now.offset;
	parser_take(p);
	return sample ? take_sample(p, out) : take_at_most(p, out);
}

static bool rule_body(struct parser *p, struct rule *r)
{
	size_t actions = 0;

	if (!parser_expect(p, TOKEN_OPEN_BRACE, "\"{\"") ||
	    !condition(p, "when", &r->when) ||
	    !condition(p, "unless", &r->unless))
		return false;
	while (!parser_is(p, TOKEN_CLOSE_BRACE)) {
		bool setting = at_setting(p);

		if (!misplaced(p, r) || !(setting ? take_setting(p, r) :
		    parse_action(p, &r->deed)))
			return false;
		actions += !setting;
	}
	if (actions == 0)
		return parser_expected(p, "an action");
	parser_take(p);
	return true;
}

/* Words behind the name of a rule, in any order, each once. */
static bool take_manners(struct parser *p, struct rule *r)
{
	const struct {
		const char *word;
		bool *set;
	} manners[] = {
		{ "early", &r->early }, { "observe", &r->observe },
		{ "unsafe", &r->unsafe },
	};

	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]);) {
		if (!parser_is_word(p, manners[i].word)) {
			i++;
			continue;
		}
		if (*manners[i].set) {
			report_error(p->report, &p->policy->source,
			    p->now.offset, "a second \"%s\"",
			    manners[i].word);
			return false;
		}
		*manners[i].set = true;
		parser_take(p);
		i = 0;
	}
	return parser_is(p, TOKEN_OPEN_BRACE) || parser_expected(p,
	    "early, observe, unsafe or \"{\"");
}

bool parse_rule(struct parser *p)
{
	struct rule *r = arena_alloc(p->policy->mem, sizeof(*r)), **tail;

	r->file = source_name(&p->policy->source, p->now.offset);
	r->line = p->now.line;
	if (!parser_name(p, "the name of a rule", &r->name, &r->offset) ||
	    !take_manners(p, r) || !rule_body(p, r))
		return false;
	for (tail = &p->policy->rules; *tail != NULL;)
		tail = &(*tail)->next;
	*tail = r;
	r->index = p->policy->rule_count++;
	return true;
}
