/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/audit.h"

#include <inttypes.h>
#include <string.h>

#include "mail/domain.h"
#include "policy/tree.h"

#define DAY 86400

/* Larger networks belong to more than one, whoever he is. */
#define WIDE_V4 16
#define WIDE_V6 32

const struct name audit_names[] = {
	{ AUDIT_DANGEROUS,      "dangerous" },
	{ AUDIT_EXPIRED,        "expired" },
	{ AUDIT_ENDING,         "ending" },
	{ AUDIT_SHADOWED,       "shadowed" },
	{ AUDIT_DUPLICATE,      "duplicate" },
	{ AUDIT_STALE,          "stale" },
	{ AUDIT_NEVER_HIT,      "never-hit" },
	{ AUDIT_UNUSED,         "unused" },
	{ 0, NULL },
};

struct auditing {
	const struct policy *policy;
	const struct list_def *def;
	int64_t now;
	const struct audit_memory *memory;
	struct arena *mem;
	struct audit *out;
	size_t room;
};

static struct audit_finding *add(struct auditing *a, enum audit_kind kind,
    const struct list_entry *e, const char *about)
{
	struct audit *out = a->out;
	struct audit_finding *f;

	if (out->count == a->room) {
		size_t room = a->room == 0 ? 16 : 2 * a->room;
		struct audit_finding *more = arena_array(a->mem, room,
		    sizeof(*more));

		if (out->count > 0)
			memcpy(more, out->findings, out->count * sizeof(*more));
		out->findings = more;
		a->room = room;
	}
	f = &out->findings[out->count++];
	*f = (struct audit_finding){
		.kind = kind, .list = a->def->name, .about = about,
		.file = source_name(&a->policy->source, a->def->offset),
		.line = source_line(&a->policy->source, a->def->offset),
	};
	if (e == NULL)
		return f;
	f->entry = list_entry_text(a->mem, e);
	if (e->line > 0) {
		f->file = a->def->file;
		f->line = e->line;
	}
	if (e->note != NULL) {
		f->owner = e->note->owner;
		f->why = e->note->why;
		f->until = e->note->until;
	}
	return f;
}

/* Nobody outside has such an address. */
static bool is_private(const struct network *n)
{
	static const char *const ranges[] = {
		"10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.168.0.0/16", "fc00::/7", "fe80::/10",
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		struct network range;

		if (network_parse(slice_of(ranges[i]), &range, NULL) &&
		    range.base.family == n->base.family &&
		    range.prefix <= n->prefix &&
		    network_contains(&range, &n->base))
			return true;
	}
	return false;
}

static const char *wide_network(struct auditing *a, const struct network *n)
{
	unsigned limit = n->base.family == IP_V4 ? WIDE_V4 : WIDE_V6;

	if (n->prefix >= limit || is_private(n))
		return NULL;
	if (n->prefix == 0)
		return "every address there is";
	if (n->base.family == IP_V4)
		return arena_printf(a->mem, "a network of %" PRIu32
		    " addresses", UINT32_C(1) << (32 - n->prefix));
	return "a network larger than any one provider's";
}

/*
 * Names under which everybody registers his own: one label, or co.uk and its
 * like. Not a list of public suffixes, which no name in a policy is worth.
 */
static bool is_registry(const char *name)
{
	static const char *const second[] = {
		"ac", "co", "com", "edu", "gov", "gv", "ltd", "ne", "net", "or",
		"org", "plc",
	};
	const char *dot = strchr(name, '.');

	if (dot == NULL)
		return true;
	if (strlen(dot + 1) != 2)
		return false;
	for (size_t i = 0; i < sizeof(second) / sizeof(*second); i++)
		if (strlen(second[i]) == (size_t)(dot - name) &&
		    strncmp(name, second[i], (size_t)(dot - name)) == 0)
			return true;
	return false;
}

static void look_for_danger(struct auditing *a, const struct list_entry *e)
{
	const char *about = NULL;

	if (e->kind == LIST_NETWORK)
		about = wide_network(a, e->network);
	else if (e->kind == LIST_BELOW && is_registry(e->name))
		about = "everybody can register a name below it";
	else if (e->kind == LIST_DOMAIN && domain_labels(e->name) == 1)
		about = "a single label is no mail domain of anybody";
	if (about != NULL)
		add(a, AUDIT_DANGEROUS, e, about);
}

