/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/library.h"

#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/spf/layer.h"

/* Ours are counted by the walk; the library's own only has to be out of the
 * way, as announcements look like terms to it. */
#define LIBRARY_TERMS 1000

static __attribute__((noreturn)) void die(const char *file, int line,
    const char *message)
{
	/* It calls this when its memory or its own state is gone. */
	fprintf(stderr, "libspf2: %s:%d: %s\n", file, line, message);
	abort();
}

static void take_handlers(void)
{
	SPF_error_handler = die;
	SPF_warning_handler = NULL;
	SPF_info_handler = NULL;
	SPF_debug_handler = NULL;
}

void spf_library_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, take_handlers);
}

/* No default label: a result added to libspf2 must be a compiler warning. */
static enum auth_code code_from_library(SPF_result_t r)
{
	switch (r) {
	case SPF_RESULT_PASS:		return AUTH_PASS;
	case SPF_RESULT_FAIL:		return AUTH_FAIL;
	case SPF_RESULT_SOFTFAIL:	return AUTH_SOFTFAIL;
	case SPF_RESULT_NEUTRAL:	return AUTH_NEUTRAL;
	case SPF_RESULT_NONE:
	case SPF_RESULT_TEMPERROR:	return AUTH_TEMPERROR;
	case SPF_RESULT_PERMERROR:
	case SPF_RESULT_INVALID:	break;
	}
	return AUTH_PERMERROR;
}

static void conclude(struct spf_layer *lib, SPF_response_t *response,
    struct spf_outcome *out)
{
	const struct spf_scene *s = &lib->scenes[lib->top];

	if (lib->unfit != NULL)
		return;         /* why is known better than by its error */
	if (lib->stopped) {
		out->code = lib->code;
		return;
	}
	out->code = code_from_library(SPF_response_result(response));
	/* Exceptions are found by us. One that we know nothing of is none. */
	if (out->code == AUTH_TEMPERROR || out->code == AUTH_PERMERROR) {
		lib->unfit = "an error of its own";
		return;
	}
	out->domain = s->domain;
	out->record = s->record;
	if (SPF_response_reason(response) == SPF_REASON_MECH)
		out->matched = s->announced;
}

static SPF_request_t *new_request(SPF_server_t *server, const struct ip *client)
{
	SPF_request_t *request = SPF_request_new(server);
	struct in6_addr a6;
	struct in_addr a4;

	if (request == NULL)
		abort();
	memcpy(&a4, client->octets, sizeof(a4));
	memcpy(&a6, client->octets, sizeof(a6));
	if (client->family == IP_V6)
		SPF_request_set_ipv6(request, a6);
	else
		SPF_request_set_ipv4(request, a4);
	if (SPF_request_set_env_from(request, "sender@start.x") != 0)
		abort();
	return request;
}

static void run(struct spf_layer *lib, struct spf_outcome *out)
{
	SPF_dns_server_t layer = {
		.lookup = spf_layer_lookup,
		.get_spf = spf_layer_record,
		.name = "assay",
		.hook = lib,
	};
	SPF_server_t *server = SPF_server_new_dns(&layer, 0);
	SPF_request_t *request;
	SPF_response_t *response = NULL;

	if (server == NULL)
		abort();
	SPF_server_set_max_dns_mech(server, LIBRARY_TERMS);
	request = new_request(server, &lib->walk->question->client);
	SPF_request_query_mailfrom(request, &response);
	if (response == NULL)
		abort();
	conclude(lib, response, out);
	SPF_response_free(response);
	SPF_request_free(request);
	SPF_server_free(server);
}

bool spf_library(struct spf_walk *w, struct spf_outcome *out,
    const char **why)
{
	struct spf_layer lib = { .walk = w };
	char host[HOST_NAME_MAX];

	*out = (struct spf_outcome){ 0 };
	spf_library_init();
	/* It asks for the host's name in this way, and aborts if it cannot. */
	if (gethostname(host, sizeof(host)) != 0)
		lib.unfit = "a host name of full length";
	else
		run(&lib, out);
	*why = lib.unfit;
	return lib.unfit == NULL;
}
