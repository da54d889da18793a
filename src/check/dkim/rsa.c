/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/dkim/rsa.h"

#include <string.h>

enum {
	DER_INTEGER = 0x02, DER_BITS = 0x03, DER_NULL = 0x05, DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
};

#define MODULUS_MAX 2048        /* octets; OpenSSL's own limit */
#define EXPONENT_MAX 8          /* octets; so is this for long keys */

/* rsaEncryption, 1.2.840.113549.1.1.1 */
static const unsigned char rsa_oid[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
};

/* The contents of the element at the start of *in, which moves behind it. */
static bool der_take(struct octets *in, unsigned char tag, struct octets *out)
{
	const unsigned char *p = in->data;
	size_t len, head = 2, octets;

	if (in->len < 2 || p[0] != tag)
		return false;
	len = p[1];
	if (len >= 0x80) {
		octets = len & 0x7f;
		if (octets < 1 || octets > 2 || in->len < 2 + octets)
			return false;
		len = octets == 1 ? p[2] : (size_t)p[2] << 8 | p[3];
		if (len < (octets == 1 ? 0x80u : 0x100u))
			return false;
		head += octets;
	}
	if (in->len - head < len)
		return false;
	*out = (struct octets){ p + head, len };
	*in = (struct octets){ p + head + len, in->len - head - len };
	return true;
}

/* A positive integer without its sign octet. */
static bool der_number(struct octets *in, struct octets *out)
{
	struct octets n;

	if (!der_take(in, DER_INTEGER, &n) || n.len == 0 || n.data[0] & 0x80)
		return false;
	if (n.data[0] == 0) {
		if (n.len == 1 || !(n.data[1] & 0x80))
			return false;
		n.data++;
		n.len--;
	}
	*out = n;
	return true;
}

/* Opens SubjectPublicKeyInfo down to the RSAPublicKey in its bit string. */
static bool unwrap(struct octets info, struct octets *key, const char **reason)
{
	struct octets algorithm, oid, bits, null;

	*reason = "the key is not DER";
	if (!der_take(&info, DER_SEQUENCE, &algorithm) ||
	    !der_take(&info, DER_BITS, &bits) || info.len != 0 ||
	    !der_take(&algorithm, DER_OID, &oid))
		return false;
	*reason = "the key is not an RSA key";
	if (oid.len != sizeof(rsa_oid) || memcmp(oid.data, rsa_oid, oid.len))
		return false;
	if (algorithm.len != 0 && (!der_take(&algorithm, DER_NULL, &null) ||
	    null.len != 0 || algorithm.len != 0))
		return false;
	if (bits.len < 1 || bits.data[0] != 0)
		return false;
	*key = (struct octets){ bits.data + 1, bits.len - 1 };
	return true;
}

static bool makes_a_key(const struct dkim_rsa *key, const char **reason)
{
	const struct octets *n = &key->modulus, *e = &key->exponent;

	if (!(n->data[n->len - 1] & 1) || !(e->data[e->len - 1] & 1) ||
	    (e->len == 1 && e->data[0] < 3)) {
		*reason = "modulus or exponent cannot be RSA";
		return false;
	}
	*reason = "the key is too large";
	return n->len <= MODULUS_MAX && e->len <= EXPONENT_MAX;
}

bool dkim_rsa_read(struct octets der, struct dkim_rsa *out,
    const char **reason)
{
	struct octets outer, key, peek;

	*out = (struct dkim_rsa){ .plain = false };
	*reason = "the key is not DER";
	if (!der_take(&der, DER_SEQUENCE, &outer) || der.len != 0)
		return false;
	peek = outer;
	if (outer.len > 0 && outer.data[0] == DER_INTEGER) {
		out->plain = true;
	} else {
		if (!unwrap(peek, &key, reason))
			return false;
		*reason = "the key is not DER";
		if (!der_take(&key, DER_SEQUENCE, &outer) || key.len != 0)
			return false;
	}
	if (!der_number(&outer, &out->modulus) ||
	    !der_number(&outer, &out->exponent) || outer.len != 0)
		return false;
	if (!makes_a_key(out, reason))
		return false;
	out->bits = (unsigned)(8 * out->modulus.len) -
	    (unsigned)__builtin_clz(out->modulus.data[0]) + 24;
	return true;
}

/* DER is written from the end to the start: lengths are known by then. */
struct writer {
	unsigned char *start, *at;
};

static void put(struct writer *w, const void *bytes, size_t n)
{
	w->at -= n;
	memcpy(w->at, bytes, n);
}

static void put_octet(struct writer *w, size_t octet)
{
	*--w->at = (unsigned char)octet;
}

/* Tag and length of what was written since `end`. */
static void put_head(struct writer *w, unsigned char tag,
    const unsigned char *end)
{
	size_t len = (size_t)(end - w->at);

	put_octet(w, len);
	if (len > 0xff)
		put_octet(w, len >> 8);
	if (len > 0x7f)
		put_octet(w, len > 0xff ? 0x82 : 0x81);
	put_octet(w, tag);
}

static void put_number(struct writer *w, struct octets n)
{
	const unsigned char *end = w->at;

	put(w, n.data, n.len);
	if (n.data[0] & 0x80)
		put_octet(w, 0);
	put_head(w, DER_INTEGER, end);
}

struct octets dkim_rsa_write(struct arena *mem, const struct dkim_rsa *key)
{
	size_t room = key->modulus.len + key->exponent.len + 64;
	struct writer w = { .start = arena_alloc(mem, room) };
	const unsigned char *end = w.start + room, *algorithm;

	w.at = w.start + room;
	put_number(&w, key->exponent);
	put_number(&w, key->modulus);
	put_head(&w, DER_SEQUENCE, end);
	put_octet(&w, 0);
	put_head(&w, DER_BITS, end);
	algorithm = w.at;
	put_head(&w, DER_NULL, w.at);
	put(&w, rsa_oid, sizeof(rsa_oid));
	put_octet(&w, sizeof(rsa_oid));
	put_octet(&w, DER_OID);
	put_head(&w, DER_SEQUENCE, algorithm);
	put_head(&w, DER_SEQUENCE, end);
	return (struct octets){ w.at, (size_t)(end - w.at) };
}