static void look_at_day(struct auditing *a, const struct list_entry *e)
{
	int64_t left;

	if (e->note == NULL || e->note->expires == 0)
		return;
	left = e->note->expires - a->now;
	if (left <= 0)
		add(a, AUDIT_EXPIRED, e, arena_printf(a->mem, "it held until "
		    "%s and matches nothing any more", e->note->until));
	else if (left <= (int64_t)AUDIT_ENDING_DAYS * DAY)
		add(a, AUDIT_ENDING, e, arena_printf(a->mem, "it holds until "
		    "%s", e->note->until));
}

static void look_for_cover(struct auditing *a, const struct list_entry *e)
{
	const struct list_entry *by = list_expired(e, a->now) ? NULL :
	    list_cover(a->def->list, e, a->now);
	const char *text, *where = "";

	if (by == NULL)
		return;
	text = list_entry_text(a->mem, by);
	if (by->line > 0)
		where = arena_printf(a->mem, " in line %u", by->line);
	if (strcmp(text, list_entry_text(a->mem, e)) == 0)
		add(a, AUDIT_DUPLICATE, e, arena_printf(a->mem,
		    "it is there already%s", where));
	else
		add(a, AUDIT_SHADOWED, e, arena_printf(a->mem,
		    "%s%s holds all of it", text, where));
}

/* Both were read from the same text, so the lists are in the same order. */
static unsigned long older_hits(const struct auditing *a,
    const struct list_entry *e)
{
	const struct list_def *d = a->memory->older->lists;
	const struct list_entry *o;

	while (d != NULL && strcmp(d->name, a->def->name) != 0)
		d = d->next;
	o = d == NULL ? NULL : list_same(d->list, e);
	return o == NULL ? 0 : list_hits(o);
}

static void look_at_use(struct auditing *a, const struct list_entry *e)
{
	if (list_expired(e, a->now))
		return;
	if (a->memory == NULL)
		a->out->unknown++;
	else if (list_hits(e) > 0)
		return;
	else if (older_hits(a, e) > 0)
		add(a, AUDIT_STALE, e, arena_printf(a->mem, "no message of "
		    "the last %d days has hit it, only older ones",
		    AUDIT_STALE_DAYS));
	else
		add(a, AUDIT_NEVER_HIT, e, "no message that is remembered "
		    "has hit it");
}

/* The first test that asks this list, or NULL. */
static const struct test *asks(const struct expr *e, size_t list_id)
{
	const struct test *found = NULL;

	if (e == NULL)
		return NULL;
	if (e->kind == EXPR_TEST)
		return e->test->list_id == list_id ? e->test : NULL;
	for (const struct expr *x = e->first; x != NULL && found == NULL;
	    x = x->next)
		found = asks(x, list_id);
	return found;
}

/* Lists that the configuration gives are not the policy's to use or not. */
static void look_at_rules(struct auditing *a)
{
	bool used = a->def->entries.count == 0;

	for (const struct rule *r = a->policy->rules; r != NULL; r = r->next) {
		const struct test *t = asks(r->when, a->def->id);

		if (t == NULL)
			t = asks(r->unless, a->def->id);
		if (t == NULL)
			continue;
		used = true;
		if (r->unsafe)
			add(a, AUDIT_DANGEROUS, NULL, arena_printf(a->mem,
			    "rule %s in line %u of %s is unsafe: whoever "
			    "writes an entry of it as %s is excepted", r->name,
			    r->line, r->file, t->subject.name));
	}
	if (!used)
		add(a, AUDIT_UNUSED, NULL, "no rule asks this list");
}

struct audit policy_audit(const struct policy *p, int64_t now,
    const struct audit_memory *memory, struct arena *mem)
{
	struct audit out = { .findings = NULL };
	struct auditing a = { .policy = p, .now = now, .memory = memory,
	    .mem = mem, .out = &out };

	for (a.def = p->lists; a.def != NULL; a.def = a.def->next) {
		out.lists++;
		look_at_rules(&a);
		for (const struct list_entry *e = list_first(a.def->list);
		    e != NULL; e = e->next) {
			out.entries++;
			look_for_danger(&a, e);
			look_at_day(&a, e);
			look_for_cover(&a, e);
			look_at_use(&a, e);
		}
	}
	return out;
}
