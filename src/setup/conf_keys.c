/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup/conf_keys.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "check/arc/seal.h"
#include "check/dkim/tags.h"
#include "mail/domain.h"
#include "mail/ip.h"
#include "setup/socket_name.h"

static bool check_domain(const char *value, struct error *err)
{
	struct arena *mem = arena_new(256);
	/* A leading dot means every subdomain. */
	const char *name = value[0] == '.' ? value + 1 : value;
	bool good = domain_normalise(mem, slice_of(name)) != NULL;

	arena_free(mem);
	return good || error_set(err, "\"%s\" is no domain name", value);
}

static bool check_authserv_id(const char *value, struct error *err)
{
	return value[0] == '\0' || check_domain(value, err);
}

static bool check_network(const char *value, struct error *err)
{
	struct network n;

	return network_parse(slice_of(value), &n, err);
}

static bool check_server(const char *value, struct error *err)
{
	struct slice port = slice_of(value), address;
	unsigned long long n;
	struct ip ip;

	address = slice_cut(&port, '@');
	if (!ip_parse(address, &ip))
		return error_set(err,
		    "\"%s\" is no address (or address@port)", value);
	if (port.data != NULL &&
	    (!slice_number(port, &n) || n == 0 || n > 65535))
		return error_set(err, "\"%s\" has no port behind the @", value);
	return true;
}

static bool check_socket(const char *value, struct error *err)
{
	struct socket_name name;

	return socket_name_parse(value, &name, err);
}

static bool check_dkim_name(const char *value, size_t labels,
    const char *what, struct error *err)
{
	struct arena *mem = arena_new(256);
	bool good = value[0] == '\0' ||
	    dkim_name(mem, slice_of(value), labels) != NULL;

	arena_free(mem);
	return good || error_set(err, "\"%s\" is no %s", value, what);
}

static bool check_signer(const char *value, struct error *err)
{
	return check_dkim_name(value, 2, "domain that can sign", err);
}

static bool check_selector(const char *value, struct error *err)
{
	return check_dkim_name(value, 1, "selector", err);
}

#define AT(member) offsetof(struct conf, member)

