/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * findings_json: findings as JSON with their stable names, and as lines for
 * people. Members go into the object that is open.
 */
#include "base/json.h"
#include "check/findings.h"
#include "tool/tool.h"

void spf_json(struct json *j, const struct spf_identity *f, enum spf_scope scope);
void dkim_json(struct json *j, const struct dkim_finding *f);   /* the array "dkim" */
void arc_json(struct json *j, const struct arc_finding *f);
void dmarc_json(struct json *j, const struct dmarc_finding *f);
void iprev_json(struct json *j, const struct iprev_finding *f);

void spf_lines(const struct tool *t, const char *title,
    const struct spf_identity *f);
void dkim_lines(const struct tool *t, const struct dkim_finding *f);
void arc_lines(const struct tool *t, const struct arc_finding *f);
void dmarc_lines(const struct tool *t, const struct dmarc_finding *f);
