/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/domain.h"

#include <string.h>

#include <idn2.h>

#include "base/buf.h"
#include "base/utf8.h"

/* No name that fits the DNS is longer, in any spelling of Unicode. */
enum { UNICODE_MAX = 4 * DOMAIN_MAX };

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.data[i] >= 0x80)
			return false;
	}
	return true;
}

/*
 * One label with characters beyond ASCII, as A-label. UTS #46 mapping makes
 * case, width and the ideographic full stops (RFC 3490 3.1) plain, so one
 * label may become several.
 */
static bool add_unicode_label(struct buf *out, struct slice label)
{
	struct buf text = { 0 };
	char *ascii = NULL;

	buf_add(&text, label.data, label.len);
	bool ok = idn2_to_ascii_8z(buf_text(&text), &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK;
	buf_free(&text);
	if (!ok)
		return false;
	buf_adds(out, ascii);
	idn2_free(ascii);
	return true;
}

/*
 * Label by label: libidn2 judges a name as a whole, and would refuse the
 * underscores and odd A-labels that real mail has in the others.
 */
static bool unicode_to_ascii(struct slice text, struct buf *out)
{
	if (text.len > UNICODE_MAX || memchr(text.data, '\0', text.len) ||
	    !utf8_valid(text))
		return false;
	for (;;) {
		struct slice label = slice_cut(&text, '.');

		if (is_ascii(label))
			buf_add(out, label.data, label.len);
		else if (!add_unicode_label(out, label))
			return false;
		if (text.data == NULL)
			return true;
		buf_addc(out, '.');
	}
}

static bool hostname_octet(char c)
{
	return ascii_alnum(c) || c == '-' || c == '_';
}

/* From ASCII; the last step of both ways. */
static const char *house_form(struct arena *mem, struct slice text)
{
	char name[DOMAIN_MAX + 1];
	size_t n = text.len;

	if (n > 0 && text.data[n - 1] == '.')
		n--;
	if (n == 0 || n > DOMAIN_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (text.data[i] != '.' && !hostname_octet(text.data[i]))
			return NULL;
		name[i] = ascii_lower(text.data[i]);
	}
	name[n] = '\0';
	return domain_fits_dns(name) ? arena_strndup(mem, name, n) : NULL;
}

const char *domain_normalise(struct arena *mem, struct slice text)
{
	if (is_ascii(text))
		return house_form(mem, text);

	struct buf ascii = { 0 };
	const char *name = NULL;

	if (unicode_to_ascii(text, &ascii))
		name = house_form(mem, buf_slice(&ascii));
	buf_free(&ascii);
	return name;
}

bool domain_fits_dns(const char *name)
{
	size_t total = strnlen(name, DOMAIN_MAX + 1);

	if (total == 0 || total > DOMAIN_MAX)
		return false;
	for (size_t from = 0; from <= total;) {
		size_t label = strcspn(name + from, ".");

		if (label == 0 || label > LABEL_MAX)
			return false;
		from += label + 1;
	}
	return true;
}

bool domain_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool domain_is_below(const char *sub, const char *ancestor)
{
	size_t slen = strlen(sub);
	size_t alen = strlen(ancestor);

	return alen > 0 && slen > alen + 1 && sub[slen - alen - 1] == '.' &&
	    strcmp(sub + slen - alen, ancestor) == 0;
}

bool domain_is_same_or_below(const char *sub, const char *ancestor)
{
	return domain_equal(sub, ancestor) || domain_is_below(sub, ancestor);
}

size_t domain_labels(const char *name)
{
	size_t n = *name != '\0';

	for (; *name != '\0'; name++)
		n += *name == '.';
	return n;
}

const char *domain_last_labels(const char *name, size_t n)
{
	const char *at = name + strlen(name);

	if (n == 0)
		return at;
	for (; at > name; at--) {
		if (at[-1] == '.' && --n == 0)
			return at;
	}
	return name;
}

const char *domain_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? NULL : dot + 1;
}
