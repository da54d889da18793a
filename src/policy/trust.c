/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/trust.h"

#include <string.h>

/* Identities by what verifies them. */
enum class { CLASS_MAIL, CLASS_FROM, CLASS_HELO, CLASS_LIST, CLASS_OTHER,
	CLASS_COUNT };

static const char *const hints[CLASS_COUNT] = {
	[CLASS_MAIL] = "add \"and spf.result == pass\"",
	[CLASS_FROM] = "add \"and dmarc.result == pass\"",
	[CLASS_HELO] = "add \"and spf.helo == pass\"",
	[CLASS_LIST] = "add \"and any forwarded.by == list\", which is a list "
	    "that was verified",
	[CLASS_OTHER] = "add what was verified, such as client.ip or any "
	    "dkim.domains",
};

static const struct {
	enum fact fact;
	enum class class;
} identities[] = {
	{ FACT_MAIL_ADDRESS,            CLASS_MAIL },
	{ FACT_MAIL_DOMAIN,             CLASS_MAIL },
	{ FACT_SPF_DOMAIN,              CLASS_MAIL },
	{ FACT_FROM_DOMAIN,             CLASS_FROM },
	{ FACT_FROM_ADDRESS,            CLASS_FROM },
	{ FACT_FROM_DOMAINS,            CLASS_FROM },
	{ FACT_DMARC_ORG,               CLASS_FROM },
	{ FACT_HELO_NAME,               CLASS_HELO },
	{ FACT_LIST_ID,                 CLASS_LIST },
	{ FACT_SUBJECT,                 CLASS_OTHER },
	{ FACT_FROM_DISPLAY_ADDRESS,    CLASS_OTHER },
	{ FACT_SENDER_DOMAIN,           CLASS_OTHER },
	{ FACT_REPLY_TO_DOMAIN,         CLASS_OTHER },
};

/* A list of domains speaks of a name that somebody gave. */
static enum class class_of_lookup(const struct lookup *l)
{
	switch (l->subject) {
	case LOOKUP_CLIENT_IP:
	case LOOKUP_CLIENT_NAME:
		break;
	case LOOKUP_HELO_NAME:
		return CLASS_HELO;
	case LOOKUP_MAIL_DOMAIN:
		return CLASS_MAIL;
	case LOOKUP_FROM_DOMAIN:
		return CLASS_FROM;
	case LOOKUP_SENDER_DOMAIN:
	case LOOKUP_REPLY_TO_DOMAIN:
		return CLASS_OTHER;
	}
	return CLASS_COUNT;
}

/* CLASS_COUNT: no identity that can be forged. */
static enum class class_of(const struct subject *s)
{
	if (s->lookup != NULL)
		return class_of_lookup(s->lookup);
	if (s->header != NULL)
		return CLASS_OTHER;
	for (size_t i = 0; i < sizeof(identities) / sizeof(*identities); i++)
		if (identities[i].fact == s->fact)
			return identities[i].class;
	return CLASS_COUNT;
}

/* What says who somebody is, and for which class. NULL: whatever it is
 * compared with; else it has to be this word. CLASS_COUNT: for every class. */
static const struct {
	enum fact fact;
	const char *word;
	enum class class;
} proofs[] = {
	{ FACT_CLIENT_IP,       NULL,   CLASS_COUNT },
	{ FACT_CLIENT_NAME,     NULL,   CLASS_COUNT },
	{ FACT_AUTH_USER,       NULL,   CLASS_COUNT },
	{ FACT_AUTH_METHOD,     NULL,   CLASS_COUNT },
	{ FACT_DKIM_DOMAINS,    NULL,   CLASS_COUNT },
	{ FACT_ARC_TRUSTED,     NULL,   CLASS_COUNT },
	{ FACT_ARC_SEALERS,     NULL,   CLASS_COUNT },
	{ FACT_SPF_RESULT,      "pass", CLASS_MAIL },
	{ FACT_SPF_HELO,        "pass", CLASS_HELO },
	{ FACT_DMARC_RESULT,    "pass", CLASS_FROM },
	{ FACT_DMARC_ALIGNED,   NULL,   CLASS_FROM },
	{ FACT_FORWARDED_BY,    "list", CLASS_LIST },
};

/*
 * One way to meet a condition, as far as it matters for one class of
 * identities: does it name one, is that verified, is there another identity
 * that was. spf.domain is verified by spf.result, which may stand beside it.
 */
enum { NAMES = 1, VERIFIED = 2, SPF_PASS = 4, SPF_NAME = 8, WAYS = 16 };

/* All ways to meet a condition: a set of them, and for each that names an
 * identity the comparison that does. */
struct ways {
	uint32_t set;
	const struct test *who[WAYS];
};

static bool has_word(const struct test *t, const char *word)
{
	const struct name *words = fact_defs[t->subject.fact].words;

	for (size_t i = 0; i < t->count; i++)
		if (strcmp(name_word(words, t->words[i]), word) == 0)
			return true;
	return false;
}

/* The fact is this word and can be no other one. */
static bool only_word(const struct test *t, bool is, const char *word)
{
	return is && t->count == 1 && has_word(t, word);
}

