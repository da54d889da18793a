/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup/setup.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "check/arc/seal.h"
#include "check/dkim/tags.h"
#include "dns/unbound.h"
#include "dns/zone.h"
#include "mail/domain.h"
#include "policy/file.h"

static struct unbound_options unbound_options(const struct conf *conf)
{
	return (struct unbound_options){
		.servers = conf->servers.items,
		.server_count = conf->servers.count,
		.cache_octets = (size_t)conf->cache_octets,
		.query_ms = (unsigned)conf->query_ms,
		.dnssec = conf->dnssec,
		.trust_anchor = conf->trust_anchor,
		.private_zones = conf->private_zones,
	};
}

struct resolver *setup_resolver(const struct conf *conf, const char *zone,
    struct log *log, struct error *err)
{
	struct unbound_options o = unbound_options(conf);

	if (zone != NULL)
		return zone_resolver_file(zone, err);
	return unbound_resolver(&o, log, err);
}

/* Every option, and how the trust anchor looks: a new file under an old name
 * is a new anchor. resolv.conf is the resolver's own to watch. */
static const char *resolver_source(struct arena *mem, const struct conf *conf)
{
	const struct unbound_options o = unbound_options(conf);
	struct file_look anchor = { 0 };
	struct buf b = { 0 };
	const char *text;

	if (o.dnssec)
		anchor = file_look(o.trust_anchor);
	for (size_t i = 0; i < o.server_count; i++)
		buf_addf(&b, "%s ", o.servers[i]);
	buf_addf(&b, "%zu %u %d %d %s", o.cache_octets, o.query_ms,
	    o.private_zones, o.dnssec, o.trust_anchor);
	buf_addf(&b, " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 ".%" PRId64
	    " %" PRId64 ".%" PRId64, anchor.device, anchor.inode,
	    anchor.octets, anchor.changed_s, anchor.changed_ns,
	    anchor.modified_s, anchor.modified_ns);
	text = arena_strdup(mem, buf_text(&b));
	buf_free(&b);
	return text;
}

static bool set_resolver(struct kit *k, const struct setup *s,
    struct error *err)
{
	const struct kit *old = s->before;

	if (s->zone == NULL)
		k->resolver_source = resolver_source(k->mem, s->conf);
	if (old != NULL && old->resolver_source != NULL &&
	    k->resolver_source != NULL &&
	    strcmp(old->resolver_source, k->resolver_source) == 0)
		k->resolver = resolver_ref(old->resolver);
	else
		k->resolver = setup_resolver(s->conf, s->zone, s->log, err);
	return k->resolver != NULL;
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

static void say_warnings(struct log *log, struct slice rest)
{
	while (rest.data != NULL && rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		log_say(log, LOG_LEVEL_WARNING, "%.*s", (int)line.len,
		    line.data);
	}
}

static struct policy *load_policy(const struct setup *s, const char *path,
    struct buf *problems)
{
	struct policy_report report = { 0 };
	struct policy *p = setup_policy(s->conf, path, &report);

	if (p == NULL)
		buf_adds(problems, buf_text(&report.text));
	else if (report.warnings > 0)
		say_warnings(s->log, buf_slice(&report.text));
	if (s->watch != NULL)
		watch_add(s->watch, &report);
	policy_report_free(&report);
	return p;
}

/* Both, even when the first is wrong: all problems are told at once. */
static bool load_policies(struct kit *k, const struct setup *s,
    struct buf *problems)
{
	bool good;

	k->policy = load_policy(s, s->conf->policy, problems);
	good = k->policy != NULL;
	if (s->conf->shadow_policy[0] == '\0')
		return good;
	k->shadow = load_policy(s, s->conf->shadow_policy, problems);
	return good && k->shadow != NULL;
}

/* Who we are going to be; that there is no such user is said elsewhere. */
static uid_t runs_as(const struct conf *conf)
{
	char text[4096];
	struct passwd entry, *found = NULL;

	if (conf->user[0] != '\0')
		getpwnam_r(conf->user, &entry, text, sizeof(text), &found);
	return found != NULL ? entry.pw_uid : geteuid();
}

/* Said in full, or false. */
static bool read_seal(const struct conf *conf, struct arena *mem,
    struct seal_options *out, struct error *err)
{
	const struct {
		const char *key, *value;
	} needed[] = {
		{ "domain", conf->seal_domain },
		{ "selector", conf->seal_selector },
		{ "key-file", conf->seal_key_file },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (needed[i].value[0] == '\0')
			return error_set(err, "arc.seal needs arc.%s",
			    needed[i].key);
	*out = (struct seal_options){
		.domain = dkim_name(mem, slice_of(conf->seal_domain), 2),
		.selector = dkim_name(mem, slice_of(conf->seal_selector), 1),
		.key_file = conf->seal_key_file,
		.owner = runs_as(conf),
		.fields = conf->seal_fields.items,
		.field_count = conf->seal_fields.count,
	};
	return true;
}

static bool set_checks(struct kit *k, const struct setup *s,
    struct error *err)
{
	struct check_options options = setup_check_options(s->conf);
	struct seal_options seal;

	if (s->conf->seal) {
		if (!read_seal(s->conf, k->mem, &seal, err))
			return false;
		options.seal = &seal;
	}
	k->checks = check_env_new(&options, s->log, err);
	return k->checks != NULL;
}

struct kit *setup_kit(const struct setup *s, struct buf *problems)
{
	struct kit *k = kit_new();
	struct error err = { .text = "" };

	k->log = s->log;
	set_options(k, s->conf);
	if (!load_policies(k, s, problems)) {
		kit_drop(k);
		return NULL;
	}
	if (!set_resolver(k, s, &err) || !set_checks(k, s, &err)) {
		buf_addf(problems, "%s\n", err.text);
		kit_drop(k);
		return NULL;
	}
	return k;
}

struct store_limits setup_store_limits(const struct conf *conf)
{
	return (struct store_limits){
		.days = conf->history_days,
		.octets = conf->history_octets,
		.queue = (size_t)conf->history_queue,
	};
}

static bool has_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	bool there;

	if (slash == NULL || slash == path)
		return true;
	folder = xstrndup(path, (size_t)(slash - path));
	there = access(folder, F_OK) == 0;
	free(folder);
	return there;
}

/* Nobody asked for one, and nobody made room for it: a trial, say. */
static bool wants_none(const struct conf *conf)
{
	return conf->history[0] == '\0' ||
	    (!conf->history_named && !has_folder(conf->history));
}

bool setup_store(const struct conf *conf, struct log *log, struct store **out,
    struct error *err)
{
	struct store_limits limits = setup_store_limits(conf);

	*out = NULL;
	if (wants_none(conf)) {
		if (conf->history[0] != '\0')
			log_say(log, LOG_LEVEL_WARNING, "no history is kept: "
			    "the folder of %s is not there", conf->history);
		return true;
	}
	*out = store_open(conf->history, &limits, log, err);
	return *out != NULL || error_prefix(err, "history");
}

bool setup_store_check(const struct conf *conf, struct error *err)
{
	return wants_none(conf) || store_check(conf->history, err) ||
	    error_prefix(err, "history");
}
