/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay config: the whole configuration, commented, as it is in force.
 */
#include <sysexits.h>

#include "tool/tool.h"

static int run_config(struct tool *t)
{
	struct conf conf;
	struct buf text = { 0 };
	struct json *j;

	if (t->word_count > 0)
		return tool_usage(t, "no argument is expected");
	if (!tool_conf(t, &conf)) {
		conf_free(&conf);
		return EX_CONFIG;
	}
	if (t->json) {
		j = json_new();
		conf_json(&conf, j);
		tool_print_json(j);
	} else {
		conf_print(&conf, &text);
		fputs(buf_text(&text), stdout);
		buf_free(&text);
	}
	conf_free(&conf);
	return EX_OK;
}

const struct tool_command config_command = {
	.name = "config",
	.arguments = "",
	.help = "print the whole configuration, commented, with its values",
	.more = "What is printed is itself a configuration file. Without --conf\n"
	    "and without a file in the usual place these are the defaults.",
	.run = run_config,
};
