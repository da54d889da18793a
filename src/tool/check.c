/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay check: one message file through the same session as in the daemon.
 */
#include <sysexits.h>

#include "tool/findings_json.h"
#include "tool/play.h"
#include "tool/tool.h"

static void from_json(struct json *j, const struct author *a)
{
	json_open_object(j, "from");
	json_text(j, "status", name_word(author_status_names, a->status));
	json_text(j, "domain", a->domain);
	if (a->box_count > 0)
		json_text(j, "address", a->boxes[0].address);
	json_text(j, "reason", a->reason);
	json_close(j);
}

/* Rules that would have acted, and deferrals that were used up. */
static void hits_json(struct json *j, const struct verdict *v)
{
	json_open_array(j, "observed");
	for (size_t i = 0; i < v->hit_count; i++) {
		if (v->hits[i].effect == EFFECT_ACTED)
			continue;
		json_open_object(j, NULL);
		json_text(j, "rule", v->hits[i].rule);
		json_text(j, "action", v->hits[i].action);
		json_text(j, "why", name_word(effect_names,
		    (int)v->hits[i].effect));
		json_close(j);
	}
	json_close(j);
	json_open_array(j, "overrides");
	for (size_t i = 0; i < v->override_count; i++)
		json_text(j, NULL, name_word(override_names,
		    (int)v->overrides[i]));
	json_close(j);
}

static void verdict_json(struct json *j, const struct verdict *v)
{
	json_open_object(j, "verdict");
	json_text(j, "action", name_word(action_names, v->action));
	json_text(j, "rule", v->rule);
	json_text(j, "file", v->file);
	json_number(j, "line", v->line);
	json_text(j, "code", v->code);
	json_text(j, "enhanced", v->enhanced);
	json_text(j, "reply", v->text);
	hits_json(j, v);
	json_close(j);
}

static void shadow_json(struct json *j, const struct shadow_outcome *s)
{
	if (s == NULL) {
		json_nothing(j, "shadow");
		return;
	}
	json_open_object(j, "shadow");
	json_text(j, "action", name_word(action_names, (int)s->verdict->action));
	json_text(j, "rule", s->verdict->rule);
	json_text(j, "file", s->verdict->file);
	json_number(j, "line", s->verdict->line);
	json_text(j, "policy", s->policy);
	json_text(j, "version", s->version);
	json_close(j);
}

static void shadow_lines(const struct tool *t, const struct shadow_outcome *s)
{
	if (s == NULL)
		return;
	tool_result(t, "shadow", name_word(action_names,
	    (int)s->verdict->action));
	tool_line(t, "  rule", s->verdict->rule);
	tool_line(t, "  policy", s->policy);
	if (!s->differs)
		tool_line(t, "", "no difference");
}

/* Without the blank behind the colon, which belongs to the field. */
static const char *bare(const char *value)
{
	return value[0] == ' ' ? value + 1 : value;
}

static void headers_json(struct json *j, const struct outcome *o)
{
	json_open_object(j, "headers");
	json_open_array(j, "removed");
	for (size_t i = 0; i < o->removed_count; i++) {
		json_open_object(j, NULL);
		json_number(j, "index", o->removed[i].index);
		json_text(j, "name", o->removed[i].name);
		json_text(j, "value", o->removed[i].value);
		json_close(j);
	}
	json_close(j);
	json_open_array(j, "changed");
	for (size_t i = 0; i < o->changed_count; i++) {
		json_open_object(j, NULL);
		json_number(j, "index", o->changed[i].index);
		json_text(j, "name", o->changed[i].name);
		json_text(j, "value", bare(o->changed[i].value));
		json_close(j);
	}
	json_close(j);
	json_open_array(j, "added");
	for (size_t i = 0; i < o->added_count; i++) {
		json_open_object(j, NULL);
		json_number(j, "index", o->added[i].index);
		json_text(j, "name", o->added[i].name);
		json_text(j, "value", bare(o->added[i].value));
		json_close(j);
	}
	json_close(j);
	json_close(j);
}

/* An early refusal has not asked for everything. */
static bool known(const struct outcome *o, enum fact id)
{
	return o->facts->values[id].state == FACT_KNOWN;
}