const struct conf_key conf_keys[] = {
	{ NULL, "authserv-id", KEY_TEXT, AT(authserv_id), "", NULL, 0, 0,
	  check_authserv_id,
	  "The name under which results are written into\n"
	  "Authentication-Results (RFC 8601 2.5); fields from outside that claim\n"
	  "it are removed. Empty: the name of this host." },
	{ NULL, "socket", KEY_TEXT, AT(socket), "unix:/run/assay/assay.sock",
	  NULL, 0, 0, check_socket,
	  "Where the MTA finds us: unix:/path, local:/path, inet:PORT@HOST or\n"
	  "inet6:PORT@HOST. Postfix writes the same as inet:HOST:PORT." },
	{ NULL, "socket-owner", KEY_TEXT, AT(socket_owner), "", NULL, 0, 0, NULL,
	  "Owner of a unix socket. Empty: the user we run as." },
	{ NULL, "socket-group", KEY_TEXT, AT(socket_group), "", NULL, 0, 0, NULL,
	  "Group of a unix socket, usually the MTA's. Empty: our own." },
	{ NULL, "socket-mode", KEY_MODE, AT(socket_mode), "0660", NULL, 0, 0777,
	  NULL, "Mode of a unix socket, octal." },
	{ NULL, "user", KEY_TEXT, AT(user), "", NULL, 0, 0, NULL,
	  "Become this user after the socket is open, when started as root.\n"
	  "Empty: stay (systemd has set the user already)." },
	{ NULL, "policy", KEY_TEXT, AT(policy), ASSAY_CONF_DIR "/standard.policy",
	  NULL, 0, 0, NULL,
	  "The policy file that decides; assay-policy(5)." },
	{ NULL, "shadow-policy", KEY_TEXT, AT(shadow_policy), "", NULL, 0, 0,
	  NULL,
	  "A second policy file, decided for every message without effect: where\n"
	  "it differs, the log says what it would have done. Empty: none." },
	{ NULL, "local-domains", KEY_TEXTS, AT(local_domains), "", NULL, 0, 0,
	  check_domain,
	  "Domains whose mail comes from our own servers. They are added to the\n"
	  "policy's list local-domains. A leading dot: every subdomain." },
	{ NULL, "local-networks", KEY_TEXTS, AT(local_networks), "", NULL, 0, 0,
	  check_network,
	  "Clients of class local: they submit mail, and are not judged by SPF,\n"
	  "iprev and DMARC. Loopback (127.0.0.0/8, ::1) always belongs to them." },
	{ NULL, "trusted-relays", KEY_TEXTS, AT(trusted_relays), "", NULL, 0, 0,
	  check_network,
	  "Our own front servers. The client that is judged is taken from the\n"
	  "Received field that they wrote." },
	{ "log", "target", KEY_WORD, AT(log_target), "stderr", log_target_names,
	  0, 0, NULL, "stderr (the journal, under systemd), syslog or none." },
	{ "log", "format", KEY_WORD, AT(log_format), "logfmt", log_format_names,
	  0, 0, NULL, "logfmt or json." },
	{ "resolver", "servers", KEY_TEXTS, AT(servers), "", NULL, 0, 0,
	  check_server,
	  "Forwarders: address or address@port. None: those of\n"
	  "/etc/resolv.conf, which is read again when it changes." },
	{ "resolver", "timeout", KEY_DURATION, AT(query_ms), "5s", NULL, 10,
	  120000, NULL, "For one question." },
	{ "resolver", "budget", KEY_DURATION, AT(budget_ms), "20s", NULL, 10,
	  240000, NULL,
	  "For all questions of one message together. What is not known then is\n"
	  "temperror. Keep it below the MTA's milter timeout." },
	{ "resolver", "questions", KEY_NUMBER, AT(questions), "200", NULL, 10,
	  10000, NULL, "Asked for one message at the most." },
	{ "resolver", "cache-size", KEY_OCTETS, AT(cache_octets), "4M", NULL,
	  65536, 1L << 32, NULL, "Memory for answers, before the servers' own." },
	{ "resolver", "dnssec", KEY_YES_NO, AT(dnssec), "no", NULL, 0, 0, NULL,
	  "Validate answers here." },
	{ "resolver", "trust-anchor", KEY_TEXT, AT(trust_anchor),
	  "/usr/share/dns/root.key", NULL, 0, 0, NULL,
	  "Trust anchor for dnssec." },
	{ "resolver", "private-zones", KEY_YES_NO, AT(private_zones), "yes", NULL,
	  0, 0, NULL,
	  "Also ask the servers for reverse zones of private networks and for\n"
	  ".test, which would otherwise be answered here (RFC 6303, 6761)." },
	{ "spf", "engine", KEY_WORD, AT(spf_engine), "library", engine_names, 0,
	  0, NULL,
	  "library (libspf2 behind our own grammar), native, or both (a\n"
	  "disagreement is logged, and what does not pass is taken)." },
	{ "spf", "void-lookups", KEY_NUMBER, AT(void_lookups), "2", NULL, 0, 10,
	  NULL, "Look-ups without an answer that are allowed (RFC 7208 4.6.4)." },
	{ "dkim", "engine", KEY_WORD, AT(dkim_engine), "library", engine_names, 0,
	  0, NULL, "As for spf, with libopendkim." },
	{ "dkim", "minimum-bits", KEY_NUMBER, AT(minimum_bits), "1024", NULL,
	  1024, 4096, NULL, "Shorter RSA keys prove nothing (RFC 8301 3.2)." },
	{ "dkim", "signatures", KEY_NUMBER, AT(signatures), "15", NULL, 1, 100,
	  NULL,
	  "Verified at the most; those of the author's domain come first." },
	{ "arc", "seal", KEY_YES_NO, AT(seal), "no", NULL, 0, 0, NULL,
	  "Seal mail that goes on (RFC 8617 5.1). The MTA's last milter that\n"
	  "changes anything must be this one." },
	{ "arc", "domain", KEY_TEXT, AT(seal_domain), "", NULL, 0, 0,
	  check_signer, "The sealing domain, d=." },
	{ "arc", "selector", KEY_TEXT, AT(seal_selector), "", NULL, 0, 0,
	  check_selector,
	  "The public key is published at SELECTOR._domainkey.DOMAIN." },
	{ "arc", "key-file", KEY_TEXT, AT(seal_key_file), "", NULL, 0, 0, NULL,
	  "Private RSA key in PEM. It must belong to root or to the user we\n"
	  "run as, and nobody else may have access." },
	{ "arc", "fields", KEY_TEXTS, AT(seal_fields),
	  "From Sender Reply-To To Cc Subject Date Message-ID In-Reply-To "
	  "References MIME-Version Content-Type Content-Transfer-Encoding "
	  "List-Id List-Post List-Unsubscribe List-Unsubscribe-Post "
	  "DKIM-Signature",
	  NULL, 0, 0, seal_field_check,
	  "What a seal covers; From always is." },
	{ "dmarc", "identifiers", KEY_NUMBER, AT(identifiers), "10", NULL, 1, 100,
	  NULL,
	  "Signing domains whose organizational domain is looked up at the most." },
	{ "headers", "received-spf", KEY_YES_NO, AT(received_spf), "no", NULL, 0,
	  0, NULL, "Also write Received-SPF (RFC 7208 9.1)." },
	{ "limits", "header-fields", KEY_NUMBER, AT(header_fields), "5000", NULL,
	  50, 1000000, NULL,
	  "Fields kept of one message. A message with more has an ambiguous\n"
	  "author." },
	{ "limits", "header-octets", KEY_OCTETS, AT(header_octets), "4M", NULL,
	  16384, 1L << 30, NULL, "The same for the octets of the header." },
	{ "limits", "recipients", KEY_NUMBER, AT(recipients), "1000", NULL, 1,
	  1000000, NULL, "Kept of one message, all are counted." },
	{ "limits", "drain", KEY_DURATION, AT(drain_ms), "30s", NULL, 0, 600000,
	  NULL, "How long a stop waits for messages that are under way." },
	{ "history", "path", KEY_TEXT, AT(history),
	  "/var/lib/assay/history.db", NULL, 0, 0, NULL,
	  "The file that keeps a record of every message, never its body, for\n"
	  "assay history, explain and replay. Empty: keep none." },
	{ "history", "days", KEY_NUMBER, AT(history_days), "30", NULL, 1, 36500,
	  NULL, "Older records are removed." },
	{ "history", "size", KEY_OCTETS, AT(history_octets), "1G", NULL,
	  1L << 20, 1L << 44, NULL,
	  "The oldest records are removed when the file would become larger." },
	{ "history", "queue", KEY_NUMBER, AT(history_queue), "10000", NULL, 1,
	  1000000, NULL,
	  "Records that may wait to be written. Mail does not wait: what does\n"
	  "not fit is left out." },
	{ .name = NULL },
};

