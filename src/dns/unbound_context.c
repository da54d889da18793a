/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/unbound_context.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <unbound.h>

#include "base/mem.h"
#include "base/slice.h"

#define DEFAULT_RESOLV_CONF "/etc/resolv.conf"
#define DEFAULT_TRUST_ANCHOR "/usr/share/dns/root.key"
#define SERVER_MAX 96                   /* octets of one server's text */
#define SERVERS_MAX 16                  /* lines of resolv.conf */

/* --- servers --- */

static bool is_address(struct slice s, int family)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned char octets[16];

	if (s.data == NULL || s.len >= sizeof(text))
		return false;
	memcpy(text, s.data, s.len);
	return inet_pton(family, text, octets) == 1;
}

/* The number libunbound wants for "%eth0"; 0: no such interface. */
static unsigned scope_number(struct slice scope)
{
	char name[IF_NAMESIZE] = "";
	unsigned long long v;

	if (slice_number(scope, &v))
		return v <= UINT32_MAX ? (unsigned)v : 0;
	if (scope.len >= sizeof(name))
		return 0;
	memcpy(name, scope.data, scope.len);
	return if_nametoindex(name);
}

/* address [%scope] [@port], as libunbound takes it; false: no address. */
static bool server_text(struct slice text, char out[SERVER_MAX])
{
	struct slice port = text;
	struct slice scope = slice_cut(&port, '@');
	struct slice address = slice_cut(&scope, '%');
	unsigned long long number = 53;
	unsigned index = 0;

	if (port.data != NULL && (!slice_number(port, &number) ||
	    number == 0 || number > 65535))
		return false;
	bool v6 = is_address(address, AF_INET6);

	if (!v6 && (scope.data != NULL || !is_address(address, AF_INET)))
		return false;
	if (scope.data != NULL && (index = scope_number(scope)) == 0)
		return false;
	int n = snprintf(out, SERVER_MAX, "%.*s", (int)address.len,
	    address.data);

	if (index != 0)
		n += snprintf(out + n, (size_t)(SERVER_MAX - n), "%%%u",
		    index);
	snprintf(out + n, (size_t)(SERVER_MAX - n), "@%u", (unsigned)number);
	return true;
}

static void drop_servers(char **servers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(servers[i]);
	free(servers);
}

static void add_server(struct unbound_settings *s, const char *text)
{
	s->servers = xrealloc(s->servers, s->server_count + 1,
	    sizeof(*s->servers));
	s->servers[s->server_count++] = xstrdup(text);
}

bool unbound_settings_init(struct unbound_settings *s,
    const struct unbound_options *o, struct error *err)
{
	char text[SERVER_MAX];

	*s = (struct unbound_settings){
		.from_resolv_conf = o->server_count == 0,
		.resolv_conf = xstrdup(o->resolv_conf != NULL ?
		    o->resolv_conf : DEFAULT_RESOLV_CONF),
		.trust_anchor = !o->dnssec ? NULL :
		    xstrdup(o->trust_anchor != NULL ? o->trust_anchor :
		    DEFAULT_TRUST_ANCHOR),
		.cache_octets = o->cache_octets,
		.private_zones = o->private_zones,
	};
	for (size_t i = 0; i < o->server_count; i++) {
		if (!server_text(slice_of(o->servers[i]), text))
			return error_set(err, "resolver: \"%.100s\" is no "
			    "address", o->servers[i]);
		add_server(s, text);
	}
	return true;
}

void unbound_settings_clear(struct unbound_settings *s)
{
	drop_servers(s->servers, s->server_count);
	free(s->resolv_conf);
	free(s->trust_anchor);
	*s = (struct unbound_settings){ 0 };
}

/* --- resolv.conf --- */

/* "nameserver ADDRESS ..."; absent for any other line. */
static struct slice nameserver_of(const char *line)
{
	struct slice rest = slice_trim(slice_of(line));

	if (!slice_starts_nocase(rest, "nameserver") || rest.len < 12 ||
	    (rest.data[10] != ' ' && rest.data[10] != '\t'))
		return (struct slice){ NULL, 0 };
	rest = slice_trim(slice_sub(rest, 10, rest.len));
	size_t n = 0;

	while (n < rest.len && strchr(" \t#;", rest.data[n]) == NULL)
		n++;
	return slice_sub(rest, 0, n);
}

static void read_lines(FILE *f, struct unbound_settings *fresh,
    struct log *log)
{
	char *line = NULL, text[SERVER_MAX];
	size_t room = 0;

	while (fresh->server_count < SERVERS_MAX &&
	    getline(&line, &room, f) >= 0) {
		struct slice server = nameserver_of(line);

		if (server.data == NULL)
			continue;
		if (server_text(server, text))
			add_server(fresh, text);
		else
			log_say(log, LOG_LEVEL_WARNING,
			    "resolver: %s: \"%.*s\" is no address",
			    fresh->resolv_conf,
			    (int)(server.len > 100 ? 100 : server.len),
			    server.data);
	}
	free(line);
}

bool unbound_settings_reread(struct unbound_settings *s, struct log *log,
    struct stat *seen, struct error *err)
{
	struct unbound_settings fresh = { .resolv_conf = s->resolv_conf };
	FILE *f = fopen(s->resolv_conf, "re");