static void spf_both_json(struct json *j, const struct spf_finding *f)
{
	json_open_object(j, "spf");
	json_open_object(j, "mailfrom");
	spf_json(j, &f->mailfrom, f->mailfrom_scope);
	json_close(j);
	json_open_object(j, "helo");
	spf_json(j, &f->helo, SPF_SCOPE_HELO);
	json_close(j);
	json_close(j);
}

static void methods_json(struct json *j, const struct outcome *o)
{
	const struct findings *f = o->findings;

	if (known(o, FACT_SPF_RESULT))
		spf_both_json(j, &f->spf);
	if (known(o, FACT_DKIM_RESULT))
		dkim_json(j, &f->dkim);
	if (known(o, FACT_ARC_RESULT)) {
		json_open_object(j, "arc");
		arc_json(j, &f->arc);
		json_close(j);
	}
	if (known(o, FACT_DMARC_RESULT)) {
		json_open_object(j, "dmarc");
		dmarc_json(j, &f->dmarc);
		json_close(j);
	}
	if (!known(o, FACT_IPREV_RESULT))
		return;
	json_open_object(j, "iprev");
	iprev_json(j, &f->iprev);
	json_close(j);
}

static void print_json(const struct outcome *o)
{
	struct json *j = json_new();
	char ip[IP_TEXT_MAX];

	json_text(j, "id", o->id);
	if (o->evidence->client_ip.family != IP_NONE)
		json_text(j, "client", ip_text(&o->evidence->client_ip, ip));
	json_text(j, "phase", name_word(phase_names, (int)o->phase));
	methods_json(j, o);
	if (o->phase >= PHASE_HEADERS)
		from_json(j, &o->evidence->author);
	json_open_object(j, "facts");
	facts_json(o->facts, j);
	json_close(j);
	verdict_json(j, o->verdict);
	shadow_json(j, o->shadow);
	headers_json(j, o);
	tool_print_json(j);
}

static void test_lines(const struct tool *t, const struct trace_tests *tests)
{
	struct buf line = { 0 };

	for (size_t i = 0; i < tests->count; i++) {
		buf_clear(&line);
		buf_adds(&line, "    ");
		trace_test_show(&tests->items[i], &line);
		tool_line(t, "", buf_text(&line));
	}
	buf_free(&line);
}

static void trace_lines(const struct tool *t, const struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_step *s = &trace->steps[i];
		char place[300];

		snprintf(place, sizeof(place), "%s %s:%u %s",
		    s->fired ? "*" : s->effect != EFFECT_NONE ? "o" : " ",
		    s->file, s->line, s->rule);
		tool_line(t, i == 0 ? "rules" : "", place);
		tool_line(t, "", s->note);
		test_lines(t, &s->tests);
	}
}

static void header_lines(const struct outcome *o)
{
	for (size_t i = 0; i < o->removed_count; i++)
		printf("- %s: %s\n", o->removed[i].name, o->removed[i].value);
	for (size_t i = 0; i < o->changed_count; i++)
		printf("~ %s:%s\n", o->changed[i].name, o->changed[i].value);
	for (size_t i = 0; i < o->added_count; i++) {
		printf("+ %s:", o->added[i].name);
		for (const char *p = o->added[i].value; *p != '\0'; p++)
			if (*p != '\r')
				putchar(*p);
		putchar('\n');
	}
}

static void method_lines(const struct tool *t, const struct outcome *o)
{
	const struct findings *f = o->findings;

	if (known(o, FACT_IPREV_RESULT)) {
		tool_result(t, "iprev", name_word(iprev_names, f->iprev.code));
		tool_line(t, "  reason", f->iprev.reason);
	}
	if (known(o, FACT_SPF_RESULT)) {
		spf_lines(t, "spf", &f->spf.mailfrom);
		spf_lines(t, "spf helo", &f->spf.helo);
	}
	if (known(o, FACT_DKIM_RESULT))
		dkim_lines(t, &f->dkim);
	if (known(o, FACT_ARC_RESULT))
		arc_lines(t, &f->arc);
	if (known(o, FACT_DMARC_RESULT))
		dmarc_lines(t, &f->dmarc);
}