static bool parse_scaled(const char *value, const struct name *units,
    long *out, const char *what, struct error *err)
{
	size_t digits = strspn(value, "0123456789");
	const struct name *unit = name_find(units, value + digits);
	unsigned long long n;

	if (digits == 0 || unit == NULL ||
	    !slice_number((struct slice){ value, digits }, &n) ||
	    n > (unsigned long long)(LONG_MAX / unit->code))
		return error_set(err, "\"%s\" is no %s", value, what);
	*out = (long)n * unit->code;
	return true;
}

static const struct name plain_units[] = { { 1, "" }, { 0, NULL } };
static const struct name duration_units[] = {
	{ 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" },
	{ 0, NULL },
};
static const struct name octet_units[] = {
	{ 1 << 30, "G" }, { 1 << 20, "M" }, { 1 << 10, "K" }, { 1, "" },
	{ 0, NULL },
};

static bool set_long(long *out, const struct conf_key *k, const char *value,
    struct error *err)
{
	static const struct {
		const struct name *units;
		const char *what;
	} forms[] = {
		[KEY_NUMBER] = { plain_units, "number" },
		[KEY_DURATION] = { duration_units,
		    "duration (500ms, 20s, 2m, 1h)" },
		[KEY_OCTETS] = { octet_units, "size (4096, 64K, 10M, 1G)" },
	};
	long n = 0;

	if (!parse_scaled(value, forms[k->type].units, &n,
	    forms[k->type].what, err))
		return false;
	if (n < k->min || n > k->max)
		return error_set(err, "\"%s\" is not between %ld and %ld%s",
		    value, k->min, k->max,
		    k->type == KEY_DURATION ? " ms" : "");
	*out = n;
	return true;
}

static bool set_mode(mode_t *out, const char *value, struct error *err)
{
	size_t digits = strspn(value, "01234567");

	if (digits < 3 || digits > 4 || value[digits] != '\0' ||
	    strtol(value, NULL, 8) > 0777)
		return error_set(err, "\"%s\" is no mode (as 0660)", value);
	*out = (mode_t)strtol(value, NULL, 8);
	return true;
}

static bool set_word(int *out, const struct conf_key *k, const char *value,
    struct error *err)
{
	const struct name *n = name_find(k->words, value);
	struct closest near;

	if (n != NULL) {
		*out = n->code;
		return true;
	}
	closest_start(&near, value);
	for (n = k->words; n->word != NULL; n++)
		closest_offer(&near, n->word);
	if (near.best != NULL)
		return error_set(err, "\"%s\" is not known; did you mean %s?",
		    value, near.best);
	return error_set(err, "\"%s\" is not known", value);
}

static bool set_yes_no(bool *out, const char *value, struct error *err)
{
	static const struct name words[] = {
		{ 1, "yes" }, { 0, "no" }, { 1, "true" }, { 0, "false" },
		{ 1, "on" }, { 0, "off" }, { 0, NULL },
	};
	const struct name *n = name_find(words, value);

	if (n == NULL)
		return error_set(err, "\"%s\" is neither yes nor no", value);
	*out = n->code != 0;
	return true;
}

static void append_text(struct conf *c, struct text_list *l, const char *value)
{
	const char **more = arena_array(c->mem, l->count + 1, sizeof(*more));

	for (size_t i = 0; i < l->count; i++)
		more[i] = l->items[i];
	more[l->count++] = arena_strdup(c->mem, value);
	l->items = more;
}

bool conf_key_set(struct conf *c, const struct conf_key *k, const char *value,
    struct error *err)
{
	void *at = (char *)c + k->offset;

	if (k->check != NULL && !k->check(value, err))
		return false;
	switch (k->type) {
	case KEY_TEXT:
		*(const char **)at = arena_strdup(c->mem, value);
		return true;
	case KEY_TEXTS:
		append_text(c, at, value);
		return true;
	case KEY_NUMBER:
	case KEY_DURATION:
	case KEY_OCTETS:
		return set_long(at, k, value, err);
	case KEY_YES_NO:
		return set_yes_no(at, value, err);
	case KEY_WORD:
		return set_word(at, k, value, err);
	case KEY_MODE:
		return set_mode(at, value, err);
	}
	return false;
}

size_t conf_key_count(const struct conf *c, const struct conf_key *k)
{
	const struct text_list *l = (const void *)((const char *)c + k->offset);

	return k->type == KEY_TEXTS ? l->count : 1;
}

/* The largest unit that divides it, as a person would write it. */
static const char *scaled_text(struct arena *mem, long n,
    const struct name *units)
{
	const struct name *u = units;

	while (u->code > 1 && (n == 0 || n % u->code != 0))
		u++;
	return arena_printf(mem, "%ld%s", n / u->code, u->word);
}

const char *conf_key_text(const struct conf *c, const struct conf_key *k,
    size_t i, struct arena *mem)
{
	const void *at = (const char *)c + k->offset;

	switch (k->type) {
	case KEY_TEXT:
		return *(const char *const *)at;
	case KEY_TEXTS:
		return ((const struct text_list *)at)->items[i];
	case KEY_NUMBER:
		return scaled_text(mem, *(const long *)at, plain_units);
	case KEY_DURATION:
		return scaled_text(mem, *(const long *)at, duration_units);
	case KEY_OCTETS:
		return scaled_text(mem, *(const long *)at, octet_units);
	case KEY_YES_NO:
		return *(const bool *)at ? "yes" : "no";
	case KEY_WORD:
		return name_word(k->words, *(const int *)at);
	case KEY_MODE:
		return arena_printf(mem, "0%o", *(const mode_t *)at);
	}
	return NULL;
}
