/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/macros.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"

/* postconf -d of Postfix 3.7: milter_*_macros. */
static const char *const usual[MACRO_STAGES] = {
	[MACRO_CONNECT] = "j {daemon_name} {daemon_addr} v _",
	[MACRO_HELO] = "{tls_version} {cipher} {cipher_bits} {cert_subject} "
	    "{cert_issuer}",
	[MACRO_MAIL] = "i {auth_type} {auth_authen} {auth_author} {mail_addr} "
	    "{mail_host} {mail_mailer}",
	[MACRO_RCPT] = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
	[MACRO_DATA] = "i",
	[MACRO_EOM] = "i",
	[MACRO_EOH] = "i",
};

static void set(struct macro_lists *l, size_t stage, const char *list)
{
	free(l->of[stage]);
	l->of[stage] = xstrdup(list);
}

void macros_usual(struct macro_lists *l)
{
	for (size_t i = 0; i < MACRO_STAGES; i++)
		set(l, i, usual[i]);
}

void macros_forget(struct macro_lists *l)
{
	for (size_t i = 0; i < MACRO_STAGES; i++)
		free(l->of[i]);
	*l = (struct macro_lists){ { NULL } };
}

bool macros_asked(struct macro_lists *l, const char *data, size_t n)
{
	while (n > 0) {
		uint32_t stage;
		const char *end = n > sizeof(stage) ? memchr(
		    data + sizeof(stage), '\0', n - sizeof(stage)) : NULL;

		if (end == NULL)
			return false;
		memcpy(&stage, data, sizeof(stage));
		stage = ntohl(stage);
		if (stage >= MACRO_STAGES)
			return false;
		if (data[sizeof(stage)] != '\0')
			set(l, stage, data + sizeof(stage));
		n -= (size_t)(end + 1 - data);
		data = end + 1;
	}
	return true;
}

static const char *value_of(struct slice name, const char *const *pairs)
{
	for (; *pairs != NULL; pairs += 2)
		if (slice_is(name, *pairs))
			return pairs[1];
	return NULL;
}

void macros_pick(const struct macro_lists *l, enum macro_stage stage,
    const char *const *pairs, struct buf *out)
{
	struct slice rest = slice_of(l->of[stage]);

	while (rest.len > 0) {
		struct slice name = slice_cut(&rest, ' ');
		const char *value = value_of(name, pairs);

		if (value == NULL)
			continue;
		buf_add(out, name.data, name.len);
		buf_addc(out, '\0');
		buf_add(out, value, strlen(value) + 1);
	}
}
