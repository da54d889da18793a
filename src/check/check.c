/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "check/arc/seal.h"
#include "check/crypto.h"
#include "check/dkim/library.h"
#include "check/spf/library.h"

const struct name client_class_names[] = {
	{ CLIENT_LOCAL, "local" },
	{ CLIENT_RELAY, "relay" },
	{ CLIENT_AUTHENTICATED, "authenticated" },
	{ CLIENT_OUTSIDE, "outside" },
	{ 0, NULL },
};

const struct name helo_status_names[] = {
	{ HELO_OK, "ok" },
	{ HELO_LITERAL, "literal" },
	{ HELO_BARE, "bare" },
	{ HELO_INVALID, "invalid" },
	{ HELO_ABSENT, "absent" },
	{ 0, NULL },
};

const struct name engine_names[] = {
	{ ENGINE_LIBRARY, "library" },
	{ ENGINE_NATIVE, "native" },
	{ ENGINE_BOTH, "both" },
	{ 0, NULL },
};

/* RFC 8601 2.7.5 with RFC 8617. */
const struct name arc_names[] = {
	{ AUTH_NONE, "none" },
	{ AUTH_PASS, "pass" },
	{ AUTH_FAIL, "fail" },
	{ 0, NULL },
};

const struct check_options check_defaults = {
	.authserv_id = "localhost",
	.spf_engine = ENGINE_LIBRARY,
	.dkim_engine = ENGINE_LIBRARY,
	.spf_void_lookups = 2,
	.dkim_minimum_bits = 1024,
	.dkim_signatures = 15,
	.dmarc_identifiers = 10,
};

struct check_env {
	struct check_options options;
	char *authserv_id;              /* what options points to */
	struct log *log;
	struct dkim_libraries *dkim;
	struct crypto_keys *keys;
	struct sealer *sealer;
};

struct check_env *check_env_new(const struct check_options *o, struct log *log,
    struct error *err)
{
	struct check_env *env = xcalloc(1, sizeof(*env));

	env->authserv_id = xstrdup(o->authserv_id);
	env->options = *o;
	env->options.authserv_id = env->authserv_id;
	env->log = log;
	env->keys = crypto_keys_new();
	spf_library_init();
	env->dkim = dkim_libraries_new(o->dkim_minimum_bits, err);
	if (env->dkim == NULL)
		goto fail;
	env->options.seal = NULL;
	if (o->seal != NULL) {
		env->sealer = sealer_new(o->seal, log, err);
		if (env->sealer == NULL)
			goto fail;
	}
	return env;

fail:
	check_env_free(env);
	return NULL;
}

void check_env_free(struct check_env *env)
{
	if (env == NULL)
		return;
	sealer_free(env->sealer);
	dkim_libraries_free(env->dkim);
	crypto_keys_free(env->keys);
	free(env->authserv_id);
	free(env);
}

const struct check_options *check_env_options(const struct check_env *env)
{
	return &env->options;
}

struct dkim_libraries *check_env_dkim(const struct check_env *env)
{
	return env->dkim;
}

struct crypto_keys *check_env_keys(const struct check_env *env)
{
	return env->keys;
}

struct sealer *check_env_sealer(const struct check_env *env)
{
	return env->sealer;
}

struct log *check_env_log(const struct check_env *env)
{
	return env->log;
}

/* dmarc reads what the checks before it found. */
const struct check *const checks[] = {
	&iprev_check, &spf_check, &dkim_check, &arc_check, &dmarc_check,
	&dnsbl_check, &rhsbl_check, NULL,
};

const char *client_exempt(const struct evidence *e)
{
	switch (e->client_class) {
	case CLIENT_LOCAL:
		return "local client";
	case CLIENT_AUTHENTICATED:
		return "authenticated submission";
	case CLIENT_RELAY:
	case CLIENT_OUTSIDE:
		break;
	}
	return NULL;
}

int64_t message_octets(const struct evidence *e)
{
	if (e->header.octets == 0 && e->body_octets == 0)
		return 0;
	return (int64_t)(e->header.octets + 2 + e->body_octets);
}
