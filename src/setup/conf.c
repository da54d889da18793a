/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "base/json.h"
#include "base/mem.h"
#include "mail/domain.h"
#include "mail/message.h"
#include "setup/conf_keys.h"

#define CONF_MAX ((size_t)1 << 20)

/*
 * Put behind the last line of every file: libconfuse takes the end of the file
 * for the end of a section that somebody forgot to close, and this key is
 * known outside of sections only.
 */
#define END_MARK "end-of-file"

const char conf_default_path[] = ASSAY_CONF_DIR "/assay.conf";

/*
 * The parse under way. libconfuse gives its callbacks no argument of ours, and
 * names no file in a section; a file is read by one thread from start to end.
 */
static _Thread_local struct buf *complaints;
static _Thread_local const char *parsed_file;

static bool in_section(const struct conf_key *k, const char *section)
{
	if (k->section == NULL || section == NULL)
		return k->section == section;
	return strcmp(k->section, section) == 0;
}

static const char *section_of(const cfg_t *cfg)
{
	return strcmp(cfg->name, "root") == 0 ? NULL : cfg->name;
}

/* The unknown name, and what may have been meant in this section. */
static void complain_unknown(const cfg_t *cfg, const char *name)
{
	const char *section = section_of(cfg);
	struct closest near;

	if (strcmp(name, END_MARK) == 0) {
		buf_addf(complaints, "section %s is not closed with }",
		    section);
		return;
	}
	closest_start(&near, name);
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		if (in_section(k, section))
			closest_offer(&near, k->name);
		else if (section == NULL)
			closest_offer(&near, k->section);
	}
	buf_addf(complaints, "unknown key \"%s\"%s%s", name,
	    section != NULL ? " in section " : "",
	    section != NULL ? section : "");
	if (near.best != NULL)
		buf_addf(complaints, "; did you mean %s?", near.best);
}

static void on_error(cfg_t *cfg, const char *fmt, va_list args)
{
	buf_addf(complaints, "%s:%d: ", parsed_file, cfg->line);
	if (strncmp(fmt, "no such option", 14) == 0) {
		complain_unknown(cfg, va_arg(args, const char *));
	} else {
		char text[512];

		vsnprintf(text, sizeof(text), fmt, args);
		buf_adds(complaints, text);
	}
	buf_addc(complaints, '\n');
}

static const struct conf_key *key_of(const cfg_t *cfg, const cfg_opt_t *opt)
{
	const struct conf_key *k = conf_keys;

	while (k->name != NULL && !(in_section(k, section_of(cfg)) &&
	    strcmp(k->name, opt->name) == 0))
		k++;
	return k;
}

/* Called for each value as it is read, so that libconfuse knows the line. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct conf_key *k = key_of(cfg, opt);
	struct conf scratch = { .mem = arena_new(512) };
	struct error err;
	bool good;

	good = opt->nvalues == 0 || conf_key_set(&scratch, k,
	    cfg_opt_getnstr(opt, opt->nvalues - 1), &err);
	arena_free(scratch.mem);
	if (!good)
		cfg_error(cfg, "%s: %s", opt->name, err.text);
	return good ? 0 : -1;
}

static cfg_opt_t option_of(const struct conf_key *k)
{
	cfg_opt_t one = CFG_STR(k->name, NULL, CFGF_NODEFAULT);
	cfg_opt_t many = CFG_STR_LIST(k->name, NULL, CFGF_NODEFAULT);
	cfg_opt_t opt = k->type == KEY_TEXTS ? many : one;

	opt.validcb = on_value;
	return opt;
}

#define MOST_KEYS 64

/* Options of one section, ended as libconfuse wants it. */
static void fill_section(cfg_opt_t *out, const char *section)
{
	size_t n = 0;

	for (const struct conf_key *k = conf_keys; k->name != NULL; k++)
		if (in_section(k, section))
			out[n++] = option_of(k);
	out[n] = (cfg_opt_t)CFG_END();
}

