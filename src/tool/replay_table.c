/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/replay_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tool/past.h"

#define EXAMPLES 3

/* One row of a table: a pair of decisions, or a rule. */
struct tally {
	struct decided was, is;
	int64_t count;
	const char *examples[EXAMPLES];
	size_t example_count;
};

struct tallies {
	struct tally *rows;
	size_t count, room;
};

/* How often a rule decided, then and now. */
struct rule_tally {
	const char *rule;
	int64_t was, is;
};

struct replay_table {
	struct arena *mem;
	int64_t messages, unchanged, changed, unsaid;
	struct tallies pairs;           /* that differ, by rule and action */
	struct tallies actions;         /* that differ in the action */
	struct tallies stopped;         /* is.rule: where, was.rule: the test */
	struct rule_tally *rules;
	size_t rule_count, rule_room;
};

struct replay_table *replay_table_new(void)
{
	struct replay_table *t = xcalloc(1, sizeof(*t));

	t->mem = arena_new(4096);
	return t;
}

void replay_table_free(struct replay_table *t)
{
	if (t == NULL)
		return;
	free(t->pairs.rows);
	free(t->actions.rows);
	free(t->stopped.rows);
	free(t->rules);
	arena_free(t->mem);
	free(t);
}

static bool same(const struct decided *a, const struct decided *b)
{
	return a->action == b->action && strcmp(a->rule, b->rule) == 0;
}

/* Pairs are few, as rules are: a list will do. */
static struct tally *find(struct replay_table *t, struct tallies *l,
    struct decided was, struct decided is)
{
	for (size_t i = 0; i < l->count; i++)
		if (same(&l->rows[i].was, &was) && same(&l->rows[i].is, &is))
			return &l->rows[i];
	if (l->count == l->room) {
		l->room = l->room == 0 ? 16 : 2 * l->room;
		l->rows = xrealloc(l->rows, l->room, sizeof(*l->rows));
	}
	was.rule = arena_strdup(t->mem, was.rule);
	is.rule = arena_strdup(t->mem, is.rule);
	l->rows[l->count] = (struct tally){ .was = was, .is = is };
	return &l->rows[l->count++];
}

static void add(struct replay_table *t, struct tallies *l, const char *id,
    struct decided was, struct decided is)
{
	struct tally *row = find(t, l, was, is);

	row->count++;
	if (row->example_count < EXAMPLES)
		row->examples[row->example_count++] = arena_strdup(t->mem, id);
}

static struct rule_tally *find_rule(struct replay_table *t, const char *rule)
{
	for (size_t i = 0; i < t->rule_count; i++)
		if (strcmp(t->rules[i].rule, rule) == 0)
			return &t->rules[i];
	if (t->rule_count == t->rule_room) {
		t->rule_room = t->rule_room == 0 ? 16 : 2 * t->rule_room;
		t->rules = xrealloc(t->rules, t->rule_room, sizeof(*t->rules));
	}
	t->rules[t->rule_count] = (struct rule_tally){
		.rule = arena_strdup(t->mem, rule) };
	return &t->rules[t->rule_count++];
}

void replay_count(struct replay_table *t, const char *id, struct decided was,
    struct decided is)
{
	t->messages++;
	find_rule(t, was.rule)->was++;
	find_rule(t, is.rule)->is++;
	if (same(&was, &is)) {
		t->unchanged++;
		return;
	}
	t->changed++;
	add(t, &t->pairs, id, was, is);
	if (was.action != is.action)
		add(t, &t->actions, id,
		    (struct decided){ was.action, "" },
		    (struct decided){ is.action, "" });
}

void replay_cannot_say(struct replay_table *t, const char *id,
    const char *rule, const char *test)
{
	t->messages++;
	t->unsaid++;
	add(t, &t->stopped, id,
	    (struct decided){ ACTION_ACCEPT, test != NULL ? test : "" },
	    (struct decided){ ACTION_ACCEPT, rule != NULL ? rule : "" });
}

