/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/sample.h"

#include "base/slice.h"

/* FNV-1a; ASCII case of names and addresses does not make another message. */
static uint64_t add_text(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)ascii_lower(*s)) *
		    UINT64_C(0x100000001b3);
	/* No text has a NUL, so none runs into the next one. */
	return h * UINT64_C(0x100000001b3);
}

static uint64_t add_fact(uint64_t h, const struct facts *f, enum fact id)
{
	const struct fact_value *v = &f->values[id];

	return add_text(h, v->state == FACT_KNOWN ? v->text : "");
}

/* FNV leaves the high bits of short texts alike; every bit shall count. */
static uint64_t mix(uint64_t h)
{
	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
	return h ^ (h >> 31);
}

bool sample_key(const struct rule *r, const struct facts *f, uint64_t *key)
{
	const struct fact_value *mail = &f->values[FACT_MAIL_ADDRESS];
	enum fact asked[] = { FACT_MAIL_ADDRESS, FACT_FROM_DOMAIN,
	    FACT_RCPT_ADDRESS };
	const bool wanted[] = { true, !r->early, r->asks_rcpt };
	uint64_t h = add_text(UINT64_C(0xcbf29ce484222325), r->name);

	if (mail->state == FACT_ABSENT)
		asked[0] = FACT_HELO_NAME;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (!wanted[i])
			continue;
		if (f->values[asked[i]].state == FACT_UNKNOWN)
			return false;
		h = add_fact(h, f, asked[i]);
	}
	*key = mix(h);
	return true;
}

bool sample_holds(const struct rule *r, uint64_t key)
{
	return r->sample.value == 0 || key % SAMPLE_ALL < r->sample.value;
}
