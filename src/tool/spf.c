/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay spf: check_host() for one client and one identity.
 */
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "check/spf/spf.h"
#include "check/spf/library.h"
#include "mail/domain.h"
#include "tool/findings_json.h"
#include "tool/tool.h"

/* MAIL FROM if there is one, else the HELO identity (RFC 7208 2.3, 2.4). */
static bool read_question(const struct tool *t, struct arena *mem,
    struct spf_question *q, struct error *err)
{
	const char *ip = tool_value(t, "--ip"), *from = tool_value(t, "--from");
	const char *helo = tool_value(t, "--helo");
	struct path path = path_read(mem, from != NULL ? from : "");

	if (ip == NULL || !ip_parse(slice_of(ip), &q->client))
		return error_set(err, ip == NULL ? "--ip is missing" :
		    "--ip %s is no address", ip);
	if (from == NULL && helo == NULL)
		return error_set(err, "--from or --helo is missing");
	if (path.status == PATH_BAD)
		return error_set(err, "--from %s is no address", from);
	q->helo = helo;
	q->now = clock_now(&(struct clock){ 0 });
	if (path.status == PATH_OK) {
		q->scope = SPF_SCOPE_MAILFROM;
		q->domain = path.domain;
		q->local = path.local;
		return true;
	}
	q->scope = SPF_SCOPE_HELO;
	if (helo != NULL)
		q->domain = domain_normalise(mem, slice_of(helo));
	return helo != NULL ||
	    error_set(err, "an empty --from is judged by its --helo");
}

static void print(const struct tool *t, const struct spf_question *q,
    const struct spf_identity *f)
{
	struct json *j;

	if (!t->json) {
		spf_lines(t, name_word(spf_scope_names, q->scope), f);
		return;
	}
	j = json_new();
	spf_json(j, f, q->scope);
	tool_print_json(j);
}

static int evaluate(const struct tool *t, const struct conf *conf,
    struct arena *mem)
{
	struct spf_question q = { .receiver = conf->authserv_id };
	struct spf_settings settings = {
		.engine = conf->spf_engine,
		.void_lookups = (unsigned)conf->void_lookups,
	};
	struct spf_identity finding = { .code = AUTH_NONE };
	struct resolver *resolver;
	struct inquiry *dns;
	struct error err;

	if (!read_question(t, mem, &q, &err))
		return tool_usage(t, "%s", err.text);
	dns = tool_inquiry(t, conf, mem, &resolver);
	if (dns == NULL)
		return EX_CONFIG;
	spf_library_init();
	spf_evaluate(mem, dns, &settings, &q, &finding);
	print(t, &q, &finding);
	arena_reset(mem);               /* answers go before their resolver */
	resolver_drop(resolver);
	return EX_OK;
}

static int run_spf(struct tool *t)
{
	struct conf conf;
	struct arena *mem = arena_new(16384);
	int code = EX_CONFIG;

	if (t->word_count > 0)
		code = tool_usage(t, "no argument is expected");
	else if (tool_conf(t, &conf))
		code = evaluate(t, &conf, mem);
	if (t->word_count == 0)
		conf_free(&conf);
	arena_free(mem);
	return code;
}

const struct tool_command spf_command = {
	.name = "spf",
	.arguments = "--ip A --from M [--helo H]",
	.help = "SPF for one client and one sender (RFC 7208)",
	.flags = {
		{ "--ip", "ADDRESS", "the client's address" },
		{ "--from", "ADDRESS", "MAIL FROM; \"\" judges the HELO name" },
		{ "--helo", "NAME", "what the client said in EHLO" },
		{ .name = NULL },
	},
	.run = run_spf,
};
