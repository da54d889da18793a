/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * blocklist: how a DNS list (RFC 5782) is named: "zone", or "zone=mask" where
 * only some return codes count, as Postfix writes it: zen.example=127.0.0.[2..11]
 * Each octet of a mask is a number or [n;n..m;...].
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/name.h"
#include "base/slice.h"

struct blocklist {
	const char *zone;               /* house form */
	bool masked;
	uint32_t codes[4][8];           /* of each octet: a bit for each value */
};

/* False with a reason and the octet of the text where it went wrong. */
bool blocklist_parse(struct arena *mem, struct slice text,
    struct blocklist *out, size_t *offset, struct error *err);

/* Does this return code count? */
bool blocklist_counts(const struct blocklist *b, const uint8_t code[4]);

/* A code by which a list says that it does not answer us: blocked, over quota,
 * asked through a public resolver, a typing slip in its name; or an address
 * that no list returns, of somebody who answers for every name. */
bool blocklist_refuses(const uint8_t code[4]);

/* What is looked up: the client's address, or one of its domains. */
enum lookup_subject { LOOKUP_CLIENT_IP, LOOKUP_CLIENT_NAME, LOOKUP_HELO_NAME,
	LOOKUP_MAIL_DOMAIN, LOOKUP_FROM_DOMAIN, LOOKUP_SENDER_DOMAIN,
	LOOKUP_REPLY_TO_DOMAIN };
extern const struct name lookup_subject_names[];        /* "client.ip", ... */

/* One question that a policy asks of a list. */
struct lookup {
	const char *name;       /* as it is shown: dnsbl("zone") */
	struct blocklist list;
	enum lookup_subject subject;
};