static int by_count(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static void sort(const struct tallies *l)
{
	if (l->count > 0)
		qsort(l->rows, l->count, sizeof(*l->rows), by_count);
}

static void print_examples(const struct tally *row)
{
	for (size_t i = 0; i < row->example_count; i++)
		printf(" %s", row->examples[i]);
	putchar('\n');
}

static const char *word(enum action a)
{
	return name_word(action_names, (int)a);
}

static void print_actions(const struct tallies *l)
{
	if (l->count > 0)
		puts("\nby action, with examples");
	for (size_t i = 0; i < l->count; i++) {
		const struct tally *row = &l->rows[i];

		printf("  %10lld  %-10s -> %-10s ", (long long)row->count,
		    word(row->was.action), word(row->is.action));
		print_examples(row);
	}
}

static void print_pairs(const struct tallies *l)
{
	if (l->count > 0)
		puts("\nby rule, with examples");
	for (size_t i = 0; i < l->count; i++) {
		const struct tally *row = &l->rows[i];

		printf("  %10lld  %s by %s -> %s by %s ",
		    (long long)row->count, word(row->was.action),
		    row->was.rule, word(row->is.action), row->is.rule);
		print_examples(row);
	}
}

static void print_stopped(const struct tallies *l)
{
	if (l->count > 0)
		puts("\ncannot say, with examples");
	for (size_t i = 0; i < l->count; i++) {
		const struct tally *row = &l->rows[i];

		if (row->is.rule[0] != '\0')
			printf("  %10lld  rule %s lacks: %s ",
			    (long long)row->count, row->is.rule,
			    row->was.rule[0] != '\0' ? row->was.rule :
			    "a later phase");
		else
			printf("  %10lld  the record is incomplete ",
			    (long long)row->count);
		print_examples(row);
	}
}

static void print_rules(const struct replay_table *t)
{
	printf("\n  %10s  %10s  decided by\n", "then", "now");
	for (size_t i = 0; i < t->rule_count; i++)
		printf("  %10lld  %10lld  %s\n", (long long)t->rules[i].was,
		    (long long)t->rules[i].is, t->rules[i].rule);
}

void replay_print(const struct replay_table *t,
    const struct replay_title *title)
{
	char when[PAST_TIME_MAX];

	sort(&t->actions);
	sort(&t->pairs);
	sort(&t->stopped);
	printf("policy %s against %s%s%s\n", title->policy,
	    title->against != NULL ? title->against : "what was decided",
	    title->since != 0 ? ", since " : "",
	    title->since != 0 ? past_time(title->since, when) : "");
	printf("%lld message%s: %lld unchanged, %lld changed, %lld cannot say\n",
	    (long long)t->messages, t->messages == 1 ? "" : "s",
	    (long long)t->unchanged,
	    (long long)t->changed, (long long)t->unsaid);
	print_actions(&t->actions);
	print_pairs(&t->pairs);
	print_stopped(&t->stopped);
	if (t->rule_count > 0)
		print_rules(t);
}

static void decided_json(struct json *j, const char *key,
    const struct decided *d)
{
	json_open_object(j, key);
	json_text(j, "action", word(d->action));
	json_text(j, "rule", d->rule[0] != '\0' ? d->rule : NULL);
	json_close(j);
}

static void tallies_json(struct json *j, const char *key,
    const struct tallies *l, bool pairs)
{
	json_open_array(j, key);
	for (size_t i = 0; i < l->count; i++) {
		const struct tally *row = &l->rows[i];

		json_open_object(j, NULL);
		json_number(j, "count", row->count);
		if (pairs) {
			decided_json(j, "was", &row->was);
			decided_json(j, "is", &row->is);
		} else if (row->is.rule[0] != '\0') {
			json_text(j, "rule", row->is.rule);
			json_text(j, "test", row->was.rule[0] != '\0' ?
			    row->was.rule : NULL);
		}
		json_open_array(j, "examples");
		for (size_t k = 0; k < row->example_count; k++)
			json_text(j, NULL, row->examples[k]);
		json_close(j);
		json_close(j);
	}
	json_close(j);
}

static void rules_json(struct json *j, const struct replay_table *t)
{
	json_open_array(j, "rules");
	for (size_t i = 0; i < t->rule_count; i++) {
		json_open_object(j, NULL);
		json_text(j, "rule", t->rules[i].rule);
		json_number(j, "was", t->rules[i].was);
		json_number(j, "is", t->rules[i].is);
		json_close(j);
	}
	json_close(j);
}

void replay_json(const struct replay_table *t,
    const struct replay_title *title, struct json *j)
{
	sort(&t->actions);
	sort(&t->pairs);
	sort(&t->stopped);
	json_text(j, "policy", title->policy);
	json_text(j, "against", title->against);
	if (title->since != 0)
		json_number(j, "since", title->since);
	json_number(j, "messages", t->messages);
	json_number(j, "unchanged", t->unchanged);
	json_number(j, "changed", t->changed);
	json_number(j, "cannot_say", t->unsaid);
	tallies_json(j, "by_action", &t->actions, true);
	tallies_json(j, "by_rule", &t->pairs, true);
	tallies_json(j, "stopped", &t->stopped, false);
	rules_json(j, t);
}

void replay_print_json(const struct replay_table *t,
    const struct replay_title *title)
{
	struct json *j = json_new();

	replay_json(t, title, j);
	tool_print_json(j);
}
