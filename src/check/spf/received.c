/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/stamp.h"

#include <string.h>

/* A longer foreign value is cut: a line must stay far below the 998 octets of
 * RFC 5322 2.1.1 even if all of it needs a backslash. */
#define VALUE_MAX 320

static char printable(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

/* dot-atom of RFC 5322 3.2.3 */
static bool is_dot_atom(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || s[0] == '.' || s[n - 1] == '.' || strstr(s, "..") != NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!ascii_alnum(s[i]) &&
		    strchr("!#$%&'*+-/=?^_`{|}~.", s[i]) == NULL)
			return false;
	return true;
}

/* Put s with backslashes before what `special` lists. */
static void put_escaped(struct buf *out, const char *s, const char *special)
{
	size_t n = strnlen(s, VALUE_MAX);

	for (size_t i = 0; i < n; i++) {
		char c = printable(s[i]);

		if (strchr(special, c) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, c);
	}
}

/* key-value-pair of RFC 7208 9.1, on a line of its own; NULL puts nothing. */
static void put_pair(struct buf *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(out, "%s\r\n %s=", strchr(buf_text(out), '=') == NULL ?
	    "" : ";", key);
	if (strlen(value) <= VALUE_MAX && is_dot_atom(value)) {
		buf_adds(out, value);
		return;
	}
	buf_addc(out, '"');
	put_escaped(out, value, "\"\\");
	buf_addc(out, '"');
}

static const char *verdict_words(enum auth_code code)
{
	switch (code) {
	case AUTH_PASS:
		return "is authorized by";
	case AUTH_FAIL:
		return "is not authorized by";
	case AUTH_SOFTFAIL:
		return "is probably not authorized by";
	case AUTH_NONE:
	case AUTH_NEUTRAL:
	case AUTH_POLICY:
	case AUTH_TEMPERROR:
	case AUTH_PERMERROR:
		break;
	}
	return "is neither authorized nor refused by";
}

static void put_comment(struct buf *out, const struct check_options *options,
    const struct spf_identity *id, const char *client)
{
	buf_adds(out, " (");
	put_escaped(out, options->authserv_id, "()\\");
	buf_adds(out, ": ");
	if (id->reason != NULL) {
		put_escaped(out, id->reason, "()\\");
	} else if (client != NULL && id->domain != NULL) {
		buf_addf(out, "%s %s\r\n ", client, verdict_words(id->code));
		put_escaped(out, id->domain, "()\\");
	} else {
		buf_adds(out, "nothing to check");
	}
	buf_addc(out, ')');
}

void stamp_received_spf(const struct check_options *options,
    const struct evidence *e, const struct spf_finding *f, struct buf *out)
{
	const struct spf_identity *id = &f->mailfrom;
	bool error = id->code == AUTH_TEMPERROR || id->code == AUTH_PERMERROR;
	char text[IP_TEXT_MAX];
	const char *client = e->client_ip.family == IP_NONE ? NULL :
	    ip_text(&e->client_ip, text);
	struct buf pairs = { 0 };

	buf_addf(out, " %s", name_word(spf_names, (int)id->code));
	put_comment(out, options, id, client);
	put_pair(&pairs, "client-ip", client);
	put_pair(&pairs, "envelope-from", e->mail.text);
	put_pair(&pairs, "helo", e->helo);
	put_pair(&pairs, "identity", name_word(spf_scope_names,
	    (int)f->mailfrom_scope));
	put_pair(&pairs, "mechanism", id->mechanism);
	put_pair(&pairs, "problem", error ? id->reason : NULL);
	put_pair(&pairs, "receiver", options->authserv_id);
	buf_add(out, buf_text(&pairs), pairs.len);
	buf_free(&pairs);
}
