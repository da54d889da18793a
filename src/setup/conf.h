/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * conf: assay.conf, read by libconfuse into one typed struct.
 *
 * Every key is one row of conf_keys[]: name, type, default, bounds and a line
 * of help. Reading, `assay config` and the errors all come from that table, so
 * they cannot disagree. Unknown keys, wrong types and impossible values are
 * errors with file and line. A file with one line, or none, is a
 * configuration.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "check/check.h"

struct text_list {
	const char **items;
	size_t count;
};

struct conf {
	struct arena *mem;              /* owns every text below */
	const char *file;               /* NULL: defaults only */
	const char *authserv_id;        /* never NULL: the host's name */
	const char *socket;
	const char *socket_owner, *socket_group;        /* "": leave it */
	mode_t socket_mode;
	const char *user;               /* "": stay who we are */
	const char *policy;
	const char *shadow_policy;      /* "": none */
	struct text_list local_domains, local_networks, trusted_relays;
	enum log_target log_target;
	enum log_format log_format;
	struct text_list servers;
	long query_ms, budget_ms, questions;
	long cache_octets;
	bool dnssec;
	const char *trust_anchor;
	bool private_zones;
	enum engine spf_engine, dkim_engine;
	long void_lookups, minimum_bits, signatures, identifiers;
	bool seal;
	const char *seal_domain, *seal_selector, *seal_key_file;
	struct text_list seal_fields;
	bool received_spf;
	long header_fields, header_octets, recipients;
	long drain_ms;
	const char *history;            /* "": none */
	bool history_named;             /* it stands in the file */
	long history_days, history_octets, history_queue;
};

/*
 * Read `path`; NULL reads nothing and leaves every default. On failure false,
 * and `problems` has one line for each, "file:line: reason". Call conf_free()
 * in either case.
 */
bool conf_read(struct conf *c, const char *path, struct buf *problems);
void conf_free(struct conf *c);

/* The whole configuration, commented, as a file that conf_read() accepts:
 * every key with its value in `c`. */
void conf_print(const struct conf *c, struct buf *out);
/* The same as one JSON object: sections are objects. */
struct json;
void conf_json(const struct conf *c, struct json *out);

/* The usual place: <sysconfdir>/assay/assay.conf. */
extern const char conf_default_path[];
