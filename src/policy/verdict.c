/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/verdict.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

const struct name action_names[] = {
	{ ACTION_ACCEPT,        "accept" },
	{ ACTION_TAG,           "tag" },
	{ ACTION_QUARANTINE,    "quarantine" },
	{ ACTION_TEMPFAIL,      "tempfail" },
	{ ACTION_REJECT,        "reject" },
	{ ACTION_DISCARD,       "discard" },
	{ 0, NULL },
};

const struct name effect_names[] = {
	{ EFFECT_NONE,          "none" },
	{ EFFECT_ACTED,         "acted" },
	{ EFFECT_OBSERVED,      "observed" },
	{ EFFECT_UNSAMPLED,     "outside-sample" },
	{ EFFECT_WAITED,        "deferred-enough" },
	{ 0, NULL },
};

/* RFC 9990: PolicyOverrideType. */
const struct name override_names[] = {
	{ OVERRIDE_LOCAL_POLICY,        "local_policy" },
	{ OVERRIDE_MAILING_LIST,        "mailing_list" },
	{ OVERRIDE_OTHER,               "other" },
	{ OVERRIDE_POLICY_TEST_MODE,    "policy_test_mode" },
	{ OVERRIDE_TRUSTED_FORWARDER,   "trusted_forwarder" },
	{ 0, NULL },
};

bool effect_would(enum effect e)
{
	return e == EFFECT_OBSERVED || e == EFFECT_UNSAMPLED;
}

bool effect_waited(enum effect e)
{
	return e == EFFECT_WAITED;
}

void verdict_observed(const struct verdict *v, struct buf *out)
{
	for (size_t i = 0; i < v->hit_count; i++)
		if (effect_would(v->hits[i].effect))
			buf_addf(out, "%s%s:%s", out->len > 0 ? "," : "",
			    v->hits[i].rule, v->hits[i].action);
}

void verdict_waited(const struct verdict *v, struct buf *out)
{
	for (size_t i = 0; i < v->hit_count; i++)
		if (effect_waited(v->hits[i].effect))
			buf_addf(out, "%s%s", out->len > 0 ? "," : "",
			    v->hits[i].rule);
}

static const struct verdict *mildest(const struct verdict *each, size_t count)
{
	const struct verdict *best = &each[0];

	for (size_t i = 1; i < count; i++)
		if (each[i].action < best->action)
			best = &each[i];
	return best;
}

static bool has_header(const struct verdict *v, const struct tag_header *h)
{
	for (size_t i = 0; i < v->header_count; i++)
		if (strcasecmp(v->headers[i].name, h->name) == 0 &&
		    strcmp(v->headers[i].value, h->value) == 0)
			return true;
	return false;
}

static bool has_note(const struct verdict *v, const char *note)
{
	for (size_t i = 0; i < v->log_count; i++)
		if (strcmp(v->log_notes[i], note) == 0)
			return true;
	return false;
}

/* Marks of recipients that do not get the message are no marks of it. */
static bool counts(const struct verdict *v, const struct verdict *merged)
{
	return v->action != ACTION_DISCARD || merged->action == ACTION_DISCARD;
}

static void join_headers(struct arena *mem, const struct verdict *each,
    size_t count, struct verdict *out)
{
	struct tag_header *all;
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		room += each[i].header_count;
	all = arena_array(mem, room + 1, sizeof(*all));
	out->headers = all;
	out->header_count = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < each[i].header_count; k++)
			if (counts(&each[i], out) &&
			    !has_header(out, &each[i].headers[k]))
				all[out->header_count++] = each[i].headers[k];
}

static void join_notes(struct arena *mem, const struct verdict *each,
    size_t count, struct verdict *out)
{
	const char **all;
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		room += each[i].log_count;
	all = arena_array(mem, room + 1, sizeof(*all));
	out->log_notes = all;
	out->log_count = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < each[i].log_count; k++)
			if (!has_note(out, each[i].log_notes[k]))
				all[out->log_count++] = each[i].log_notes[k];
}

