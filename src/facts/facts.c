/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/facts.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "check/check.h"
#include "check/findings.h"
#include "mail/address.h"

const struct name fact_type_names[] = {
	{ FACT_WORD,            "word" },
	{ FACT_TEXT,            "text" },
	{ FACT_DOMAIN,          "domain" },
	{ FACT_ADDRESS,         "address" },
	{ FACT_IP,              "ip" },
	{ FACT_NUMBER,          "number" },
	{ FACT_YES_NO,          "yes/no" },
	{ FACT_DOMAIN_SET,      "set of domains" },
	{ FACT_WORD_SET,        "set of words" },
	{ 0, NULL },
};

const struct name forwarded_names[] = {
	{ FORWARDED_LIST,       "list" },
	{ FORWARDED_SRS,        "srs" },
	{ FORWARDED_VERP,       "verp" },
	{ FORWARDED_RESENT,     "resent" },
	{ FORWARDED_SIGNATURE,  "signature" },
	{ 0, NULL },
};

const struct name aligned_names[] = {
	{ ALIGNED_SPF,          "spf" },
	{ ALIGNED_DKIM,         "dkim" },
	{ 0, NULL },
};

const struct fact_def fact_defs[FACT_COUNT] = {
	[FACT_CLIENT_IP] = { "client.ip", FACT_IP, PHASE_CONNECT, NULL,
	    "address of the client; behind a trusted relay, of the real one" },
	[FACT_CLIENT_NAME] = { "client.name", FACT_DOMAIN, PHASE_CONNECT, NULL,
	    "name of the client as the MTA verified it" },
	[FACT_CLIENT_CLASS] = { "client.class", FACT_WORD, PHASE_MAIL,
	    client_class_names, "what the client is to us" },
	[FACT_HELO_NAME] = { "helo.name", FACT_DOMAIN, PHASE_HELO, NULL,
	    "name given in HELO, when it is one (helo.status == ok)" },
	[FACT_HELO_STATUS] = { "helo.status", FACT_WORD, PHASE_HELO,
	    helo_status_names, "form of the HELO argument" },
	[FACT_TLS_VERSION] = { "tls.version", FACT_TEXT, PHASE_MAIL, NULL,
	    "TLS version, such as TLSv1.3" },
	[FACT_TLS_CIPHER] = { "tls.cipher", FACT_TEXT, PHASE_MAIL, NULL,
	    "TLS cipher suite" },
	[FACT_AUTH_USER] = { "auth.user", FACT_TEXT, PHASE_MAIL, NULL,
	    "login name of SMTP AUTH" },
	[FACT_AUTH_METHOD] = { "auth.method", FACT_TEXT, PHASE_MAIL, NULL,
	    "mechanism of SMTP AUTH" },
	[FACT_MAIL_ADDRESS] = { "mail.address", FACT_ADDRESS, PHASE_MAIL, NULL,
	    "MAIL FROM; absent for the null sender" },
	[FACT_MAIL_DOMAIN] = { "mail.domain", FACT_DOMAIN, PHASE_MAIL, NULL,
	    "domain of MAIL FROM" },
	[FACT_RCPT_ADDRESS] = { "rcpt.address", FACT_ADDRESS, PHASE_RCPT, NULL,
	    "the recipient; decides for each recipient alone" },
	[FACT_RCPT_DOMAIN] = { "rcpt.domain", FACT_DOMAIN, PHASE_RCPT, NULL,
	    "domain of the recipient; decides for each recipient alone" },
	[FACT_RCPT_COUNT] = { "rcpt.count", FACT_NUMBER, PHASE_HEADERS, NULL,
	    "how many recipients the message has" },
	[FACT_IPREV_RESULT] = { "iprev.result", FACT_WORD, PHASE_MAIL,
	    iprev_names, "forward-confirmed reverse DNS (RFC 8601)" },
	[FACT_SPF_RESULT] = { "spf.result", FACT_WORD, PHASE_MAIL, spf_names,
	    "SPF for MAIL FROM, or HELO for the null sender (RFC 7208)" },
	[FACT_SPF_DOMAIN] = { "spf.domain", FACT_DOMAIN, PHASE_MAIL, NULL,
	    "domain spf.result speaks of" },
	[FACT_SPF_SCOPE] = { "spf.scope", FACT_WORD, PHASE_MAIL,
	    spf_scope_names, "identity spf.result speaks of" },
	[FACT_SPF_HELO] = { "spf.helo", FACT_WORD, PHASE_MAIL, spf_names,
	    "SPF for the HELO name" },
	[FACT_SPF_EXPLANATION] = { "spf.explanation", FACT_TEXT, PHASE_MAIL,
	    NULL, "what the domain says about its fail; its words, not ours" },
	[FACT_DKIM_RESULT] = { "dkim.result", FACT_WORD, PHASE_EOM, dkim_names,
	    "pass when one signature passed, else the best hope (RFC 6376)" },
	[FACT_DKIM_DOMAINS] = { "dkim.domains", FACT_DOMAIN_SET, PHASE_EOM,
	    NULL, "domains (d=) of the signatures that passed" },
	[FACT_DKIM_COUNT] = { "dkim.count", FACT_NUMBER, PHASE_EOM, NULL,
	    "how many signatures the message has" },
	[FACT_DKIM_REASON] = { "dkim.reason", FACT_WORD, PHASE_EOM,
	    dkim_cause_names, "why dkim.result is not pass" },
	[FACT_ARC_RESULT] = { "arc.result", FACT_WORD, PHASE_EOM, arc_names,
	    "the ARC chain (RFC 8617)" },
	[FACT_ARC_SEALERS] = { "arc.sealers", FACT_DOMAIN_SET, PHASE_EOM, NULL,
	    "domains of the seals that verified, newest first" },
	[FACT_ARC_TRUSTED] = { "arc.trusted", FACT_DOMAIN_SET, PHASE_EOM, NULL,
	    "sealers of a chain that passed, to be looked up in a list" },
	[FACT_ARC_OLDEST_PASS] = { "arc.oldest_pass", FACT_NUMBER, PHASE_EOM,
	    NULL, "oldest set whose message signature holds; 0: all" },
	[FACT_DMARC_RESULT] = { "dmarc.result", FACT_WORD, PHASE_EOM,
	    dmarc_names, "DMARC (RFC 9989)" },
	[FACT_DMARC_POLICY] = { "dmarc.policy", FACT_WORD, PHASE_EOM,
	    dmarc_policy_names,
	    "what the domain asks for, after sp, np and t" },
	[FACT_DMARC_PUBLISHED] = { "dmarc.published", FACT_WORD, PHASE_EOM,
	    dmarc_policy_names, "the tag that applies, before t" },
	[FACT_DMARC_ORG] = { "dmarc.org", FACT_DOMAIN, PHASE_EOM, NULL,
	    "organizational domain of the author" },
	[FACT_DMARC_DISCOVERY] = { "dmarc.discovery", FACT_WORD, PHASE_EOM,
	    dmarc_discovery_names, "where the record was found" },
	[FACT_DMARC_ALIGNED] = { "dmarc.aligned", FACT_WORD_SET, PHASE_EOM,
	    aligned_names, "methods that passed and align with the author" },
	[FACT_DMARC_REASON] = { "dmarc.reason", FACT_TEXT, PHASE_EOM, NULL,
	    "why dmarc.result is what it is, for people" },
	[FACT_FROM_DOMAIN] = { "from.domain", FACT_DOMAIN, PHASE_HEADERS, NULL,
	    "the author domain; only when from.status == ok" },
	[FACT_FROM_ADDRESS] = { "from.address", FACT_ADDRESS, PHASE_HEADERS,
	    NULL, "first mailbox of From; only when from.status == ok" },
	[FACT_FROM_DOMAINS] = { "from.domains", FACT_DOMAIN_SET, PHASE_HEADERS,
	    NULL, "every domain that could be read in From" },
	[FACT_FROM_STATUS] = { "from.status", FACT_WORD, PHASE_HEADERS,
	    author_status_names, "whether From names one author domain" },
	[FACT_FROM_DISPLAY_ADDRESS] = { "from.display_address", FACT_ADDRESS,
	    PHASE_HEADERS, NULL,
	    "another address that the display name of From shows" },
	[FACT_SENDER_DOMAIN] = { "sender.domain", FACT_DOMAIN, PHASE_HEADERS,
	    NULL, "domain of the Sender field" },
	[FACT_REPLY_TO_DOMAIN] = { "reply_to.domain", FACT_DOMAIN,
	    PHASE_HEADERS, NULL, "domain of the first Reply-To mailbox" },
	[FACT_LIST_ID] = { "list.id", FACT_DOMAIN, PHASE_HEADERS, NULL,
	    "identifier in List-Id (RFC 2919); anyone can write one" },
	[FACT_FORWARDED_LIKELY] = { "forwarded.likely", FACT_YES_NO, PHASE_EOM,
	    NULL, "verified signs of a forwarder or mailing list" },
	[FACT_FORWARDED_BY] = { "forwarded.by", FACT_WORD_SET, PHASE_EOM,
	    forwarded_names, "which signs of forwarding were found" },
	[FACT_FORGED_RESULTS] = { "forged.results", FACT_NUMBER, PHASE_HEADERS,
	    NULL, "result fields that came in under our own name" },
	[FACT_MESSAGE_SIZE] = { "message.size", FACT_NUMBER, PHASE_EOM, NULL,
	    "octets of header, empty line and body" },
	[FACT_MESSAGE_HEADERS] = { "message.headers", FACT_NUMBER,
	    PHASE_HEADERS, NULL, "how many header fields" },
	[FACT_SUBJECT] = { "subject", FACT_TEXT, PHASE_HEADERS, NULL,
	    "the topmost Subject, unfolded" },
};

