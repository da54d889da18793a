/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay dmarc: what a domain's DMARC record means, how it was found, what is
 * wrong with it, and what it would mean for given identifiers.
 */
#include <string.h>
#include <sysexits.h>

#include "check/dmarc/dmarc.h"
#include "check/dmarc/record.h"
#include "mail/domain.h"
#include "tool/findings_json.h"
#include "tool/tool.h"

/* "pass:example.com" of --spf and --dkim; only a pass is an identifier. */
static bool read_identifier(struct arena *mem, const char *text,
    const char **out, const struct name *words, struct error *err)
{
	struct slice domain = slice_of(text), result = slice_cut(&domain, ':');
	const struct name *n = name_find_slice(words, result);
	const char *name;

	*out = NULL;
	if (n == NULL || domain.data == NULL)
		return error_set(err, "%s is not RESULT:DOMAIN", text);
	name = domain_normalise(mem, domain);
	if (name == NULL)
		return error_set(err, "\"%s\" is no domain name", domain.data);
	*out = n->code == AUTH_PASS ? name : NULL;
	return true;
}

static bool read_question(const struct tool *t, struct arena *mem,
    struct dmarc_question *q, struct error *err)
{
	const char *spf = tool_value(t, "--spf"), *text;
	const char **dkim = arena_array(mem, TOOL_VALUES, sizeof(*dkim));
	size_t position = 0;

	q->author_domain = domain_normalise(mem, slice_of(t->words[0]));
	q->dkim_domains = dkim;
	if (q->author_domain == NULL)
		return error_set(err, "\"%s\" is no domain name", t->words[0]);
	if (spf != NULL &&
	    !read_identifier(mem, spf, &q->spf_domain, spf_names, err))
		return false;
	while ((text = tool_next(t, "--dkim", &position)) != NULL) {
		if (!read_identifier(mem, text, &dkim[q->dkim_count],
		    dkim_names, err))
			return false;
		q->dkim_count += dkim[q->dkim_count] != NULL;
	}
	return true;
}

static void find_complaints(struct arena *mem, const struct dmarc_finding *f,
    struct dmarc_complaints *out)
{
	struct dmarc_record record;

	if (f->record != NULL)
		dmarc_record_parse(mem, slice_of(f->record), &record, out);
}

static void print(const struct tool *t, const struct dmarc_finding *f,
    const struct dmarc_complaints *c)
{
	struct json *j;

	if (!t->json) {
		dmarc_lines(t, f);
		for (size_t i = 0; i < c->count; i++)
			tool_line(t, i == 0 ? "  complaints" : "", c->lines[i]);
		return;
	}
	j = json_new();
	dmarc_json(j, f);
	json_open_array(j, "complaints");
	for (size_t i = 0; i < c->count; i++)
		json_text(j, NULL, c->lines[i]);
	json_close(j);
	tool_print_json(j);
}

static int evaluate(const struct tool *t, const struct conf *conf,
    struct arena *mem)
{
	struct dmarc_question q = {
		.identifiers = (unsigned)conf->identifiers,
	};
	struct dmarc_finding finding = { .code = AUTH_NONE };
	struct dmarc_complaints complaints = { .count = 0 };
	struct resolver *resolver;
	struct inquiry *dns;
	struct error err;

	if (!read_question(t, mem, &q, &err))
		return tool_usage(t, "%s", err.text);
	dns = tool_inquiry(t, conf, mem, &resolver);
	if (dns == NULL)
		return EX_CONFIG;
	dmarc_evaluate(mem, dns, &q, &finding);
	find_complaints(mem, &finding, &complaints);
	print(t, &finding, &complaints);
	arena_reset(mem);
	resolver_drop(resolver);
	return EX_OK;
}

static int run_dmarc(struct tool *t)
{
	struct conf conf;
	struct arena *mem;
	int code = EX_CONFIG;

	if (t->word_count != 1)
		return tool_usage(t, "name one domain");
	mem = arena_new(16384);
	if (tool_conf(t, &conf))
		code = evaluate(t, &conf, mem);
	conf_free(&conf);
	arena_free(mem);
	return code;
}

const struct tool_command dmarc_command = {
	.name = "dmarc",
	.arguments = "DOMAIN",
	.help = "a domain's DMARC policy, and what it means (RFC 9989)",
	.more = "With --spf and --dkim: what a message from DOMAIN with these "
	    "results\nwould get. Results other than pass prove nothing.",
	.flags = {
		{ "--spf", "RESULT:DOMAIN", "SPF of MAIL FROM" },
		{ "--dkim", "RESULT:DOMAIN", "a signature (several times)" },
		{ .name = NULL },
	},
	.run = run_dmarc,
};