struct grammar {
	cfg_opt_t top[MOST_KEYS];
	cfg_opt_t sections[MOST_KEYS / 4][MOST_KEYS / 2];
};

static cfg_t *make_grammar(struct grammar *g)
{
	const char *last = NULL;
	size_t n = 0, s = 0;

	fill_section(g->top, NULL);
	while (g->top[n].name != NULL)
		n++;
	g->top[n++] = (cfg_opt_t)CFG_STR(END_MARK, NULL, CFGF_NODEFAULT);
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		cfg_opt_t *subopts = g->sections[s];

		if (k->section == NULL ||
		    (last != NULL && strcmp(last, k->section) == 0))
			continue;
		last = k->section;
		fill_section(subopts, last);
		g->top[n++] = (cfg_opt_t)CFG_SEC(last, subopts, CFGF_NONE);
		s++;
	}
	g->top[n] = (cfg_opt_t)CFG_END();
	return cfg_init(g->top, CFGF_NONE);
}

static void take_key(struct conf *c, const struct conf_key *k, cfg_t *cfg)
{
	cfg_t *where = k->section == NULL ? cfg : cfg_getsec(cfg, k->section);
	cfg_opt_t *opt = cfg_getopt(where, k->name);

	if (opt == NULL || (opt->flags & CFGF_MODIFIED) == 0)
		return;
	if (k->type == KEY_TEXTS)
		*(struct text_list *)(void *)((char *)c + k->offset) =
		    (struct text_list){ 0 };
	for (unsigned i = 0; i < opt->nvalues; i++)
		conf_key_set(c, k, cfg_opt_getnstr(opt, i), NULL);
}

static void set_defaults(struct conf *c)
{
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		struct slice rest = slice_of(k->standard);

		if (k->type != KEY_TEXTS) {
			conf_key_set(c, k, k->standard, NULL);
			continue;
		}
		while (rest.data != NULL && rest.len > 0) {
			struct slice item = slice_cut(&rest, ' ');
			char *text = xstrndup(item.data, item.len);

			conf_key_set(c, k, text, NULL);
			free(text);
		}
	}
}

static bool set_authserv_id(struct conf *c, struct buf *problems)
{
	char host[HOST_NAME_MAX + 1] = "";
	const char *wanted = c->authserv_id;

	if (wanted[0] == '\0') {
		gethostname(host, sizeof(host) - 1);
		wanted = host;
	}
	c->authserv_id = domain_normalise(c->mem, slice_of(wanted));
	if (c->authserv_id != NULL)
		return true;
	c->authserv_id = "localhost";
	buf_addf(problems, "the name of this host, \"%s\", is no domain name: "
	    "set authserv-id\n", host);
	return false;
}

static bool parse_text(struct conf *c, const char *text)
{
	struct grammar *g = xcalloc(1, sizeof(*g));
	cfg_t *cfg = make_grammar(g);
	size_t before = complaints->len;
	bool good;

	cfg_set_error_function(cfg, on_error);
	good = cfg_parse_buf(cfg, text) == CFG_SUCCESS;
	/* Of a key whose name is empty, "" or ${NOT_SET}, it says nothing. */
	if (!good && complaints->len == before)
		cfg_error(cfg, "a key without a name");
	for (const struct conf_key *k = conf_keys; good && k->name != NULL; k++)
		take_key(c, k, cfg);
	cfg_free(cfg);
	free(g);
	return good;
}

static bool read_all(struct conf *c, const char *path, const char **text,
    struct error *err)
{
	FILE *in = fopen(path, "r");
	struct slice all;
	bool good;

	if (in == NULL)
		return error_set(err, "%s", strerror(errno));
	good = message_read(c->mem, in, CONF_MAX, &all, err);
	fclose(in);
	if (!good)
		return false;
	if (memchr(all.data, '\0', all.len) != NULL)
		return error_set(err, "holds a NUL byte: no text file");
	*text = arena_printf(c->mem, "%.*s\n" END_MARK " = yes\n",
	    (int)all.len, all.data);
	return true;
}

