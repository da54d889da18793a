/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * domain: names of hosts and domains, compared the one right way.
 *
 * The house form of a domain is: A-labels (RFC 5890, by libidn2), lower-case,
 * no trailing dot, at most 253 octets, labels of 1 to 63. Everything below but
 * domain_normalise() expects and keeps that form.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

#define DOMAIN_MAX 253
#define LABEL_MAX 63

/*
 * The house form, in arena memory; NULL if the text is no domain name: empty,
 * an empty label, too long, a U-label that IDNA2008 refuses, or any octet that
 * is not a letter, digit, hyphen or underscore once it is ASCII. One trailing
 * dot is taken off. Domain literals are not domains.
 */
const char *domain_normalise(struct arena *mem, struct slice text);

/* Could this be asked in the DNS (lengths, no empty label)? Any octets. */
bool domain_fits_dns(const char *name);

bool domain_equal(const char *a, const char *b);
/* sub is below ancestor by whole labels; equal names are not. */
bool domain_is_below(const char *sub, const char *ancestor);
bool domain_is_same_or_below(const char *sub, const char *ancestor);
size_t domain_labels(const char *name);         /* "a.b.c": 3, "": 0 */
/* The last n labels, a pointer into name; name itself if it has no more. */
const char *domain_last_labels(const char *name, size_t n);
/* One label fewer from the left; NULL when only one is left. */
const char *domain_parent(const char *name);