	if (f == NULL)
		return error_set(err, "resolver: %s: %s", s->resolv_conf,
		    strerror(errno));
	/* Before the reading: what is written meanwhile is a later change. */
	bool ok = fstat(fileno(f), seen) == 0;

	if (ok)
		read_lines(f, &fresh, log);
	ok = ok && !ferror(f);
	fclose(f);
	if (!ok) {
		drop_servers(fresh.servers, fresh.server_count);
		return error_set(err, "resolver: %s cannot be read",
		    s->resolv_conf);
	}
	if (fresh.server_count == 0)
		add_server(&fresh, "127.0.0.1@53");
	drop_servers(s->servers, s->server_count);
	s->servers = fresh.servers;
	s->server_count = fresh.server_count;
	return true;
}

/* --- the context --- */

static const struct habit {
	const char *option, *value;
} habits[] = {
	/* Forwarders on the loopback are the rule, not a mistake. */
	{ "do-not-query-localhost:", "no" },
	{ "use-caps-for-id:", "no" },
	/* The same question explained twice should look the same. */
	{ "rrset-roundrobin:", "no" },
	/* A forwarder that was away is tried again in a minute, not in 15. */
	{ "infra-keep-probing:", "yes" },
	{ "infra-host-ttl:", "60" },
	{ NULL, NULL },
}, private_habits[] = {
	{ "unblock-lan-zones:", "yes" },
	{ "insecure-lan-zones:", "yes" },
	{ NULL, NULL },
};

/* Not among the LAN zones, so each is taken off by name. */
static const char *const private_names[] = { "test.", "home.arpa.", NULL };

static int set_habits(struct ub_ctx *ctx, const struct habit *h)
{
	int e = UB_NOERROR;

	for (; e == UB_NOERROR && h->option != NULL; h++)
		e = ub_ctx_set_option(ctx, h->option, h->value);
	return e;
}

static int set_size(struct ub_ctx *ctx, const char *option, size_t octets)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", octets);
	return ub_ctx_set_option(ctx, option, text);
}

/* unbound.conf(5) advises an rrset cache of twice the message cache. */
static int set_cache(struct ub_ctx *ctx, size_t octets)
{
	if (octets == 0)
		return UB_NOERROR;
	int e = set_size(ctx, "msg-cache-size:", octets / 3);

	return e != UB_NOERROR ? e :
	    set_size(ctx, "rrset-cache-size:", octets - octets / 3);
}

static int set_dnssec(struct ub_ctx *ctx, const char *trust_anchor)
{
	int e = ub_ctx_set_option(ctx, "module-config:",
	    trust_anchor != NULL ? "validator iterator" : "iterator");

	return e != UB_NOERROR || trust_anchor == NULL ? e :
	    ub_ctx_add_ta_file(ctx, trust_anchor);
}

static int set_servers(struct ub_ctx *ctx, const struct unbound_settings *s)
{
	int e = UB_NOERROR;

	for (size_t i = 0; e == UB_NOERROR && i < s->server_count; i++)
		e = ub_ctx_set_fwd(ctx, s->servers[i]);
	return e;
}

/*
 * Touching local data makes libunbound check and fix the whole configuration,
 * so what is wrong shows here and not with the first question.
 */
static int finish(struct ub_ctx *ctx, bool private_zones)
{
	int e = ub_ctx_data_remove(ctx, "nothing.invalid.");

	for (size_t i = 0; private_zones && e == UB_NOERROR &&
	    private_names[i] != NULL; i++)
		e = ub_ctx_zone_remove(ctx, private_names[i]);
	return e;
}

static int configure(struct ub_ctx *ctx, const struct unbound_settings *s)
{
	int e = ub_ctx_debugout(ctx, NULL);     /* else stderr is written to */

	if (e == UB_NOERROR)
		e = ub_ctx_async(ctx, 1);
	if (e == UB_NOERROR)
		e = set_habits(ctx, habits);
	if (e == UB_NOERROR && s->private_zones)
		e = set_habits(ctx, private_habits);
	if (e == UB_NOERROR)
		e = set_cache(ctx, s->cache_octets);
	if (e == UB_NOERROR)
		e = set_dnssec(ctx, s->trust_anchor);
	if (e == UB_NOERROR)
		e = set_servers(ctx, s);
	return e == UB_NOERROR ? finish(ctx, s->private_zones) : e;
}

struct ub_ctx *unbound_context_new(const struct unbound_settings *s,
    struct error *err)
{
	if (s->trust_anchor != NULL && access(s->trust_anchor, R_OK) != 0) {
		error_set(err, "resolver: %s: %s", s->trust_anchor,
		    strerror(errno));
		return NULL;
	}
	struct ub_ctx *ctx = ub_ctx_create();

	if (ctx == NULL) {
		error_set(err, "resolver: libunbound: %s", strerror(errno));
		return NULL;
	}
	int e = configure(ctx, s);

	if (e == UB_NOERROR)
		return ctx;
	error_set(err, "resolver: libunbound: %s%s", ub_strerror(e),
	    s->trust_anchor != NULL ? " (is the trust anchor good?)" : "");
	ub_ctx_delete(ctx);
	return NULL;
}
