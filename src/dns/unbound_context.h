/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * unbound_context: a libunbound context made ready from settings: whom to ask,
 * what to validate, and libunbound's habits that do not fit a mail filter.
 * Nothing here touches the network.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "dns/unbound.h"

struct ub_ctx;

/* Own copies of what unbound_options lent. */
struct unbound_settings {
	char **servers;         /* as libunbound spells them */
	size_t server_count;
	bool from_resolv_conf;
	char *resolv_conf;
	char *trust_anchor;     /* NULL: no validation */
	size_t cache_octets;
	bool private_zones;
};

/* On failure too, the settings are the caller's to clear. */
bool unbound_settings_init(struct unbound_settings *s,
    const struct unbound_options *o, struct error *err);
void unbound_settings_clear(struct unbound_settings *s);

/*
 * Read the servers anew. Lines that name no address are said in the log and
 * skipped; without any, the local host is asked (resolv.conf(5)). On failure
 * the old servers stay. `seen` is the state of the file that was read.
 */
bool unbound_settings_reread(struct unbound_settings *s, struct log *log,
    struct stat *seen, struct error *err);

struct ub_ctx *unbound_context_new(const struct unbound_settings *s,
    struct error *err);
