/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup/setup.h"

#include "dns/unbound.h"
#include "dns/zone.h"
#include "mail/domain.h"

struct resolver *setup_resolver(const struct conf *conf, const char *zone,
    struct log *log, struct error *err)
{
	struct unbound_options o = {
		.servers = conf->servers.items,
		.server_count = conf->servers.count,
		.cache_octets = (size_t)conf->cache_octets,
		.query_ms = (unsigned)conf->query_ms,
		.dnssec = conf->dnssec,
		.trust_anchor = conf->trust_anchor,
		.private_zones = conf->private_zones,
	};

	if (zone != NULL)
		return zone_resolver_file(zone, err);
	return unbound_resolver(&o, log, err);
}

struct check_options setup_check_options(const struct conf *conf)
{
	return (struct check_options){
		.authserv_id = conf->authserv_id,
		.spf_engine = conf->spf_engine,
		.dkim_engine = conf->dkim_engine,
		.spf_void_lookups = (unsigned)conf->void_lookups,
		.dkim_minimum_bits = (unsigned)conf->minimum_bits,
		.dkim_signatures = (unsigned)conf->signatures,
		.dmarc_identifiers = (unsigned)conf->identifiers,
	};
}

struct inquiry_limits setup_dns_limits(const struct conf *conf)
{
	return (struct inquiry_limits){
		.budget_ms = (unsigned)conf->budget_ms,
		.query_ms = (unsigned)conf->query_ms,
		.questions = (unsigned)conf->questions,
	};
}

static struct network_list networks(struct arena *mem,
    const struct text_list *texts)
{
	struct network_list l = {
		.items = arena_array(mem, texts->count + 1, sizeof(*l.items)),
		.count = texts->count,
	};

	/* Each was parsed when it was read, so none can fail here. */
	for (size_t i = 0; i < texts->count; i++)
		network_parse(slice_of(texts->items[i]), &l.items[i], NULL);
	return l;
}

static void set_options(struct kit *k, const struct conf *conf)
{
	k->options = (struct session_options){
		.authserv_id = arena_strdup(k->mem, conf->authserv_id),
		.local_networks = networks(k->mem, &conf->local_networks),
		.trusted_relays = networks(k->mem, &conf->trusted_relays),
		.limits = {
			.header_fields = (unsigned)conf->header_fields,
			.header_octets = (unsigned)conf->header_octets,
			.recipients = (unsigned)conf->recipients,
		},
		.dns = setup_dns_limits(conf),
		.received_spf = conf->received_spf,
	};
}

struct policy *setup_policy(const struct conf *conf, const char *path,
    struct policy_report *report)
{
	const struct policy_extra extra = {
		.list = "local-domains",
		.entries = conf->local_domains.items,
		.count = conf->local_domains.count,
	};

	return policy_load(path, &extra, report);
}

/* What goes on around a kit that is being made. */
struct making {
	const struct conf *conf;
	struct log *log;
	struct buf *problems;
	struct watch *watch;            /* or NULL */
};

static struct policy *load_policy(const struct making *m, const char *path)
{
	struct policy_report report = { 0 };
	struct policy *p = setup_policy(m->conf, path, &report);

	if (p == NULL)
		buf_adds(m->problems, buf_text(&report.text));
	else if (report.warnings > 0)
		log_say(m->log, LOG_LEVEL_WARNING, "%s",
		    buf_text(&report.text));
	if (m->watch != NULL)
		watch_add(m->watch, &report);
	policy_report_free(&report);
	return p;
}

/* Both, even when the first is wrong: all problems are told at once. */
static bool load_policies(struct kit *k, const struct making *m)
{
	bool good;

	k->policy = load_policy(m, m->conf->policy);
	good = k->policy != NULL;
	if (m->conf->shadow_policy[0] == '\0')
		return good;
	k->shadow = load_policy(m, m->conf->shadow_policy);
	return good && k->shadow != NULL;
}

struct kit *setup_kit(const struct conf *conf, const char *zone,
    struct log *log, struct buf *problems)
{
	return setup_kit_watched(conf, zone, log, problems, NULL);
}

struct kit *setup_kit_watched(const struct conf *conf, const char *zone,
    struct log *log, struct buf *problems, struct watch *watch)
{
	const struct making making = { conf, log, problems, watch };
	struct kit *k = kit_new();
	struct check_options options = setup_check_options(conf);
	struct error err = { .text = "" };

	k->log = log;
	set_options(k, conf);
	if (!load_policies(k, &making))
		goto fail;
	k->resolver = setup_resolver(conf, zone, log, &err);
	if (k->resolver == NULL)
		goto explain;
	k->checks = check_env_new(&options, log, &err);
	if (k->checks == NULL)
		goto explain;
	return k;

explain:
	buf_addf(problems, "%s\n", err.text);
fail:
	kit_drop(k);
	return NULL;
}
