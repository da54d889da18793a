/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/narrow.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

/* The names an algorithm has begin with one of these; "NAME:ALIAS:..." */
static const struct wanted {
	int operation;
	const char *name;
	const char *property;           /* NULL: any */
} wanted[] = {
	{ OSSL_OP_KEYMGMT,   "RSA",     NULL },
	{ OSSL_OP_KEYMGMT,   "ED25519", NULL },
	{ OSSL_OP_SIGNATURE, "ED25519", NULL },
	{ OSSL_OP_DECODER,   "RSA",     "structure=SubjectPublicKeyInfo" },
};
enum { WANTED = sizeof(wanted) / sizeof(*wanted) };

/*
 * OpenSSL passes a provider's functions no argument of ours: what it passes
 * has to be the default provider's, whose algorithms these are. So this is one
 * for the process; made once, never changed or freed afterwards.
 */
static struct narrow {
	OSSL_PROVIDER *all;             /* in a context of its own */
	OSSL_LIB_CTX *few;              /* NULL: there is none */
	/* By operation, each list ended by an empty one. */
	OSSL_ALGORITHM kept[OSSL_OP__HIGHEST + 1][WANTED + 1];
} narrow;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_wanted(const struct wanted *w, int operation,
    const OSSL_ALGORITHM *a)
{
	size_t n = strlen(w->name);

	return w->operation == operation &&
	    strncmp(a->algorithm_names, w->name, n) == 0 &&
	    (a->algorithm_names[n] == '\0' || a->algorithm_names[n] == ':') &&
	    (w->property == NULL ||
		strstr(a->property_definition, w->property) != NULL);
}

/* False: this OpenSSL has no such thing. */
static bool pick(const struct wanted *w)
{
	OSSL_ALGORITHM *to = narrow.kept[w->operation];
	const OSSL_ALGORITHM *a;
	int no_cache;

	while (to->algorithm_names != NULL)
		to++;
	a = OSSL_PROVIDER_query_operation(narrow.all, w->operation, &no_cache);
	for (; a != NULL && a->algorithm_names != NULL; a++)
		if (is_wanted(w, w->operation, a)) {
			*to = *a;
			return true;
		}
	return false;
}

static bool pick_all(void)
{
	bool found = narrow.all != NULL;

	for (size_t i = 0; found && i < WANTED; i++)
		found = pick(&wanted[i]);
	return found;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
	(void)context;
	*no_cache = 0;
	if (operation < 0 || operation > OSSL_OP__HIGHEST)
		return NULL;
	return narrow.kept[operation];
}

static int init_provider(const OSSL_CORE_HANDLE *handle,
    const OSSL_DISPATCH *core, const OSSL_DISPATCH **out, void **context)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION,
		    (void (*)(void))query },
		{ 0, NULL },
	};

	(void)handle;
	(void)core;
	*out = functions;
	*context = OSSL_PROVIDER_get0_provider_ctx(narrow.all);
	return 1;
}

/* Another OpenSSL may need more to read a key: then it shall have all. */
static bool can_decode(OSSL_LIB_CTX *few)
{
	static const unsigned char rsa[] = {    /* 512 bits, of nobody */
		0x30, 0x5c, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x4b, 0x00, 0x30, 0x48, 0x02, 0x41,
		0x00, 0xd6, 0x3d, 0x00, 0x9e, 0x15, 0x81, 0x1f, 0x09, 0x37, 0xe7, 0x28,
		0x8b, 0x81, 0x16, 0xdb, 0x3a, 0xc8, 0xa3, 0x78, 0x75, 0x9a, 0xc0, 0xe6,
		0x5c, 0x7a, 0xb0, 0x76, 0xb9, 0x8c, 0x48, 0x7e, 0xf4, 0x13, 0x03, 0x41,
		0xa7, 0x5f, 0x5b, 0xae, 0x69, 0x3e, 0xd6, 0x95, 0x6a, 0x85, 0xed, 0xda,
		0x72, 0x36, 0xcf, 0x4a, 0x8e, 0xdb, 0x0b, 0x73, 0x36, 0x83, 0xb2, 0xad,
		0x0e, 0xab, 0x45, 0x85, 0x2f, 0x02, 0x03, 0x01, 0x00, 0x01,
	};
	const unsigned char *at = rsa;
	OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(few);
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, sizeof(rsa));
	OSSL_PARAM *parts = NULL;
	bool good = key != NULL &&
	    EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &parts) == 1;

	OSSL_LIB_CTX_set0_default(before);
	OSSL_PARAM_free(parts);
	EVP_PKEY_free(key);
	return good;
}

static void make_narrow(void)
{
	static const char name[] = "narrow";
	OSSL_LIB_CTX *whole, *few;

	if (EVP_default_properties_is_fips_enabled(NULL) != 0)
		return;
	whole = OSSL_LIB_CTX_new();
	few = OSSL_LIB_CTX_new();
	narrow.all = whole == NULL ? NULL :
	    OSSL_PROVIDER_load(whole, "default");
	if (pick_all() && few != NULL &&
	    OSSL_PROVIDER_add_builtin(few, name, init_provider) == 1 &&
	    OSSL_PROVIDER_load(few, name) != NULL && can_decode(few)) {
		narrow.few = few;
		return;
	}
	ERR_clear_error();
	OSSL_LIB_CTX_free(few);
	if (narrow.all != NULL)
		OSSL_PROVIDER_unload(narrow.all);
	OSSL_LIB_CTX_free(whole);
}

OSSL_LIB_CTX *dkim_narrow(void)
{
	pthread_once(&once, make_narrow);
	return narrow.few == NULL ? NULL : OSSL_LIB_CTX_set0_default(narrow.few);
}

void dkim_widen(OSSL_LIB_CTX *before)
{
	if (before != NULL)
		OSSL_LIB_CTX_set0_default(before);
}
