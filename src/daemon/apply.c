/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* smfi_setreply() formats its text; a "%" of ours is a "%". */
static char *double_percent(const char *text)
{
	struct buf b = { 0 };

	for (; *text != '\0'; text++) {
		if (*text == '%')
			buf_addc(&b, '%');
		buf_addc(&b, *text);
	}
	return b.data != NULL ? buf_detach(&b) : NULL;
}

static void set_reply(SMFICTX *ctx, const struct verdict *v)
{
	char *text = double_percent(v->text);

	smfi_setreply(ctx, (char *)v->code, (char *)v->enhanced, text);
	free(text);
}

sfsistat apply_verdict(SMFICTX *ctx, const struct verdict *v)
{
	if (v == NULL)
		return SMFIS_CONTINUE;
	switch (v->action) {
	case ACTION_ACCEPT:
	case ACTION_TAG:
	case ACTION_QUARANTINE:
		return SMFIS_CONTINUE;
	case ACTION_TEMPFAIL:
		set_reply(ctx, v);
		return SMFIS_TEMPFAIL;
	case ACTION_REJECT:
		set_reply(ctx, v);
		return SMFIS_REJECT;
	case ACTION_DISCARD:
		return SMFIS_DISCARD;
	}
	return SMFIS_TEMPFAIL;
}

/* Folds travel as LF alone, and the leading blank only by agreement. */
static char *wire_value(const char *value, const struct rights *rights)
{
	struct buf b = { 0 };

	if (!rights->leading_blank && value[0] == ' ')
		value++;
	for (size_t n; ; value += n + 1) {
		n = strcspn(value, "\r");
		buf_add(&b, value, n);
		if (value[n] == '\0')
			break;
	}
	return buf_detach(&b);
}

static bool change_fields(SMFICTX *ctx, const struct rights *rights,
    const struct outcome *o)
{
	bool good = true;

	for (size_t i = 0; i < o->removed_count; i++) {
		const struct field_removal *r = &o->removed[i];

		good &= smfi_chgheader(ctx, (char *)r->name, (int)r->index,
		    NULL) == MI_SUCCESS;
	}
	for (size_t i = 0; i < o->changed_count; i++) {
		const struct field_change *c = &o->changed[i];
		char *value = wire_value(c->value, rights);

		good &= smfi_chgheader(ctx, (char *)c->name, (int)c->index,
		    value) == MI_SUCCESS;
		free(value);
	}
	return good;
}

/* A seal holds only over the header with all our changes. */
static bool seal_holds(const struct rights *rights, const struct outcome *o)
{
	return rights->change_fields ||
	    (o->removed_count == 0 && o->changed_count == 0);
}

/* Each at the very top, the last one first. */
static bool add_fields(SMFICTX *ctx, const struct rights *rights,
    const struct outcome *o)
{
	size_t first = seal_holds(rights, o) ? 0 : o->sealed_fields;
	bool good = true;

	for (size_t i = o->added_count; i-- > first;) {
		const struct field_addition *a = &o->added[i];
		char *value = wire_value(a->value, rights);

		good &= smfi_insheader(ctx, 0, (char *)a->name, value) ==
		    MI_SUCCESS;
		free(value);
	}
	return good;
}

static bool remove_rcpts(SMFICTX *ctx, const struct outcome *o)
{
	bool good = true;

	for (size_t i = 0; i < o->removed_rcpt_count; i++)
		good &= smfi_delrcpt(ctx, (char *)o->removed_rcpts[i]) ==
		    MI_SUCCESS;
	return good;
}

static bool all_allowed(const struct rights *rights, const struct outcome *o)
{
	return (rights->change_fields ||
	    o->removed_count + o->changed_count == 0) &&
	    (rights->add_fields || o->added_count == 0) &&
	    (rights->remove_rcpts || o->removed_rcpt_count == 0) &&
	    (rights->quarantine || o->verdict->action != ACTION_QUARANTINE);
}

static enum edits_fate edit(SMFICTX *ctx, const struct rights *rights,
    const struct outcome *o)
{
	bool good = true;

	if (rights->change_fields)
		good &= change_fields(ctx, rights, o);
	if (rights->add_fields)
		good &= add_fields(ctx, rights, o);
	if (rights->remove_rcpts)
		good &= remove_rcpts(ctx, o);
	if (o->verdict->action == ACTION_QUARANTINE && rights->quarantine)
		good &= smfi_quarantine(ctx, (char *)(o->verdict->text != NULL ?
		    o->verdict->text : "held by policy")) == MI_SUCCESS;
	if (!good)
		return EDITS_REFUSED;
	return all_allowed(rights, o) ? EDITS_MADE : EDITS_NOT_ALLOWED;
}

sfsistat apply_outcome(SMFICTX *ctx, const struct rights *rights,
    const struct outcome *o, struct service *s)
{
	sfsistat answer = apply_verdict(ctx, o->verdict);
	enum edits_fate fate = EDITS_NONE;

	if (answer == SMFIS_CONTINUE)
		fate = edit(ctx, rights, o);
	service_keep(s, o, fate);
	if (fate != EDITS_REFUSED)
		return answer;
	if (service_is_news(s, NEWS_EDITS))
		log_say(service_log(s), LOG_LEVEL_ERROR, "the MTA refused a "
		    "change to a message (id %s); it is asked to try again",
		    o->id);
	return SMFIS_TEMPFAIL;
}

sfsistat apply_refusal(SMFICTX *ctx, const struct verdict *v,
    const struct outcome *o, struct service *s)
{
	if (v != NULL && o != NULL)
		service_keep(s, o, EDITS_NONE);
	return apply_verdict(ctx, v);
}
