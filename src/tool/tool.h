/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * tool: what every subcommand of `assay` shares: its options, its kit, how it
 * prints. Exit codes are those of sysexits.h.
 */
#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "mail/message.h"
#include "session/kit.h"
#include "setup/conf.h"

/* The value of a long option of one subcommand. */
struct tool_flag {
	const char *name;               /* "--ip" */
	const char *argument;           /* shown in the help; NULL: takes none */
	const char *help;
};

#define TOOL_FLAGS 12
#define TOOL_VALUES 1024

struct tool_value {
	const struct tool_flag *flag;
	const char *text;               /* "" for a flag without argument */
};

struct tool {
	const struct tool_command *command;
	const char *conf, *zone;        /* --conf, --zone */
	bool json;
	bool colour;                    /* stdout is a terminal */
	const char **words;             /* what is no option, NULL-terminated */
	size_t word_count;
	struct tool_value values[TOOL_VALUES];
	size_t value_count;
};

struct tool_command {
	const char *name;               /* "check", "policy check" */
	const char *arguments;          /* "FILE|-" */
	const char *help;               /* one line */
	const char *more;               /* sentences for --help; may be NULL */
	struct tool_flag flags[TOOL_FLAGS];     /* ends with name NULL */
	int (*run)(struct tool *t);
};

/* The last value of a flag, or NULL; all of them, in order, by tool_next(). */
const char *tool_value(const struct tool *t, const char *flag);
const char *tool_next(const struct tool *t, const char *flag, size_t *position);

/* Wrong usage: a line on stderr and EX_USAGE. */
int tool_usage(const struct tool *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int tool_failed(int code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The configuration named by --conf, else the usual one, else defaults. On
 * failure says why and returns false. conf_free() in either case. */
bool tool_conf(const struct tool *t, struct conf *conf);
/* Configuration and kit as the daemon would have them; NULL: said why. */
struct kit *tool_kit(const struct tool *t, struct conf *conf, int *code);

/* An inquiry of its own for a single method; NULL: said why. The resolver must
 * be freed after the arena was. */
struct inquiry *tool_inquiry(const struct tool *t, const struct conf *conf,
    struct arena *mem, struct resolver **resolver);

/* A message file, or stdin for "-", cut as a milter would see it. */
bool tool_message(const char *path, struct arena *mem, struct message *out,
    struct error *err);

/* Print and drop the document. */
void tool_print_json(struct json *j);

/* "name   value" with the name padded; nothing for NULL. Good, bad and odd
 * results are coloured on a terminal. Control characters show as "?". */
void tool_line(const struct tool *t, const char *name, const char *value);
void tool_result(const struct tool *t, const char *name, const char *word);

extern const struct tool_command check_command, policy_check_command,
    policy_test_command, policy_facts_command, config_command, spf_command,
    dkim_command, dmarc_command, explain_command, history_command,
    replay_command, lists_audit_command, lists_suggest_command,
    lists_accept_command, policy_diff_command;