enum fact fact_find(const char *name)
{
	for (int i = 0; i < FACT_COUNT; i++)
		if (strcmp(fact_defs[i].name, name) == 0)
			return (enum fact)i;
	return FACT_COUNT;
}

bool fact_is_set(enum fact id)
{
	return fact_defs[id].type == FACT_DOMAIN_SET ||
	    fact_defs[id].type == FACT_WORD_SET;
}

static struct fact_value *known(struct facts *f, enum fact id)
{
	f->values[id] = (struct fact_value){ .state = FACT_KNOWN };
	return &f->values[id];
}

void facts_word(struct facts *f, enum fact id, int code)
{
	known(f, id)->word = code;
}

void facts_text(struct facts *f, enum fact id, const char *text)
{
	if (text == NULL)
		facts_absent(f, id);
	else
		known(f, id)->text = text;
}

void facts_number(struct facts *f, enum fact id, int64_t number)
{
	known(f, id)->number = number;
}

void facts_yes_no(struct facts *f, enum fact id, bool yes)
{
	known(f, id)->yes = yes;
}

void facts_ip(struct facts *f, enum fact id, const struct ip *ip)
{
	if (ip->family == IP_NONE)
		facts_absent(f, id);
	else
		known(f, id)->ip = *ip;
}

void facts_set(struct facts *f, enum fact id, const char *const *items,
    size_t count)
{
	struct fact_value *v = known(f, id);

	v->set.items = items;
	v->set.count = count;
}

