/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * facts: the waist. All that policy, history and explain may name, as one
 * closed, typed table; and the values of one message.
 *
 * A value is in one of three states: unknown (too early, or an old record
 * lacks it), absent (looked for, not there), known. A failed look-up is a word
 * of a result (temperror), not a state. Names and types are kept stable over
 * years: history speaks in them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/json_reader.h"
#include "base/name.h"
#include "mail/ip.h"
#include "mail/phase.h"

enum fact {
	FACT_CLIENT_IP, FACT_CLIENT_NAME, FACT_CLIENT_CLASS,
	FACT_HELO_NAME, FACT_HELO_STATUS, FACT_TLS_VERSION, FACT_TLS_CIPHER,
	FACT_AUTH_USER, FACT_AUTH_METHOD,
	FACT_MAIL_ADDRESS, FACT_MAIL_DOMAIN,
	FACT_RCPT_ADDRESS, FACT_RCPT_DOMAIN, FACT_RCPT_COUNT,
	FACT_IPREV_RESULT,
	FACT_SPF_RESULT, FACT_SPF_DOMAIN, FACT_SPF_SCOPE, FACT_SPF_HELO,
	FACT_SPF_EXPLANATION,
	FACT_DKIM_RESULT, FACT_DKIM_DOMAINS, FACT_DKIM_COUNT, FACT_DKIM_REASON,
	FACT_ARC_RESULT, FACT_ARC_SEALERS, FACT_ARC_TRUSTED,
	FACT_ARC_OLDEST_PASS,
	FACT_DMARC_RESULT, FACT_DMARC_POLICY, FACT_DMARC_PUBLISHED,
	FACT_DMARC_ORG, FACT_DMARC_DISCOVERY, FACT_DMARC_ALIGNED,
	FACT_DMARC_REASON,
	FACT_FROM_DOMAIN, FACT_FROM_ADDRESS, FACT_FROM_DOMAINS,
	FACT_FROM_STATUS,
	FACT_FROM_DISPLAY_ADDRESS, FACT_SENDER_DOMAIN, FACT_REPLY_TO_DOMAIN,
	FACT_LIST_ID,
	FACT_FORWARDED_LIKELY, FACT_FORWARDED_BY, FACT_FORGED_RESULTS,
	FACT_MESSAGE_SIZE, FACT_MESSAGE_HEADERS, FACT_SUBJECT,
	FACT_COUNT
};

enum fact_type {
	FACT_WORD,              /* one of the words of its table */
	FACT_TEXT,
	FACT_DOMAIN,            /* house form of mail/domain.h */
	FACT_ADDRESS,           /* local@domain */
	FACT_IP,
	FACT_NUMBER,
	FACT_YES_NO,
	FACT_DOMAIN_SET,        /* needs `any` or `all` in a policy */
	FACT_WORD_SET,
};
extern const struct name fact_type_names[];

struct fact_def {
	const char *name;
	enum fact_type type;
	/* Certain from here on: nothing the client does later in the session
	 * changes it. What AUTH or STARTTLS may change is so from MAIL on. */
	enum phase phase;
	const struct name *words;       /* FACT_WORD, FACT_WORD_SET */
	const char *help;               /* one line, for `assay policy facts` */
};

extern const struct fact_def fact_defs[FACT_COUNT];

/* The words of forwarded.by: what speaks for a forwarder, see gather.h. */
enum forwarded { FORWARDED_LIST, FORWARDED_SRS, FORWARDED_VERP,
	FORWARDED_RESENT, FORWARDED_SIGNATURE };
extern const struct name forwarded_names[];

/* The words of dmarc.aligned. */
enum aligned { ALIGNED_SPF, ALIGNED_DKIM };
extern const struct name aligned_names[];

enum fact_state { FACT_UNKNOWN, FACT_ABSENT, FACT_KNOWN };

struct fact_value {
	enum fact_state state;
	union {
		int word;               /* code of the table */
		int64_t number;
		bool yes;
		struct ip ip;
		const char *text;       /* TEXT, DOMAIN, ADDRESS */
		struct {
			const char *const *items; /* words by their word */
			size_t count;
		} set;
	};
};

/* A field by name: the fact header("Name"), type text, phase HEADERS. The
 * value is that of the topmost field of this name, unfolded. */
struct header_fact {
	const char *name;
	const char *value;              /* NULL: no such field */
};

/* A look-up in a DNS list: the fact dnsbl("zone") or rhsbl("zone", domain),
 * type yes/no. Absent when the list did not answer, or nothing was asked. */
struct lookup_fact {
	const char *name;               /* as in struct lookup */
	enum fact_state state;
	bool yes;
};

struct facts {
	struct fact_value values[FACT_COUNT];   /* starts unknown */
	struct header_fact *headers;    /* those the policy asked for */
	size_t header_count;
	bool headers_known;
	/* Of an old record: a name that is not listed is unknown. */
	bool headers_partial;
	struct lookup_fact *lookups;    /* those the policy asked for */
	size_t lookup_count;
	bool closed;                    /* what was not looked up is absent */
	/* The time of the message, for what policy believes until a day; 0:
	 * the machine's own. No fact: nothing can be asked about it. */
	int64_t now;
};

/* The id of this name, or FACT_COUNT. Names are compared exactly. */
enum fact fact_find(const char *name);
bool fact_is_set(enum fact id);

/* All of them overwrite; text, items and the array are kept, not copied. */

void facts_word(struct facts *f, enum fact id, int code);
/* NULL: absent */
void facts_text(struct facts *f, enum fact id, const char *text);
void facts_number(struct facts *f, enum fact id, int64_t number);
void facts_yes_no(struct facts *f, enum fact id, bool yes);
void facts_ip(struct facts *f, enum fact id, const struct ip *ip);
void facts_set(struct facts *f, enum fact id, const char *const *items,
    size_t count);
void facts_absent(struct facts *f, enum fact id);

/* At end of message nothing stays unknown: what is not known is absent. */
void facts_close(struct facts *f);

/*
 * The value as text, as replies and traces show it; NULL: unknown or absent.
 * Sets are joined with ", ". Not made safe for any wire: that is for the one
 * who puts it there.
 */
const char *facts_render(struct arena *mem, const struct facts *f,
    enum fact id);

/* The value of header("name"); *state says whether there is one. */
const char *facts_header(const struct facts *f, const char *name,
    enum fact_state *state);

/* The state of a look-up; *yes says what the list said. */
enum fact_state facts_lookup(const struct facts *f, const char *name,
    bool *yes);

/* Members of the open object, each of its JSON type; absent ones left out.
 * Fields the policy asked for are members named header("Name"), look-ups such
 * named dnsbl("zone"). */
void facts_json(const struct facts *f, struct json *out);

/*
 * The same as history keeps it: an absent fact is null, so that it is told from
 * one that was not known, and what is larger than FACTS_KEPT_OCTETS is left
 * out. What is no value of the fact as the table says today (a word that is no
 * longer one) is unknown when it is read again.
 */
#define FACTS_KEPT_OCTETS 4096
void facts_json_kept(const struct facts *f, struct json *out);

/* What facts_json_kept() has written. Texts are borrowed from the document;
 * what it lacks is unknown. */
void facts_from_json(const struct json_node *from, struct arena *mem,
    struct facts *out);
