/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/edits.h"

#include "check/stamp.h"
#include "mail/authres.h"
#include "session/seal.h"

/* Fields that only we write: whoever else wrote them wants to deceive. */
static bool is_ours_alone(struct slice name)
{
	return slice_starts_nocase(name, "Assay-");
}

bool edits_is_our_name(struct slice name)
{
	return is_ours_alone(name) ||
	    slice_is_nocase(name, "Authentication-Results");
}

bool edits_is_forged(const struct transaction *t, struct slice name,
    struct slice value)
{
	return is_ours_alone(name) || (edits_is_our_name(name) &&
	    authres_claims(value, t->kit->options.authserv_id));
}

/* A mark that this verdict sets replaces what came with the message. */
static bool is_replaced(const struct verdict *v, const struct field *f)
{
	for (size_t i = 0; i < v->header_count; i++)
		if (slice_is_nocase(slice_trim(f->name), v->headers[i].name))
			return true;
	return false;
}

/* From the bottom up, so that the highest index of each name comes first and
 * no removal moves a field that is still to be removed. */
static void remove_fields(struct transaction *t, struct outcome *o)
{
	const struct header *h = &t->evidence.header;
	struct field_removal *out = arena_array(t->mem, h->count +
	    t->late_count + 1, sizeof(*out));
	size_t n = 0;

	for (size_t i = t->late_count; i-- > 0;)
		out[n++] = (struct field_removal){
			.name = t->late[i].name,
			.index = t->late[i].instance,
			.value = "",
		};
	for (size_t i = h->count; i-- > 0;) {
		const struct field *f = &h->fields[i];
		struct slice name = slice_trim(f->name);

		if (!edits_is_forged(t, name, f->value) &&
		    !is_replaced(o->verdict, f))
			continue;
		out[n++] = (struct field_removal){
			.name = arena_strndup(t->mem, name.data, name.len),
			.index = f->instance,
			.value = header_unfold(t->mem, f->value),
		};
	}
	o->removed = out;
	o->removed_count = n;
}

static void add_field(struct outcome *o, struct field_addition *all,
    const char *name, const char *value)
{
	all[o->added_count] = (struct field_addition){
		.index = (unsigned)o->added_count,
		.name = name,
		.value = value,
	};
	o->added_count++;
}

static const char *keep(struct transaction *t, struct buf *b)
{
	const char *kept = arena_strdup(t->mem, buf_text(b));

	buf_free(b);
	return kept;
}

static const char *results_value(struct transaction *t)
{
	struct authres results;
	struct buf b = { 0 };

	stamp_results(t->mem, check_env_options(t->kit->checks), &t->evidence,
	    &t->findings, &results);
	authres_render(&results, t->evidence.utf8, &b);
	return keep(t, &b);
}

static const char *received_spf_value(struct transaction *t)
{
	struct buf b = { 0 };

	stamp_received_spf(check_env_options(t->kit->checks), &t->evidence,
	    &t->findings.spf, &b);
	return keep(t, &b);
}

/* A field must not grow with the policy: the log has all of them. */
#define NAMED_MAX 8

/* "; observed=a,b": rules of which this came. */
static void name_hits(struct buf *b, const struct verdict *v, const char *name,
    bool (*wanted)(enum effect))
{
	size_t n = 0;

	for (size_t i = 0; i < v->hit_count; i++) {
		if (!wanted(v->hits[i].effect))
			continue;
		if (n == 0)
			buf_addf(b, "; %s=", name);
		if (n < NAMED_MAX)
			buf_addf(b, "%s%s", n > 0 ? "," : "", v->hits[i].rule);
		n++;
	}
	if (n > NAMED_MAX)
		buf_addf(b, ",+%zu", n - NAMED_MAX);
}

/* Folded where a line could get long (RFC 5322 2.1.1). */
static const char *assay_result(struct transaction *t,
    const struct outcome *o)
{
	const struct verdict *v = o->verdict;
	struct buf b = { 0 }, hits = { 0 };

	buf_addf(&b, " %s; rule=%s; id=%s; policy=%s",
	    name_word(action_names, v->action), v->rule, o->id, o->policy);
	name_hits(&hits, v, "observed", effect_would);
	name_hits(&hits, v, "deferred", effect_waited);
	/* "; " stands before each; the first blank is where the line folds. */
	if (hits.len > 0)
		buf_addf(&b, ";\r\n %s", buf_text(&hits) + 2);
	buf_free(&hits);
	return keep(t, &b);
}

static void add_fields(struct transaction *t, struct outcome *o)
{
	const struct verdict *v = o->verdict;
	struct field_addition *all = arena_array(t->mem, v->header_count + 4,
	    sizeof(*all));

	o->added = all;
	add_field(o, all, "Authentication-Results", results_value(t));
	add_field(o, all, "Assay-Result", assay_result(t, o));
	if (t->kit->options.received_spf)
		add_field(o, all, "Received-SPF", received_spf_value(t));
	for (size_t i = 0; i < v->header_count; i++)
		add_field(o, all, v->headers[i].name,
		    arena_printf(t->mem, " %s", v->headers[i].value));
	if (v->subject_prefix != NULL &&
	    header_find(&t->evidence.header, "Subject", 0) == NULL)
		add_field(o, all, "Subject",
		    arena_printf(t->mem, " %s", v->subject_prefix));
}

/* The folds stay as they came: a long subject must not become a long line. */
static void change_subject(struct transaction *t, struct outcome *o)
{
	const struct field *f = header_find(&t->evidence.header, "Subject", 0);
	const char *prefix = o->verdict->subject_prefix;
	struct field_change *change;
	struct slice old;

	if (prefix == NULL || f == NULL)
		return;
	old = slice_trim(f->value);
	if (slice_starts_nocase(old, prefix))
		return;                 /* marked by an earlier hop */
	change = arena_alloc(t->mem, sizeof(*change));
	*change = (struct field_change){
		.name = "Subject",
		.index = f->instance,
		.value = arena_printf(t->mem, " %s%.*s", prefix, (int)old.len,
		    old.len > 0 ? old.data : ""),
	};
	o->changed = change;
	o->changed_count = 1;
}

static void remove_recipients(struct transaction *t, struct outcome *o,
    const bool *discards)
{
	const char **out = arena_array(t->mem, t->evidence.rcpt_kept + 1,
	    sizeof(*out));

	for (size_t i = 0; i < t->evidence.rcpt_kept; i++)
		if (discards[i])
			out[o->removed_rcpt_count++] = arena_printf(t->mem,
			    "<%s>", t->rcpts[i].text);
	o->removed_rcpts = out;
}

void edits_prepare(struct transaction *t, struct outcome *o,
    const bool *discards)
{
	remove_fields(t, o);
	change_subject(t, o);
	add_fields(t, o);
	remove_recipients(t, o, discards);
	seal_prepare(t, o);
}
