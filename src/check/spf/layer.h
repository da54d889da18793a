/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_layer: what libspf2 takes for the DNS.
 *
 * The library asks for records and for names of our making (rewrite.h);
 * behind them the walk expands, asks and counts. One layer belongs to one
 * evaluation and is the hook of its SPF_dns_server_t. Trouble and broken
 * limits stop it: from then on it answers nothing but temporary failures, and
 * what it remembers is the result.
 */
#include <stdbool.h>
#include <stddef.h>

#include <netinet/in.h>         /* the next one forgets it */
#include <spf2/spf.h>

#include "check/spf/fetch.h"

/* The first record and one for each term that may bring another. */
#define SPF_SCENES (SPF_TERMS_MAX + 1)

/* A record under evaluation. */
struct spf_scene {
	const char *domain;
	struct spf_record record;
	const struct spf_directive *announced;  /* evaluated last */
	const struct dns_answer *hosts;         /* of the last "mx" */
};

struct spf_layer {
	struct spf_walk *walk;
	struct spf_scene scenes[SPF_SCENES];
	size_t count;
	size_t top;                     /* decides; redirect moves it */
	const struct dns_answer *names; /* of the client, for the last "ptr" */
	size_t name_count;
	bool stopped;                   /* an exception ends everything */
	enum auth_code code;            /* which one */
	const char *unfit;              /* not for the library: why */
};

/* Its get_spf. */
SPF_errcode_t spf_layer_record(SPF_server_t *server, SPF_request_t *request,
    SPF_response_t *response, SPF_record_t **out);

/* Its lookup. Never NULL: libspf2 aborts the process for that. */
SPF_dns_rr_t *spf_layer_lookup(SPF_dns_server_t *layer, const char *name,
    ns_type type, int should_cache);
