/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/explain_methods.h"

#include <inttypes.h>
#include <string.h>

static const char *text(const struct json_node *n, const char *key)
{
	return json_member_text(n, key);
}

static const char *or_unknown(const char *s)
{
	return s != NULL ? s : "unknown";
}

static void spf_identity(const struct tool *t, const char *title,
    const struct json_node *s, struct arena *mem)
{
	if (s == NULL)
		return;
	tool_result(t, title, text(s, "result"));
	tool_line(t, "  domain", text(s, "domain"));
	tool_line(t, "  mechanism", text(s, "mechanism"));
	tool_line(t, "  reason", text(s, "reason"));
	tool_line(t, "  explanation", text(s, "explanation"));
	if (text(s, "domain") != NULL)
		tool_line(t, "  look-ups", arena_printf(mem, "%" PRId64
		    ", %" PRId64 " of them void",
		    json_member_number(s, "lookups", 0),
		    json_member_number(s, "void_lookups", 0)));
}

static void signature(const struct tool *t, const struct json_node *s,
    struct arena *mem)
{
	int64_t bits = json_member_number(s, "bits", 0);

	tool_result(t, "  signature", text(s, "result"));
	tool_line(t, "    domain", text(s, "domain"));
	tool_line(t, "    selector", text(s, "selector"));
	tool_line(t, "    identity", text(s, "identity"));
	tool_line(t, "    algorithm", text(s, "algorithm"));
	if (bits > 0)
		tool_line(t, "    key", arena_printf(mem, "%" PRId64 " bits%s%s",
		    bits, json_member_yes_no(s, "testing", false) ?
		    ", testing" : "", json_member_yes_no(s, "secure", false) ?
		    ", by DNSSEC" : ""));
	tool_line(t, "    cause", text(s, "cause"));
	tool_line(t, "    reason", text(s, "reason"));
}

static void arc(const struct tool *t, const struct json_node *a)
{
	const struct json_node *sealers = json_member(a, "sealers");

	tool_result(t, "arc", text(a, "result"));
	tool_line(t, "  reason", text(a, "reason"));
	for (size_t i = 0; i < json_count(sealers); i++)
		tool_line(t, i == 0 ? "  sealers" : "",
		    text(json_item(sealers, i), "domain"));
}

/* What passed, step by step: the identifier, the mode, and what came of it. */
static void alignment(const struct tool *t, const struct json_node *d,
    struct arena *mem)
{
	const struct json_node *list = json_member(d, "alignment");

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json_node *id = json_item(list, i);
		const char *fit = or_unknown(text(id, "aligned"));

		tool_line(t, i == 0 ? "  alignment" : "", arena_printf(mem,
		    "%s %s, %s: %s (%s)", or_unknown(text(id, "method")),
		    or_unknown(text(id, "domain")),
		    or_unknown(text(id, "mode")),
		    strcmp(fit, "yes") == 0 ? "aligned" :
		    strcmp(fit, "no") == 0 ? "not aligned" : "not known",
		    or_unknown(text(id, "why"))));
	}
	if (json_count(list) == 0 && text(d, "author_domain") != NULL)
		tool_line(t, "  alignment", "nothing was authenticated that "
		    "could align");
}

static void dmarc(const struct tool *t, const struct json_node *d,
    struct arena *mem)
{
	const struct json_node *queries = json_member(d, "queries");

	if (d == NULL)
		return;
	tool_result(t, "dmarc", text(d, "result"));
	tool_line(t, "  reason", text(d, "reason"));
	tool_line(t, "  author", text(d, "author_domain"));
	for (size_t i = 0; i < json_count(queries); i++)
		tool_line(t, i == 0 ? "  asked" : "",
		    json_read_text(json_item(queries, i)));
	tool_line(t, "  record", text(d, "record"));
	tool_line(t, "  found at", text(d, "policy_domain"));
	tool_line(t, "  discovery", text(d, "discovery"));
	tool_line(t, "  org domain", text(d, "org_domain"));
	alignment(t, d, mem);
	tool_line(t, "  published", text(d, "published"));
	tool_line(t, "  policy", text(d, "policy"));
	tool_line(t, "  disposition", text(d, "disposition"));
}

void explain_methods(const struct tool *t, const struct json_node *d,
    struct arena *mem)
{
	const struct json_node *iprev = json_member(d, "iprev");
	const struct json_node *spf = json_member(d, "spf");
	const struct json_node *dkim = json_member(d, "dkim");

	tool_result(t, "iprev", text(iprev, "result"));
	tool_line(t, "  name", text(iprev, "name"));
	tool_line(t, "  reason", text(iprev, "reason"));
	spf_identity(t, "spf", json_member(spf, "mailfrom"), mem);
	spf_identity(t, "spf helo", json_member(spf, "helo"), mem);
	if (dkim != NULL)
		tool_line(t, "dkim", arena_printf(mem, "%zu signatures",
		    json_count(dkim)));
	for (size_t i = 0; i < json_count(dkim); i++)
		signature(t, json_item(dkim, i), mem);
	arc(t, json_member(d, "arc"));
	dmarc(t, json_member(d, "dmarc"), mem);
}