static bool proves(const struct test *t, bool is, enum class class)
{
	if (t->subject.fact == FACT_CLIENT_CLASS)
		return is != has_word(t, "outside");
	for (size_t i = 0; i < sizeof(proofs) / sizeof(*proofs); i++)
		if (proofs[i].fact == t->subject.fact &&
		    (proofs[i].class == class ||
		    proofs[i].class == CLASS_COUNT) &&
		    (proofs[i].word == NULL ? is :
		    only_word(t, is, proofs[i].word)))
			return true;
	return false;
}

/* A comparison that is, or is not, what it says: what it means for `class`. */
static unsigned test_bits(const struct test *t, bool is, enum class class)
{
	unsigned bits = is && class_of(&t->subject) == class ? NAMES : 0;

	if (t->subject.lookup != NULL && is &&
	    class_of_lookup(t->subject.lookup) == CLASS_COUNT)
		bits |= VERIFIED;
	if (t->subject.fact == FACT_COUNT)
		return bits;
	if (t->subject.fact == FACT_SPF_DOMAIN && is)
		bits |= SPF_NAME;
	if (t->subject.fact == FACT_SPF_RESULT && only_word(t, is, "pass"))
		bits |= SPF_PASS;
	return bits | (proves(t, is, class) ? VERIFIED : 0);
}

/* "!=" and "not in" are what they deny, the other way round. */
static bool asks_what_is(const struct test *t, bool negate)
{
	return (t->op == OP_NE || t->op == OP_NOT_IN) == negate;
}

static void add_way(struct ways *w, unsigned bits, const struct test *who)
{
	w->set |= UINT32_C(1) << bits;
	if (w->who[bits] == NULL)
		w->who[bits] = who;
}

/* Both conditions at once: every way of one with every way of the other. */
static struct ways both(const struct ways *a, const struct ways *b)
{
	struct ways out = { 0 };

	for (unsigned i = 0; i < WAYS; i++)
		for (unsigned k = 0; k < WAYS; k++)
			if ((a->set >> i & 1) != 0 && (b->set >> k & 1) != 0)
				add_way(&out, i | k, a->who[i] != NULL ?
				    a->who[i] : b->who[k]);
	return out;
}

static void either(struct ways *a, const struct ways *b)
{
	for (unsigned i = 0; i < WAYS; i++)
		if ((b->set >> i & 1) != 0)
			add_way(a, i, b->who[i]);
}

/* DEPTH_MAX bounds the recursion. */
static struct ways ways_of(const struct expr *e, bool negate,
    enum class class)
{
	struct ways out = { 0 };
	bool all = e->kind == (negate ? EXPR_OR : EXPR_AND);

	if (e->kind == EXPR_NOT)
		return ways_of(e->first, !negate, class);
	if (e->kind == EXPR_TEST) {
		unsigned bits = test_bits(e->test,
		    asks_what_is(e->test, negate), class);

		add_way(&out, bits, (bits & NAMES) != 0 ? e->test : NULL);
		return out;
	}
	if (all)
		add_way(&out, 0, NULL);
	for (const struct expr *x = e->first; x != NULL; x = x->next) {
		struct ways one = ways_of(x, negate, class);

		if (all)
			out = both(&out, &one);
		else
			either(&out, &one);
	}
	return out;
}

static bool is_hole(unsigned bits)
{
	return (bits & NAMES) != 0 && (bits & VERIFIED) == 0 &&
	    (bits & (SPF_PASS | SPF_NAME)) != (SPF_PASS | SPF_NAME);
}

static bool accepts(const struct rule *r)
{
	return r->deed.final && r->deed.action == ACTION_ACCEPT;
}

static bool check_class(struct compiler *c, const struct rule *r,
    const struct expr *e, enum class class)
{
	struct ways w = ways_of(e, false, class);

	for (unsigned i = 0; i < WAYS; i++) {
		const struct subject *s;

		if ((w.set >> i & 1) == 0 || !is_hole(i))
			continue;
		s = &w.who[i]->subject;
		compiler_error(c, s->offset, "rule %s %s whoever writes this "
		    "%s: nothing beside it proves who that was", r->name,
		    accepts(r) ? "accepts" : "spares", s->header != NULL ?
		    s->header : s->name);
		report_hint(c->report, "%s; or write \"unsafe\" behind the "
		    "name of the rule", hints[class]);
		return false;
	}
	return true;
}

static bool check_exception(struct compiler *c, const struct rule *r,
    const struct expr *e)
{
	for (int class = 0; e != NULL && class < CLASS_COUNT; class++)
		if (!check_class(c, r, e, (enum class)class))
			return false;
	return true;
}

/* A rule that only notes spares nobody. */
static bool bites(const struct deed *d)
{
	return d->final || d->headers != NULL || d->subjects != NULL;
}

bool trust_check(struct compiler *c, const struct rule *r)
{
	if (r->unsafe || !bites(&r->deed))
		return true;
	return check_exception(c, r, accepts(r) ? r->when : r->unless);
}
