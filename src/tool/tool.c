/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "setup/setup.h"

#define MESSAGE_MAX ((size_t)256 << 20)

const char *tool_next(const struct tool *t, const char *flag, size_t *position)
{
	while (*position < t->value_count) {
		const struct tool_value *v = &t->values[(*position)++];

		if (strcmp(v->flag->name, flag) == 0)
			return v->text;
	}
	return NULL;
}

const char *tool_value(const struct tool *t, const char *flag)
{
	const char *last = NULL, *next;
	size_t position = 0;

	while ((next = tool_next(t, flag, &position)) != NULL)
		last = next;
	return last;
}

int tool_usage(const struct tool *t, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "assay %s: ", t->command->name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nusage: assay %s [OPTIONS] %s; --help says more\n",
	    t->command->name, t->command->arguments);
	return EX_USAGE;
}

int tool_failed(int code, const char *fmt, ...)
{
	va_list args;

	fputs("assay: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

bool tool_conf(const struct tool *t, struct conf *conf)
{
	const char *path = t->conf;
	struct buf problems = { 0 };
	bool good;

	if (path == NULL && access(conf_default_path, F_OK) == 0)
		path = conf_default_path;
	good = conf_read(conf, path, &problems);
	fputs(buf_text(&problems), stderr);
	buf_free(&problems);
	return good;
}

struct kit *tool_kit(const struct tool *t, struct conf *conf, int *code)
{
	struct buf problems = { 0 };
	struct kit *kit;

	/* Only the daemon may read the key, and nothing is sent from here. */
	conf->seal = false;
	kit = setup_kit(&(struct setup){ .conf = conf, .zone = t->zone },
	    &problems);
	fputs(buf_text(&problems), stderr);
	buf_free(&problems);
	*code = kit != NULL ? EX_OK : EX_CONFIG;
	return kit;
}

struct inquiry *tool_inquiry(const struct tool *t, const struct conf *conf,
    struct arena *mem, struct resolver **resolver)
{
	struct inquiry_limits limits = setup_dns_limits(conf);
	struct error err;

	*resolver = setup_resolver(conf, t->zone, NULL, &err);
	if (*resolver == NULL) {
		tool_failed(EX_CONFIG, "%s", err.text);
		return NULL;
	}
	return inquiry_new(mem, *resolver, &limits, NULL);
}

bool tool_message(const char *path, struct arena *mem, struct message *out,
    struct error *err)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	struct slice raw;
	bool good;

	if (in == NULL)
		return error_set(err, "%s: %s", path, strerror(errno));
	good = message_read(mem, in, MESSAGE_MAX, &raw, err);
	if (in != stdin)
		fclose(in);
	if (good)
		message_cut(mem, raw, out);
	return good || error_prefix(err, "%s", path);
}

void tool_print_json(struct json *j)
{
	char *text = json_finish(j, true);

	puts(text);
	free(text);
}

static void put_clean(const char *s)
{
	for (; *s != '\0'; s++)
		putchar((unsigned char)*s < 32 || *s == 127 ? '?' : *s);
}

void tool_line(const struct tool *t, const char *name, const char *value)
{
	(void)t;
	if (value == NULL)
		return;
	printf("%-14s ", name);
	put_clean(value);
	putchar('\n');
}

static const char *colour_of(const char *word)
{
	static const struct { const char *word, *colour; } colours[] = {
		{ "pass", "32" }, { "accept", "32" }, { "good", "32" },
		{ "fail", "31" }, { "reject", "31" }, { "permerror", "31" },
		{ "error", "31" }, { "softfail", "33" }, { "temperror", "33" },
		{ "tempfail", "33" }, { "quarantine", "33" }, { "tag", "33" },
		{ "warning", "33" }, { "discard", "31" },
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(*colours); i++)
		if (strcmp(colours[i].word, word) == 0)
			return colours[i].colour;
	return "0";
}

void tool_result(const struct tool *t, const char *name, const char *word)
{
	if (word == NULL)
		return;
	if (t->colour)
		printf("%-14s \033[1;%sm%s\033[0m\n", name, colour_of(word), word);
	else
		printf("%-14s %s\n", name, word);
}
