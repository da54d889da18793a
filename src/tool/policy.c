/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay policy check|test|facts: a policy as a program that can be checked and
 * tested.
 */
#include <sysexits.h>

#include "policy/policy.h"
#include "setup/setup.h"
#include "tool/tool.h"

/* The file named, else the configured one. */
static struct policy *load(const struct tool *t, struct conf *conf,
    struct policy_report *report)
{
	const char *path = t->word_count == 1 ? t->words[0] : conf->policy;

	return setup_policy(conf, path, report);
}

/* From when on each early rule may speak. */
static void stages_text(const struct policy *p)
{
	size_t n = policy_rule_count(p);

	for (size_t i = 0; i < n; i++) {
		enum phase from = policy_stage(p, i);
		struct policy_hits rule = policy_hits(p, i);

		if (from <= PHASE_RCPT)
			printf("early: %s (%s:%u) from %s on\n", rule.rule,
			    rule.file, rule.line, name_word(phase_names,
			    (int)from));
	}
}

static void stages_json(struct json *j, const struct policy *p)
{
	size_t n = policy_rule_count(p);

	json_open_array(j, "early");
	for (size_t i = 0; i < n; i++) {
		enum phase from = policy_stage(p, i);
		struct policy_hits rule = policy_hits(p, i);

		if (from > PHASE_RCPT)
			continue;
		json_open_object(j, NULL);
		json_text(j, "rule", rule.rule);
		json_text(j, "file", rule.file);
		json_number(j, "line", rule.line);
		json_text(j, "from", name_word(phase_names, (int)from));
		json_close(j);
	}
	json_close(j);
}

static void check_json(const struct policy *p, const struct policy_report *r)
{
	struct json *j = json_new();

	json_yes_no(j, "good", p != NULL);
	if (p != NULL) {
		json_text(j, "policy", policy_name(p));
		json_number(j, "rules", (int64_t)policy_rule_count(p));
		stages_json(j, p);
	}
	json_number(j, "errors", (int64_t)r->errors);
	json_number(j, "warnings", (int64_t)r->warnings);
	if (r->text.len > 0)
		json_text(j, "report", buf_text(&r->text));
	tool_print_json(j);
}

static int print_check(const struct tool *t, const struct policy *p,
    const struct policy_report *r)
{
	if (t->json)
		check_json(p, r);
	else if (r->text.len > 0)
		fputs(buf_text(&r->text), stderr);
	if (p == NULL)
		return EX_CONFIG;
	if (t->json)
		return EX_OK;
	printf("%s: good, %zu rules, all expectations hold\n",
	    policy_name(p), policy_rule_count(p));
	stages_text(p);
	return EX_OK;
}

static int print_test(const struct tool *t, const struct policy *p,
    const struct policy_report *r)
{
	struct buf text = { 0 };
	struct json *j = t->json ? json_new() : NULL;
	size_t total = 0, failed;

	if (p == NULL) {
		json_drop(j);
		return print_check(t, p, r);
	}
	failed = policy_expectations(p, &text, j, &total);
	if (j != NULL) {
		tool_print_json(j);
	} else {
		fputs(buf_text(&text), stdout);
		printf("%zu expectations, %zu failed\n", total, failed);
	}
	buf_free(&text);
	return failed == 0 ? EX_OK : EX_CONFIG;
}

static int with_policy(struct tool *t, int (*print)(const struct tool *,
    const struct policy *, const struct policy_report *))
{
	struct policy_report report = { 0 };
	struct policy *p = NULL;
	struct conf conf;
	int code = EX_CONFIG;

	if (t->word_count > 1)
		return tool_usage(t, "name one policy file, or none");
	if (tool_conf(t, &conf)) {
		p = load(t, &conf, &report);
		code = print(t, p, &report);
	}
	policy_free(p);
	policy_report_free(&report);
	conf_free(&conf);
	return code;
}

static int run_check(struct tool *t)
{
	return with_policy(t, print_check);
}

static int run_test(struct tool *t)
{
	return with_policy(t, print_test);
}

static void words_text(const struct name *words, struct buf *out)
{
	for (const struct name *n = words; n != NULL && n->word != NULL; n++)
		buf_addf(out, "%s%s", n == words ? "" : " ", n->word);
}

static void fact_json(struct json *j, const struct fact_def *d)
{
	json_open_object(j, NULL);
	json_text(j, "name", d->name);
	json_text(j, "type", name_word(fact_type_names, d->type));
	json_text(j, "phase", name_word(phase_names, d->phase));
	json_text(j, "help", d->help);
	if (d->words != NULL) {
		json_open_array(j, "words");
		for (const struct name *n = d->words; n->word != NULL; n++)
			json_text(j, NULL, n->word);
		json_close(j);
	}
	json_close(j);
}

static void fact_line(const struct fact_def *d)
{
	struct buf words = { 0 };

	words_text(d->words, &words);
	printf("%-21s %-10s from %-8s %s\n", d->name,
	    name_word(fact_type_names, d->type), name_word(phase_names,
	    d->phase), d->help);
	if (words.len > 0)
		printf("%-21s   %s\n", "", buf_text(&words));
	buf_free(&words);
}

static int run_facts(struct tool *t)
{
	struct json *j;

	if (t->word_count > 0)
		return tool_usage(t, "no argument is expected");
	if (!t->json) {
		for (size_t i = 0; i < FACT_COUNT; i++)
			fact_line(&fact_defs[i]);
		return EX_OK;
	}
	j = json_new();
	json_open_array(j, "facts");
	for (size_t i = 0; i < FACT_COUNT; i++)
		fact_json(j, &fact_defs[i]);
	json_close(j);
	tool_print_json(j);
	return EX_OK;
}

const struct tool_command policy_check_command = {
	.name = "policy check",
	.arguments = "[FILE]",
	.help = "is the policy sound, and do its expectations hold?",
	.more = "Without FILE the configured policy. Exit code 78 when it is not.",
	.flags = { { .name = NULL } },
	.run = run_check,
};

const struct tool_command policy_test_command = {
	.name = "policy test",
	.arguments = "[FILE]",
	.help = "run the policy's expectations one by one",
	.flags = { { .name = NULL } },
	.run = run_test,
};

const struct tool_command policy_facts_command = {
	.name = "policy facts",
	.arguments = "",
	.help = "all facts a policy may name",
	.flags = { { .name = NULL } },
	.run = run_facts,
};
