/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Where the libraries and our own engines part, and why. Names of what is left
 * to native are the reasons that the engines give.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum kind { DKIM_LEFT, DKIM_DIFFER, SPF_LEFT, SPF_DIFFER };

static const char *const kind_words[] = {
	[DKIM_LEFT] = "dkim, left to native",
	[DKIM_DIFFER] = "dkim, different",
	[SPF_LEFT] = "spf, left to native",
	[SPF_DIFFER] = "spf, different",
};

/* A name in front of the colon that libopendkim does not take for one. */
static const char odd_name[] = "an odd field name";

static const struct class {
	enum kind kind;
	const char *what;
	const char *why;
} classes[] = {
	{ DKIM_DIFFER, "native fail/body, library fail/header",
	    "body and header are both altered: RFC 6376 6.1.3 leaves open "
	    "which is looked at first. Ours compares bh= first, libopendkim "
	    "verifies b= first and says nothing of the body then" },
	{ DKIM_LEFT, "it covers DKIM-Signature",
	    "libopendkim selects the signature itself too (RFC 6376 3.5 does "
	    "not), and the fields it is not given are missing" },
	{ DKIM_LEFT, "it holds 8-bit text",
	    "RFC 8616 5 allows UTF-8 in d=, s= and i=; libopendkim stops at "
	    "the first octet of it" },
	{ DKIM_LEFT, "i= is quoted",
	    "libopendkim reads over the end of an i= that ends in =, and takes "
	    "the first @ of a quoted local-part for the last" },
	{ DKIM_LEFT, "t= is before libopendkim's time",
	    "it subtracts its clock drift from t= and does not look whether "
	    "that is possible" },
	{ DKIM_LEFT, "blank before = of b=",
	    "legal by RFC 6376 3.2; libopendkim looks for the letters b=" },
	{ DKIM_LEFT, "a tag that ends in b",
	    "the same letters, found in another tag" },
	{ DKIM_LEFT, odd_name,
	    "a field name with TAB or ; is dropped by libopendkim, and another "
	    "field would be selected in its place" },
	{ SPF_LEFT, "a prefix length of zero",
	    "legal by RFC 7208 5.6; zero means \"not given\" in libspf2's "
	    "compiled form" },
	{ SPF_LEFT, "a ptr target that needs the DNS",
	    "the name must be known when the record is compiled, and %{p} "
	    "costs lookups that may never be due" },
	{ SPF_LEFT, "a ptr target that is no plain name",
	    "libspf2 compares names as text, so only letters, digits, -, _ "
	    "and . are given to it" },
};
enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

/* What came of the cases so far, and which one it is. */
struct account {
	uint64_t seed, number;
	unsigned long long counts[CLASSES];
	unsigned long long unexplained;
};

enum { SHOWN_MAX = 20 };

static void account_for(struct account *a, enum kind kind, const char *what)
{
	for (size_t i = 0; i < CLASSES; i++) {
		if (classes[i].kind == kind &&
		    strcmp(classes[i].what, what) == 0) {
			a->counts[i]++;
			return;
		}
	}
	if (a->unexplained++ < SHOWN_MAX)
		printf("UNEXPLAINED (%s): %s\n\tagain: suite_differential 1 %"
		    PRIu64 " %" PRIu64 "\n", kind_words[kind], what, a->seed,
		    a->number);
}

static void account_print(const struct account *a)
{
	for (size_t i = 0; i < CLASSES; i++)
		printf("%8llu  %s: %s\n          (%s)\n", a->counts[i],
		    kind_words[classes[i].kind], classes[i].what,
		    classes[i].why);
}