static bool has_hit(const struct verdict *v, const struct rule_hit *h)
{
	for (size_t i = 0; i < v->hit_count; i++)
		if (v->hits[i].index == h->index &&
		    v->hits[i].effect == h->effect)
			return true;
	return false;
}

/* A rule that acted for one recipient and was observed for another is both. */
static void join_hits(struct arena *mem, const struct verdict *each,
    size_t count, struct verdict *out)
{
	struct rule_hit *all;
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		room += each[i].hit_count;
	all = arena_array(mem, room + 1, sizeof(*all));
	out->hits = all;
	out->hit_count = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < each[i].hit_count; k++)
			if (!has_hit(out, &each[i].hits[k]))
				all[out->hit_count++] = each[i].hits[k];
}

/* The message counts once, however many recipients a rule held for. */
static void join_counts(struct arena *mem, const struct verdict *each,
    size_t count, struct verdict *out)
{
	size_t room = 0, n = 0;
	size_t *all;

	for (size_t i = 0; i < count; i++)
		room += each[i].count_count;
	all = arena_array(mem, room + 1, sizeof(*all));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < each[i].count_count; k++) {
			size_t seen = 0;

			while (seen < n && all[seen] != each[i].counts[k])
				seen++;
			if (seen == n)
				all[n++] = each[i].counts[k];
		}
	out->counts = all;
	out->count_count = n;
}

static void join_overrides(struct arena *mem, const struct verdict *each,
    size_t count, struct verdict *out)
{
	size_t room = 0, n = 0;
	enum override *all;

	for (size_t i = 0; i < count; i++)
		room += each[i].override_count;
	all = arena_array(mem, room + 1, sizeof(*all));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < each[i].override_count; k++) {
			size_t seen = 0;

			while (seen < n && all[seen] != each[i].overrides[k])
				seen++;
			if (seen == n && counts(&each[i], out))
				all[n++] = each[i].overrides[k];
		}
	out->overrides = all;
	out->override_count = n;
}

/* Every different prefix once, in the order of the recipients. */
static void join_subjects(struct arena *mem, const struct verdict *each,
    size_t count, struct verdict *out)
{
	struct buf joined = { 0 };

	out->subject_prefix = NULL;
	for (size_t i = 0; i < count; i++) {
		bool seen = !counts(&each[i], out) ||
		    each[i].subject_prefix == NULL;

		for (size_t k = 0; k < i && !seen; k++)
			seen = counts(&each[k], out) &&
			    each[k].subject_prefix != NULL &&
			    strcmp(each[k].subject_prefix,
			    each[i].subject_prefix) == 0;
		if (!seen)
			buf_adds(&joined, each[i].subject_prefix);
	}
	if (joined.len > 0)
		out->subject_prefix = arena_strdup(mem, buf_text(&joined));
	buf_free(&joined);
}

/* Accepted for one, tagged for another: the one message bears the marks. */
static void mark_accepted(const struct verdict *each, size_t count,
    struct verdict *out)
{
	if (out->action != ACTION_ACCEPT ||
	    (out->header_count == 0 && out->subject_prefix == NULL))
		return;
	out->action = ACTION_TAG;
	for (size_t i = 0; i < count; i++) {
		if (!counts(&each[i], out) || (each[i].header_count == 0 &&
		    each[i].subject_prefix == NULL))
			continue;
		out->rule = each[i].rule;
		out->file = each[i].file;
		out->line = each[i].line;
		return;
	}
}

struct verdict verdict_merge(struct arena *mem, const struct verdict *each,
    size_t count, bool *discards)
{
	struct verdict out;

	assert(count > 0);
	out = *mildest(each, count);
	for (size_t i = 0; i < count; i++)
		discards[i] = each[i].action == ACTION_DISCARD &&
		    out.action != ACTION_DISCARD;
	join_headers(mem, each, count, &out);
	join_notes(mem, each, count, &out);
	join_subjects(mem, each, count, &out);
	join_hits(mem, each, count, &out);
	join_counts(mem, each, count, &out);
	join_overrides(mem, each, count, &out);
	mark_accepted(each, count, &out);
	return out;
}
