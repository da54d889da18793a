/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay lists accept: one more entry for a list, with its owner and reason.
 */
#include <sysexits.h>

#include "base/clock.h"
#include "policy/list_accept.h"
#include "tool/tool.h"

static void print(const struct tool *t, const struct list_accepted *what,
    const char *path)
{
	struct json *j;

	if (!t->json) {
		printf("%s: %s\n", path, what->entry);
		return;
	}
	j = json_new();
	json_text(j, "file", path);
	json_text(j, "entry", what->entry);
	json_text(j, "owner", what->note.owner);
	json_text(j, "until", what->note.until);
	json_text(j, "why", what->note.why);
	tool_print_json(j);
}

static int run_accept(struct tool *t)
{
	const char *path = tool_value(t, "--list");
	struct list_accepted what = {
		.note = {
			.owner = tool_value(t, "--owner"),
			.until = tool_value(t, "--until"),
			.why = tool_value(t, "--why"),
		},
		.now = (int64_t)clock_now(&(struct clock){ 0 }),
	};
	struct error err;

	if (t->word_count != 1)
		return tool_usage(t, "name one entry");
	if (path == NULL)
		return tool_usage(t, "name the file of a list with --list");
	if (what.note.owner == NULL || what.note.why == NULL)
		return tool_usage(t, "an entry has an owner and a reason: "
		    "--owner and --why");
	what.entry = t->words[0];
	if (!list_accept(path, &what, &err))
		return tool_failed(EX_DATAERR, "%s", err.text);
	print(t, &what, path);
	return EX_OK;
}

const struct tool_command lists_accept_command = {
	.name = "lists accept",
	.arguments = "ENTRY",
	.help = "write an entry into the file of a list",
	.more = "A domain, mail address, address or network. The file is "
	    "replaced in one step\nby one that was read back; assayd takes it "
	    "with its next reload.",
	.flags = {
		{ "--list", "FILE", "the file of the list; required" },
		{ "--owner", "NAME", "whom to ask about it; required" },
		{ "--why", "TEXT", "why it is there; required" },
		{ "--until", "DATE", "the last day on which it holds" },
		{ .name = NULL },
	},
	.run = run_accept,
};