static void verdict_lines(const struct tool *t, const struct verdict *v)
{
	tool_result(t, "verdict", name_word(action_names, v->action));
	tool_line(t, "  rule", v->rule);
	if (v->code != NULL)
		printf("%-14s %s %s %s\n", "  reply", v->code, v->enhanced,
		    v->text);
	for (size_t i = 0; i < v->log_count; i++)
		tool_line(t, i == 0 ? "  notes" : "", v->log_notes[i]);
	for (size_t i = 0; i < v->override_count; i++)
		tool_line(t, i == 0 ? "  override" : "",
		    name_word(override_names, (int)v->overrides[i]));
}

static void print_text(const struct tool *t, const struct outcome *o)
{
	char ip[IP_TEXT_MAX];

	tool_line(t, "client", o->evidence->client_ip.family != IP_NONE ?
	    ip_text(&o->evidence->client_ip, ip) : o->evidence->why_no_client);
	if (o->phase < PHASE_EOM)
		tool_line(t, "decided at", name_word(phase_names,
		    (int)o->phase));
	if (known(o, FACT_CLIENT_CLASS))
		tool_line(t, "class", name_word(client_class_names,
		    o->evidence->client_class));
	tool_line(t, "from", o->evidence->author.domain != NULL ?
	    o->evidence->author.domain : o->evidence->author.reason);
	method_lines(t, o);
	trace_lines(t, o->trace);
	verdict_lines(t, o->verdict);
	shadow_lines(t, o->shadow);
	puts("");
	if (o->verdict->action > ACTION_QUARANTINE)
		puts("If the message were not refused or dropped, its header "
		    "would be changed so:");
	header_lines(o);
}

static bool set_clock(const struct tool *t, struct kit *kit)
{
	const char *text = tool_value(t, "--time");
	unsigned long long seconds;

	if (text == NULL)
		return true;
	if (!slice_number(slice_of(text), &seconds) || seconds > 1ULL << 40)
		return false;
	kit->clock.fixed = (time_t)seconds;
	return true;
}

static void decide(const struct tool *t, struct kit *kit,
    const struct envelope *e, const struct message *m)
{
	struct connection *c = connection_open(kit, &e->client);
	const struct outcome *o = play(t, c, e, m);

	if (t->json)
		print_json(o);
	else
		print_text(t, o);
	connection_close(c);
}

static int check_message(const struct tool *t, struct kit *kit,
    struct arena *mem)
{
	struct envelope e;
	struct message m;
	struct error err;

	if (!set_clock(t, kit))
		return tool_usage(t, "--time wants seconds since 1970");
	if (!tool_message(t->words[0], mem, &m, &err))
		return tool_failed(EX_NOINPUT, "%s", err.text);
	if (!play_envelope(t, mem, &m, &e, &err))
		return tool_usage(t, "%s", err.text);
	decide(t, kit, &e, &m);
	return EX_OK;
}

static int run_check(struct tool *t)
{
	struct conf conf;
	struct kit *kit = NULL;
	struct arena *mem;
	int code = EX_CONFIG;

	if (t->word_count != 1)
		return tool_usage(t, "name one message file, or - for stdin");
	if (tool_conf(t, &conf)) {
		if (tool_value(t, "--policy") != NULL)
			conf.policy = tool_value(t, "--policy");
		kit = tool_kit(t, &conf, &code);
	}
	if (kit != NULL) {
		mem = arena_new(65536);
		code = check_message(t, kit, mem);
		arena_free(mem);
		kit_drop(kit);
	}
	conf_free(&conf);
	return code;
}

const struct tool_command check_command = {
	.name = "check",
	.arguments = "FILE|-",
	.help = "the whole decision for one message, as the daemon takes it",
	.more = "What is not given is taken from the message's own top Received "
	    "and\nReturn-Path fields. Nothing is sent, changed or recorded.",
	.flags = {
		{ "--ip", "ADDRESS", "the client's address" },
		{ "--name", "NAME", "the client's name, verified" },
		{ "--helo", "NAME", "what it said in EHLO" },
		{ "--from", "ADDRESS", "MAIL FROM; \"\" or \"<>\" for none" },
		{ "--rcpt", "ADDRESS", "RCPT TO; may be given several times" },
		{ "--auth", "USER", "the client is logged in as this user" },
		{ "--policy", "FILE", "decide by this policy" },
		{ "--time", "SECONDS", "what time it is (since 1970)" },
		{ .name = NULL },
	},
	.run = run_check,
};
