/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * spf_macro: the macro language of RFC 7208 section 7.
 *
 * One tokenizer serves the grammar (macro_check...) and the expansion, so that
 * what was accepted is what is expanded. Text is checked when a record is
 * read; expansion of checked text cannot fail. Knows no DNS: the one macro
 * that needs it (p) asks its caller.
 */
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "mail/ip.h"

/*
 * Expanded names keep at least this many of their last octets, explanations
 * this many of their first; far more than either may have in the end.
 */
#define SPF_NAME_KEEP 4096
#define SPF_TEXT_MAX 500

/* A longer value is cut: RFC 5321 4.5.3.1 allows 64 and 255. */
#define SPF_VALUE_MAX 1024

/*
 * domain-spec: a macro-string that ends in a macro or in "." toplabel ["."].
 * False, with the reason, for anything else, the empty text too.
 */
bool spf_domain_spec_check(struct slice text, struct error *err);

/* macro-string of an unknown modifier: only its syntax matters. */
bool spf_macro_string_check(struct slice text, struct error *err);

/* explain-string of an exp= target: c, r and t are allowed, and spaces. */
bool spf_explain_string_check(struct slice text, struct error *err);

/* Does it name this macro (lower case letter), in either case? */
bool spf_macro_names(struct slice text, char letter);

struct spf_values {
	struct ip client;               /* known */
	const char *local;              /* never NULL, nor the next four */
	const char *sender_domain;
	const char *domain;             /* of this check_host() */
	const char *helo;
	const char *receiver;
	time_t now;
	/* The validated name of the client, for "p"; called when it is met. */
	const char *(*validated)(void *arg, const char *domain);
	void *arg;
};

/*
 * Expand a checked domain-spec into a name as the DNS sees it: one trailing
 * dot gone, lower-case, cut from the left by whole labels to 253 octets. The
 * result may still be no name at all (empty or long labels, any octets).
 */
void spf_expand_name(struct slice text, const struct spf_values *v,
    struct buf *out);

/* Expand a checked explain-string: printable ASCII, "?" for anything else. */
void spf_expand_text(struct slice text, const struct spf_values *v,
    struct buf *out);
