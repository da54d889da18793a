/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/received.h"

#include <string.h>

#include "mail/header.h"

/* The word at *p, up to blank or parenthesis; *p moves behind it. */
static struct slice take_word(const char **p)
{
	size_t n;
	struct slice word;

	*p += strspn(*p, " \t");
	n = strcspn(*p, " \t()");
	word = (struct slice){ *p, n };
	*p += n;
	return word;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]"; a port behind it is Exim's. */
static bool take_literal(struct slice word, struct ip *out)
{
	const char *close;

	if (word.len < 2 || word.data[0] != '[')
		return false;
	close = memchr(word.data, ']', word.len);
	if (close == NULL)
		return false;
	return ip_parse((struct slice){ word.data + 1,
	    (size_t)(close - word.data) - 1 }, out);
}

static const char *keep_name(struct arena *mem, struct slice word)
{
	if (word.len == 0 || slice_is_nocase(word, "unknown"))
		return NULL;
	return arena_strndup(mem, word.data, word.len);
}

/* The TCP-info in parentheses: words, one of them the address. */
static bool read_info(struct arena *mem, const char *p, struct received *out)
{
	bool found = false;

	while (*p != '\0' && *p != ')') {
		struct slice word = take_word(&p);
		struct ip ip;

		if (word.len == 0) {    /* Sendmail: "(may be forged)" */
			out->name = NULL;
			return found;
		}
		if (take_literal(word, &ip)) {
			if (found)
				return false;   /* two addresses: which? */
			out->client = ip;
			found = true;
		} else if (slice_starts_nocase(word, "helo=")) {
			out->helo = arena_strndup(mem, word.data + 5,
			    word.len - 5);
		} else if (!found && out->name == NULL &&
		    memchr(word.data, '@', word.len) == NULL) {
			out->name = keep_name(mem, word);
		}
		p += strspn(p, " \t");
	}
	return found && *p == ')';
}

bool received_read(struct arena *mem, struct slice value, struct received *out)
{
	const char *p = header_unfold(mem, value);
	struct slice first;
	bool known;

	*out = (struct received){ 0 };
	if (!slice_starts_nocase(slice_of(p), "from ") &&
	    !slice_starts_nocase(slice_of(p), "from\t"))
		return false;
	p += 5;
	first = take_word(&p);
	p += strspn(p, " \t");
	if (first.len == 0 || *p != '(')
		return false;
	known = read_info(mem, p + 1, out);
	/* Exim writes the name first and the HELO inside the parentheses. */
	if (out->helo != NULL)
		out->name = keep_name(mem, first);
	else
		out->helo = arena_strndup(mem, first.data, first.len);
	return known;
}
