/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/findings_json.h"

void spf_json(struct json *j, const struct spf_identity *f, enum spf_scope scope)
{
	json_text(j, "result", name_word(spf_names, f->code));
	json_text(j, "scope", name_word(spf_scope_names, scope));
	json_text(j, "domain", f->domain);
	json_text(j, "mechanism", f->mechanism);
	json_text(j, "reason", f->reason);
	json_text(j, "explanation", f->explanation);
	json_number(j, "lookups", f->lookups);
	json_number(j, "void_lookups", f->void_lookups);
}

static void signature_json(struct json *j, const struct dkim_signature *s)
{
	json_open_object(j, NULL);
	json_text(j, "result", name_word(dkim_names, s->code));
	json_text(j, "domain", s->domain);
	json_text(j, "selector", s->selector);
	json_text(j, "identity", s->identity);
	json_text(j, "algorithm", s->algorithm);
	if (s->key_bits > 0)
		json_number(j, "bits", s->key_bits);
	if (s->cause != DKIM_CAUSE_NONE)
		json_text(j, "cause", name_word(dkim_cause_names, s->cause));
	json_text(j, "reason", s->reason);
	if (s->testing)
		json_yes_no(j, "testing", true);
	json_close(j);
}

void dkim_json(struct json *j, const struct dkim_finding *f)
{
	json_open_array(j, "dkim");
	for (size_t i = 0; i < f->count; i++)
		signature_json(j, &f->signatures[i]);
	json_close(j);
}

void arc_json(struct json *j, const struct arc_finding *f)
{
	json_text(j, "result", name_word(arc_names, f->code));
	json_open_array(j, "sealers");
	for (size_t i = 0; i < f->count; i++)
		json_text(j, NULL, f->sealers[i].domain);
	json_close(j);
	if (f->oldest_known)
		json_number(j, "oldest_pass", f->oldest_pass);
	json_text(j, "reason", f->reason);
}

static void policy_json(struct json *j, const char *key, enum dmarc_policy p)
{
	if (p != DMARC_POLICY_ABSENT)
		json_text(j, key, name_word(dmarc_policy_names, p));
}

void dmarc_json(struct json *j, const struct dmarc_finding *f)
{
	json_text(j, "result", name_word(dmarc_names, f->code));
	json_text(j, "reason", f->reason);
	policy_json(j, "policy", f->policy);
	policy_json(j, "published", f->published);
	policy_json(j, "disposition", f->disposition);
	json_text(j, "org_domain", f->org_domain);
	json_text(j, "policy_domain", f->policy_domain);
	if (f->discovery != DMARC_DISCOVERY_NOTHING)
		json_text(j, "discovery",
		    name_word(dmarc_discovery_names, f->discovery));
	json_text(j, "record", f->record);
	json_yes_no(j, "spf_aligned", f->spf_aligned);
	json_yes_no(j, "dkim_aligned", f->dkim_aligned);
	json_open_array(j, "queries");
	for (size_t i = 0; i < f->query_count; i++)
		json_text(j, NULL, f->queries[i]);
	json_close(j);
}

void iprev_json(struct json *j, const struct iprev_finding *f)
{
	json_text(j, "result", name_word(iprev_names, f->code));
	json_text(j, "name", f->name);
	json_text(j, "reason", f->reason);
}

void spf_lines(const struct tool *t, const char *title,
    const struct spf_identity *f)
{
	tool_result(t, title, name_word(spf_names, f->code));
	tool_line(t, "  domain", f->domain);
	tool_line(t, "  mechanism", f->mechanism);
	tool_line(t, "  reason", f->reason);
	tool_line(t, "  explanation", f->explanation);
	if (f->domain != NULL)
		printf("%-14s %u, %u of them void\n", "  look-ups", f->lookups,
		    f->void_lookups);
}

void dkim_lines(const struct tool *t, const struct dkim_finding *f)
{
	tool_result(t, "dkim", name_word(dkim_names, f->code));
	for (size_t i = 0; i < f->count; i++) {
		const struct dkim_signature *s = &f->signatures[i];

		tool_result(t, "  signature", name_word(dkim_names, s->code));
		tool_line(t, "    domain", s->domain);
		tool_line(t, "    selector", s->selector);
		tool_line(t, "    identity", s->identity);
		tool_line(t, "    algorithm", s->algorithm);
		if (s->key_bits > 0)
			printf("%-14s %u bits\n", "    key", s->key_bits);
		tool_line(t, "    reason", s->reason);
	}
	if (f->ignored > 0)
		printf("%-14s %zu more signatures, not looked at\n", "",
		    f->ignored);
}

void arc_lines(const struct tool *t, const struct arc_finding *f)
{
	tool_result(t, "arc", name_word(arc_names, f->code));
	tool_line(t, "  reason", f->reason);
	for (size_t i = 0; i < f->count; i++)
		tool_line(t, i == 0 ? "  sealers" : "", f->sealers[i].domain);
	if (f->oldest_known)
		printf("%-14s %u\n", "  oldest pass", f->oldest_pass);
}

static void policy_line(const struct tool *t, const char *name,
    enum dmarc_policy p)
{
	if (p != DMARC_POLICY_ABSENT)
		tool_line(t, name, name_word(dmarc_policy_names, p));
}

void dmarc_lines(const struct tool *t, const struct dmarc_finding *f)
{
	tool_result(t, "dmarc", name_word(dmarc_names, f->code));
	tool_line(t, "  reason", f->reason);
	tool_line(t, "  record", f->record);
	tool_line(t, "  found at", f->policy_domain);
	if (f->discovery != DMARC_DISCOVERY_NOTHING)
		tool_line(t, "  discovery",
		    name_word(dmarc_discovery_names, f->discovery));
	tool_line(t, "  org domain", f->org_domain);
	policy_line(t, "  published", f->published);
	policy_line(t, "  policy", f->policy);
	policy_line(t, "  disposition", f->disposition);
	if (f->testing)
		tool_line(t, "  testing", "t=y: one level below the published "
		    "policy");
	for (size_t i = 0; i < f->query_count; i++)
		tool_line(t, i == 0 ? "  asked" : "", f->queries[i]);
}
