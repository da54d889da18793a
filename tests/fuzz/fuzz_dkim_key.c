/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Key records, and the DER inside them. An input that begins with "{" is DER
 * without its wrapping, so that the fuzzer need not learn base64. What we take
 * for a key OpenSSL must read as the same key.
 */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "check/dkim/key.h"
#include "check/dkim/rsa.h"
#include "fuzz.h"

static void check_openssl(const struct dkim_key *key)
{
	const unsigned char *at = key->material.data;
	EVP_PKEY *theirs = d2i_PUBKEY(NULL, &at, (long)key->material.len);

	need(theirs != NULL, "OpenSSL reads the key, too");
	need(at == key->material.data + key->material.len,
	    "with nothing behind it");
	need(EVP_PKEY_get_base_id(theirs) == EVP_PKEY_RSA, "as RSA");
	need((unsigned)EVP_PKEY_get_bits(theirs) == key->bits,
	    "of the same length");
	EVP_PKEY_free(theirs);
}

/* The record that an engine gets holds the same key. */
static void check_again(struct arena *mem, const struct dkim_key *key)
{
	const char *record = dkim_key_library_record(mem, key,
	    DKIM_LIBRARY_ROOM);
	struct dkim_key again;

	if (record == NULL)
		return;
	dkim_key_parse(mem, slice_of(record), &again);
	need(again.cause == DKIM_CAUSE_NONE && again.type == key->type &&
	    again.bits == key->bits &&
	    again.material.len == key->material.len &&
	    memcmp(again.material.data, key->material.data,
	    key->material.len) == 0, "written anew it is the same key");
}

static void read_record(struct arena *mem, struct slice record)
{
	struct dkim_key key;

	dkim_key_parse(mem, record, &key);
	need((key.cause == DKIM_CAUSE_NONE) == (key.reason == NULL),
	    "a reason if, and only if, there is no key");
	need(key.reason == NULL || fuzz_printable(key.reason),
	    "and it is printable");
	need(key.cause == DKIM_CAUSE_NONE ||
	    key.cause == DKIM_CAUSE_REVOKED ||
	    key.cause == DKIM_CAUSE_KEY_SYNTAX, "one of three causes");
	if (key.cause != DKIM_CAUSE_NONE)
		return;
	if (key.type == DKIM_KEY_RSA)
		check_openssl(&key);
	else
		need(key.material.len == 32 && key.bits == 256,
		    "an Ed25519 key is 32 octets");
	check_again(mem, &key);
}

static void read_der(struct arena *mem, struct slice der)
{
	struct octets octets = { (const unsigned char *)der.data, der.len };
	struct dkim_rsa rsa, again;
	const char *reason = NULL;

	if (!dkim_rsa_read(octets, &rsa, &reason)) {
		need(reason != NULL, "a reason why it is none");
		return;
	}
	need(dkim_rsa_read(dkim_rsa_write(mem, &rsa), &again, &reason) &&
	    !again.plain && again.bits == rsa.bits &&
	    again.modulus.len == rsa.modulus.len &&
	    again.exponent.len == rsa.exponent.len, "written and read again");
	read_record(mem, slice_of(arena_printf(mem, "p=%s",
	    dkim_base64_text(mem, octets.data, octets.len))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice text = fuzz_slice(data, size);

	if (size > 0 && data[0] == '{')
		read_der(mem, fuzz_copy(mem, slice_sub(text, 1, size)));
	else
		read_record(mem, fuzz_copy(mem, text));
	return 0;
}
