/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay dkim: a domain's key, or the signatures of one message.
 */
#include <sysexits.h>

#include "base/clock.h"
#include "check/dkim/key.h"
#include "setup/setup.h"
#include "tool/findings_json.h"
#include "tool/tool.h"

static void key_json(const struct dkim_key_report *r)
{
	struct json *j = json_new();

	json_text(j, "result", name_word(dkim_names, r->code));
	json_text(j, "name", r->name);
	json_text(j, "record", r->key.record);
	json_text(j, "reason", r->key.reason);
	if (r->key.cause == DKIM_CAUSE_NONE) {
		json_text(j, "type", name_word(dkim_key_type_names, r->key.type));
		json_number(j, "bits", r->key.bits);
		json_yes_no(j, "testing", r->key.testing);
	}
	json_open_array(j, "remarks");
	for (size_t i = 0; i < r->remark_count; i++) {
		json_open_object(j, NULL);
		json_text(j, "level",
		    name_word(dkim_remark_names, r->remarks[i].level));
		json_text(j, "text", r->remarks[i].text);
		json_close(j);
	}
	json_close(j);
	tool_print_json(j);
}

static void key_lines(const struct tool *t, const struct dkim_key_report *r)
{
	tool_result(t, "key", name_word(dkim_names, r->code));
	tool_line(t, "  asked", r->name);
	tool_line(t, "  record", r->key.record);
	tool_line(t, "  reason", r->key.reason);
	if (r->key.cause == DKIM_CAUSE_NONE)
		printf("%-14s %s, %u bits\n", "  type",
		    name_word(dkim_key_type_names, r->key.type), r->key.bits);
	for (size_t i = 0; i < r->remark_count; i++) {
		tool_result(t, "  remark",
		    name_word(dkim_remark_names, r->remarks[i].level));
		tool_line(t, "", r->remarks[i].text);
	}
}

static int describe_key(const struct tool *t, const struct conf *conf,
    struct arena *mem)
{
	struct dkim_key_report report;
	struct resolver *resolver;
	struct inquiry *dns = tool_inquiry(t, conf, mem, &resolver);

	if (dns == NULL)
		return EX_CONFIG;
	dkim_key_describe(mem, dns, t->words[0], t->words[1],
	    (unsigned)conf->minimum_bits, &report);
	if (t->json)
		key_json(&report);
	else
		key_lines(t, &report);
	arena_reset(mem);
	resolver_drop(resolver);
	return EX_OK;
}

/* The check alone, driven as the session drives it. */
static void examine(struct examination *x, const struct message *m)
{
	void *state = dkim_check.open(x);

	dkim_check.reach(state, PHASE_MAIL);
	dkim_check.reach(state, PHASE_HEADERS);
	if (m->body.len > 0)
		body_feed(x->body, m->body.data, m->body.len);
	dkim_check.reach(state, PHASE_EOM);
	dkim_check.finish(state);
}

static void print_signatures(const struct tool *t, const struct dkim_finding *f)
{
	struct json *j;

	if (!t->json) {
		dkim_lines(t, f);
		return;
	}
	j = json_new();
	json_text(j, "result", name_word(dkim_names, f->code));
	dkim_json(j, f);
	tool_print_json(j);
}

static int verify_message(const struct tool *t, const struct conf *conf,
    struct arena *mem)
{
	struct check_options options = setup_check_options(conf);
	struct evidence evidence = { .client_settled = true };
	struct findings findings = { .dkim = { .count = 0 } };
	struct message message;
	struct resolver *resolver = NULL;
	struct check_env *env;
	struct error err;
	struct examination x = {
		.mem = mem, .evidence = &evidence, .findings = &findings,
		.body = body_new(mem),
	};

	if (!tool_message(t->words[0], mem, &message, &err))
		return tool_failed(EX_NOINPUT, "%s", err.text);
	x.dns = tool_inquiry(t, conf, mem, &resolver);
	if (x.dns == NULL)
		return EX_CONFIG;
	evidence.header = message.header;
	evidence.received = clock_now(&(struct clock){ 0 });
	env = check_env_new(&options, NULL, &err);
	if (env == NULL) {
		arena_reset(mem);
		resolver_drop(resolver);
		return tool_failed(EX_SOFTWARE, "%s", err.text);
	}
	x.env = env;
	examine(&x, &message);
	print_signatures(t, &findings.dkim);
	arena_reset(mem);
	check_env_free(env);
	resolver_drop(resolver);
	return EX_OK;
}

static int run_dkim(struct tool *t)
{
	struct conf conf;
	struct arena *mem;
	int code = EX_CONFIG;

	if (t->word_count != 1 && t->word_count != 2)
		return tool_usage(t, "name a domain and a selector, or a message "
		    "file");
	mem = arena_new(65536);
	if (tool_conf(t, &conf))
		code = t->word_count == 2 ? describe_key(t, &conf, mem) :
		    verify_message(t, &conf, mem);
	conf_free(&conf);
	arena_free(mem);
	return code;
}

const struct tool_command dkim_command = {
	.name = "dkim",
	.arguments = "DOMAIN SELECTOR | FILE|-",
	.help = "a domain's DKIM key, or a message's signatures (RFC 6376)",
	.flags = { { .name = NULL } },
	.run = run_dkim,
};