static bool parse_file(struct conf *c, const char *path, struct buf *problems)
{
	struct error err;
	const char *text = NULL;
	bool good;

	if (!read_all(c, path, &text, &err)) {
		buf_addf(problems, "%s: %s\n", path, err.text);
		return false;
	}
	complaints = problems;
	parsed_file = path;
	good = parse_text(c, text);
	complaints = NULL;
	parsed_file = NULL;
	return good;
}

bool conf_read(struct conf *c, const char *path, struct buf *problems)
{
	const char *standard_history;

	*c = (struct conf){ .mem = arena_new(4096) };
	set_defaults(c);
	standard_history = c->history;
	if (path != NULL) {
		c->file = arena_strdup(c->mem, path);
		if (!parse_file(c, path, problems))
			return false;
	}
	/* A value from the file is another copy, whatever it says. */
	c->history_named = c->history != standard_history;
	return set_authserv_id(c, problems);
}

void conf_free(struct conf *c)
{
	arena_free(c->mem);
	c->mem = NULL;
}

static void print_help(const char *help, const char *indent, struct buf *out)
{
	struct slice rest = slice_of(help);

	while (rest.data != NULL) {
		struct slice line = slice_cut(&rest, '\n');

		buf_addf(out, "%s# %.*s\n", indent, (int)line.len, line.data);
	}
}

static void print_quoted(const char *text, struct buf *out)
{
	buf_addc(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\' || *text == '$')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void print_key(const struct conf *c, const struct conf_key *k,
    struct buf *out)
{
	const char *indent = k->section != NULL ? "\t" : "";
	size_t n = conf_key_count(c, k);

	print_help(k->help, indent, out);
	buf_addf(out, "%s%s = %s", indent, k->name,
	    k->type == KEY_TEXTS ? "{" : "");
	for (size_t i = 0; i < n; i++) {
		const char *text = conf_key_text(c, k, i, c->mem);

		buf_adds(out, i > 0 ? ", " : k->type == KEY_TEXTS ? " " : "");
		if (k->type == KEY_TEXT || k->type == KEY_TEXTS)
			print_quoted(text, out);
		else
			buf_adds(out, text);
	}
	buf_adds(out, k->type == KEY_TEXTS ? " }\n" : "\n");
}

void conf_print(const struct conf *c, struct buf *out)
{
	const char *section = NULL;

	buf_adds(out, "# assay.conf: every key with its value; see "
	    "assay.conf(5).\n");
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		bool new_section = k->section != NULL &&
		    (section == NULL || strcmp(section, k->section) != 0);

		if (new_section && section != NULL)
			buf_adds(out, "}\n");
		buf_addc(out, '\n');
		if (new_section)
			buf_addf(out, "%s {\n", section = k->section);
		print_key(c, k, out);
	}
	if (section != NULL)
		buf_adds(out, "}\n");
}

static void json_key(const struct conf *c, const struct conf_key *k,
    struct json *out)
{
	const void *at = (const char *)c + k->offset;
	size_t n = conf_key_count(c, k);

	switch (k->type) {
	case KEY_TEXTS:
		json_open_array(out, k->name);
		for (size_t i = 0; i < n; i++)
			json_text(out, NULL, conf_key_text(c, k, i, c->mem));
		json_close(out);
		return;
	case KEY_NUMBER:
	case KEY_OCTETS:
		json_number(out, k->name, *(const long *)at);
		return;
	case KEY_YES_NO:
		json_yes_no(out, k->name, *(const bool *)at);
		return;
	case KEY_TEXT:
	case KEY_WORD:
	case KEY_DURATION:
	case KEY_MODE:
		json_text(out, k->name, conf_key_text(c, k, 0, c->mem));
		return;
	}
}

void conf_json(const struct conf *c, struct json *out)
{
	const char *section = NULL;

	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		bool new_section = k->section != NULL &&
		    (section == NULL || strcmp(section, k->section) != 0);

		if (new_section) {
			if (section != NULL)
				json_close(out);
			json_open_object(out, section = k->section);
		}
		json_key(c, k, out);
	}
	if (section != NULL)
		json_close(out);
}
