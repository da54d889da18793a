/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/parse.h"

#include <string.h>

#include "policy/parser.h"

static bool bad_setting(struct parser *p, const struct literal *l,
    const char *wants)
{
	report_error(p->report, &p->policy->source, l->offset,
	    "\"%.60s\" is not %s", l->text, wants);
	return false;
}

/* 25% or 2.5%, in hundredths of a percent; false: it is not that. */
static bool read_percent(const char *s, uint32_t *out)
{
	uint32_t n = 0, digits = 0, places = 0;
	bool point = false;

	for (; ascii_digit(*s) || (*s == '.' && digits > 0 && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		n = n * 10 + (uint32_t)(*s - '0');
		places += point;
		if (++digits > 5 || places > 2)
			return false;
	}
	if (digits == 0 || (point && places == 0) || strcmp(s, "%") != 0)
		return false;
	for (; places < 2; places++)
		n *= 10;
	*out = n;
	return n <= SAMPLE_ALL;
}

static bool take_sample(struct parser *p, struct setting *out)
{
	struct literal l;

	if (!parser_word(p, "a percentage such as 25%", &l))
		return false;
	if (!read_percent(l.text, &out->value))
		return bad_setting(p, &l, "a percentage such as 25% or 0.5%, "
		    "100% at most");
	if (out->value > 0)
		return true;
	report_error(p->report, &p->policy->source, l.offset,
	    "a rule with a sample of nothing never acts");
	report_hint(p->report, "to watch what it would do write \"observe\" "
	    "behind the name of the rule");
	return false;
}

/* 90s, 30m, 6h or 2d, in seconds. */
static bool read_duration(const char *s, uint32_t *out)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	uint32_t n = 0;
	int digits = 0;

	for (; ascii_digit(*s) && digits < 7; s++, digits++)
		n = n * 10 + (uint32_t)(*s - '0');
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (digits > 0 && s[0] == units[i].unit && s[1] == '\0' &&
		    n <= DEFERRAL_MAX / units[i].seconds) {
			*out = n * units[i].seconds;
			return *out >= DEFERRAL_MIN;
		}
	return false;
}

static bool take_at_most(struct parser *p, struct setting *out)
{
	struct literal l;

	return parser_word(p, "a time such as 6h", &l) &&
	    (read_duration(l.text, &out->value) ||
	    bad_setting(p, &l, "a time such as 30m, 6h or 2d, between 1m and "
	    "30d"));
}

bool parse_at_setting(const struct parser *p)
{
	return parser_is_word(p, "sample") || parser_is_word(p, "at-most");
}

bool parse_setting(struct parser *p, struct rule *r)
{
	bool sample = parser_is_word(p, "sample");
	struct setting *out = sample ? &r->sample : &r->at_most;

	if (out->value != 0) {
		report_error(p->report, &p->policy->source, p->now.offset,
		    "a second \"%s\"", sample ? "sample" : "at-most");
		return false;
	}
	out->offset = p->now.offset;
	parser_take(p);
	return sample ? take_sample(p, out) : take_at_most(p, out);
}
