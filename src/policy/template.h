/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * template: texts of replies, tags and log lines with {fact} in them.
 *
 * Facts are foreign bytes: what comes out is printable ASCII on one line, cut
 * to a length that fits an SMTP reply (RFC 5321 4.5.3.1.5) with its codes and
 * a decision id.
 */
#include "facts/facts.h"
#include "policy/report.h"
#include "policy/tree.h"

#define TEMPLATE_OCTETS_MAX 400         /* as written */
#define TEMPLATE_RENDERED_MAX 440
#define TEMPLATE_FACT_MAX 128

/* t->source is set; cuts it into pieces. False: reported. */
bool template_parse(struct template *t, struct arena *mem,
    const struct source *s, struct policy_report *r);

/* Is none of the facts it names still unknown? */
bool template_ready(const struct template *t, const struct facts *f);

/* A fact that is unknown or absent is written "unknown". */
const char *template_render(struct arena *mem, const struct template *t,
    const struct facts *f);