void facts_absent(struct facts *f, enum fact id)
{
	f->values[id] = (struct fact_value){ .state = FACT_ABSENT };
}

void facts_close(struct facts *f)
{
	for (int i = 0; i < FACT_COUNT; i++)
		if (f->values[i].state == FACT_UNKNOWN)
			facts_absent(f, (enum fact)i);
	for (size_t i = 0; i < f->lookup_count; i++)
		if (f->lookups[i].state == FACT_UNKNOWN)
			f->lookups[i].state = FACT_ABSENT;
	f->closed = true;
	f->headers_known = true;
}

static const char *render_set(struct arena *mem, const struct fact_value *v)
{
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < v->set.count; i++) {
		if (i > 0)
			buf_adds(&b, ", ");
		buf_adds(&b, v->set.items[i]);
	}
	text = arena_strdup(mem, buf_text(&b));
	buf_free(&b);
	return text;
}

const char *facts_render(struct arena *mem, const struct facts *f,
    enum fact id)
{
	const struct fact_value *v = &f->values[id];
	char ip[IP_TEXT_MAX];

	if (v->state != FACT_KNOWN)
		return NULL;
	switch (fact_defs[id].type) {
	case FACT_WORD:
		return name_word(fact_defs[id].words, v->word);
	case FACT_TEXT:
	case FACT_DOMAIN:
	case FACT_ADDRESS:
		return v->text;
	case FACT_IP:
		return arena_strdup(mem, ip_text(&v->ip, ip));
	case FACT_NUMBER:
		return arena_printf(mem, "%" PRId64, v->number);
	case FACT_YES_NO:
		return v->yes ? "yes" : "no";
	case FACT_DOMAIN_SET:
	case FACT_WORD_SET:
		return render_set(mem, v);
	}
	return NULL;
}

const char *facts_header(const struct facts *f, const char *name,
    enum fact_state *state)
{
	*state = FACT_UNKNOWN;
	if (!f->headers_known)
		return NULL;
	if (!f->headers_partial)
		*state = FACT_ABSENT;
	for (size_t i = 0; i < f->header_count; i++) {
		if (strcasecmp(f->headers[i].name, name) != 0)
			continue;
		*state = f->headers[i].value != NULL ? FACT_KNOWN : FACT_ABSENT;
		return f->headers[i].value;
	}
	return NULL;
}

enum fact_state facts_lookup(const struct facts *f, const char *name,
    bool *yes)
{
	for (size_t i = 0; i < f->lookup_count; i++)
		if (strcmp(f->lookups[i].name, name) == 0) {
			*yes = f->lookups[i].yes;
			return f->lookups[i].state;
		}
	return f->closed ? FACT_ABSENT : FACT_UNKNOWN;
}
