/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/parse.h"
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

#define ACTIONS "an action (accept, reject, tempfail, discard, quarantine, " \
	"tag, log, count or report)"

bool parse_action(struct parser *p, const char *wanted, struct deed *out)
{
	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++)
		if (parser_is_word(p, finals[i].word))
			return take_final(p, &finals[i], out);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (parser_is_word(p, marks[i].word))
			return marks[i].take(p, out);
	return parser_expected(p, wanted);
}

/* What may stand at this place of a rule; a slip is known by these words. */
static const char *wanted_in(const struct rule *r, size_t actions)
{
	if (actions > 0)
		return ACTIONS ", sample, at-most or \"}\"";
	if (r->unless != NULL)
		return "and, or, or " ACTIONS;
	return r->when != NULL ? "and, or, unless, or " ACTIONS :
	    "when, unless, or " ACTIONS;
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

static bool rule_body(struct parser *p, struct rule *r)
{
	size_t actions = 0;

	if (!parser_expect(p, TOKEN_OPEN_BRACE, "\"{\"") ||
	    !condition(p, "when", &r->when) ||
	    !condition(p, "unless", &r->unless))
		return false;
	while (!parser_is(p, TOKEN_CLOSE_BRACE)) {
		bool setting = parse_at_setting(p);

		if (!misplaced(p, r) || !(setting ? parse_setting(p, r) :
		    parse_action(p, wanted_in(r, actions), &r->deed)))
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
