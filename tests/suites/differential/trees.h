/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Random zones full of SPF records that lead to each other: includes,
 * redirects, hosts, macros, names that are absent, void or in trouble.
 */
#include "base/buf.h"
#include "dice.h"

enum { TREES_PER_ZONE = 8 };

/* %u is the number of another name. */
static const char *const tree_terms[] = {
	"a", "mx", "ptr", "a:n%u.example", "a:n%u.example/24", "mx:n%u.example",
	"mx:n%u.example//64", "include:n%u.example", "include:n%u.example",
	"include:n%u.example", "include:n%u.example",
	"exists:%%{i}.n%u.example", "exists:n%u.example", "ip4:192.0.2.%u",
	"ip4:192.0.2.128/25", "ip4:192.0.2.0/28", "ip6:2001:db8::/64",
	"ip6:2001:db8::%u", "ip6:2001:db8:%u::/48", "a:h%u.example",
	"exists:%%{l}.n%u.example", "exists:%%{ir}.%%{v}.n%u.example",
	"a:%%{d}/31", "mx:%%{d}", "a/24//64", "exists:%%{d2}",
	"exists:%%{s}.n%u.example", "include:%%{l}%u.example", "exists:%%{h}",
	"a:%%{o}", "exists:%%{dr-}.n%u.example", "exists:%%{L}%u.example",
	"all", "?all", "unknown=%%{s}%u", "exp=why%u.example", "exp=%%{d}",
	"ptr:n%u.example", "ptr:example", "mx:void%u.example",
	"a:void%u.example", "include:void%u.example", "exists:absent%u.example",
	"a:*.example", "a:n%u.example.", "a:sick%u.example",
	"include:fine.example", "a:h%u.example", "mx:n%u.example",
	"ip4:192.0.2.%u", "ip6:2001:db8::%u",
};

/* What spoils much, or is not for the library. */
static const char *const tree_rare[] = {
	"moo", "ip4:192.0.2.1/0", "ip4:1.2.3", "a:sick%u.example",
	"include:sick%u.example", "exists:%%{p}.n%u.example", "ptr:%%{p}",
	"ptr:%%{l}.x.example", "redirect=n%u.example",
	"include:absent%u.example", "a:n%u.example/33", "mx//129",
	"exists:%%{x}", "exists:%%{d0}", "a:", "include:", "ip6:::1/0",
	"a:cname%u.example", "include:cname%u.example",
	"exp=why1.example exp=why2.example", "a:\\\\x.example", "exists:%%(d)",
	"a:n%u.example/0", "ptr:n%u.exa%%-mple", "mx:many.example",
	"a:%%%%x.n%u.example",
	"include:n%u.example include:n0.example a a a a a",
	"a:n%u..example",
};

static inline void tree_term(struct buf *zone, struct dice *d)
{
	static const char qualifiers[] = "+-~?";
	const char *term = one_in(d, 20) ? PICK(d, tree_rare) :
	    PICK(d, tree_terms);

	buf_addc(zone, ' ');
	if (strchr(term, '=') == NULL && one_in(d, 2))
		buf_addc(zone, qualifiers[roll(d, 4)]);
	for (const char *c = term; *c != '\0'; c++) {
		if (c[0] != '%') {
			buf_addc(zone, *c);
			continue;
		}
		c++;
		if (*c == 'u')
			buf_addf(zone, "%zu", roll(d, TREES_PER_ZONE + 1));
		else
			buf_addc(zone, '%');
	}
}

static inline void tree_record(struct buf *zone, struct dice *d, size_t n)
{
	static const char *const alls[] = { " -all", " ~all", " ?all",
		" +all", " ALL" };

	buf_addf(zone, "n%zu.example TXT \"%s", n,
	    one_in(d, 40) ? "v=spf10" : one_in(d, 30) ? "V=SPF1" : "v=spf1");
	for (size_t terms = roll(d, 6); terms > 0; terms--)
		tree_term(zone, d);
	if (one_in(d, 4))
		buf_addf(zone, " redirect=n%zu.example",
		    roll(d, TREES_PER_ZONE + 1));
	else if (one_in(d, 2))
		buf_adds(zone, PICK(d, alls));
	buf_adds(zone, "\"\n");
	if (one_in(d, 40))
		buf_addf(zone, "n%zu.example TXT \"v=spf1 -all\"\n", n);
}

static inline void tree_hosts(struct buf *zone, struct dice *d, size_t n)
{
	if (one_in(d, 2))
		buf_addf(zone, "n%zu.example A 192.0.2.%zu\n", n, roll(d, 4));
	if (one_in(d, 3))
		buf_addf(zone, "n%zu.example AAAA 2001:db8::%zu\n", n,
		    roll(d, 4));
	for (size_t i = roll(d, 3); i > 0; i--)
		buf_addf(zone, "n%zu.example MX %zu %c%zu.example\n", n, i,
		    one_in(d, 3) ? 'h' : 'n', roll(d, TREES_PER_ZONE + 2));
	if (one_in(d, 6))
		buf_addf(zone, "n%zu.example MX 0 .\n", n);
	if (one_in(d, 8))
		buf_addf(zone, "joe.n%zu.example A 127.0.0.2\n", n);
	if (one_in(d, 8))
		buf_addf(zone, "192.0.2.1.n%zu.example A 127.0.0.2\n", n);
	buf_addf(zone, "h%zu.example A 192.0.2.%zu\n", n, roll(d, 4));
	if (one_in(d, 2))
		buf_addf(zone, "why%zu.example TXT \"%%{i} is not of %%{d}, "
		    "says %%{p}%s\"\n", n, one_in(d, 3) ? " %{x}" : "");
	if (one_in(d, 4))
		buf_addf(zone, "sick%zu.example STATUS %s\n", n, one_in(d, 2) ?
		    "servfail" : "bogus");
	else
		buf_addf(zone, "sick%zu.example A 192.0.2.1\n", n);
	buf_addf(zone, "cname%zu.example CNAME n%zu.example\n", n,
	    roll(d, TREES_PER_ZONE + 1));
	buf_addf(zone, "void%zu.example TXT \"no record\"\n", n);
}

static inline void tree_zone(struct buf *zone, struct dice *d)
{
	static const char *const reverse[] = { "1.2.0.192.in-addr.arpa",
		"2.2.0.192.in-addr.arpa",
		("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
		"1.0.0.2.ip6.arpa") };

	buf_adds(zone, "fine.example TXT \"v=spf1 ip4:192.0.2.2 "
	    "~ip6:2001:db8::/64 ?all\"\n");
	for (size_t n = 0; n < TREES_PER_ZONE; n++) {
		tree_record(zone, d, n);
		tree_hosts(zone, d, n);
	}
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = roll(d, 4); k > 0; k--)
			buf_addf(zone, "%s PTR %c%zu.example\n", reverse[i],
			    one_in(d, 3) ? 'h' : 'n',
			    roll(d, TREES_PER_ZONE));
		if (one_in(d, 30))
			buf_addf(zone, "%s PTR a\\\\b.n1.example\n",
			    reverse[i]);
	}
	for (size_t i = 0; i < 11 && one_in(d, 2); i++)
		for (size_t k = 0; k < 2 + i; k++)
			buf_addf(zone, "many%s.example MX %zu n%zu.example\n",
			    i == 0 ? "" : "x", k, roll(d, TREES_PER_ZONE));
}
