/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/template.h"

#include <string.h>

struct cutter {
	struct template *t;
	struct arena *mem;
	const struct source *s;
	struct policy_report *r;
	struct piece **tail;
	struct buf literal;     /* text since the last fact */
};

static void add_piece(struct cutter *c, enum fact fact)
{
	*c->tail = arena_alloc(c->mem, sizeof(**c->tail));
	(*c->tail)->text = arena_strdup(c->mem, buf_text(&c->literal));
	(*c->tail)->fact = fact;
	c->tail = &(*c->tail)->next;
	buf_clear(&c->literal);
}

static bool complain(struct cutter *c, const char *at, const char *reason)
{
	report_error(c->r, c->s, (size_t)(at - c->s->text.data), "%s", reason);
	return false;
}

static bool unknown_fact(struct cutter *c, const char *at, const char *name)
{
	struct closest near;

	report_error(c->r, c->s, (size_t)(at - c->s->text.data),
	    "unknown fact \"%s\" in a text", name);
	closest_start(&near, name);
	for (int i = 0; i < FACT_COUNT; i++)
		closest_offer(&near, fact_defs[i].name);
	report_meant(c->r, &near);
	return false;
}

/* *at stands on "{"; leaves it on "}". */
static bool cut_fact(struct cutter *c, const char **at, const char *end)
{
	const char *open = *at, *close;
	const char *name;
	enum fact fact;

	close = memchr(open, '}', (size_t)(end - open));
	if (close == NULL)
		return complain(c, open, "\"{\" without \"}\"; for a brace "
		    "itself write \"{{\"");
	name = arena_strndup(c->mem, open + 1, (size_t)(close - open - 1));
	fact = fact_find(name);
	if (fact == FACT_COUNT)
		return unknown_fact(c, open + 1, name);
	add_piece(c, fact);
	*at = close;
	return true;
}

static bool cut_one(struct cutter *c, const char **at, const char *end)
{
	const char *s = *at;
	bool twice = s + 1 < end && s[1] == *s;

	if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
		return complain(c, s, "only printable ASCII can stand here");
	if (*s == '{' && !twice)
		return cut_fact(c, at, end);
	if (*s == '}' && !twice)
		return complain(c, s, "\"}\" without \"{\"; for a brace "
		    "itself write \"}}\"");
	/* lex_text() has seen that only \" and \\ occur. */
	if (*s == '{' || *s == '}' || *s == '\\')
		++*at;
	buf_addc(&c->literal, **at);
	return true;
}

bool template_parse(struct template *t, struct arena *mem,
    const struct source *s, struct policy_report *r)
{
	struct cutter c = { .t = t, .mem = mem, .s = s, .r = r,
	    .tail = &t->first };
	struct slice raw = t->source.raw;
	const char *at = raw.data, *end = raw.data + raw.len;
	bool ok = true;

	if (raw.len == 0)
		return complain(&c, raw.data, "an empty text");
	if (raw.len > TEMPLATE_OCTETS_MAX) {
		report_error(r, s, t->source.offset, "a text has at most %d "
		    "octets, this one has %zu", TEMPLATE_OCTETS_MAX, raw.len);
		return false;
	}
	for (; ok && at < end; at++)
		ok = cut_one(&c, &at, end);
	if (ok && c.literal.len > 0)
		add_piece(&c, FACT_COUNT);
	buf_free(&c.literal);
	return ok;
}

bool template_ready(const struct template *t, const struct facts *f)
{
	for (const struct piece *p = t->first; p != NULL; p = p->next)
		if (p->fact != FACT_COUNT &&
		    f->values[p->fact].state == FACT_UNKNOWN)
			return false;
	return true;
}

static void add_printable(struct buf *b, const char *s, size_t max)
{
	for (; *s != '\0' && max > 0 && b->len < TEMPLATE_RENDERED_MAX;
	    s++, max--)
		buf_addc(b, *s >= ' ' && *s <= '~' ? *s : '?');
}

const char *template_render(struct arena *mem, const struct template *t,
    const struct facts *f)
{
	struct buf b = { 0 };
	const char *text;

	for (const struct piece *p = t->first; p != NULL; p = p->next) {
		add_printable(&b, p->text, TEMPLATE_OCTETS_MAX);
		if (p->fact == FACT_COUNT)
			continue;
		text = facts_render(mem, f, p->fact);
		add_printable(&b, text == NULL ? "unknown" : text,
		    TEMPLATE_FACT_MAX);
	}
	text = arena_strdup(mem, buf_text(&b));
	buf_free(&b);
	return text;
}
