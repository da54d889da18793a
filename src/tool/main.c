/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay: everything the daemon concludes, concluded on the command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/name.h"
#include "tool/tool.h"

static const struct tool_command *const commands[] = {
	&check_command, &policy_check_command, &policy_test_command,
	&policy_facts_command, &config_command, &spf_command, &dkim_command,
	&dmarc_command, &explain_command, &history_command, &replay_command,
	&policy_diff_command, &lists_audit_command, &lists_suggest_command,
	&lists_accept_command, NULL,
};

static const struct tool_flag common_flags[] = {
	{ "--conf", "FILE", "configuration (default " ASSAY_CONF_DIR
	  "/assay.conf)" },
	{ "--zone", "FILE", "answer the DNS from this zone file" },
	{ "--json", NULL, "print JSON" },
	{ "--help", NULL, "print this" },
	{ .name = NULL },
};

static void print_overview(FILE *out)
{
	fputs("usage: assay COMMAND [OPTIONS] [ARGUMENTS]\n\n", out);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(out, "  %-14s %-28s %s\n", commands[i]->name,
		    commands[i]->arguments, commands[i]->help);
	fputs("\nassay COMMAND --help says more; so does assay(1).\n", out);
}

static void print_flags(const struct tool_flag *flags)
{
	for (; flags->name != NULL; flags++) {
		char left[40];

		snprintf(left, sizeof(left), "%s %s", flags->name,
		    flags->argument != NULL ? flags->argument : "");
		printf("  %-24s %s\n", left, flags->help);
	}
}

static void print_help(const struct tool_command *c)
{
	printf("usage: assay %s [OPTIONS] %s\n\n%s\n", c->name, c->arguments,
	    c->help);
	if (c->more != NULL)
		printf("%s\n", c->more);
	puts("");
	print_flags(c->flags);
	print_flags(common_flags);
}

/* How many words of argv are this command's name; 0: it is not named. */
static int words_matched(const struct tool_command *c, int argc, char **argv)
{
	struct slice rest = slice_of(c->name);
	int n = 0;

	while (rest.data != NULL) {
		struct slice word = slice_cut(&rest, ' ');

		if (n >= argc || !slice_is(word, argv[n]))
			return 0;
		n++;
	}
	return n;
}

static const struct tool_command *find_command(int argc, char **argv, int *used)
{
	for (size_t i = 0; commands[i] != NULL; i++) {
		*used = words_matched(commands[i], argc, argv);
		if (*used > 0)
			return commands[i];
	}
	return NULL;
}

static int unknown_command(int argc, char **argv)
{
	struct closest near;
	struct buf wanted = { 0 };

	buf_adds(&wanted, argv[0]);
	if (argc > 1 && (strcmp(argv[0], "policy") == 0 ||
	    strcmp(argv[0], "lists") == 0))
		buf_addf(&wanted, " %s", argv[1]);
	closest_start(&near, buf_text(&wanted));
	for (size_t i = 0; commands[i] != NULL; i++)
		closest_offer(&near, commands[i]->name);
	fprintf(stderr, "assay: there is no command \"%s\"%s%s%s\n",
	    buf_text(&wanted), near.best != NULL ? "; did you mean " : "",
	    near.best != NULL ? near.best : "", near.best != NULL ? "?" : "");
	buf_free(&wanted);
	return EX_USAGE;
}

static const struct tool_flag *find_flag(const struct tool_command *c,
    struct slice name)
{
	for (const struct tool_flag *f = c->flags; f->name != NULL; f++)
		if (slice_is(name, f->name))
			return f;
	for (const struct tool_flag *f = common_flags; f->name != NULL; f++)
		if (slice_is(name, f->name))
			return f;
	return NULL;
}

static int unknown_flag(const struct tool *t, struct slice name)
{
	char *text = xstrndup(name.data, name.len);
	struct closest near;
	int code;

	closest_start(&near, text);
	for (const struct tool_flag *f = t->command->flags; f->name != NULL; f++)
		closest_offer(&near, f->name);
	for (const struct tool_flag *f = common_flags; f->name != NULL; f++)
		closest_offer(&near, f->name);
	code = near.best != NULL ?
	    tool_usage(t, "no option %s; did you mean %s?", text, near.best) :
	    tool_usage(t, "no option %s", text);
	free(text);
	return code;
}

/* One option, "--name value" or "--name=value". -1: go on. */
static int take_flag(struct tool *t, char **argv, int *i)
{
	struct slice value = slice_of(argv[*i]), name = slice_cut(&value, '=');
	const struct tool_flag *f = find_flag(t->command, name);
	const char *text = value.data;

	if (f == NULL)
		return unknown_flag(t, name);
	if (f->argument != NULL && text == NULL) {
		text = argv[++*i];
		if (text == NULL)
			return tool_usage(t, "%s wants %s", f->name, f->argument);
	}
	if (f->argument == NULL && text != NULL)
		return tool_usage(t, "%s takes no value", f->name);
	if (strcmp(f->name, "--help") == 0) {
		print_help(t->command);
		return EX_OK;
	}
	if (strcmp(f->name, "--conf") == 0)
		t->conf = text;
	else if (strcmp(f->name, "--zone") == 0)
		t->zone = text;
	else if (strcmp(f->name, "--json") == 0)
		t->json = true;
	else if (t->value_count < TOOL_VALUES)
		t->values[t->value_count++] = (struct tool_value){ f,
		    text != NULL ? text : "" };
	else
		return tool_usage(t, "too many options");
	return -1;
}

/* -1: go on; else the exit code. */
static int read_arguments(struct tool *t, int argc, char **argv)
{
	bool options = true;

	t->words = xcalloc((size_t)argc + 1, sizeof(*t->words));
	for (int i = 0; i < argc; i++) {
		int code = -1;

		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && strcmp(argv[i], "-h") == 0)
			code = take_flag(t, (char *[]){ (char *)"--help", NULL },
			    &(int){ 0 });
		else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
			code = take_flag(t, argv, &i);
		else
			t->words[t->word_count++] = argv[i];
		if (code >= 0)
			return code;
	}
	return -1;
}

static int run_command(const struct tool_command *c, int argc, char **argv)
{
	struct tool t = { .command = c };
	int code;

	t.colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	code = read_arguments(&t, argc, argv);
	if (code < 0)
		code = c->run(&t);
	free(t.words);
	if (fflush(stdout) != 0 || ferror(stdout))
		return EX_IOERR;
	return code;
}

int main(int argc, char **argv)
{
	const struct tool_command *c;
	int used;

	if (argc < 2) {
		print_overview(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_overview(stdout);
		return EX_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("assay " ASSAY_VERSION);
		return EX_OK;
	}
	c = find_command(argc - 1, argv + 1, &used);
	if (c == NULL)
		return unknown_command(argc - 1, argv + 1);
	return run_command(c, argc - 1 - used, argv + 1 + used);
}
